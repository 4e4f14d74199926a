# SPDX-License-Identifier: Apache-2.0
"""What several people, or several processes, do at the same moment; on every database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from gateway.databases import KINDS, Databases
from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.catalogue import Catalogue, Repository
from tiergate.gateway.database import Database
from tiergate.gateway.grants import Piece
from tiergate.gateway.requests import Requests, Status
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.terms import Terms

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
MODEL = "acme/model"
REVIEWERS = ("anna", "bea", "cem", "dana")
_ROUNDS = 12
ANOTHER = {"purpose": "another"}


@pytest.fixture(params=KINDS)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Requests, Requests]]:
    """Two processes' view of one database."""
    databases = Databases(
        str(request.param), tmp_path, lambda: request.getfixturevalue("postgresql")
    )
    url = databases.new()
    one, two = Database(url), Database(url)
    Catalogue(one).add(
        Repository(
            name=MODEL,
            release="model",
            is_announced=False,
            hosted_at="",
            excluded=frozenset(),
            created_at=NOW,
        )
    )
    accounts = Accounts(one, b"")
    for name in REVIEWERS:
        roles = frozenset({GatewayRole.APPROVER})
        accounts.add(Person(name=name, full_name=name, roles=roles, jurisdiction=""))
    for number in range(_ROUNDS):
        accounts.add(Person(name=f"n{number}", full_name="N", roles=frozenset(), jurisdiction=""))
    yield Requests(one), Requests(two)
    one.close()
    two.close()


def _together(*acts: Callable[[], object]) -> list[object]:
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def test_that_the_last_download_is_had_once(both: tuple[Requests, Requests]) -> None:
    for number in range(_ROUNDS):
        piece = Piece(grant=f"g{number}", commit="c", path="p", length=100)
        takes = [lambda r=r, p=piece: r.sent.take(p, 150) for r in both * 3]
        found = _together(*takes)

        assert sorted(map(bool, found)) == [False] * 5 + [True]
        assert both[0].sent.of(piece) == 100


def test_that_pieces_at_once_add_up(both: tuple[Requests, Requests]) -> None:
    for number in range(_ROUNDS):
        piece = Piece(grant=f"g{number}", commit="c", path="p", length=10)
        found = _together(*[lambda r=r, p=piece: r.sent.take(p, 75) for r in both * 5])

        assert found.count(True) == 7
        assert both[0].sent.of(piece) == 70


def test_that_a_first_piece_of_somebody_else_in_between_refuses_nothing(
    both: tuple[Requests, Requests], monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = Piece(grant="g", commit="c", path="p", length=10)
    mine, theirs = both[0].sent, both[1].sent
    look = mine.of

    def look_after_them(of: Piece) -> int | None:
        monkeypatch.undo()
        assert theirs.take(piece, 20)
        return look(of)

    monkeypatch.setattr(mine, "of", look_after_them)

    assert mine.take(piece, 20)
    assert not mine.take(piece, 20)
    assert look(piece) == 20


def test_that_two_who_vote_at_once_accept_and_give_one_grant(
    both: tuple[Requests, Requests],
) -> None:
    both[0].set_terms(MODEL, Terms(reviewers=2))
    for number in range(_ROUNDS):
        name = f"n{number}"
        asked = both[0].ask(MODEL, name, {}, NOW)
        acts = [
            lambda r=r, by=by, a=asked: r.answer(a, Status.ACCEPTED, by=by, at=NOW)
            for r, by in zip(both * 2, REVIEWERS, strict=True)
        ]
        _together(*acts)
        found = both[0].of(MODEL, name)

        assert found is not None
        assert found.status is Status.ACCEPTED
        assert len(both[0].grants(MODEL, name)) == 1


def test_that_one_who_votes_twice_at_once_is_one(both: tuple[Requests, Requests]) -> None:
    both[0].set_terms(MODEL, Terms(reviewers=2))
    for number in range(_ROUNDS):
        asked = both[0].ask(MODEL, f"n{number}", {}, NOW)
        acts = [
            lambda r=r, a=asked: r.answer(a, Status.ACCEPTED, by="anna", at=NOW) for r in both * 2
        ]
        _together(*acts)

        assert both[0].grants(MODEL, f"n{number}") == ()
        assert both[0].count(asked).people == {"anna"}


def test_that_asking_anew_at_once_leaves_one_request_and_its_past(
    both: tuple[Requests, Requests],
) -> None:
    for number in range(_ROUNDS):
        name = f"n{number}"
        asked = both[0].ask(MODEL, name, {}, NOW)
        both[0].answer(asked, Status.REJECTED, by="anna", at=NOW)
        _together(*[lambda r=r, n=name: r.ask(MODEL, n, ANOTHER, NOW) for r in both * 2])

        assert [row.id for row in both[0].history(MODEL, name)] == [asked.id]
        found = both[0].of(MODEL, name)
        assert found is not None
        assert (found.status, found.fields) == (Status.PENDING, ANOTHER)
