# SPDX-License-Identifier: Apache-2.0
"""Attacks on the pages of those who work here, each against a live gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from gateway.desk_town import EVIL, DeskTown, is_login, version_in
from gateway.town import DAY, GATED, OPEN, has_weights
from gateway_site import Answer
from tiergate.gateway.requests import Status
from tiergate.gateway.stops import EVERYTHING
from tiergate.gateway.terms import Terms

HOUR = DAY / 24


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path_factory.mktemp("desk"))
    found.open_desk()
    with found.served():
        yield found
    found.house.close()


@dataclass(frozen=True, slots=True)
class Form:
    """One form that changes something."""

    path: str
    who: str
    """Somebody who may."""
    fields: dict[str, str]
    is_done: Callable[[DeskTown], bool]
    """Tells whether it was done."""


def _is_lifted(town: DeskTown) -> bool:
    return any(stop.lifted_at is not None for stop in town.house.stops.all() if not stop.is_drill)


FORMS = {
    "accept": Form(
        "/-/requests/<request>",
        "anna",
        {"act": "accept", "seen": "pending"},
        lambda town: town.house.requests.grants(GATED, "erin") != (),
    ),
    "reject": Form(
        "/-/requests/<request>",
        "anna",
        {"act": "reject", "seen": "pending", "words": "no"},
        lambda town: _status(town, "erin") is Status.REJECTED,
    ),
    "revoke": Form(
        "/-/grants/<grant>/revoke",
        "anna",
        {},
        lambda town: town.house.requests.grants(GATED, "gwen")[-1].revoked_at is not None,
    ),
    "stop": Form(
        "/-/stops",
        "ivan",
        {"about": "*", "reason": "a leak"},
        lambda town: any(stop.repository == EVERYTHING for stop in town.house.stops.standing()),
    ),
    "drill": Form(
        "/-/stops/drill",
        "ivan",
        {"about": "*"},
        lambda town: any(stop.is_drill for stop in town.house.stops.all()),
    ),
    "lift": Form("/-/stops/<stop>/lift", "anna", {}, _is_lifted),
}


def _status(town: DeskTown, who: str) -> Status | None:
    asked = town.house.requests.of(GATED, who)
    return None if asked is None else asked.status


def place(town: DeskTown, form: Form) -> str:
    stops = [s for s in town.house.stops.standing() if s.stopped_by == "bert"]
    stop = stops[0] if stops else town.house.stops.stop(OPEN, by="bert", reason="x", at=town.now)
    marks = {"<request>": town.asked.id, "<grant>": town.grant_of("gwen"), "<stop>": stop.id}
    path = form.path
    for mark, value in marks.items():
        path = path.replace(mark, value)
    return path


def _no_key(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), form.who, form.fields, key="")


def _key_of_somebody_else(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), form.who, form.fields, key=town.key_of("bert"))


def _key_of_another_session(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), form.who, form.fields, key=town.key_of(form.who))


def _from_elsewhere(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), form.who, form.fields, Origin="https://evil.example")


def _from_nowhere(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), form.who, form.fields, Origin="null")


def _cross_site(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), form.who, form.fields, Sec_Fetch_Site="cross-site")


def _of_a_sibling(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), form.who, form.fields, Sec_Fetch_Site="same-site")


def _as_applicant(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), "erin", form.fields)


def _as_get(town: DeskTown, form: Form) -> Answer:
    query = urlencode(form.fields)
    return town.see(f"{place(town, form)}?{query}", form.who)


def _ended(town: DeskTown, form: Form) -> Answer:
    return town.send(place(town, form), form.who, form.fields, logged_in=9 * HOUR)


ATTACKS = {
    "without its key": _no_key,
    "with the key of somebody else": _key_of_somebody_else,
    "with the key of another session": _key_of_another_session,
    "from another site": _from_elsewhere,
    "from a frame without an origin": _from_nowhere,
    "across sites, as the browser says": _cross_site,
    "from a sibling of the host, as the browser says": _of_a_sibling,
    "by somebody who may not": _as_applicant,
    "as an address": _as_get,
    "by a session that has ended": _ended,
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("form", FORMS)
def test_that_nothing_is_done_by_a_form(form: str, attack: str, town: DeskTown) -> None:
    answer = ATTACKS[attack](town, FORMS[form])

    assert answer.status < 500
    assert not FORMS[form].is_done(town)


@pytest.mark.parametrize("form", ["accept", "reject", "revoke", "lift"])
def test_that_nothing_is_done_an_hour_after_the_login_by(form: str, town: DeskTown) -> None:
    found = FORMS[form]

    answer = town.send(
        place(town, found), found.who, {**found.fields, "from": "/-/requests"}, logged_in=HOUR
    )

    assert is_login(answer)
    assert "again=1" in answer.headers["location"]
    assert not found.is_done(town)


BACK = {
    "another host": "https://evil.example/",
    "another host without a scheme": "//evil.example/",
    "a host after a backslash": "/\\evil.example/",
    "a script": "javascript:alert(1)",
    "a new line": "/x\r\nSet-Cookie: a=b",
}


@pytest.mark.parametrize("case", BACK)
def test_that_a_form_leads_nowhere_else_after_the_login_than(case: str, town: DeskTown) -> None:
    fields = {"act": "accept", "from": BACK[case]}

    answer = town.send(f"/-/requests/{town.asked.id}", "anna", fields, logged_in=HOUR)

    assert answer.headers["location"] == "/-/login?next=/&again=1"
    assert "set-cookie" not in answer.headers


def test_that_what_people_state_is_shown_as_text_wherever_it_is_shown(town: DeskTown) -> None:
    town.person("mal")
    fields = dict.fromkeys(("purpose", "organisation", "jurisdiction", EVIL), EVIL)
    asked = town.house.requests.ask(GATED, "mal", fields, town.now)
    town.house.requests.set_terms(GATED, Terms(criteria=EVIL))
    town.house.requests.answer(asked, Status.REJECTED, by="bert", at=town.now, words=EVIL)
    town.house.requests.ask(GATED, "mal", {**fields, "purpose": f"{EVIL} again"}, town.now)
    of_mal = town.house.requests.of(GATED, "mal")
    assert of_mal is not None
    stop = town.house.stops.stop("acme/hosted", by="bert", reason=EVIL, at=town.now)
    town.send(f"/-/stops/{stop.id}/lift", "anna", {"reason": EVIL})
    town.send(f"/-/requests/{of_mal.id}", "anna", {"act": "reject", "seen": "x", "words": EVIL})

    pages = ("requests", "requests?state=all", f"requests/{of_mal.id}", "stops", "log", "grants")
    for path in pages:
        page = town.see(f"/-/{path}", "olga")

        assert page.status == 200, path
        assert b"<script>alert" not in page.body, path
        assert b"onerror=alert(2)>" not in page.body, path
        assert b"49" not in page.body.partition(b"{{7*7}}")[0][-40:], path
        assert "\u202e".encode() not in page.body, path
    town.house.requests.set_terms(GATED, Terms())
    assert b"&lt;script&gt;alert(1)" in town.see(f"/-/requests/{of_mal.id}", "olga").body


QUERIES = {
    "a script in the filter of models": f"requests?model={'%3Cscript%3Ealert(1)%3C/script%3E'}",
    "a script in the state": "requests?state=%3Cscript%3E",
    "a page below the first": "requests?page=-1",
    "a page that is none": "requests?page=%C2%B2",
    "a page far away": "requests?page=99999999999999999999",
    "a script in the account": "grants?person=%22%3E%3Cscript%3E",
    "a page of grants far away": "grants?page=99999",
    "a script in the log": "log?person=%22%3E%3Cscript%3E&grant=%22%3E%3Cscript%3E",
    "a place that is none": "log?before=1.x",
    "a place beyond every number": "log?before=99999999999999.9",
    "quotes of the database": "log?model='%20OR%201=1--",
    "a message that nobody wrote": "stops?said=You%20have%20won",
    "a message on the requests": "requests?said=%3Cscript%3E",
}


@pytest.mark.parametrize("case", QUERIES)
def test_that_an_address_makes_no_page_say_what_it_should_not(case: str, town: DeskTown) -> None:
    page = town.see(f"/-/{QUERIES[case]}", "olga")

    assert page.status == 200
    assert b"<script" not in page.body
    assert b"You have won" not in page.body
    assert not has_weights(page.body)


WRONG = {
    "a day that is none": "log?since=yesterday",
    "a model that is not there": "stops/new?about=acme/absent",
    "nothing to stop": "stops/new",
}


@pytest.mark.parametrize("case", WRONG)
def test_that_an_address_is_refused_with(case: str, town: DeskTown) -> None:
    assert town.see(f"/-/{WRONG[case]}", "olga").status == 400


PATHS = {
    "a request of nobody": "requests/000000000000000000000000",
    "a request by another name": "requests/erin",
    "a grant of nobody": "grants/grant-0000000000000000",
    "a release of nobody": "releases/none",
    "a decision of nobody": f"decisions/{'0' * 63}2",
    "a decision that is none": "decisions/..%2f..%2fsecret",
    "a page below": "requests/a/b",
    "a page that is encoded": "%72equests/%2e%2e",
    "nothing": "",
}


@pytest.mark.parametrize("case", PATHS)
def test_that_there_is_no_page_for(case: str, town: DeskTown) -> None:
    # What names nothing at all is answered as an absent model is.
    assert town.see(f"/-/{PATHS[case]}", "olga").status in {401, 404}


def test_that_a_request_of_one_model_is_not_decided_by_the_way_of_another(town: DeskTown) -> None:
    handle = "/api/models/acme/open/user-access-request/handle"
    body = f'{{"requestId": "{town.asked.id}", "status": "accepted"}}'.encode()

    answer = town.ask(handle, method="POST", who="anna", body=body)

    assert answer.status == 404
    assert _status(town, "erin") is Status.PENDING


def test_that_a_form_says_nothing_beyond_its_fields(town: DeskTown) -> None:
    town.person("max")
    asked = town.ask_for("max", purpose="x")
    page = town.see(f"/-/requests/{asked.id}", "anna")
    more = {
        "act": "accept",
        "seen": version_in(page),
        "person": "erin",
        "repository": "acme/hosted",
        "until": "2099-01-01",
        "by": "bert",
        "given_by": "bert",
        "status": "accepted",
        "roles": "owner",
        "days": "3",
    }

    assert town.send(f"/-/requests/{asked.id}", "anna", more).status == 303

    given = town.house.overview.given(repository=GATED, person="max")[0]
    assert (given.given_by, (given.until - town.now).days) == ("anna", 3)
    assert town.house.requests.grants("acme/hosted", "max") == ()
    assert _status(town, "erin") is Status.PENDING


LESS = {
    "more days than the terms": ({"days": "4000"}, 400),
    "no whole number of days": ({"days": "1e3"}, 400),
    "digits of another script": ({"days": "\u0663"}, 400),
    "days below one": ({"days": "0"}, 400),
    "downloads below one": ({"downloads": "0"}, 400),
    "more days than a grant here lasts": ({"days": "3000"}, 303),
}


@pytest.mark.parametrize("case", LESS)
def test_that_nobody_gives_more_than_the_terms_by(case: str, town: DeskTown) -> None:
    fields, status = LESS[case]
    who = f"less{list(LESS).index(case)}"
    town.person(who)
    asked = town.ask_for(who)
    seen = version_in(town.see(f"/-/requests/{asked.id}", "anna"))

    answer = town.send(f"/-/requests/{asked.id}", "anna", {"act": "accept", "seen": seen, **fields})

    assert answer.status == status
    for grant in town.house.requests.grants(GATED, who):
        assert (grant.until - town.now).days <= 90


def test_that_nobody_decides_on_their_own_request(town: DeskTown) -> None:
    asked = town.ask_for("bert", purpose="mine")
    page = town.see(f"/-/requests/{asked.id}", "bert")

    answer = town.send(
        f"/-/requests/{asked.id}", "bert", {"act": "accept", "seen": version_in_none(page)}
    )

    assert answer.status == 403
    assert b"somebody else decides on it" in page.body
    assert _status(town, "bert") is Status.PENDING


def version_in_none(page: Answer) -> str:
    """Return what the form would say, which is not on the page of whoever asked."""
    assert b'name="seen"' not in page.body
    return "pending"


def test_that_a_page_of_people_here_is_kept_by_no_cache_and_framed_by_nobody(
    town: DeskTown,
) -> None:
    for path in ("requests", "log", "stops", "releases"):
        page = town.see(f"/-/{path}", "olga")

        assert page.headers["cache-control"] == "private, no-store"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "script-src" not in page.headers["content-security-policy"]
        assert b"<script" not in page.body
        assert b"http://" not in page.body.replace(b"http://hub.example", b"")
