# SPDX-License-Identifier: Apache-2.0
"""What somebody sees of themselves, and what a token counts for."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_runner import run
from gateway.town import GATED, OPEN, Town
from gateway.visitor import Visitor, words_of
from gateway_site import Answer
from tiergate.gateway.accounts import Person
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.scopes import Scope
from tiergate.gateway.tokens import Token

FILE = f"/{GATED}/resolve/main/model.safetensors"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    found.house.accounts.add(
        Person(
            name="pia",
            full_name="Pia",
            roles=frozenset({GatewayRole.PUBLISHER}),
            jurisdiction="",
            namespaces=frozenset({"acme"}),
        )
    )
    with found.served():
        yield found
    found.house.close()


def of(town: Town, who: str) -> Visitor:
    """Return somebody's browser."""
    return Visitor(site=town, cookies={"tiergate": town.session(who)})


def with_token(town: Town, who: str, *scopes: Scope, repository: str = "") -> str:
    """Give somebody a token that counts for that, and return how tests call it."""
    name = f"{who} for {' '.join(scopes)}"
    until = town.now + dt.timedelta(hours=1)
    token = Token(person=who, until=until, scopes=frozenset(scopes), repository=repository)
    town.tokens[name] = town.house.accounts.tokens.make(token)
    return name


def test_that_a_request_is_shown_to_whoever_made_it_with_its_state(town: Town) -> None:
    petra, ruth = words_of(of(town, "petra").get("/-/me")), words_of(of(town, "ruth").get("/-/me"))

    assert f"{GATED} pending Your request is waiting" in petra
    assert f"{GATED} rejected Your request was turned down." in ruth
    assert "ruth" not in petra


def test_that_a_grant_is_shown_with_what_it_is_for(town: Town) -> None:
    gwen, otto, ulf = (words_of(of(town, who).get("/-/me")) for who in ("gwen", "otto", "ulf"))

    assert f"{GATED} counts" in gwen
    assert "For every revision that is released." in gwen
    assert f"For the revision {town.old.commit[:12]} alone." in otto
    assert f"{GATED} used up" in ulf
    assert "0 downloads of each file" in ulf


def test_that_a_request_is_taken_back_by_whoever_made_it_alone(town: Town) -> None:
    town.house.requests.ask(GATED, "nora", {"purpose": "reading"}, town.now)
    exa = of(town, "exa")
    exa.post("/-/me/take-back", {"repository": GATED, "form_key": _key(exa)})
    assert town.house.requests.of(GATED, "nora") is not None

    nora = of(town, "nora")
    nora.send("/-/me", {"repository": GATED}, at="/-/me/take-back")
    assert town.house.requests.of(GATED, "nora") is None


def _key(visitor: Visitor) -> str:
    found = re.search(rb'name="form_key" value="([0-9a-f]+)"', visitor.get("/-/me").body)
    assert found is not None
    return found[1].decode()


def test_that_a_token_is_shown_once_and_counts_for_what_was_ticked(town: Town) -> None:
    gwen = of(town, "gwen")
    made = gwen.send("/-/me/token", {"label": "laptop", "days": "7", "scope": "read"})
    token = re.search(rb"hf_[A-Za-z0-9]{40}", made.body)

    assert token is not None
    town.tokens["new"] = token[0].decode()
    assert town.ask(FILE, who="new").status == 200
    page = gwen.get("/-/me")
    assert "laptop" in words_of(page)
    assert "For: read." in words_of(page)
    assert token[0] not in page.body


@pytest.mark.parametrize(
    "fields",
    [
        {"days": "7"},
        {"days": "7", "scope": "everything"},
        {"days": "7", "scope": "approve"},
        {"days": "3650", "scope": "read"},
        {"days": "-1", "scope": "read"},
        {"days": "", "scope": "read"},
    ],
)
def test_that_no_token_is_made_for(town: Town, fields: dict[str, str]) -> None:
    gwen = of(town, "gwen")
    before = len(town.house.accounts.tokens.of("gwen", town.now))
    answer = gwen.send("/-/me/token", fields)

    assert answer.status == 400
    assert len(town.house.accounts.tokens.of("gwen", town.now)) == before


def test_that_making_a_token_asks_for_a_fresh_login(town: Town) -> None:
    old = town.session("gwen", logged_in=dt.timedelta(minutes=11))
    gwen = Visitor(site=town, cookies={"tiergate": old})
    asked = gwen.get("/-/me/token")
    sent = gwen.post("/-/me/token", {"days": "7", "scope": "read", "form_key": _key(gwen)})

    for answer in (asked, sent):
        assert answer.status == 303
        assert answer.headers["location"].endswith("&again=1")


def test_that_a_token_is_ended_by_its_holder_and_by_nobody_else(town: Town) -> None:
    name = with_token(town, "gwen", Scope.READ)
    (token, *_) = [t for t in town.house.accounts.tokens.of("gwen", town.now) if t.label == ""]
    other = of(town, "nora")
    other.post("/-/me/end-token", {"token": token.id, "form_key": _key(other)})
    assert town.ask(FILE, who=name).status == 200

    gwen = of(town, "gwen")
    for each in town.house.accounts.tokens.of("gwen", town.now):
        gwen.post("/-/me/end-token", {"token": each.id, "form_key": _key(gwen)})
    assert town.ask(FILE, who=name).status in {401, 403}
    assert town.house.accounts.tokens.of("gwen", town.now) == ()


def test_that_logging_out_everywhere_ends_every_session(town: Town) -> None:
    one, two = of(town, "exa"), of(town, "exa")
    one.post("/-/me/leave", {"form_key": _key(one)})

    for visitor in (one, two):
        assert visitor.get("/-/me").status == 303


def _said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.said


SCOPED: dict[str, tuple[str, tuple[Scope, ...], str, str, str]] = {
    "a token to read downloads": ("dieter", (Scope.READ,), "GET", FILE, "200"),
    "a token to publish downloads nothing": ("dieter", (Scope.PUBLISH,), "GET", FILE, "403"),
    "a token to ask downloads nothing": ("dieter", (Scope.REQUEST,), "GET", FILE, "403"),
    "a token to audit downloads nothing": ("dieter", (Scope.AUDIT,), "GET", FILE, "403"),
    "a token to publish downloads what is open": (
        "dieter",
        (Scope.PUBLISH,),
        "GET",
        f"/{OPEN}/resolve/main/model.safetensors",
        "200",
    ),
    "a token to read does not ask": (
        "exa",
        (Scope.READ,),
        "POST",
        f"/{GATED}/ask-access",
        "403",
    ),
    "a token to ask asks": ("exa", (Scope.REQUEST,), "POST", f"/{GATED}/ask-access", "200"),
    "a token to read sees no requests of others": (
        "anna",
        (Scope.READ,),
        "GET",
        f"/api/models/{GATED}/user-access-request/pending",
        "403",
    ),
    "a token to approve sees requests of others": (
        "anna",
        (Scope.APPROVE,),
        "GET",
        f"/api/models/{GATED}/user-access-request/pending",
        "200",
    ),
    "a token to read decides nothing": (
        "anna",
        (Scope.READ, Scope.REQUEST, Scope.PUBLISH, Scope.AUDIT),
        "POST",
        f"/api/models/{GATED}/user-access-request/grant",
        "403",
    ),
    "a token to read uploads nothing": (
        "pia",
        (Scope.READ,),
        "POST",
        f"/api/models/{GATED}/preupload/main",
        "403",
    ),
    "a token to publish uploads": (
        "pia",
        (Scope.PUBLISH,),
        "POST",
        f"/api/models/{GATED}/preupload/main",
        "200",
    ),
}


@pytest.mark.parametrize("sentence", SCOPED)
def test_that(sentence: str, town: Town) -> None:
    who, scopes, method, path, status = SCOPED[sentence]
    is_asking = path.endswith("/ask-access")
    body = {"purpose": "reading"} if is_asking else {"files": [], "user": "nora"}
    content = json.dumps(body).encode() if method == "POST" else None
    answer = town.ask(
        path,
        method=method,
        who=with_token(town, who, *scopes),
        body=content,
        **({"Content-Type": "application/json"} if content else {}),
    )

    assert str(answer.status) == status, answer.body
    if answer.status == 403:
        assert answer.said


def test_that_a_token_for_one_repository_counts_for_no_other(town: Town) -> None:
    name = with_token(town, "dieter", Scope.READ, repository="acme/other")
    mine = with_token(town, "dieter", Scope.READ, Scope.REQUEST, repository=GATED)

    assert town.ask(FILE, who=name).status == 403
    assert town.ask(FILE, who=mine).status == 200


@pytest.mark.parametrize(
    ("who", "scopes", "role"),
    [
        ("pia", (Scope.PUBLISH, Scope.READ), "write"),
        ("pia", (Scope.READ,), "read"),
        ("gwen", (Scope.PUBLISH,), "read"),
    ],
)
def test_that_whoami_says_what_a_token_is_good_for(
    town: Town, who: str, scopes: tuple[Scope, ...], role: str
) -> None:
    me = json.loads(town.ask("/api/whoami-v2", who=with_token(town, who, *scopes)).body)

    assert me["auth"]["accessToken"]["role"] == role


def test_that_the_commands_make_list_and_end_tokens(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    assert run("gateway", "person", "erin", "--folder", folder).code == 0
    words = ("--label", "laptop", "--scope", "read", "--scope", "request", "--days", "3")
    token = run("gateway", "token", "erin", "--folder", folder, *words).out.strip()
    assert run("gateway", "token", "erin", "--folder", folder).code == 0
    lines = run("gateway", "tokens", "erin", "--folder", folder).out.splitlines()
    assert [line.split("  ", 2)[2] for line in lines] == [
        "read request publish approve audit",
        "read request  laptop",
    ]
    assert token not in "".join(lines)

    name = lines[1].split("  ", maxsplit=1)[0]
    done = run("gateway", "tokens", "erin", "--folder", folder, "--revoke", name)
    assert (done.code, len(done.out.splitlines())) == (0, 1)
    again = run("gateway", "tokens", "erin", "--folder", folder, "--revoke", name)
    assert (again.code, "no token of erin" in again.err) == (4, True)
    assert run("gateway", "tokens", "nobody", "--folder", folder).code == 4


def test_that_the_command_makes_a_login_link(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    assert run("gateway", "person", "erin", "--folder", folder).code == 0
    made = run("gateway", "login", "erin", "--folder", folder, "--url", "https://hub.example/")

    assert re.fullmatch(r"https://hub\.example/-/first/[A-Za-z0-9_-]{43}\n", made.out)
    assert run("gateway", "login", "nobody", "--folder", folder).code == 4
