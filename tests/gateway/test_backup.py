# SPDX-License-Identifier: Apache-2.0
"""A copy of a gateway that was taken while it served is a gateway."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from cli_runner import run
from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.backup import back_up
from tiergate.gateway.house import House
from tiergate.release.ledger import Ledger

FILE = f"/{NAME}/resolve/main/model.safetensors"


@pytest.fixture
def busy(site: Site) -> Site:
    """A site whose model is for people with a grant, and Erin has one."""
    site.release(site.publish(), Tier.T2, Tier.T4)
    site.person("erin")
    site.house.requests.give(NAME, "erin", by="ruth", at=site.now)
    return site


def _restore(site: Site, copy: Path) -> None:
    """Go on with a copy in place of the gateway."""
    site.house.close()
    (site.folder / "gateway").rename(site.folder / "lost")
    copy.rename(site.folder / "gateway")
    site.house = House(site.folder / "gateway")


def _go_on(site: Site) -> None:
    for stop in site.house.stops.standing():
        site.house.stops.lift(stop.id, by="ruth", at=site.now)


def test_that_a_copy_taken_while_people_download_goes_on_where_it_was(busy: Site) -> None:
    copy = busy.folder / "copy"
    with busy.served():
        some, enough = threading.Barrier(4, timeout=60), threading.Event()

        def download() -> None:
            busy.ask(FILE, who="erin")
            some.wait()
            while not enough.is_set():
                busy.ask(FILE, who="erin")

        people = [threading.Thread(target=download) for _ in range(3)]
        for person in people:
            person.start()
        some.wait()
        for _ in range(3):
            back_up(busy.folder / "gateway", copy, busy.now)
        enough.set()
        for person in people:
            person.join()
    whole = len(list(busy.house.downloads()))
    _restore(busy, copy)

    kept = len(list(busy.house.downloads()))
    assert 3 <= kept <= whole
    _go_on(busy)
    with busy.served():
        assert busy.ask(FILE, who="erin").status == 200
        assert busy.ask(FILE).status == 401
    assert len(list(busy.house.downloads())) == kept + 1


def test_that_a_copy_hands_out_nothing_before_somebody_has_made_up_for_what_it_misses(
    busy: Site,
) -> None:
    folder, copy = busy.folder / "gateway", busy.folder / "copy"
    back_up(folder, copy, busy.now)
    busy.house.requests.revoke(NAME, "erin", busy.now)
    _restore(busy, copy)
    with busy.served():
        stopped = busy.ask(FILE, who="erin")
    (stop,) = busy.house.stops.standing()
    busy.house.requests.revoke(NAME, "erin", busy.now)
    _go_on(busy)
    with busy.served():
        revoked = busy.ask(FILE, who="erin")

    assert (stopped.status, stop.id in stopped.said) == (403, True)
    assert "what was revoked since is not in it" in stop.reason
    assert (revoked.status, stop.id in revoked.said) == (403, False)


def test_that_the_ledger_of_a_gateway_that_keeps_it_itself_is_in_the_copy(site: Site) -> None:
    folder, copy = site.folder / "gateway", site.folder / "copy"
    (folder / "releases").mkdir()
    revision = site.publish()
    site.ledger, site.heads = (
        folder / "releases" / name for name in ("ledger.sqlite", "ledger.sqlite.heads")
    )
    Ledger.create(site.ledger).close()
    site.release(revision, Tier.T2, Tier.T4)
    trust = (site.folder / "trust.yaml").read_bytes()
    (folder / "releases" / "trust.yaml").write_bytes(trust)
    back_up(folder, copy, site.now)

    with Ledger.open(copy / "releases" / "ledger.sqlite", read_only=True) as ledger:
        copied = [entry.data for entry in ledger.verified([copy / "releases" / site.heads.name])]
    with Ledger.open(site.ledger, read_only=True) as ledger:
        assert copied == [entry.data for entry in ledger.entries()]
    assert (copy / "releases" / "trust.yaml").read_bytes() == trust


def test_that_a_second_copy_takes_only_what_is_new(busy: Site) -> None:
    folder, copy = busy.folder / "gateway", busy.folder / "copy"
    assert back_up(folder, copy, busy.now) == 3
    assert back_up(folder, copy, busy.now) == 0


def test_that_nobody_else_may_read_the_keys_of_a_copy(busy: Site) -> None:
    with busy.served():
        back_up(busy.folder / "gateway", busy.folder / "copy", busy.now)
    for name in ("secret", "audit.key"):
        assert stat.S_IMODE((busy.folder / "copy" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((busy.folder / "copy").stat().st_mode) == 0o700


def test_that_the_command_says_what_it_did(busy: Site) -> None:
    folder, copy = busy.folder / "gateway", busy.folder / "copy"
    done = run("gateway", "backup", copy, "--folder", folder)
    assert (done.code, done.out) == (0, f"{copy}: up to date, with 3 more files of models.\n")


@pytest.mark.parametrize(
    ("folder", "copy", "said"),
    [("nothing", "copy", "no gateway"), ("gateway", "gateway/copy", "within the gateway")],
)
def test_that_nothing_is_written_where_no_copy_can_be_made(
    busy: Site, folder: str, copy: str, said: str
) -> None:
    before = sorted(busy.folder.rglob("*"))
    done = run("gateway", "backup", busy.folder / copy, "--folder", busy.folder / folder)
    assert done.code == 4
    assert said in done.err
    assert sorted(busy.folder.rglob("*")) == before


def test_that_another_gateway_and_its_copies_are_not_written_over(busy: Site) -> None:
    House(busy.folder / "other").close()
    (busy.folder / "files").mkdir()
    (busy.folder / "files" / "gateway.sqlite").write_text("mine")
    secret = (busy.folder / "other" / "secret").read_bytes()
    other = run("gateway", "backup", busy.folder / "other", "--folder", busy.folder / "gateway")
    files = run("gateway", "backup", busy.folder / "files", "--folder", busy.folder / "gateway")

    assert (other.code, "another gateway" in other.err) == (4, True)
    assert (files.code, "other files" in files.err) == (4, True)
    assert (busy.folder / "other" / "secret").read_bytes() == secret
    assert (busy.folder / "files" / "gateway.sqlite").read_text() == "mine"
