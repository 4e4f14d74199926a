# SPDX-License-Identifier: Apache-2.0
"""Incidents and their clocks on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_runner import run
from release_fixtures import Release, day

ADA, BEA, CEM = "ada-ed25519", "bea-ed25519", "cem-ed25519"


@pytest.fixture
def release(tmp_path: Path) -> Release:
    made = Release(tmp_path)
    made.opened()
    return made


def _death(release: Release) -> None:
    words = ("incident", "--severity", "death", "--known-at", day(-1))
    places = ("--jurisdiction", "EU", "--jurisdiction", "JP")
    assert release.act(CEM, *words, *places).code == 0


def test_status_says_what_is_due_to_whom_by_when(release: Release) -> None:
    _death(release)
    shown = run("release", "status", *release.where, "--at", day(2)).flat

    assert "clocks event 6, death, known since" in shown
    assert "UTC (7 d 0 h left); EU, to AI Office; 10 days, initial (eu-cop-death)" in shown
    assert "due, no number EU, to AI Office and, as appropriate" in shown
    assert "law, not checked: Regulation (EU) 2024/1689" in shown
    assert "no clock JP: no deadline was found" in shown
    assert "Not legal advice." in shown


def test_a_place_of_which_nothing_is_known_is_said_when_it_is_entered(release: Release) -> None:
    mistyped = release.act(CEM, "incident", "--jurisdiction", "US-CAL", "--jurisdiction", "JP")
    refused = release.act(CEM, "incident", "--jurisdiction", "US-CAL", role="auditor")

    assert 0 == mistyped.code
    assert "note: US-CAL: no deadline of it is known here" in mistyped.err
    assert "Did you mean US-CA?" in mistyped.err
    assert "note: JP" not in mistyped.err
    assert (5, False) == (refused.code, "note:" in refused.err)


def test_an_overdue_clock_says_by_how_much(release: Release) -> None:
    words = ("incident", "--severity", "imminent harm", "--jurisdiction", "US-CA")
    assert release.act(CEM, *words, at=day(1)).code == 0
    shown = run("release", "status", *release.where, "--at", day(2.5)).flat

    assert "(12 h 0 min over); US-CA, to an appropriate authority" in shown
    assert "law, read second-hand: California SB 53" in shown


def test_a_report_stops_its_clock_and_closing_the_incident_stops_none(release: Release) -> None:
    _death(release)
    words = ("report", 6, "--deadline", "eu-cop-death", "--reference", "case 7")
    reported = release.act(CEM, *words, "--reported-at", day(1), at=day(1))
    closed = release.act(BEA, "incident", "--close", 6, at=day(2))
    shown = run("release", "status", *release.where, "--at", day(3))
    status = release.status(day(3))

    assert (reported.code, closed.code) == (0, 0), reported.out + closed.out
    assert "reported" in shown.flat
    assert "UTC by event 7; EU, to AI Office" in shown.flat
    assert "; closed " in shown.flat
    assert status["incidents"] == []
    (found,) = status["clocks"]
    states = {clock["deadline"]: clock["state"] for clock in found["clocks"]}
    assert states == {
        "eu-aia-55": "due, no number",
        "eu-cop-death": "reported",
        "eu-cop-update": "ended",
        "eu-cop-final": "due",
    }


def test_status_prints_the_clocks_as_json(release: Release) -> None:
    _death(release)
    (found,) = release.status(day(0))["clocks"]
    clock = next(c for c in found["clocks"] if c["deadline"] == "eu-cop-death")

    assert (found["event"], found["severity"], found["closed_at"]) == (6, "death", None)
    assert found["jurisdictions"] == ["EU", "JP"]
    assert found["unclear"] == [{"jurisdiction": "JP", "says": "no deadline was found"}]
    assert clock["remaining_seconds"] == 9 * 24 * 3600
    assert clock["source_url"].startswith("https://")
    assert (clock["status"], clock["read_as"]) == ("published", "primary text")
    assert (clock["report"], clock["reported_at"]) == (None, None)


def test_places_in_scope_can_be_added_when_asking(release: Release) -> None:
    assert release.act(CEM, "incident").code == 0
    alone = run("release", "status", *release.where, "--at", day(0)).flat
    with_ny = run("release", "status", *release.where, "--at", day(0), "--jurisdiction", "US-NY")

    assert "no jurisdiction is named: what is due is not assessed" in alone
    assert "US-NY, to office in the Department of Financial Services" in with_ny.flat


def test_a_release_without_incidents_has_no_clocks(release: Release) -> None:
    assert "clocks" not in run("release", "status", *release.where, "--at", day(0)).out
    assert release.status()["clocks"] == []


def test_what_was_entered_is_in_the_log(release: Release) -> None:
    _death(release)
    release.act(ADA, "report", 6, "--deadline", "eu-cop-death", at=day(1))

    log = run("release", "log", *release.where).flat
    assert "reported incident 6 under eu-cop-death, by Ada as release owner" in log


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("incident", "--jurisdiction", "eu"), 2, "'eu' is not written as in EU or US-CA"),
        (("incident", "--severity", "bad"), 2, "'bad' is not one of"),
        (("report", 6, "--deadline", "eu-cop"), 4, "expected one of: eu-aia-55"),
        (("report", 5, "--deadline", "eu-cop-death"), 6, "event 5 is no incident"),
        (
            ("report", 6, "--deadline", "eu-cop-death", "--reported-at", day(9)),
            6,
            "it was reported after that was entered",
        ),
        (
            ("report", 6, "--deadline", "eu-cop-death", "--reference", "x" * 501),
            2,
            "500 characters at most",
        ),
    ],
)
def test_is_refused_and_nothing_is_entered(
    release: Release, words: tuple[object, ...], code: int, says: str
) -> None:
    _death(release)
    size = release.size()

    done = release.act(CEM, *words)

    assert done.code == code
    assert says in " ".join((done.out + done.err).split())
    assert release.size() == size


def test_the_places_to_ask_about_are_checked_too(release: Release) -> None:
    done = run("release", "status", *release.where, "--jurisdiction", "EU;")

    assert done.code == 2
