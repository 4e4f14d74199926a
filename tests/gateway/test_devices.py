# SPDX-License-Identifier: Apache-2.0
"""Programs without a browser: a code, somebody who allows it, a token that is given once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlencode

import pytest

from gateway.visitor import Visitor, words_of
from gateway_site import Answer, Site
from tiergate.gateway.desk.device import ALLOWED, DENIED, MOST_WRONG, NO_CODE
from tiergate.gateway.oauth import DEVICE_GRANT, MOST_DEVICES
from tiergate.gateway.roles import GatewayRole

FORM = "application/x-www-form-urlencoded"
SECONDS = dt.timedelta(seconds=1)


def _sent(site: Site, path: str, **fields: str) -> Answer:
    content = urlencode(fields).encode()
    return site.ask(path, method="POST", body=content, Content_Type=FORM)


@dataclass(kw_only=True)
class Program:
    """A program that waits."""

    site: Site
    told: dict[str, str] = field(default_factory=dict)

    def begin(self) -> dict[str, str]:
        """Begin, and return what it is told."""
        answer = _sent(self.site, "/oauth/device", client_id="a program")
        assert answer.status == 200
        self.told = cast("dict[str, str]", json.loads(answer.body))
        return self.told

    def poll(self, after: int = 5) -> dict[str, str]:
        """Ask for the token, some seconds later."""
        self.site.now += after * SECONDS
        code = self.told["device_code"]
        answer = _sent(self.site, "/oauth/token", grant_type=DEVICE_GRANT, device_code=code)
        found = cast("dict[str, str]", json.loads(answer.body))
        assert (answer.status == 200) == ("access_token" in found)
        assert "no-store" in answer.headers["cache-control"]
        return found


@pytest.fixture
def served(site: Site) -> Iterator[Site]:
    site.person("erin")
    site.person("anna", GatewayRole.APPROVER)
    with site.served():
        yield site


@pytest.fixture
def program(served: Site) -> Program:
    found = Program(site=served)
    found.begin()
    return found


def _of(site: Site, who: str) -> Visitor:
    return Visitor(site=site, cookies={"tiergate": site.session(who)})


def _answered(program: Program, act: str = "allow", who: str = "erin", **fields: str) -> Answer:
    visitor = _of(program.site, who)
    code = {"user_code": program.told["user_code"]}
    looked = visitor.send("/-/device", code)
    assert looked.status == 200, words_of(looked)
    hidden = {"form_key": _key(looked), "act": act, **code, **fields}
    return visitor.post("/-/device/answer", hidden)


def _key(page: Answer) -> str:
    return page.body.decode().partition('name="form_key" value="')[2].partition('"')[0]


def test_that_a_program_gets_its_token_when_somebody_allows_it(program: Program) -> None:
    assert program.poll() == {"error": "authorization_pending"}
    answer = _answered(program, scope="read")
    found = program.poll()
    program.site.tokens["program"] = found["access_token"]
    me = json.loads(program.site.ask("/api/whoami-v2", who="program").body)

    assert ALLOWED in words_of(answer)
    assert (found["token_type"], found["scope"]) == ("bearer", "read")
    assert int(found["expires_in"]) == 90 * 24 * 3600
    assert me["name"] == "erin"


def test_that_a_code_gives_one_token(program: Program) -> None:
    _answered(program, scope="read")

    assert "access_token" in program.poll()
    assert program.poll() == {"error": "invalid_grant"}
    again = _of(program.site, "erin").send("/-/device", {"user_code": program.told["user_code"]})
    assert again.status == 404


def test_that_a_program_that_is_not_allowed_is_told_so(program: Program) -> None:
    assert DENIED in words_of(_answered(program, act="deny"))
    assert program.poll() == {"error": "access_denied"}


def test_that_a_program_that_is_allowed_nothing_gets_nothing(program: Program) -> None:
    assert _answered(program).status == 400
    assert _answered(program, scope="approve").status == 400
    assert program.poll() == {"error": "authorization_pending"}


def test_that_a_program_gets_no_more_than_whoever_allows_it_has(program: Program) -> None:
    assert _answered(program, who="anna", scope="approve").status == 200
    assert program.poll()["scope"] == "approve"


def test_that_a_program_that_asks_too_often_waits_longer(program: Program) -> None:
    found = [program.poll(after)["error"] for after in (0, 1, 6, 13, 20)]

    assert found == [
        "authorization_pending",
        "slow_down",
        "slow_down",
        "slow_down",
        "authorization_pending",
    ]


def test_that_a_code_ends_after_a_quarter_of_an_hour(program: Program) -> None:
    program.site.now += dt.timedelta(minutes=15)
    visitor = _of(program.site, "erin")

    assert visitor.send("/-/device", {"user_code": program.told["user_code"]}).status == 404
    assert program.poll() == {"error": "expired_token"}


def test_that_a_code_that_was_allowed_too_late_for_its_program_gives_nothing(
    program: Program,
) -> None:
    _answered(program, scope="read")

    assert program.poll(15 * 60) == {"error": "expired_token"}


def test_that_an_account_that_was_disabled_meanwhile_gives_no_token(program: Program) -> None:
    _answered(program, scope="read")
    program.site.house.accounts.disable("erin", program.site.now)

    assert program.poll() == {"error": "access_denied"}


def test_that_what_was_allowed_before_an_account_was_disabled_stays_ended(program: Program) -> None:
    _answered(program, scope="read")
    program.site.house.accounts.disable("erin", program.site.now)
    program.site.house.accounts.enable("erin")

    assert program.poll() == {"error": "access_denied"}


def test_that_the_code_that_people_type_gives_no_token(program: Program) -> None:
    _answered(program, scope="read")
    typed = {"grant_type": DEVICE_GRANT, "device_code": program.told["user_code"]}

    assert json.loads(_sent(program.site, "/oauth/token", **typed).body)["error"] == "invalid_grant"


def test_that_a_code_may_be_typed_in_any_way(program: Program) -> None:
    code = program.told["user_code"].lower().replace("-", " ")
    visitor = _of(program.site, "erin")

    assert "Allow this program?" in words_of(visitor.send("/-/device", {"user_code": code}))


def test_that_a_link_with_the_code_allows_nothing_by_itself(program: Program) -> None:
    path = program.told["verification_uri_complete"].removeprefix(program.site.url)
    page = _of(program.site, "erin").get(path)

    assert program.told["user_code"].encode() in page.body
    assert b"Allow it" not in page.body
    assert program.poll() == {"error": "authorization_pending"}


def test_that_whoever_allows_it_sees_what_and_for_whom(program: Program) -> None:
    code = {"user_code": program.told["user_code"]}
    said = words_of(_of(program.site, "erin").send("/-/device", code))

    for words in ("127.0.0.1", "a program", "erin ( erin )", "Did somebody send you the code?"):
        assert words in said


def test_that_codes_are_not_guessed(program: Program) -> None:
    visitor = _of(program.site, "erin")
    found = [
        visitor.send("/-/device", {"user_code": f"BBBB-BBB{letter}"})
        for letter in "BCDFGHJKLMNP"[: MOST_WRONG + 1]
    ]

    assert [answer.status for answer in found] == [404] * MOST_WRONG + [429]
    assert NO_CODE in words_of(found[0])
    right = visitor.send("/-/device", {"user_code": program.told["user_code"]})
    assert right.status == 429


def test_that_nobody_begins_logins_without_end(served: Site) -> None:
    found = [_sent(served, "/oauth/device").status for _ in range(MOST_DEVICES + 1)]

    assert found == [200] * MOST_DEVICES + [429]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"grant_type": "password", "username": "erin", "password": "x"},
        {"grant_type": "client_credentials"},
        {"grant_type": "authorization_code", "code": "x"},
        {"grant_type": "refresh_token", "refresh_token": "x"},
    ],
)
def test_that_there_is_no_other_way_to_a_token(served: Site, fields: dict[str, str]) -> None:
    answer = _sent(served, "/oauth/token", **fields)

    assert answer.status == 400
    assert json.loads(answer.body)["error"] == "unsupported_grant_type"
