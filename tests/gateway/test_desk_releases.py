# SPDX-License-Identifier: Apache-2.0
"""Releases as lanes, the history of one, and the viewer of decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cli_runner import run
from gateway.desk_town import DeskTown, is_login
from gateway.town import DAY, OPEN
from gateway_site import Answer
from tiergate.gateway.lanes import Lane
from tiergate.release import bodies


@pytest.fixture
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path_factory.mktemp("desk"))
    found.open_desk()
    yield found
    found.house.close()


@pytest.fixture
def decided(town: DeskTown) -> str:
    """A decision that has a record, of an announced release; in hexadecimal."""
    return town.decide_by_record().removeprefix("sha256:")


def lanes(page: bytes) -> dict[str, list[str]]:
    """Return which releases stand in which lane."""
    text = page.decode()
    return {
        lane.value: re.findall(
            r'id="card-([^"]*)"',
            text.partition(f'aria-labelledby="lane-{lane}"')[2].partition("</section>")[0],
        )
        for lane in Lane
    }


def test_that_every_release_stands_in_its_lane(town: DeskTown) -> None:
    with town.served():
        page = town.see("/-/releases", "eva").body

    assert lanes(page) == {
        "evidence": ["announced", "hidden"],
        "vetted": [],
        "wider": ["gated", "hosted"],
        "public": ["excluded", "frozen", "lapsed", "open"],
    }
    assert b'<a href="/-/releases/withdrawn">' in page


def test_that_a_card_says_what_the_next_stage_waits_for(town: DeskTown) -> None:
    town.enter(bodies.Held(), "bea", of="hosted")
    stop = town.house.stops.stop(OPEN, by="ivan", reason="x", at=town.now)
    with town.served():
        page = town.see("/-/releases", "eva").body.decode()

    hosted = page.partition('id="card-hosted"')[2].partition("</article>")[0]
    assert "Next: <b>vetted</b>, T4" in hosted
    assert re.search(r"<b>hold</b> held by event \d+ of bea-ed25519", hosted)
    assert "Held by bea-ed25519" in hosted
    frozen = page.partition('id="card-frozen"')[2].partition("</article>")[0]
    assert "Frozen by bea-ed25519" in frozen
    assert stop.id in page.partition('id="card-open"')[2].partition("</article>")[0]


def test_that_a_release_shows_its_whole_history_and_who_approved(town: DeskTown) -> None:
    with town.served():
        page = town.see("/-/releases/gated", "eva").body.decode()

    table = page.partition('id="history"')[2]
    said = re.findall(r'data-label="What"><span>(?:<a [^>]*>)?([^<]*)', table)
    assert said == [
        "advanced to vetted",
        "opened hosted",
        "approved the release",
        "approved the release",
        "decided: T5 is supported",
        "submitted model",
    ]
    assert "cem-ed25519, Lab, as legal" in page


def test_that_an_event_that_does_not_count_says_so(town: DeskTown) -> None:
    town.enter(bodies.Thawed(freezes=(1,)), "bea", of="frozen")
    with town.served():
        page = town.see("/-/releases/frozen", "eva").body

    assert b"does not count: " in page


COMMANDS = {
    "hidden": ["submit RECORD --plan PLAN"],
    "frozen": ["approve --thaw", "thaw --event", "freeze"],
    "gated": ["advance everybody", "freeze"],
    "announced": ["open hosted", "freeze"],
    "lapsed": ["submit RECORD", "freeze"],
    "withdrawn": ["freeze"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_that_a_page_says_what_moves_a_release_on(name: str, town: DeskTown) -> None:
    with town.served():
        page = town.see(f"/-/releases/{name}", "eva").body.decode()

    found = re.findall(r">tiergate release ((?:[a-z]+)[^<]*?) --release", page)
    assert [each for each in found if not any(each.startswith(w) for w in COMMANDS[name])] == []
    assert len(found) == len(COMMANDS[name])


def test_that_a_ledger_that_cannot_be_read_is_said(town: DeskTown) -> None:
    town.ledger.rename(town.folder / "gone")
    with town.served():
        page = town.see("/-/releases", "eva").body
        one = town.see("/-/releases/open", "eva").body

    assert b"The ledger cannot be read, and nothing is served" in page
    assert b"The ledger cannot be read, and nothing is served" in one
    assert lanes(page)["public"] == []


def test_that_a_decision_without_its_record_says_how_to_bring_it(
    town: DeskTown, decided: str
) -> None:
    with town.served():
        page = town.see(f"/-/decisions/{decided}", "eva")
        wrong = town.see(f"/-/decisions/{'f' * 64}", "eva")

    assert (page.status, wrong.status) == (200, 404)
    assert b"tiergate gateway record RECORD --folder FOLDER" in page.body


def bring(town: DeskTown, *options: str) -> None:
    """Take the record in with the command line."""
    folder = town.folder / "gateway"
    done = run("gateway", "record", town.scene.record, "--folder", folder, *options)
    assert done.code == 0, done.err


def test_that_a_decision_shows_its_reasons_as_a_tree(town: DeskTown, decided: str) -> None:
    bring(town, "--policy", str(town.scene.policy))
    with town.served():
        page = town.see(f"/-/decisions/{decided}", "eva")

    body = page.body.decode()
    assert page.status == 200
    assert "T5 is supported" in body
    assert "by ada-ed25519, Lab (release owner)" in body
    assert '<details><summary><span class="mark met">met</span> <b>E01</b>' in body
    assert "0 of 400" in body
    assert "format: tiergate-policy" in body
    assert b"<script" not in page.body


def test_that_a_record_nobody_trusts_is_not_shown(town: DeskTown, decided: str) -> None:
    bring(town)
    trust = town.folder / "trust.yaml"
    trust.write_text(trust.read_text().replace("signed_by: [release owner]", "signed_by: [legal]"))
    with town.served():
        page = town.see(f"/-/decisions/{decided}", "eva").body

    assert b"The record does not hold" in page
    assert b"nobody who counts signed as legal" in page
    assert b"E01" not in page


def test_that_a_decision_that_has_lapsed_is_still_shown(town: DeskTown, decided: str) -> None:
    bring(town)
    town.now += 200 * DAY
    with town.served():
        page = town.see(f"/-/decisions/{decided}", "eva").body

    assert b"It lapsed on" in page
    assert b"E01" in page


def test_that_a_model_leads_to_no_record_that_is_not_here(town: DeskTown, decided: str) -> None:
    with town.served():
        for who in ("", "eva", "olga"):
            page = town.see("/acme/recorded", who).body.decode()
            assert decided in page
            assert "/-/decisions/" not in page
            assert "reasons" not in page


def test_that_a_record_is_for_those_who_see_every_release_unless_it_is_public(
    town: DeskTown, decided: str
) -> None:
    bring(town)
    path = f"/-/decisions/{decided}"
    with town.served():
        assert is_login(town.see(path))
        assert town.see(path, "erin").status == 404
        assert b"/-/decisions/" not in town.see("/acme/recorded").body
        assert b"read its reasons" in town.see("/acme/recorded", "eva").body

        bring(town, "--public")
        for who in ("", "erin", "pia"):
            assert town.see(path, who).status == 200, who
        assert f'href="{path}"'.encode() in town.see("/acme/recorded").body


def test_that_a_public_record_of_a_model_that_nobody_may_know_of_is_hidden(
    town: DeskTown,
) -> None:
    decided = town.decide_by_record(is_announced=False, is_open=False)
    bring(town, "--public")
    path = f"/-/decisions/{decided.removeprefix('sha256:')}"
    with town.served():
        assert town.see("/acme/recorded").body == town.see("/acme/absent").body
        assert is_login(town.see(path))
        assert town.see(path, "erin").status == 404
        assert town.see(path, "eva").status == 200


def test_that_nobody_can_tell_a_hidden_record_from_an_absent_one(
    town: DeskTown, decided: str
) -> None:
    bring(town)
    with town.served():
        for who in ("", "erin"):
            hidden = town.see(f"/-/decisions/{decided}", who)
            absent = town.see(f"/-/decisions/{'f' * 64}", who)

            assert hidden.status == absent.status
            assert main(hidden) == main(absent)


def main(page: Answer) -> bytes:
    """Return what a page says, without what is new each time."""
    return page.body.partition(b"<main")[2]


WRONG = {
    "no file": ("absent.json", (), "no file"),
    "no record": ("trust.yaml", (), ""),
    "another policy": (
        "scene/record.json",
        ("--policy", "default"),
        "Give the file that was used.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_that_a_record_is_not_taken_in_from(case: str, town: DeskTown, decided: str) -> None:
    path, options, words = WRONG[case]
    folder = town.folder / "gateway"

    done = run("gateway", "record", town.folder / path, "--folder", folder, *options)

    assert done.code not in {0, 1}
    assert words in done.err
    assert town.house.records.of(f"sha256:{decided}") is None
