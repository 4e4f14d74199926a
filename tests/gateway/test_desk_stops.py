# SPDX-License-Identifier: Apache-2.0
"""Stopping by the page: what is shown before, who lifts, and trying it out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cli_runner import run
from gateway.desk_town import DeskTown
from gateway.town import DAY, GATED, OPEN
from tiergate.gateway.stops import EVERYTHING

WEIGHTS = "resolve/main/model.safetensors"


@pytest.fixture
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path_factory.mktemp("desk"))
    found.open_desk()
    with found.served():
        yield found
    found.house.close()


def figures(page: bytes) -> list[int]:
    """Return the figures of a preview: models, people, downloads that may be running."""
    part = page.decode().partition('class="figures"')[2].partition("</dl>")[0]
    return [int(number) for number in re.findall(r"<dd>(\d+)</dd>", part)]


def test_that_a_preview_says_what_a_stop_ends_and_what_it_does_not_reach(town: DeskTown) -> None:
    town.ask(f"/{GATED}/{WEIGHTS}", who="gwen")
    town.now += DAY
    town.tokens["gwen"] = town.house.accounts.new_token("gwen", town.now + DAY)
    for _ in range(2):
        town.ask(f"/{GATED}/{WEIGHTS}", who="gwen")
    town.ask(f"/{OPEN}/{WEIGHTS}")

    one = town.see(f"/-/stops/new?about={GATED}", "ivan").body
    every = town.see("/-/stops/new?about=*", "ivan").body

    # Gwen, Dieter, Otto and Tess have a grant; the downloads of yesterday are not running.
    assert figures(one) == [1, 4, 2]
    assert figures(every) == [9, 4, 3]
    assert b'data-label="Requests for files">3<' in one
    assert b'data-label="Copies, at most">1 file<' in one
    assert b"<li>gwen</li>" in one
    assert b"release freeze --release gated" in one
    assert town.house.stops.all() == ()


def test_that_a_stop_by_the_page_serves_nobody_and_says_why_to_those_who_work_here(
    town: DeskTown,
) -> None:
    answer = town.send("/-/stops", "ivan", {"about": GATED, "reason": "weights leaked"})

    assert (answer.status, answer.headers["location"]) == (303, "/-/stops?said=stopped")
    refused = town.ask(f"/{GATED}/{WEIGHTS}", who="gwen")
    assert refused.status == 403
    assert "weights leaked" not in refused.said
    assert town.ask(f"/{OPEN}/{WEIGHTS}").status == 200
    assert b"weights leaked" in town.see("/-/stops", "eva").body
    act = town.house.acts.newest(1)[0]
    assert (act.what.value, act.words) == ("stopped", "weights leaked")


def test_that_a_stop_needs_a_reason_and_no_login_a_moment_ago(town: DeskTown) -> None:
    assert town.send("/-/stops", "ivan", {"about": "*"}).status == 400
    assert town.house.stops.all() == ()

    late = town.send("/-/stops", "ivan", {"about": "*", "reason": "x"}, logged_in=DAY / 4)

    assert late.status == 303
    assert [stop.repository for stop in town.house.stops.standing()] == [EVERYTHING]


def test_that_whoever_sends_the_form_twice_has_stopped_once(town: DeskTown) -> None:
    for _ in range(2):
        town.send("/-/stops", "ivan", {"about": "*", "reason": "x"})

    assert len(town.house.stops.standing()) == 1


def test_that_a_second_stop_says_that_one_stands_and_lifting_one_says_so_too(
    town: DeskTown,
) -> None:
    folder = ("--folder", town.folder / "gateway")
    words = ("gateway", "stop", GATED, "--reason", "x", *folder, "--by")
    assert "Stands already" not in run(*words, "ivan").out
    first = town.house.stops.standing()[0]
    again = run(*words, "ivan")
    other = run("gateway", "stop", "--everything", "--reason", "x", *folder, "--by", "olga")

    assert (again.code, "Nothing was changed" in again.out) == (0, True)
    assert f"Stands already: {first.id} of {GATED}, made on" in other.out
    assert "by ivan." in other.out
    assert len(town.house.stops.standing()) == 2
    lifted = run("gateway", "lift", first.id, "--by", "anna", *folder)
    assert "Stands still: " in lifted.out
    assert "of everything, made on" in lifted.out


def test_that_the_pages_say_which_other_stops_stand(town: DeskTown) -> None:
    town.send("/-/stops", "ivan", {"about": GATED, "reason": "x"})
    first = town.house.stops.standing()[0]
    preview = town.see("/-/stops/new?about=*", "olga").body
    again = town.send("/-/stops", "olga", {"about": "*", "reason": "x"})
    lifted = town.send(f"/-/stops/{first.id}/lift", "anna", {})

    assert f"Stands already: {first.id} of {GATED}, made on".encode() in preview
    assert again.headers["location"] == "/-/stops?said=again"
    assert lifted.headers["location"] == "/-/stops?said=remains"
    for place in (again, lifted):
        page = town.see(place.headers["location"], "anna").body
        assert b"nother stop st" in page


def test_that_who_stopped_does_not_lift_and_somebody_else_does(town: DeskTown) -> None:
    town.send("/-/stops", "olga", {"about": "*", "reason": "x"})
    stop = town.house.stops.standing()[0]

    own = town.send(f"/-/stops/{stop.id}/lift", "olga", {})
    assert own.status == 409
    assert b"somebody else to lift it" in own.body
    assert f"Lift {stop.id}".encode() not in town.see("/-/stops", "olga").body
    assert town.ask(f"/{OPEN}/{WEIGHTS}").status == 403

    assert town.send(f"/-/stops/{stop.id}/lift", "anna", {"reason": "all clear"}).status == 303
    assert town.ask(f"/{OPEN}/{WEIGHTS}").status == 200
    assert [a.words for a in town.house.acts.newest(9) if a.what.value == "lifted"] == ["all clear"]
    assert town.send(f"/-/stops/{stop.id}/lift", "bert", {}).status == 409


def test_that_a_drill_ends_nothing_and_shows_that_all_would_be_refused(town: DeskTown) -> None:
    answer = town.send("/-/stops/drill", "ivan", {"about": "*", "reason": "every quarter"})

    assert answer.status == 200
    assert b"Drill: everybody would be refused" in answer.body
    # The open model for somebody unknown and all with a grant, two gated ones for the latter.
    allowed = re.search(rb"(\d+) allow a download now, (\d+) would with the stop", answer.body)
    assert allowed is not None
    assert int(allowed[1]) > 3
    assert int(allowed[2]) == 0
    assert town.ask(f"/{OPEN}/{WEIGHTS}").status == 200
    assert town.house.stops.standing() == ()
    (kept,) = town.house.stops.all()
    assert kept.is_drill
    assert "every quarter" in kept.reason
    assert b'class="flag">drill<' in town.see("/-/stops", "udo").body
    assert town.house.acts.newest(1)[0].what.value == "drill"


def test_that_a_drill_of_one_model_tries_that_one(town: DeskTown) -> None:
    page = town.send("/-/stops/drill", "ivan", {"about": GATED}).body

    assert b"1 model, " in page
    assert OPEN.encode() not in page.partition(b"Drill:")[2].partition(b"</section>")[0]


def test_that_a_preview_says_when_the_log_cannot_be_read(town: DeskTown) -> None:
    (town.folder / "gateway" / "audit.sqlite").rename(town.folder / "gone")

    page = town.see("/-/stops/new?about=*", "ivan")

    assert page.status == 200
    assert b'class="message bad"' in page.body
    assert town.send("/-/stops", "ivan", {"about": "*", "reason": "x"}).status == 303
    (town.folder / "gone").rename(town.folder / "gateway" / "audit.sqlite")


def test_that_a_stop_is_made_and_lifted_where_no_browser_is_at_hand(town: DeskTown) -> None:
    folder = ("--folder", town.folder / "gateway")

    made = run("gateway", "stop", OPEN, "--reason", "a leak", "--by", "ivan", *folder)

    assert made.code == 0, made.err
    assert "tiergate release freeze --release open" in made.out
    assert town.ask(f"/{OPEN}/{WEIGHTS}").status == 403
    name = town.house.stops.standing()[0].id
    assert town.house.acts.newest(1)[0].what.value == "stopped"
    lifted = run("gateway", "lift", name, "--by", "anna", *folder)
    assert (lifted.code, lifted.out) == (0, f"Lifted {name}.\n")
    assert town.ask(f"/{OPEN}/{WEIGHTS}").status == 200


REFUSED = {
    "nothing to stop": ("stop", "--reason", "x", "--by", "ivan"),
    "a model and everything": ("stop", OPEN, "--everything", "--reason", "x", "--by", "ivan"),
    "a model that is not there": ("stop", "acme/absent", "--reason", "x", "--by", "ivan"),
    "an account that may not stop": ("stop", OPEN, "--reason", "x", "--by", "anna"),
    "an account that is not there": ("stop", OPEN, "--reason", "x", "--by", "nobody"),
    "an account that may not lift": ("lift", "stop-0", "--by", "ivan"),
    "a stop that is not there": ("lift", "stop-0", "--by", "anna"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_that_the_command_line_refuses(case: str, town: DeskTown) -> None:
    done = run("gateway", *REFUSED[case], "--folder", town.folder / "gateway")

    assert done.code not in {0, 1}, done.err
    assert town.house.stops.all() == ()
