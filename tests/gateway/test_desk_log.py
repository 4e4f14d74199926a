# SPDX-License-Identifier: Apache-2.0
"""The log on its page: searched, summed up, exported and verified."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from gateway.desk_town import DeskTown
from gateway.town import DAY, GATED, OPEN
from tiergate.gateway.acts import Act, Deed, note
from tiergate.gateway.log import read_acts
from tiergate.gateway.log_lines import LogLines, Wanted

WEIGHTS = "resolve/main/model.safetensors"


@pytest.fixture
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path_factory.mktemp("desk"))
    found.open_desk()
    with found.served():
        yield found
    found.house.close()


def lines(page: bytes) -> list[str]:
    """Return the entries that are listed, in order."""
    return re.findall(r">entry (\d+)\.\d+<", page.decode())


def downloads(town: DeskTown) -> None:
    """Let Gwen fetch twice, somebody unknown once, and Gwen once more the day after."""
    for _ in range(2):
        town.ask(f"/{GATED}/{WEIGHTS}", who="gwen")
    town.ask(f"/{OPEN}/{WEIGHTS}")
    town.now += DAY
    town.tokens["gwen"] = town.house.accounts.new_token("gwen", town.now + DAY)
    town.ask(f"/{GATED}/resolve/main/config.json", who="gwen")


def test_that_lines_are_listed_the_newest_first_with_who_and_why(town: DeskTown) -> None:
    downloads(town)

    page = town.see("/-/log", "udo").body

    assert lines(page) == ["4", "3", "2", "1"]
    assert page.count(b"<span>gwen<") == 3
    assert page.count(b"<span>nobody known<") == 1
    assert town.grant_of("gwen").encode() in page


def _filters(town: DeskTown) -> dict[str, tuple[str, list[str]]]:
    today = f"{town.now:%Y-%m-%d}"
    return {
        "a model": (f"model={OPEN}", ["3"]),
        "a person": ("person=gwen", ["4", "2", "1"]),
        "a person who fetched nothing": ("person=nora", []),
        "a grant": (f"grant={town.grant_of('gwen')}", ["4", "2", "1"]),
        "a day and later": (f"since={today}", ["4"]),
        "days before": (f"until={town.now - DAY:%Y-%m-%d}", ["3", "2", "1"]),
        "that day too": (f"until={today}", ["4", "3", "2", "1"]),
        "a decision": (f"decision=sha256:{1:064x}", ["4", "3", "2", "1"]),
        "two things": (f"person=gwen&since={today}", ["4"]),
    }


def test_that_lines_are_filtered(town: DeskTown) -> None:
    downloads(town)
    for case, (query, expected) in _filters(town).items():
        assert lines(town.see(f"/-/log?{query}", "udo").body) == expected, case


def test_that_copies_are_summed_up_by_model(town: DeskTown) -> None:
    downloads(town)

    page = town.see("/-/log", "udo").body.decode()

    part = page.partition('id="out"')[2].partition("</section>")[0]
    assert re.findall(r'data-label="Requests for files">(\d+)', part) == ["3", "1"]
    assert re.findall(r'at most">(\d+ files?)<', part) == ["2 files", "1 file"]
    assert "1 person" in part
    assert "1 request of nobody known" in part


def test_that_older_lines_are_on_further_pages(town: DeskTown) -> None:
    town.ask(f"/{OPEN}/{WEIGHTS}")
    first = town.see("/-/log", "udo").body
    assert b">Older<" not in first
    copy_line(town, 250)

    seen, path = [], "/-/log"
    while path:
        page = town.see(path, "udo").body
        seen += lines(page)
        link = re.search(r'href="([^"]*)">Older<', page.decode())
        path = "" if link is None else link[1].replace("&amp;", "&")

    assert seen == [str(number) for number in range(251, 0, -1)]


def copy_line(town: DeskTown, count: int) -> None:
    """Let the table have as many lines more, as if they had been in the log."""
    with closing(sqlite3.connect(town.folder / "gateway" / "gateway.sqlite")) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(log_lines)")][1:]
        columns = ", ".join(f'"{name}"' for name in names)
        for number in range(2, count + 2):
            connection.execute(
                f"INSERT INTO log_lines (sequence, {columns}) SELECT {number}, {columns}"  # noqa: S608
                " FROM log_lines WHERE sequence = 1"
            )
        connection.commit()


def test_that_the_lines_are_exported_as_json_lines(town: DeskTown) -> None:
    downloads(town)

    answer = town.see("/-/log/export?person=gwen", "udo")

    assert answer.status == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="downloads.jsonl"'
    rows = [json.loads(line) for line in answer.body.splitlines()]
    assert [row["place"] for row in rows] == ["4.0", "2.0", "1.0"]
    assert {row["who"] for row in rows} == {town.house.pseudonyms.known("gwen")}
    older = town.see(f"/-/log/export?before={rows[1]['place']}", "udo").body
    assert len(older.splitlines()) == 1


def test_that_the_whole_log_is_verified_with_what_to_compare(town: DeskTown) -> None:
    downloads(town)

    page = town.send("/-/log/verify", "udo", {})

    assert page.status == 200
    assert b"The log holds" in page.body
    assert b"4, with 4 lines" in page.body
    assert re.search(rb"<dt>Root</dt><dd><code>[0-9a-f]{64}</code>", page.body)


def test_that_a_log_that_was_changed_does_not_hold(town: DeskTown) -> None:
    downloads(town)
    place = town.folder / "gateway" / "audit.sqlite"
    with closing(sqlite3.connect(place)) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE entries SET entry = zeroblob(10) WHERE sequence = 2")
        connection.commit()

    page = town.send("/-/log/verify", "udo", {})

    assert page.status == 409
    assert b"The log does not hold" in page.body
    assert b"event 2 is not what was appended" in page.body


def test_that_a_table_that_says_something_else_is_made_anew(town: DeskTown) -> None:
    downloads(town)
    town.see("/-/log", "udo")
    with closing(sqlite3.connect(town.folder / "gateway" / "gateway.sqlite")) as connection:
        connection.execute("UPDATE log_lines SET who = '' WHERE sequence = 1")
        connection.execute("DELETE FROM log_lines WHERE sequence = 2")
        connection.commit()
    assert lines(town.see("/-/log?person=gwen", "udo").body) == ["4"]

    page = town.send("/-/log/verify", "udo", {"person": "gwen"}).body

    assert b"was made anew" in page
    assert b"The log holds" in page
    assert lines(page) == ["4", "2", "1"]


def test_that_whoever_was_erased_has_no_name_on_the_page(town: DeskTown) -> None:
    downloads(town)
    town.house.pseudonyms.erase("gwen")

    page = town.see("/-/log", "udo").body

    assert b"<span>gwen<" not in page
    assert page.count(b"<span>erased<") == 3
    assert lines(town.see("/-/log?person=gwen", "udo").body) == []


def test_that_acts_of_people_are_on_the_page(town: DeskTown) -> None:
    at = town.now
    note(town.house, Act(at=at, who="olga", what=Deed.ACCOUNT, whom="erin", words="an approver"))

    page = town.see("/-/log", "udo").body

    assert b"account changed" in page
    assert b"an approver" in page
    assert b"account changed" in town.see("/-/log?person=erin", "udo").body
    assert b"account changed" not in town.see("/-/log?person=gwen", "udo").body


def test_that_acts_are_in_the_signed_log_too(town: DeskTown) -> None:
    at = town.now
    note(town.house, Act(at=at, who="olga", what=Deed.ACCOUNT, whom="erin", words="an approver"))
    found = list(read_acts(town.house.log, town.house.ready().public))

    assert [(act["what"], act["words"]) for act in found] == [("account changed", "an approver")]
    assert found[0]["who"] == town.house.pseudonyms.known("olga")
    assert b"The log holds" in town.send("/-/log/verify", "udo", {}).body


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM acts", b"is gone in the table"),
        ("UPDATE acts SET words = 'an owner'", b"is changed in the table"),
        ("UPDATE acts SET id = 'another'", b"stands in the table and not in the log"),
    ],
)
def test_that_acts_that_are_not_those_of_the_log_are_noticed(
    town: DeskTown, statement: str, said: bytes
) -> None:
    note(town.house, Act(at=town.now, who="olga", what=Deed.ACCOUNT, words="an approver"))
    with closing(sqlite3.connect(town.folder / "gateway" / "gateway.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()

    page = town.send("/-/log/verify", "udo", {})

    assert page.status == 409
    assert said in page.body


def test_that_a_stop_stands_when_the_log_takes_nothing(
    town: DeskTown, caplog: pytest.LogCaptureFixture
) -> None:
    town.house.audit.close()
    note(town.house, Act(at=town.now, who="olga", what=Deed.STOPPED))

    assert [act.what for act in town.house.acts.newest(10)] == [Deed.STOPPED]
    assert "an act is not in the log" in caplog.text


def test_that_two_who_look_at_once_take_every_line_over_once(town: DeskTown) -> None:
    downloads(town)
    key = town.house.ready().public
    both = [LogLines(town.house._database, town.house.log, key) for _ in range(2)]

    for each in both:
        each.catch_up()
    both[0].catch_up()

    assert len(both[1].page(Wanted())) == 4


def test_that_a_log_that_is_gone_is_said_on_the_page(town: DeskTown) -> None:
    place = town.folder / "gateway" / "audit.sqlite"
    place.rename(town.folder / "gone")

    assert b"The log cannot be read" in town.see("/-/log", "udo").body
    assert b"The log cannot be read" in town.send("/-/log/verify", "udo", {}).body
    (town.folder / "gone").rename(place)
