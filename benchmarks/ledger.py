# SPDX-License-Identifier: Apache-2.0
"""Verifying and replaying a ledger of 100,000 events, against reading its table alone.

Run ``python -m benchmarks.ledger [--postgresql]``. Writes a ledger of a release that goes
through its life over and over, and a thousand heads beside it, then times every row in turn,
several rounds, each in a process of its own; imports are left out. With ``--postgresql`` the
ledger is on a server that is started for it.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import ledger_events
from tiergate.attestation.envelope import pre_authentication_encoding
from tiergate.release.events import read_events
from tiergate.release.head_files import heads_in
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_checks import examine_ledger
from tiergate.release.ledger_store import is_postgresql
from tiergate.release.state import replay

EVENTS = 100_000
HEADS = 1_000
ROUNDS = 5
CHAIN_BOUND = 8.0
WHOLE_BOUND = 1.25
REPLAY_BOUND = 10.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Where everything is."""

    place: str
    """Path or address of the ledger."""
    folder: Path
    """Keys, and the folder of heads."""

    def opened(self) -> Ledger:
        """Open the ledger for reading."""
        return Ledger.open(self.place, read_only=True)


def read_alone(scene: Scene) -> Callable[[], object]:
    """Read the rows with the database's driver and keep none."""
    words = "SELECT sequence, previous, entry, chain FROM"
    if not is_postgresql(scene.place):
        connection = sqlite3.connect(f"file:{scene.place}?mode=ro", uri=True)
        rows = f"{words} entries ORDER BY sequence"
        return lambda: sum(len(row[2]) for row in connection.execute(rows))
    from tiergate.release.ledger_address import connected, read_address

    address = read_address(scene.place)
    server = connected(address)
    pages = f"{words} {address.schema}.entries WHERE sequence > %d ORDER BY sequence LIMIT 500"

    def read() -> int:
        last, size = 0, 0
        while rows := server.run(pages % last):
            last = rows[-1][0]
            size += sum(len(row[2]) for row in rows)
        return size

    return read


def chain_and_heads(scene: Scene) -> Callable[[], object]:
    """Do what ``ledger verify`` does, the signatures of events left out."""
    keys = [known.key for known in ledger_events.trust(scene.folder).keys]

    def verify() -> None:
        with scene.opened() as ledger:
            report = examine_ledger(ledger, tuple(heads_in(scene.folder / "heads")), keys)
        if not report.holds or report.size != EVENTS:
            raise SystemExit(f"does not hold: {report.problems}")

    return verify


def verify_whole(scene: Scene) -> Callable[[], object]:
    """Do all of what ``ledger verify`` does."""
    believed, part = ledger_events.trust(scene.folder), chain_and_heads(scene)

    def verify() -> None:
        part()
        with scene.opened() as ledger:
            found = sum(1 for _ in read_events(ledger.entries(), ledger.origin, believed))
        if found != EVENTS:
            raise SystemExit(f"{found} events")

    return verify


def read_for_status(scene: Scene) -> Callable[[], object]:
    """Do what ``release status`` does: signatures, chain, the newest head, and a replay."""
    believed = ledger_events.trust(scene.folder)

    def read() -> None:
        with scene.opened() as ledger:
            entries = ledger.verified([scene.folder / "heads"])
            events = tuple(read_events(entries, ledger.origin, believed))
        _replayed(replay(events, events[-1].at).refused)

    return read


def replay_alone(scene: Scene) -> Callable[[], object]:
    """Replay events that are in memory."""
    believed = ledger_events.trust(scene.folder)
    with scene.opened() as ledger:
        events = tuple(read_events(ledger.entries(), ledger.origin, believed))
    return lambda: _replayed(replay(events, events[-1].at).refused)


def bare_signatures(scene: Scene) -> Callable[[], object]:
    """Verify every signature in a plain loop: what anybody would write, and nothing else."""
    known = {each.key.key_id: each.key for each in ledger_events.trust(scene.folder).keys}

    def verify() -> None:
        with scene.opened() as ledger:
            for entry in ledger.entries():
                envelope = json.loads(entry.data)
                payload = base64.b64decode(envelope["payload"])
                signed = pre_authentication_encoding(envelope["payloadType"], payload)
                made = envelope["signatures"][0]
                if not known[made["keyid"]].verifies(base64.b64decode(made["sig"]), signed):
                    raise SystemExit(f"event {entry.sequence}")

    return verify


def _replayed(refused: Iterable[object]) -> None:
    for each in refused:
        raise SystemExit(f"refused: {each}")


ROWS: dict[str, tuple[str, Callable[[Scene], Callable[[], object]]]] = {
    "table": ("reading the table alone", read_alone),
    "bare": ("a plain loop over signatures", bare_signatures),
    "chain": ("tiergate, chain, tree, heads", chain_and_heads),
    "whole": ("tiergate, ledger verify", verify_whole),
    "status": ("tiergate, read, verify, replay", read_for_status),
    "replay": ("tiergate, replay alone", replay_alone),
}


@dataclass(slots=True)
class Reading:
    """What one row took."""

    wall_s: list[float] = field(default_factory=list)
    """Seconds per round, imports left out."""
    cpu_s: list[float] = field(default_factory=list)
    """The same in seconds of all cores."""
    peak_mb: float = 0.0
    """Largest resident set of the whole process."""

    def run(self, row: str, scene: Scene) -> None:
        """Run a row once, in a process of its own."""
        command = [sys.executable, "-m", "benchmarks.ledger", "--row", row]
        command += ["--place", scene.place, "--folder", str(scene.folder)]
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read().decode(errors="replace")
        if process.returncode != 0:
            raise SystemExit(f"{row} failed: {text}")
        wall, cpu = text.split()
        self.wall_s.append(float(wall))
        self.cpu_s.append(float(cpu))
        self.peak_mb = max(self.peak_mb, usage.ru_maxrss / 1024)


def timed(row: str, scene: Scene) -> None:
    """Run a row in this process and print its seconds."""
    work = ROWS[row][1](scene)
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    print(time.perf_counter() - wall, time.process_time() - cpu)


def report(readings: dict[str, Reading]) -> bool:
    """Print the table and the bounds; return whether every bound holds."""
    print(f"{'what':<32} {'wall s':>7} {'spread':>13} {'cpu s':>6} {'peak MB':>8}")
    wall = {row: statistics.median(found.wall_s) for row, found in readings.items()}
    for row, found in readings.items():
        spread = f"{min(found.wall_s):.2f}..{max(found.wall_s):.2f}"
        cpu = statistics.median(found.cpu_s)
        name = ROWS[row][0]
        print(f"{name:<32} {wall[row]:>7.2f} {spread:>13} {cpu:>6.2f} {found.peak_mb:>8.0f}")
    print(f"ledger verify against reading the table: {wall['whole'] / wall['table']:.1f}")
    ratios = (
        ("ledger chain against reading the table", wall["chain"] / wall["table"], CHAIN_BOUND),
        ("ledger replay against reading the table", wall["replay"] / wall["table"], REPLAY_BOUND),
        ("ledger", wall["whole"] / wall["bare"], WHOLE_BOUND),
    )
    for name, ratio, bound in ratios:
        print(f"{name} ratio={ratio:.2f} target={bound:.2f}")
    return all(ratio <= bound for _, ratio, bound in ratios)


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start PostgreSQL and yield the address of an empty ledger, for its superuser."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    import postgresql_server

    del folder
    binaries = postgresql_server.programs()
    if binaries is None:
        raise SystemExit("no PostgreSQL on this machine")
    with postgresql_server.running(binaries) as found:
        yield found.new_ledger().writer


@contextlib.contextmanager
def file(folder: Path) -> Iterator[str]:
    """Yield the path of an empty ledger."""
    Ledger.create(folder / "ledger").close()
    yield str(folder / "ledger")


def main() -> int:
    """Set up, measure, report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--row", choices=ROWS)
    parser.add_argument("--place")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.row:
        timed(given.row, Scene(given.place, given.folder))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="tiergate-benchmark-"))
    readings = {row: Reading() for row in ROWS}
    try:
        with (server if given.postgresql else file)(folder) as place:
            ledger_events.write(place, folder, EVENTS, EVENTS // HEADS)
            for _ in range(given.rounds):
                for row, reading in readings.items():
                    reading.run(row, Scene(place, folder))
    finally:
        shutil.rmtree(folder)
    where = "PostgreSQL" if given.postgresql else f"SQLite {sqlite3.sqlite_version}"
    print(
        f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, Python"
        f" {platform.python_version()}, {where}; {EVENTS} events, {HEADS} heads;"
        f" {given.rounds} rounds, medians"
    )
    return 0 if report(readings) else 1


if __name__ == "__main__":
    sys.exit(main())
