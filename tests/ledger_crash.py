# SPDX-License-Identifier: Apache-2.0
"""Kill a program that appends to a ledger, at random moments, and look at what is left.

    python tests/ledger_crash.py LEDGER HEADS ROUNDS SEED

LEDGER is an empty ledger that is there, a file or an address of PostgreSQL. Prints one line
at the end: the number of rounds, of acknowledged events, and of those that were in the
ledger unacknowledged. Ends with another code than 0 as soon as one is lost.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from tiergate.attestation.keys import Algorithm, PrivateKey, generate
from tiergate.release.head_files import heads_in
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_checks import examine_ledger
from tiergate.release.ledger_entry import Position

LONGEST_SECONDS = 0.05


def main() -> None:
    """Do the rounds."""
    place, heads = sys.argv[1], Path(sys.argv[2])
    rounds, seed = int(sys.argv[3]), int(sys.argv[4])
    chance, signer = random.Random(seed), generate(Algorithm.ED25519)  # noqa: S311 - moments
    acknowledged = 0
    for _ in range(rounds):
        moment = chance.uniform(0, LONGEST_SECONDS)
        acknowledged = max(acknowledged, _one(place, heads, signer, moment))
        _look(place, heads, signer, acknowledged)
    with Ledger.open(place, read_only=True) as ledger:
        size = len(list(ledger.entries()))
    sys.stdout.write(f"{rounds} {acknowledged} {size - acknowledged}\n")


def _one(place: str, heads: Path, signer: PrivateKey, seconds: float) -> int:
    """Kill one writer and return the last event that it acknowledged; 0 for none."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _write(place, heads, signer, writing)
    os.close(writing)
    # Counted from the first acknowledgement, so that every kill falls into appending.
    select.select([reading], [], [], 10)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        lines = said.read().split("\n")[:-1]
    return int(lines[-1]) if lines else 0


def _write(place: str, heads: Path, signer: PrivateKey, writing: int) -> None:
    with Ledger.open(place) as ledger:
        while True:
            head = ledger.append(_data, head_signer=signer, folders=[heads])
            os.write(writing, b"%d\n" % head.size)


def _data(position: Position) -> bytes:
    return b"event %d" % position.sequence


def _look(place: str, heads: Path, signer: PrivateKey, acknowledged: int) -> None:
    with Ledger.open(place, read_only=True) as ledger:
        report = examine_ledger(ledger, tuple(heads_in(heads)), [signer.public])
        data = [entry.data for entry in ledger.entries()]
    if not report.holds:
        sys.exit(f"does not hold: {report.problems}")
    if len(data) < acknowledged:
        sys.exit(f"{acknowledged} were acknowledged, {len(data)} are there")
    if data != [b"event %d" % number for number in range(1, len(data) + 1)]:
        sys.exit("other events than were appended")
    if not (heads / f"head-{acknowledged:010d}.txt").exists():
        sys.exit("no head of the last event that was acknowledged")


if __name__ == "__main__":
    main()
