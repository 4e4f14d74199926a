# SPDX-License-Identifier: Apache-2.0
"""Kill a program that appends to a ledger, at random moments, and look at what is left.

    python tests/ledger_crash.py FOLDER ROUNDS SEED

Prints one line at the end: the number of rounds, of acknowledged events, and of those that
were in the ledger unacknowledged. Ends with another code than 0 as soon as one is lost.
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
from tiergate.release.ledger import Ledger, Position
from tiergate.release.ledger_checks import examine_ledger

LONGEST_SECONDS = 0.05


def main() -> None:
    """Do the rounds."""
    folder, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance, signer = random.Random(seed), generate(Algorithm.ED25519)  # noqa: S311 - moments
    Ledger.create(folder / "ledger").close()
    acknowledged = 0
    for _ in range(rounds):
        acknowledged = max(acknowledged, _one(folder, signer, chance.uniform(0, LONGEST_SECONDS)))
        _look(folder, signer, acknowledged)
    with Ledger.open(folder / "ledger", read_only=True) as ledger:
        size = len(list(ledger.entries()))
    sys.stdout.write(f"{rounds} {acknowledged} {size - acknowledged}\n")


def _one(folder: Path, signer: PrivateKey, seconds: float) -> int:
    """Kill one writer and return the last event that it acknowledged; 0 for none."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _write(folder, signer, writing)
    os.close(writing)
    # Counted from the first acknowledgement, so that every kill falls into appending.
    select.select([reading], [], [], 10)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        lines = said.read().split("\n")[:-1]
    return int(lines[-1]) if lines else 0


def _write(folder: Path, signer: PrivateKey, writing: int) -> None:
    with Ledger.open(folder / "ledger") as ledger:
        while True:
            head = ledger.append(_data, head_signer=signer, folders=[folder / "heads"])
            os.write(writing, b"%d\n" % head.size)


def _data(position: Position) -> bytes:
    return b"event %d" % position.sequence


def _look(folder: Path, signer: PrivateKey, acknowledged: int) -> None:
    with Ledger.open(folder / "ledger", read_only=True) as ledger:
        report = examine_ledger(ledger, tuple(heads_in(folder / "heads")), [signer.public])
        data = [entry.data for entry in ledger.entries()]
    if not report.holds:
        sys.exit(f"does not hold: {report.problems}")
    if len(data) < acknowledged:
        sys.exit(f"{acknowledged} were acknowledged, {len(data)} are there")
    if data != [b"event %d" % number for number in range(1, len(data) + 1)]:
        sys.exit("other events than were appended")
    if not (folder / "heads" / f"head-{acknowledged:010d}.txt").exists():
        sys.exit("no head of the last event that was acknowledged")


if __name__ == "__main__":
    main()
