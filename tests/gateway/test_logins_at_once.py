# SPDX-License-Identifier: Apache-2.0
"""What counts once counts once, also when several processes are asked at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.databases import KINDS, Databases
from gateway.visitor import PASSWORD
from tiergate.cli import clock
from tiergate.errors import InputError
from tiergate.gateway.accounts import Person
from tiergate.gateway.devices import Got
from tiergate.gateway.house import House
from tiergate.gateway.passwords import MOST_OF_ACCOUNT, Failure
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.scopes import Scope

AT_ONCE = 6
AT = clock.now()


@pytest.fixture(params=KINDS)
def houses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[House]]:
    """The same gateway, open several times as several processes have it."""
    databases = Databases(
        str(request.param), tmp_path, lambda: request.getfixturevalue("postgresql")
    )
    url = databases.new()
    made = [House(tmp_path / "gateway", url) for _ in range(AT_ONCE)]
    for name in ("olga", "otto"):
        made[0].accounts.add(
            Person(
                name=name,
                full_name=name,
                roles=frozenset({GatewayRole.OWNER}),
                jurisdiction="",
            )
        )
    yield made
    for house in made:
        house.close()


def _at_once(jobs: list[Callable[[], object]]) -> list[object]:
    """Do everything at the same time, and return what came of it."""
    barrier, found = threading.Barrier(len(jobs)), list[object]()

    def go(job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            found.append(job())
        except InputError as error:
            found.append(error)

    threads = [threading.Thread(target=go, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_that_a_login_link_is_used_once(houses: list[House]) -> None:
    links = houses[0].ways_in.links
    digest = links.digest(links.make("olga", AT).rpartition("/")[2])
    jobs = [lambda h=house: h.ways_in.links.use(digest, AT) for house in houses]
    found = _at_once([*jobs])

    assert sum(isinstance(person, Person) for person in found) == 1


def test_that_a_login_at_a_provider_is_finished_once(houses: list[House]) -> None:
    from tiergate.gateway.logins_elsewhere import Begun, LoginsElsewhere

    stores = [LoginsElsewhere(house._database, b"the same") for house in houses]
    made = stores[0].begin("test", AT, back="/")
    jobs = [lambda s=store: s.finish(made.state, made.browser, "test", AT) for store in stores]

    assert sum(isinstance(begun, Begun) for begun in _at_once([*jobs])) == 1


def test_that_a_program_gets_one_token(houses: list[House]) -> None:
    devices = houses[0].ways_in.devices
    codes = devices.begin("hf", "", AT)
    assert devices.allow(codes.user, "olga", {Scope.READ}, AT)
    jobs = [lambda h=house: h.ways_in.devices.poll(codes.device, AT) for house in houses]

    assert sum(isinstance(got, Got) for got in _at_once([*jobs])) == 1
    assert len(houses[0].accounts.tokens.of("olga", AT)) == 1


def test_that_a_program_is_answered_once(houses: list[House]) -> None:
    codes = houses[0].ways_in.devices.begin("hf", "", AT)
    jobs = [
        lambda h=house, who=who: h.ways_in.devices.allow(codes.user, who, {Scope.READ}, AT)
        for house, who in zip(houses, ("olga", "otto") * 3, strict=True)
    ]

    assert Counter(_at_once([*jobs])) == {True: 1, False: AT_ONCE - 1}


def test_that_guesses_of_all_processes_are_counted_together(houses: list[House]) -> None:
    houses[0].ways_in.passwords.set("olga", PASSWORD, AT)
    jobs = [
        lambda h=house: [h.ways_in.passwords.check("olga", "no", "", AT) for _ in range(4)]
        for house in houses
    ]
    found = [each for one in _at_once([*jobs]) if isinstance(one, list) for each in one]

    assert found.count(Failure.WRONG) <= MOST_OF_ACCOUNT
    assert set(found) <= set(Failure)


def test_that_two_owners_do_not_take_the_role_from_each_other(houses: list[House]) -> None:
    jobs = [
        lambda h=house, name=name: h.accounts.change(name, roles=(), within=(), jurisdiction="")
        for house, name in zip(houses, ("olga", "otto") * 3, strict=True)
    ]
    found = _at_once([*jobs])
    owners = [a for a in houses[0].accounts.all() if GatewayRole.OWNER in a.person.roles]

    assert len(owners) == 1
    assert any(isinstance(each, InputError) for each in found)


def test_that_what_is_kept_of_a_login_is_the_same_in_every_process(houses: list[House]) -> None:
    name = houses[0].sessions.open("olga", AT)
    keys = {session.form_key for h in houses if (session := h.sessions.read(name, AT)) is not None}

    assert len(keys) == 1
    houses[1].accounts.disable("olga", AT)
    assert all(house.sessions.read(name, AT) is None for house in houses)


def test_that_a_second_gateway_with_another_secret_reads_no_login(tmp_path: Path) -> None:
    with closing(House(tmp_path / "one")) as one, closing(House(tmp_path / "two")) as two:
        for house in (one, two):
            person = Person(name="olga", full_name="", roles=frozenset(), jurisdiction="")
            house.accounts.add(person)
        assert two.sessions.read(one.sessions.open("olga", AT), AT) is None
