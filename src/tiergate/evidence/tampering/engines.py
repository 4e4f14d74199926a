# SPDX-License-Identifier: Apache-2.0
"""Who runs trials: this process, or several on a Ray cluster. Results do not depend on it.

Every engine gives results in the order of the trials, and hands each to ``keep`` as soon as it
is there, so that a journal loses nothing that is finished. An engine does no more than it is
asked for: when the caller stops, what was not begun is not run.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol

from tiergate.evidence.tampering.journal import Journal
from tiergate.evidence.tampering.trial import Trial, TrialResult

Keep = Callable[[TrialResult], None]
"""What is done with each result once it is there."""


class Worker(Protocol):
    """Somebody who has the model in memory."""

    def run(self, trial: Trial) -> TrialResult:
        """Run one trial; what goes wrong in it is in the result."""
        ...


def keep_nothing(result: TrialResult) -> None:
    """Do nothing with a result."""
    del result


class Engine(Protocol):
    """Runs trials."""

    def run(self, trials: Sequence[Trial], keep: Keep = keep_nothing) -> Iterator[TrialResult]:
        """Yield the result of each trial, in the order given.

        Args:
            trials: what to run, no trial twice.
            keep: called with each result once it is there, in this process, in any order.
        """
        ...


class LocalEngine:
    """Runs one trial after another in this process."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def run(self, trials: Sequence[Trial], keep: Keep = keep_nothing) -> Iterator[TrialResult]:
        """Run each trial when its result is asked for."""
        for trial in trials:
            result = self._worker.run(trial)
            keep(result)
            yield result


class JournalledEngine:
    """Runs what the journal does not hold yet, and writes down what comes."""

    def __init__(self, engine: Engine, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal

    def run(self, trials: Sequence[Trial], keep: Keep = keep_nothing) -> Iterator[TrialResult]:
        """Yield what was found before or is found now, each as the journal holds it."""
        found = self._journal.found
        missing = {trial.id: trial for trial in trials if trial.id not in found}

        def write(result: TrialResult) -> None:
            self._journal.add(result)
            keep(found[result.trial.id])

        fresh = self._engine.run(list(missing.values()), write)
        try:
            for trial in trials:
                while trial.id not in found:
                    next(fresh)
                yield found[trial.id]
        finally:
            if isinstance(fresh, Generator):
                fresh.close()
