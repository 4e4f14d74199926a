# SPDX-License-Identifier: Apache-2.0
"""Who was erased is named nowhere any more, and that somebody had a grant stays."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli_runner import run
from gateway.databases import KINDS, Databases
from gateway.desk_town import DeskTown
from gateway.town import GATED, WEIGHTS
from tiergate.errors import InputError
from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.database import Database
from tiergate.gateway.requests import Status
from tiergate.gateway.terms import Terms

PURPOSE = "a study of invented tides"
NAME = "zoe-quill"
FILE = f"/{GATED}/resolve/main/{WEIGHTS}"
OTHER = re.compile(r"erased-[0-9a-f]{16}")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[DeskTown]:
    """A gateway where somebody asked, was given a marked copy and downloaded it."""
    found = DeskTown(folder=tmp_path)
    found.open_desk()
    house, at = found.house, found.now
    house.accounts.add(Person(name=NAME, full_name="Zoe Q.", roles=frozenset(), jurisdiction="NZ"))
    found.tokens[NAME] = house.accounts.new_token(NAME, at + dt.timedelta(days=90))
    house.ways_in.passwords.set(NAME, "four words in a row", at)
    house.ways_in.identities.connect("https://id.example", "subject-of-zoe", NAME)
    house.requests.set_terms(GATED, Terms(is_marked=True))
    stated = {"purpose": PURPOSE, "organisation": "Quill Institute", "jurisdiction": "NZ"}
    house.requests.ask(GATED, NAME, {**stated, "purpose": "tides first"}, at)
    asked = house.requests.ask(GATED, NAME, stated, at)
    house.requests.answer(asked, Status.ACCEPTED, by="anna", at=at, words="known from Quill")
    with found.served():
        assert found.ask(FILE, who=NAME).status == 200
        yield found
    house.close()


def _grant(town: DeskTown, person: str = NAME) -> str:
    return town.house.requests.grants(GATED, person)[-1].id


def _erase(town: DeskTown, name: str = NAME) -> str:
    done = run("gateway", "erase", name, "--folder", town.folder / "gateway")
    assert done.code == 0, done.err
    (found,) = OTHER.findall(done.out)
    return str(found)


def test_that_nothing_of_somebody_who_was_erased_is_in_any_file_of_the_database(
    town: DeskTown,
) -> None:
    folder = town.folder / "gateway"
    traces = (NAME, "Zoe Q.", PURPOSE, "tides first", "Quill Institute", "subject-of-zoe")
    before = b"".join(path.read_bytes() for path in folder.glob("gateway.sqlite*"))
    hashed = sqlite3.connect(folder / "gateway.sqlite").execute("SELECT hash FROM passwords")
    (mine,) = [row[0] for row in hashed if row[0].encode() in before][-1:]
    assert all(trace.encode() in before for trace in traces)
    assert _erase(town)
    after = b"".join(path.read_bytes() for path in folder.glob("gateway.sqlite*"))

    assert [trace for trace in (*traces, mine, "known from Quill") if trace.encode() in after] == []


def test_that_no_page_and_no_command_names_somebody_who_was_erased(town: DeskTown) -> None:
    grant = _grant(town)
    asked = town.house.requests.of(GATED, NAME)
    assert asked is not None
    other, folder = _erase(town), town.folder / "gateway"
    pages = [
        town.see(path, who="olga", logged_in=dt.timedelta(0))
        for path in (
            *("/-/requests?state=all", f"/-/requests/{asked.id}", "/-/grants?which=all"),
            *(f"/-/grants/{grant}", "/-/log", "/-/people", f"/-/people/{other}", "/-/stops"),
        )
    ]
    log = run("gateway", "log", "--folder", folder)

    assert [page.status for page in pages] == [200] * len(pages)
    for text in (*(page.body.decode() for page in pages), log.out):
        assert NAME not in text
        assert "Zoe" not in text
        assert "Quill" not in text
    assert other in pages[1].body.decode()
    assert other in pages[3].body.decode()
    assert (log.code, grant in log.out, "The log holds." in log.out) == (0, True, True)


def test_that_a_mark_names_nobody_who_was_erased(town: DeskTown) -> None:
    path = town.folder / "leaked.safetensors"
    path.write_bytes(town.ask(FILE, who=NAME).body)
    grant, other = _grant(town), _erase(town)
    found = run("gateway", "whose", path, "--folder", town.folder / "gateway")

    assert found.code == 0, found.err
    assert grant in found.out
    assert f"account     {other}, who was erased\n" in found.out


def test_that_a_grant_stays_with_its_dates_and_counts_no_more(town: DeskTown) -> None:
    before = town.house.requests.given(GATED, NAME)[-1]
    other = _erase(town)
    after = town.house.requests.given(GATED, other)[-1]

    assert (after.grant.id, after.given_at) == (before.grant.id, before.given_at)
    assert after.grant.until == before.grant.until
    assert after.grant.revoked_at is not None
    assert town.house.requests.given(GATED, NAME) == ()
    assert town.ask(FILE, who=NAME).status == 401
    assert len(town.house.requests.history(GATED, other)) == 1


def test_that_who_decided_and_was_erased_decided_under_the_other_name(town: DeskTown) -> None:
    stop = town.house.stops.stop(GATED, by="anna", reason="a leak", at=town.now)
    other = _erase(town, "anna")
    asked = town.house.requests.of(GATED, NAME)

    assert asked is not None
    assert asked.answered_by == other
    assert [vote.person for vote in town.house.requests.votes(asked.id)] == [other]
    assert [vote.words for vote in town.house.requests.votes(asked.id)] == [""]
    assert town.house.requests.given(GATED, NAME)[-1].given_by == other
    assert {s.id: s.stopped_by for s in town.house.stops.standing()}[stop.id] == other


def test_that_a_name_stays_taken_and_every_command_says_why(town: DeskTown) -> None:
    house = town.house
    house.accounts.disable(NAME, town.now)
    other, folder = _erase(town), town.folder / "gateway"
    for words in (("erase", NAME), ("person", NAME), ("token", NAME), ("login", NAME)):
        done = run("gateway", *words, "--folder", folder)
        assert (done.code, "the name of an account that was erased" in done.err) == (4, True), words
    for name in ("erased-by-hand", other):
        with pytest.raises(InputError, match="begins with erased-"):
            house.accounts.add(Person(name=name, full_name="", roles=frozenset(), jurisdiction=""))
    with pytest.raises(InputError, match="was erased"):
        house.accounts.enable(other)
    assert run("gateway", "erase", other, "--folder", folder).code == 4
    claims = {"sub": "somebody-else", "preferred_username": NAME}
    assert house.ways_in.identities.make("https://id.example", claims).name != NAME


def test_that_which_names_were_erased_stands_in_no_order_of_time(town: DeskTown) -> None:
    for name in (NAME, "anna", "nora", "gwen"):
        _erase(town, name)
    rows = sqlite3.connect(town.folder / "gateway" / "gateway.sqlite").execute(
        "SELECT digest FROM erased_names ORDER BY rowid"
    )
    found = [row[0] for row in rows]

    assert found == sorted(found)
    assert len(found) == 4


def test_that_it_is_said_when_a_reader_keeps_the_file_from_being_written_anew(
    town: DeskTown,
) -> None:
    reader = sqlite3.connect(town.folder / "gateway" / "gateway.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM people").fetchone()
    done = run("gateway", "erase", NAME, "--folder", town.folder / "gateway")
    reader.close()

    assert done.code == 0
    assert "VACUUM" in done.out


@pytest.mark.parametrize("kind", KINDS)
def test_that_every_kind_of_database_forgets(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    databases = Databases(kind, tmp_path, lambda: request.getfixturevalue("postgresql"))
    at = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
    with closing(Database(databases.new())) as database:
        accounts = Accounts(database, b"a secret of this test")
        for name in (NAME, "anna"):
            accounts.add(Person(name=name, full_name="", roles=frozenset(), jurisdiction=""))
        accounts.new_token(NAME, at + dt.timedelta(days=1))
        other, is_gone = accounts.erase(NAME, at)

        assert is_gone
        assert accounts.account(NAME) is None
        assert accounts.was_erased(NAME)
        assert not accounts.was_erased("anna")
        assert sorted(each.person.name for each in accounts.all()) == ["anna", other]
        assert accounts.erase("anna", at)[1]
    databases.close()
