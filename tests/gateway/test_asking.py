# SPDX-License-Identifier: Apache-2.0
"""Asking for access: by the page, by a program, by our command."""

from __future__ import annotations

import dataclasses
import datetime as dt
import http.client
import json
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlencode

import pytest

import cli_fixtures
from cli_runner import run
from gateway_site import NAME, Answer, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.accounts import Person
from tiergate.gateway.requests import Status
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.scopes import Scope
from tiergate.gateway.terms import Terms
from tiergate.gateway.tokens import Token

ASK = f"/{NAME}/ask-access"
EVIL = "<script>alert(1)</script>"
CARD = f"""---
license: other
extra_gated_heading: "Heading {EVIL}"
extra_gated_prompt: "Prompt {EVIL}"
extra_gated_description: "Description {EVIL}"
extra_gated_button_content: "Button {EVIL}"
extra_gated_fields:
  Company: text
  'Odd "name" {EVIL}': text
  Use:
    type: select
    options:
      - Research
      - '"><script>alert(1)</script>'
  I agree: checkbox
---
# A card
"""
ODD = f'Odd "name" {EVIL}'
ANSWERS = {"Company": "Example Institute", ODD: EVIL, "Use": "Research", "I agree": "true"}
CRITERIA = f"For red teams. {EVIL}"


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Site]:
    """A model whose card asks, with Erin, Ruth who decides, and criteria."""
    site = Site(folder=tmp_path)
    (cli_fixtures.a_folder(tmp_path / "model") / "README.md").write_text(CARD)
    site.release(site.publish(), Tier.T2, Tier.T4)
    site.person("erin")
    site.person("ruth", GatewayRole.APPROVER)
    site.house.requests.set_terms(NAME, Terms(criteria=CRITERIA, reviewers=1))
    with site.served():
        yield site
    site.house.close()


def _wording(site: Site) -> str:
    found: str = json.loads(site.ask(ASK, who="erin").body)["wording"]
    return found


def _sent(site: Site, who: object = "erin", **content: object) -> Answer:
    kind = "application/json"
    body = json.dumps(content).encode()
    return site.ask(ASK, method="POST", who=str(who), body=body, Content_Type=kind)


def _form(site: Site, session: str = "", **fields: str) -> Answer:
    headers = {"Content_Type": "application/x-www-form-urlencoded"}
    if session:
        headers["Cookie"] = f"tiergate={session}"
    return site.ask(ASK, method="POST", body=urlencode(fields).encode(), **headers)


def _fields(answers: dict[str, str]) -> dict[str, str]:
    return {f"field:{name}": value for name, value in answers.items()}


def test_that_a_program_is_told_what_is_asked_and_on_which_terms(asking: Site) -> None:
    found = json.loads(asking.ask(ASK, who="erin").body)

    assert found["criteria"] == CRITERIA
    assert [row["name"] for row in found["questions"]] == list(ANSWERS)
    assert found["questions"][2]["options"] == ["Research", '"><script>alert(1)</script>']
    assert (found["reviewers"], found["grantDays"], found["downloads"]) == (1, 90, None)
    assert found["wording"].startswith("sha256:")


def test_that_a_request_has_the_answers_and_the_words_that_were_agreed_to(asking: Site) -> None:
    wording = _wording(asking)
    answer = _sent(asking, purpose="red teaming", wording=wording, fields=ANSWERS)
    asked = asking.house.requests.of(NAME, "erin")

    assert json.loads(answer.body) == {"status": "pending", "requestId": asked and asked.id}
    assert asked is not None
    assert asked.fields == {**ANSWERS, "purpose": "red teaming"}
    assert asked.wording == wording
    revision = asking.house.catalogue.revision(NAME, "main")
    assert asked.commit == (revision and revision.commit)
    kept = json.loads(asking.house.requests.wording(wording))
    assert (kept["criteria"], kept["prompt"]) == (CRITERIA, f"Prompt {EVIL}")


def test_that_the_hubs_own_way_to_name_answers_counts(asking: Site) -> None:
    assert _sent(asking, wording=_wording(asking), **ANSWERS).status == 200


REFUSED: dict[str, tuple[int, dict[str, object], str]] = {
    "without an answer": (400, {"fields": {**ANSWERS, "Company": ""}}, "no answer to: Company"),
    "with a box that is not ticked": (
        400,
        {"fields": {**ANSWERS, "I agree": "false"}},
        "has to be ticked",
    ),
    "with an answer that is none": (400, {"fields": {**ANSWERS, "Use": "Resale"}}, "Choose one"),
    "with another question": (400, {"fields": {**ANSWERS, "More": "x"}}, "no question More"),
    "with a status of its own": (400, {"fields": ANSWERS, "status": "accepted"}, "no question"),
    "without having read it": (400, {"fields": ANSWERS, "wording": ""}, "send its digest"),
    "having read something else": (
        409,
        {"fields": ANSWERS, "wording": f"sha256:{'0' * 64}"},
        "has changed",
    ),
    "from nowhere on earth": (400, {"fields": ANSWERS, "jurisdiction": "Mars"}, "country code"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_that_nobody_asks(case: str, asking: Site) -> None:
    status, content, words = REFUSED[case]
    answer = _sent(asking, **{"wording": _wording(asking), **content})

    assert (answer.status, words in answer.said) == (status, True), answer.said
    assert asking.house.requests.of(NAME, "erin") is None


def test_that_the_page_shows_criteria_terms_and_questions_as_text_before_the_form(
    asking: Site,
) -> None:
    asking.house.requests.set_terms(
        NAME, Terms(criteria=CRITERIA, reviewers=2, downloads=3, is_pinned=True, is_marked=True)
    )
    page = asking.ask(f"/{NAME}").body.decode()

    assert "<script" not in page
    assert page.index("For red teams. &lt;script&gt;") < page.index("<form")
    for words in (
        "Two people have to be for your request.",
        "Each file can be downloaded 3 times",
        "for the revision that is current",
        "Your copy of the weights names your grant",
        "Heading &lt;script&gt;",
        "Prompt &lt;script&gt;",
        "Description &lt;script&gt;",
        "Button &lt;script&gt;",
        'name="field:Company"',
        "Odd &#34;name&#34; &lt;script&gt;",
    ):
        assert words in page, words


def test_that_the_form_asks_with_a_token_and_says_what_is_missing(asking: Site) -> None:
    token, wording = asking.tokens["erin"], _wording(asking)
    missing = _form(asking, token=token, act="ask", wording=wording)
    good = _form(asking, token=token, act="ask", wording=wording, **_fields(ANSWERS))

    assert (missing.status, b"There is no answer to: Company" in missing.body) == (400, True)
    assert (good.status, b"waiting for an answer" in good.body) == (200, True)


def _form_key(site: Site, session: str) -> str:
    found = site.house.sessions.read(session, site.now)
    assert found is not None
    return found.form_key


def test_that_a_login_asks_by_the_form_of_the_page_alone(asking: Site) -> None:
    session = asking.session("erin")
    key, wording = _form_key(asking, session), _wording(asking)
    page = asking.ask(f"/{NAME}", Cookie=f"tiergate={session}").body
    fields = {"act": "ask", "wording": wording, **_fields(ANSWERS)}
    without = _form(asking, session, **fields)
    wrong = _form(asking, session, **fields, form_key="0" * 64)
    body = json.dumps({"wording": wording, "fields": ANSWERS}).encode()
    as_json = asking.ask(ASK, method="POST", body=body, Cookie=f"tiergate={session}")
    elsewhere = asking.ask(
        ASK,
        method="POST",
        body=urlencode({**fields, "form_key": key}).encode(),
        Content_Type="application/x-www-form-urlencoded",
        Cookie=f"tiergate={session}",
        Origin="https://evil.example",
    )
    assert [each.status for each in (without, wrong, as_json, elsewhere)] == [403, 403, 401, 403]
    assert asking.house.requests.of(NAME, "erin") is None

    good = _form(asking, session, **fields, form_key=key)
    assert good.status == 200
    assert asking.house.requests.of(NAME, "erin") is not None
    assert f'value="{key}"'.encode() in page
    assert b'name="token"' not in page
    after = asking.ask(f"/{NAME}", Cookie=f"tiergate={session}").body
    assert b"Your request is waiting for an answer." in after


def test_that_a_name_is_shown_only_to_those_with_whom_it_is_shared(asking: Site) -> None:
    asking.house.accounts.add(
        Person(name="eve", full_name="Eve Example", roles=frozenset(), jurisdiction="")
    )
    asking.tokens["eve"] = asking.house.accounts.new_token("eve", asking.now + dt.timedelta(1))
    wording = _wording(asking)
    listed = f"/api/models/{NAME}/user-access-request/pending"

    _sent(asking, "eve", wording=wording, fields=ANSWERS)
    before = json.loads(asking.ask(listed, who="ruth").body)
    _sent(asking, "eve", wording=wording, fields=ANSWERS, share_name=True)
    after = json.loads(asking.ask(listed, who="ruth").body)

    assert [row["user"]["fullname"] for row in before] == ["eve"]
    assert [row["user"]["fullname"] for row in after] == ["Eve Example"]
    assert [row["user"]["email"] for row in (*before, *after)] == [None, None]


def test_that_a_token_that_is_not_for_asking_does_not_ask(asking: Site) -> None:
    until = asking.now + dt.timedelta(days=1)
    for name, token in (
        ("reads", Token(person="erin", until=until, scopes=frozenset({Scope.READ}))),
        ("other", Token(person="erin", until=until, repository="acme/other")),
    ):
        asking.tokens[name] = asking.house.accounts.tokens.make(token)
        answer = _sent(asking, name, wording=_wording(asking), fields=ANSWERS)
        assert answer.status == 403
        cancel = f"/api/models/{NAME}/user-access-request/cancel"
        assert asking.ask(cancel, method="POST", who=name).status == 403
    assert asking.house.requests.of(NAME, "erin") is None


def test_that_somebody_takes_back_their_own_request(asking: Site) -> None:
    cancel = f"/api/models/{NAME}/user-access-request/cancel"
    none = asking.ask(cancel, method="POST", who="erin")
    _sent(asking, wording=_wording(asking), fields=ANSWERS)
    done = asking.ask(cancel, method="POST", who="erin")
    again = asking.ask(cancel, method="POST", who="erin")

    assert (none.status, again.status) == (404, 404)
    assert json.loads(done.body) == {"ok": True}
    assert asking.ask(cancel, method="POST").status == 401
    assert asking.house.requests.of(NAME, "erin") is None
    assert len(asking.house.requests.history(NAME, "erin")) == 1


def test_that_who_asks_again_and_again_is_told_to_wait(asking: Site) -> None:
    wording = _wording(asking)
    statuses = [
        _sent(asking, purpose=str(n), wording=wording, fields=ANSWERS).status for n in range(23)
    ]
    assert statuses == [200] * 21 + [429] * 2


def _command(site: Site, *words: str, who: str = "erin") -> tuple[int, str]:
    return _run(f"http://127.0.0.1:{site.port}", site.tokens[who], *words)


def _run(endpoint: str, token: str, *words: str) -> tuple[int, str]:
    with patch.dict(os.environ, {"TIERGATE_TOKEN": token}):
        done = run("ask", NAME, "--endpoint", endpoint, *words)
    return done.code, done.out + done.err


def test_that_the_command_shows_what_is_asked_and_asks_once_it_is_agreed_to(
    asking: Site,
) -> None:
    code, said = _command(asking)
    assert code == 4
    assert "For red teams." in said
    assert "asks (select: Research" in said
    assert "no answer to 'Company'" in said

    answers = [word for name, value in ANSWERS.items() for word in ("--field", f"{name}={value}")]
    code, said = _command(asking, *answers, "--purpose", "red teaming")
    assert (code, "terms that you have not agreed to" in said) == (4, True)
    assert asking.house.requests.of(NAME, "erin") is None

    code, said = _command(asking, *answers, "--purpose", "red teaming", "--agree")
    asked = asking.house.requests.of(NAME, "erin")
    assert asked is not None
    assert (code, said.splitlines()[-1]) == (0, f"pending: request {asked.id}")
    assert asked.fields == {**ANSWERS, "purpose": "red teaming"}

    asking.house.requests.answer(asked, Status.ACCEPTED, by="ruth", at=asking.now)
    code, said = _command(asking, *answers, "--purpose", "red teaming", "--agree")
    until = asking.house.requests.grants(NAME, "erin")[-1].until
    assert code == 0
    assert f"accepted until {until:%Y-%m-%d %H:%M} UTC: request {asked.id}\n" in said
    assert "before by --renew" in said
    assert asking.house.requests.of(NAME, "erin") == dataclasses.replace(
        asked, status=Status.ACCEPTED, answered_by="ruth", answered_at=asking.now
    )

    code, said = _command(asking, *answers, "--purpose", "more", "--agree", "--renew")
    again = asking.house.requests.of(NAME, "erin")
    assert again is not None
    assert (code, said.splitlines()[-1]) == (0, f"pending: request {again.id}")
    assert again.id != asked.id
    assert f"Your grant counts until {until:%Y-%m-%d %H:%M} UTC" in said


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Site]:
    """A model on which nothing has to be agreed to, with grants of one day."""
    site = Site(folder=tmp_path)
    site.release(site.publish(), Tier.T2, Tier.T4)
    site.person("erin")
    site.house.requests.set_terms(NAME, Terms(grant_days=1))
    with site.served():
        yield site
    site.house.close()


def test_that_nothing_is_asked_for_without_agreeing_where_there_are_no_terms(plain: Site) -> None:
    for words in ((), ("--purpose", "red teaming")):
        code, said = _command(plain, *words)
        assert (code, "--agree" in said) == (4, True), said
        assert plain.house.requests.of(NAME, "erin") is None


def test_that_a_grant_of_a_day_is_renewed_in_its_last_third_alone(plain: Site) -> None:
    assert _command(plain, "--agree")[0] == 0
    asked = plain.house.requests.of(NAME, "erin")
    assert asked is not None
    plain.house.requests.answer(asked, Status.ACCEPTED, by="ruth", at=plain.now)
    page = plain.ask(f"/{NAME}", Cookie=f"tiergate={plain.session('erin')}").body.decode()

    assert "accepted until" in _command(plain, "--agree", "--purpose", "more")[1]
    assert "Ask anew although my grant counts still" in page
    assert "A grant lasts 1 day." in page
    plain.now += dt.timedelta(hours=17)
    code, said = _command(plain)
    assert (code, "takes --agree" in said) == (0, True)
    assert "pending: request" in _command(plain, "--agree", "--purpose", "more")[1]


def test_that_the_command_says_what_the_gateway_says(asking: Site) -> None:
    asking.tokens["nobody"] = "hf_" + "x" * 40
    answers = [word for name, value in ANSWERS.items() for word in ("--field", f"{name}={value}")]
    code, said = _command(asking, *answers, "--agree", who="nobody")
    assert (code, "found nobody logged in, expected a token that counts" in said) == (4, True)
    code, said = _command(asking, "--field", "no sign")
    assert (code, "NAME=VALUE" in said) == (4, True)
    code, said = _run("http://127.0.0.1:9", "hf_x")
    assert (code, "no connection" in said) == (4, True)
    code, said = _run("http://hub.example", "hf_x")
    assert (code, "--endpoint" in said) == (4, True)


def test_that_a_form_that_is_not_ended_is_no_request(asking: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", asking.port, timeout=20)
    connection.request("POST", ASK, body=b"{", headers={"Content-Type": "application/json"})
    assert connection.getresponse().status == 400
    connection.close()
