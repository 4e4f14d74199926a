# SPDX-License-Identifier: Apache-2.0
"""Who asks for access is listed and answered without a browser, by the rules of the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_runner import Run, run
from gateway.desk_town import DeskTown
from gateway.town import GATED, WEIGHTS
from tiergate.gateway.terms import Terms

FILE = f"/{GATED}/resolve/main/{WEIGHTS}"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path)
    found.open_desk()
    with found.served():
        yield found
    found.house.close()


def _do(town: DeskTown, *words: object) -> Run:
    return run("gateway", *words, "--folder", town.folder / "gateway")


def test_that_requests_are_listed_with_what_is_stated(town: DeskTown) -> None:
    said = _do(town, "requests")
    found = json.loads(_do(town, "requests", "--json", "--repository", GATED).out)

    assert said.code == 0, said.err
    assert f"{town.asked.id}  pending   {GATED}  erin\n" in said.out
    assert "  purpose: red teaming\n" in said.out
    assert found["format"] == "tiergate-gateway-requests/1"
    assert {row["account"] for row in found["requests"]} == {"petra", "erin"}
    assert found["requests"][0]["stated"] in ({}, {"purpose": "red teaming"})
    assert _do(town, "requests", "--state", "reset").out == "No request.\n"


def test_that_a_request_is_accepted_and_the_grant_revoked(town: DeskTown) -> None:
    assert town.ask(FILE, who="erin").status == 403
    done = _do(town, "accept", town.asked.id, "--by", "anna", "--days", 3, "--words", "welcome")
    (given,) = town.house.requests.given(GATED, "erin")

    assert done.code == 0, done.err
    assert given.grant.id in done.out
    assert (given.grant.until - given.given_at).days == 3
    assert town.ask(FILE, who="erin").status == 200
    assert ("granted", "welcome") in [(a.what.value, a.words) for a in town.house.acts.newest(2)]
    listed = json.loads(_do(town, "requests", "--state", "accepted", "--json").out)
    assert given.grant.id in [row["grant"] for row in listed["requests"]]

    again = _do(town, "accept", town.asked.id, "--by", "bert")
    assert (again.code, "that anna has accepted" in again.err) == (4, True)
    gone = _do(town, "revoke", given.grant.id, "--by", "bert", "--words", "left")
    assert gone.code == 0, gone.err
    assert town.ask(FILE, who="erin").status == 403
    assert "revoked" in [act.what.value for act in town.house.acts.newest(2)]
    assert "counts no more" in _do(town, "revoke", given.grant.id, "--by", "bert").err


def test_that_two_people_have_to_be_for_a_request_where_the_terms_say_so(town: DeskTown) -> None:
    town.house.requests.set_terms(GATED, Terms(reviewers=2))
    first = _do(town, "accept", town.asked.id, "--by", "anna")
    listed = _do(town, "requests")
    second = _do(town, "accept", town.asked.id, "--by", "bert")

    assert "1 of 2 are for" in first.out
    assert "1 of 2 are for it: anna" in listed.out
    assert f"Accepted {town.asked.id}" in second.out


def test_that_a_request_is_rejected_with_words(town: DeskTown) -> None:
    assert _do(town, "reject", town.asked.id, "--by", "anna").code == 2
    assert _do(town, "reject", town.asked.id, "--by", "anna", "--words", " ").code == 4
    done = _do(town, "reject", town.asked.id, "--by", "anna", "--words", "no plan")
    asked = town.house.requests.of(GATED, "erin")

    assert done.code == 0, done.err
    assert asked is not None
    assert (asked.status.value, asked.answer, asked.answered_by) == ("rejected", "no plan", "anna")


REFUSED = {
    "one who may only read": ("eva", "an account that may not"),
    "one who asks": ("erin", "an account that may not"),
    "nobody": ("nobody", "no account"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_that_nobody_else_decides(case: str, town: DeskTown) -> None:
    by, said = REFUSED[case]
    for words in (
        ("accept", town.asked.id),
        ("reject", town.asked.id, "--words", "x"),
        ("revoke", town.grant_of("gwen")),
    ):
        done = _do(town, *words, "--by", by)
        assert (done.code, said in done.err) == (4, True), done.err
    assert town.ask(FILE, who="gwen").status == 200


def test_that_nobody_decides_on_their_own_request_or_on_none(town: DeskTown) -> None:
    own = town.ask_for("bert", purpose="curious")
    mine = _do(town, "accept", own.id, "--by", "bert")

    assert (mine.code, "the person who asked" in mine.err) == (4, True)
    assert "no request of that name" in _do(town, "accept", "0" * 24, "--by", "anna").err
    assert "no grant of that name" in _do(town, "revoke", "grant-0", "--by", "anna").err
