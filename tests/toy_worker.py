# SPDX-License-Identifier: Apache-2.0
"""A worker without a model, whose results follow from the trial and the seed alone.

Run as a program it does trials on Ray and prints the results as JSON::

    python tests/toy_worker.py '{"seed": 7, "folder": "...", "trials": [...], "workers": 2}'
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.engines import JournalledEngine
from tiergate.evidence.tampering.grading import AnswerClass
from tiergate.evidence.tampering.journal import Journal
from tiergate.evidence.tampering.ray_engine import ray_engine
from tiergate.evidence.tampering.trial import (
    Labels,
    Phase,
    PointResult,
    Trial,
    TrialResult,
    UtilityFound,
)

PROMPTS = 6


@dataclass(frozen=True, slots=True)
class ToyContext:
    """What a toy run is given."""

    seed: int
    """Seed of the answers."""
    folder: str
    """Where workers leave a file for each trial that they began."""


class ToyWorker:
    """Answers at random, from digests; says which trials it was given.

    A trial's setting can ask for more: ``sleep`` for so many seconds, ``dies`` for the process
    to be killed in the middle of so many tries, ``refuses`` for an exception of ours.
    """

    def __init__(self, context: ToyContext) -> None:
        self._context = context

    def run(self, trial: Trial) -> TrialResult:
        """Make up a result."""
        setting = dict(trial.setting)
        begun = len(began(self._context, trial))
        (Path(self._context.folder) / f"{trial.id}-{begun}").write_text(str(os.getpid()))
        time.sleep(float(setting.get("sleep", 0)))
        if begun < int(setting.get("dies", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        if "refuses" in setting:
            raise MeasurementError("toy", "a trial that cannot be done", "", "Do another.")
        return made_up(trial, self._context.seed)


def began(context: ToyContext, trial: Trial) -> list[Path]:
    """Return one file for each time that a trial was begun."""
    return sorted(Path(context.folder).glob(f"{trial.id}-*"))


def make_toy_worker(context: ToyContext) -> ToyWorker:
    """Make a worker."""
    return ToyWorker(context)


def made_up(trial: Trial, seed: int = 0) -> TrialResult:
    """Return the result of a trial, which nothing but its id and the seed decides."""
    digest = hashlib.sha256(f"{seed} {trial.id}".encode()).digest()
    classes = list(AnswerClass)
    rows = tuple((f"p{n}", (classes[digest[n] % len(classes)],)) for n in range(PROMPTS))
    point = PointResult(
        point=f"{digest[0]} steps",
        cost=Cost(steps=digest[0], flop=digest[1] ** 6, seconds=Decimal("1.5")),
        measuring=Cost(attempts=PROMPTS, seconds=Decimal("0.250")),
        guarded=Labels(rows=rows),
        twin=Labels(rows=rows[:2]),
        utility=UtilityFound(likelihood=(digest[2] / 7, digest[3] / 3), correct=1, asked=2),
        digest=f"sha256:{digest.hex()}",
        transcript=f"sha256:{digest[::-1].hex()}",
        dtype="float32",
        generation="temperature=0 words=näch\u2028ste\r",
    )
    return TrialResult(trial=trial, points=(point,), restored=f"sha256:{'0' * 64}")


def toy_trial(seed: int, **setting: str | float) -> Trial:
    """Return a trial."""
    return Trial(
        attack="toy", setting=tuple(sorted(setting.items())), seed=seed, phase=Phase.SEARCH
    )


def on_ray(given: dict[str, Any]) -> dict[str, Any]:
    """Run the trials given on a cluster of this machine, with a journal."""
    context = ToyContext(given["seed"], given["folder"])
    trials = [Trial.from_json(trial) for trial in given["trials"]]
    found: list[TrialResult] = []
    error = ""
    with (
        Journal.open(Path(given["journal"]), {}) as journal,
        ray_engine(context, make_toy_worker, workers=given["workers"]) as engine,
    ):
        try:
            found.extend(JournalledEngine(engine, journal).run(trials))
        except MeasurementError as raised:
            error = str(raised)
    return {"results": [result.to_json() for result in found], "error": error}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(on_ray(json.loads(sys.argv[1]))))
