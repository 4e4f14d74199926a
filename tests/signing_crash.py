# SPDX-License-Identifier: Apache-2.0
"""Kill programs that sign, at random moments, and look at what is left.

    python tests/signing_crash.py FOLDER ROUNDS SEED SIGNED NOW

FOLDER holds ``model``, ``decision.json``, ``ada.key``, ``ada.pub`` and ``trust.yaml``. Each
round one program signs the decision, and the model, again and again, until it is killed. Every
file that is there afterwards must be one that verifies, and every one that was acknowledged
must be there. Prints the number of rounds, of acknowledged files and of files.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import select
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from cli_runner import run

LONGEST_SECONDS = 0.06
SIGNED, NOW = sys.argv[4:6] if __name__ == "__main__" else ("", "")


def main() -> None:
    """Do the rounds."""
    folder, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)  # noqa: S311 - moments
    acknowledged = there = 0
    # Loaded before anybody is killed, so that every kill falls into signing.
    _sign(folder, folder / "warm", 0)
    for number in range(rounds):
        place = folder / f"round-{number}"
        place.mkdir()
        said = _one(folder, place, chance.uniform(0, LONGEST_SECONDS))
        there += _look(folder, place, said)
        acknowledged += len(said)
    sys.stdout.write(f"{rounds} {acknowledged} {there}\n")


def _one(folder: Path, place: Path, seconds: float) -> list[str]:
    """Kill one program that signs and return the files that it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _sign_forever(folder, place, writing)
    os.close(writing)
    select.select([reading], [], [], 10)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return said.read().split("\n")[:-1]


def _sign_forever(folder: Path, place: Path, writing: int) -> NoReturn:
    number = 0
    while True:
        number += 1
        for name in _sign(folder, place / str(number), number):
            os.write(writing, name.encode() + b"\n")


def _sign(folder: Path, base: Path, number: int) -> list[str]:
    record, signature = base.with_suffix(".json"), base.with_suffix(".sig")
    key = folder / "ada.key"
    words = ("sign", folder / "decision.json", "--key", key, "--at", SIGNED, "--output", record)
    with contextlib.redirect_stderr(io.StringIO()):
        one = run(*words)
        two = run(
            *("model-signature", "sign", folder / "model", "--key", key, "--output", signature)
        )
    if (one.code, two.code) != (0, 0):
        sys.exit(f"signing {number} failed: {one.err} {two.err}")
    return [record.name, signature.name]


def _look(folder: Path, place: Path, said: list[str]) -> int:
    """Verify every file that is there; return how many there are."""
    files = sorted(place.iterdir())
    missing = set(said) - {path.name for path in files}
    if missing:
        sys.exit(f"acknowledged and not there: {sorted(missing)}")
    for path in files:
        if path.suffix == ".sig":
            how = ("--signature", path, "--key", folder / "ada.pub")
            done = run("model-signature", "verify", folder / "model", *how)
        else:
            trust = ("--trust", folder / "trust.yaml", "--at", NOW)
            done = run("verify", path, folder / "model", *trust)
        if done.code != 0:
            sys.exit(f"{path.name} is there and does not verify: {done.out}{done.err}")
    return len(files)


if __name__ == "__main__":
    main()
