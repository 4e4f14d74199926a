# SPDX-License-Identifier: Apache-2.0
"""Many clients, two processes and PostgreSQL, while grants change and processes are killed.

For ten minutes with two hundred clients::

    TIERGATE_SOAK_MINUTES=10 TIERGATE_SOAK_CLIENTS=200 \
        pytest -m slow tests/gateway/test_soak.py -s
"""

from __future__ import annotations

import os
import secrets
import signal
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.soak_checks import problems
from gateway.soak_clients import Choices, Crowd
from gateway.soak_town import REPOSITORIES, Changer, settle, sizes
from gateway.test_serving import started
from gateway_site import Site
from tiergate.gateway.house import House

if TYPE_CHECKING:
    import subprocess

    from postgresql_server import Server

MINUTES = float(os.environ.get("TIERGATE_SOAK_MINUTES", "1"))
CLIENTS = int(os.environ.get("TIERGATE_SOAK_CLIENTS", "60"))
SEED = int(os.environ.get("TIERGATE_SOAK_SEED", "1"))
LENGTH = 3 << 20
MOST_GROWTH = 1.15
"""Of the memory of a process between the second quarter of the time and the last."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """Kills processes and weighs them."""

    gateway: subprocess.Popen[str]
    database: Server
    survivor: int = 0
    """The process that is never killed, so that its memory can be compared."""
    weights: list[int] = field(default_factory=list)
    killed: list[tuple[str, float]] = field(default_factory=list)
    """What was killed, and when on the monotonic clock."""

    def run(self, seconds: float) -> None:
        """Wait that long, and kill something at every tenth of it but the first and the last."""
        self.survivor = min(self._workers())
        begun = time.monotonic()
        for tenth in range(1, 11):
            while time.monotonic() - begun < seconds * tenth / 10:
                self.weights.append(_memory_bytes(self.survivor))
                time.sleep(1)
            if tenth in {3, 7}:
                self.killed.append(("database", time.monotonic()))
                self.database.kill_and_start()
            elif tenth in {2, 4, 5, 6, 8}:
                self.killed.append(("process", time.monotonic()))
                os.kill(max(set(self._workers()) - {self.survivor}), signal.SIGKILL)

    def _workers(self) -> list[int]:
        """Return the processes that answer; a supervisor has a helper beside them."""
        children = Path(f"/proc/{self.gateway.pid}/task/{self.gateway.pid}/children")
        found = [int(word) for word in children.read_text().split()]
        return [pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    @property
    def growth(self) -> float:
        """How much heavier the survivor was at the end."""
        quarter = len(self.weights) // 4
        early, late = self.weights[quarter : 2 * quarter], self.weights[-quarter:]
        return statistics.median(late) / statistics.median(early)


def _memory_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.postgresql
def test_that_nothing_leaves_unseen_or_unasked_while_everything_changes(
    site: Site, postgresql: Server
) -> None:
    name = f"g{secrets.token_hex(6)}"
    postgresql.run(f"CREATE DATABASE {name}")
    database = f"postgresql://the_admin@127.0.0.1:{postgresql.port}/{name}"
    site.house.close()
    site.house = House(site.folder / "gateway", database)
    settle(site, people=40, length=LENGTH)
    changer = Changer(site, SEED)
    with (
        (site.folder / "said").open("w") as said,
        started(site, "--workers", "2", database=database, output=said) as process,
    ):
        choices = Choices(
            port=site.port,
            tokens=site.tokens,
            repositories=REPOSITORIES,
            sizes=sizes(site.folder / "model-0"),
            pause=0.03 * CLIENTS / 60,
        )
        crowd = Crowd(choices, CLIENTS, SEED)
        watch = Watch(gateway=process, database=postgresql)
        with crowd.asking(), changer.changing():
            watch.run(MINUTES * 60)

    log = list(site.house.downloads())
    names = {person: site.house.pseudonyms.known(person) or "-" for person in site.tokens}
    found = list(problems(crowd.got, changer.allowed, log, names, crowd.lag))
    kinds = Counter(each.rpartition(": ")[2].partition(",")[0] for each in found)
    statuses = Counter(each.status for each in crowd.got)
    received = sum(each.count for each in crowd.got if each.has_bytes)
    print(  # noqa: T201 - the figures
        f"\n{CLIENTS} clients, {MINUTES:g} min: {len(crowd.got)} requests {dict(statuses)},"
        f" {received / 1e9:.1f} GB, {changer.changes} changes, {len(log)} lines, memory x"
        f" {watch.growth:.2f}, {len(found)} problems {dict(kinds)}; killed {watch.killed}"
    )
    assert found[:20] == []
    assert {200, 206, 403} <= set(statuses)
    assert watch.growth < MOST_GROWTH
