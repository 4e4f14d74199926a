# SPDX-License-Identifier: Apache-2.0
"""The ledger and the trust file change under a gateway that serves."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from gateway_site import NAME, PEOPLE, Site
from record_fixtures import trust_file, trusted
from tiergate.decision.tier import Tier
from tiergate.gateway.believed import NOBODY, TrustFile
from tiergate.gateway.releases import FRESH_SECONDS, Releases
from tiergate.release import bodies
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_entry import Entry

FILE = f"/{NAME}/resolve/main/config.json"
_AT_ONCE_SECONDS = 1.0


@pytest.fixture
def opened(site: Site) -> Site:
    """A site with a model for everybody."""
    site.release(site.publish(), Tier.T2, Tier.T4, Tier.T5)
    return site


def _without_bea(site: Site) -> None:
    entries = [trusted(name, roles) for who, (name, roles, _) in PEOPLE.items() if who != "bea"]
    trust_file(site.folder / "trust.yaml", *entries)


def _broken(site: Site) -> None:
    (site.folder / "trust.yaml").write_text("keys: [")


def _gone(site: Site) -> None:
    (site.folder / "trust.yaml").unlink()


@pytest.mark.parametrize("change", [_without_bea, _broken, _gone])
def test_that_a_trust_file_counts_as_it_is_now(
    change: Callable[[Site], None], opened: Site
) -> None:
    with opened.served():
        before = opened.ask(FILE).status
        kept = (opened.folder / "trust.yaml").read_bytes()
        change(opened)
        time.sleep(_AT_ONCE_SECONDS)
        changed = opened.ask(FILE).status
        (opened.folder / "trust.yaml").write_bytes(kept)
        time.sleep(_AT_ONCE_SECONDS)
        after = opened.ask(FILE).status

    assert before == after == 200
    assert changed in {401, 403, 404}


def test_that_a_ledger_that_is_put_back_with_its_heads_opens_nothing(opened: Site) -> None:
    older = opened.folder / "older"
    older.mkdir()
    with opened.served():
        before = opened.ask(FILE).status
        shutil.copy(opened.ledger, older)
        shutil.copytree(opened.heads, older / "heads")
        opened.enter(bodies.Frozen(), "bea")
        time.sleep(_AT_ONCE_SECONDS)
        frozen = opened.ask(FILE).status
        shutil.rmtree(opened.heads)
        shutil.copytree(older / "heads", opened.heads)
        for path in opened.folder.glob(f"{opened.ledger.name}-*"):
            path.unlink()
        shutil.copy(older / opened.ledger.name, opened.ledger)
        time.sleep(_AT_ONCE_SECONDS)
        put_back = opened.ask(FILE).status

    assert before == 200
    assert frozen == 403
    assert put_back in {401, 404}


def test_that_nobody_is_believed_while_a_file_that_may_be_absent_is(site: Site) -> None:
    place = site.folder / "later.yaml"
    believed = TrustFile(place, may_be_absent=True)

    assert believed.read() == NOBODY
    shutil.copy(site.folder / "trust.yaml", place)
    assert believed.read().keys
    place.unlink()
    assert believed.read() == NOBODY


def test_that_what_is_known_of_a_ledger_is_as_old_as_the_look(
    opened: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a ledger that takes long to be verified, and is frozen meanwhile."""
    watched = Releases(
        str(opened.ledger), [opened.heads], TrustFile(opened.folder / "trust.yaml").read
    )
    has_read, is_over, read = Event(), Event(), Ledger.verified

    def slow(ledger: Ledger, heads: Sequence[Path]) -> Iterator[Entry]:
        yield from tuple(read(ledger, heads))
        has_read.set()
        is_over.wait(20)

    monkeypatch.setattr(Ledger, "verified", slow)
    with ThreadPoolExecutor(2) as others:
        first = others.submit(watched.state, "acme", opened.now)
        assert has_read.wait(20)
        opened.enter(bodies.Frozen(), "bea")
        time.sleep(FRESH_SECONDS)
        second = others.submit(watched.state, "acme", opened.now)
        time.sleep(0.2)
        is_over.set()

        assert not first.result().freezes
        assert second.result().freezes


def test_that_those_who_wait_for_a_ledger_that_is_gone_wait_once(
    opened: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Releases(
        str(opened.ledger), [opened.heads], TrustFile(opened.folder / "trust.yaml").read
    )
    looks: list[str] = []

    def fails(place: str, *, read_only: bool) -> Ledger:
        looks.append(place)
        time.sleep(2 * FRESH_SECONDS)
        raise OSError(str(read_only))

    monkeypatch.setattr(Ledger, "open", fails)
    with ThreadPoolExecutor(8) as others:
        begun = [others.submit(watched.state, "acme", opened.now)]
        time.sleep(1.5 * FRESH_SECONDS)
        begun += [others.submit(watched.state, "acme", opened.now) for _ in range(7)]

        assert all(each.result().submitted is None for each in begun)
    assert len(looks) == 1
