# SPDX-License-Identifier: Apache-2.0
"""Two runs over the same behaviours, kept as a histogram of pairs.

A comparison of a candidate with a baseline says most where both tried the same behaviours:
what they do alike cancels. Which behaviours those were is not kept, only how many had which
result on both sides. A behaviour that one side never tried is kept with nothing on that side;
when a difference is bounded it counts against the candidate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

Result = tuple[int, int, int]
"""Successes, scored and unscored attempts on one behaviour."""
NEVER_TRIED: Result = (0, 0, 0)
"""What is known about a behaviour that a run never tried."""


class Tally(Protocol):
    """One bar of the histogram of a single run."""

    @property
    def successes(self) -> int:
        """Attempts that met the success condition."""
        ...

    @property
    def scored(self) -> int:
        """Attempts with a score."""
        ...

    @property
    def unscored(self) -> int:
        """Attempts without one."""
        ...

    @property
    def behaviours(self) -> int:
        """Behaviours with this result."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PairTally:
    """A number of behaviours that share the same result on both sides."""

    successes: int
    """The candidate's attempts that met the success condition."""
    scored: int
    """The candidate's attempts with a score."""
    unscored: int
    """The candidate's attempts without one."""
    baseline_successes: int
    """The baseline's attempts that met the success condition."""
    baseline_scored: int
    """The baseline's attempts with a score."""
    baseline_unscored: int
    """The baseline's attempts without one."""
    behaviours: int
    """How many behaviours have exactly this result."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be counts."""
        for successes, scored, unscored in (self.candidate, self.baseline):
            if not 0 <= successes <= scored or unscored < 0:
                raise ValueError(f"impossible pair {self!r}")
        if self.behaviours < 1 or self.candidate == self.baseline == NEVER_TRIED:
            raise ValueError(f"a pair without attempts {self!r}")

    @property
    def candidate(self) -> Result:
        """What the candidate did."""
        return self.successes, self.scored, self.unscored

    @property
    def baseline(self) -> Result:
        """What the baseline did."""
        return self.baseline_successes, self.baseline_scored, self.baseline_unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """The baseline's run, as its own log states it, joined with the candidate's by behaviour."""

    tallies: tuple[PairTally, ...]
    """Histogram of behaviours, sorted, no two alike; never empty."""
    task: str
    """Task and version of the baseline's run."""
    dataset: str
    """Data set and version or digest of the baseline's run; empty when its log does not say."""
    grader: str
    """What graded the baseline's attempts."""
    generation: str
    """Sampling parameters of the baseline's run."""
    elicitation: str
    """Effort made to get the best out of the baseline, in words."""
    finished_at: datetime
    """When the baseline's run ended, in UTC."""
    log_sha256: str
    """Digest of the baseline's log."""
    downloadable_since: date | None = None
    """Day from which anyone could download its weights; None when nobody states one."""
    source_url: str = ""
    """Where that can be looked up; empty when nowhere public."""
    grader_models: tuple[str, ...] = ()
    """Models that graded, as the baseline's log names them."""

    def __post_init__(self) -> None:
        """Refuse a histogram that is empty, unsorted or repeats a result."""
        keys = [(tally.candidate, tally.baseline) for tally in self.tallies]
        if not keys or keys != sorted(set(keys)):
            raise ValueError("pairs are missing, not sorted or repeat a result")

    @property
    def shared(self) -> int:
        """Behaviours that both sides tried."""
        return sum(
            t.behaviours for t in self.tallies if NEVER_TRIED not in (t.candidate, t.baseline)
        )

    @property
    def one_sided(self) -> int:
        """Behaviours that one side never tried."""
        return sum(t.behaviours for t in self.tallies) - self.shared

    def refuse_others(self, candidate: Iterable[Tally], baseline: Iterable[Tally]) -> None:
        """Refuse histograms of the two runs that these pairs do not add up to.

        Raises:
            ValueError: they are not of the same behaviours.
        """
        if _histogram((t.candidate, t.behaviours) for t in self.tallies) != _results(
            candidate
        ) or _histogram((t.baseline, t.behaviours) for t in self.tallies) != _results(baseline):
            raise ValueError("the pairs do not add up to the counts of both runs")


def joined(
    candidate: Mapping[str, Result], baseline: Mapping[str, Result]
) -> tuple[PairTally, ...]:
    """Join two runs by behaviour.

    >>> [t.behaviours for t in joined({"a": (1, 1, 0), "b": (0, 1, 0)}, {"a": (1, 1, 0)})]
    [1, 1]
    """
    counted = Counter(
        (candidate.get(name, NEVER_TRIED), baseline.get(name, NEVER_TRIED))
        for name in {*candidate, *baseline}
    )
    return tuple(tally_of(one, other, many) for (one, other), many in sorted(counted.items()))


def tally_of(candidate: Result, baseline: Result, behaviours: int) -> PairTally:
    """Make one bar of the histogram."""
    return PairTally(
        successes=candidate[0],
        scored=candidate[1],
        unscored=candidate[2],
        baseline_successes=baseline[0],
        baseline_scored=baseline[1],
        baseline_unscored=baseline[2],
        behaviours=behaviours,
    )


def _results(tallies: Iterable[Tally]) -> dict[Result, int]:
    return {(t.successes, t.scored, t.unscored): t.behaviours for t in tallies}


def _histogram(results: Iterable[tuple[Result, int]]) -> dict[Result, int]:
    found: dict[Result, int] = {}
    for result, behaviours in results:
        if result != NEVER_TRIED:
            found[result] = found.get(result, 0) + behaviours
    return found
