# SPDX-License-Identifier: Apache-2.0
"""Every attempt that a log knows of, and where its summary and its samples differ.

Summaries come first, then the samples, each once and in any order. Of an attempt no more is
held than its id, its epoch and what it left, so that a log of any length can be counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey

# Most attempts leave one of a few outcomes.
_MOST_REMEMBERED = 4096


class Attempts:
    """Attempts by sample id and epoch. Of two samples with the same both the later counts."""

    def __init__(self) -> None:
        self._outcomes: dict[SampleKey, Outcome] = {}
        self._summaries: dict[SampleKey, Outcome] = {}
        self._agreeing: set[tuple[Outcome, Outcome]] = set()
        self.has_summary = False
        """Whether the log has a summary at all."""
        self.superseded = 0
        """Samples that a later one with the same id and epoch replaced."""
        self.unsummarised: set[SampleKey] = set()
        """Samples that the summary leaves out."""

    def summarise(self, summaries: Iterable[tuple[SampleKey, Outcome]]) -> None:
        """Take up what the summary says; before any sample."""
        self.has_summary = True
        self._outcomes.update(summaries)

    def keep(self, key: SampleKey, outcome: Outcome) -> None:
        """Take up a sample and compare it with its summary."""
        earlier = self._outcomes.get(key)
        self._outcomes[key] = outcome
        if earlier is not None and earlier.kept:
            self.superseded += 1
        if not self.has_summary:
            return
        if earlier is None or key in self.unsummarised:
            self.unsummarised.add(key)
            return
        # A sample that agreed with its summary stands for it when a later one comes.
        summary = self._summaries.pop(key, earlier) if self._summaries else earlier
        if (outcome, summary) in self._agreeing:
            return
        if not outcome.agrees_with(summary):
            self._summaries[key] = summary
        elif len(self._agreeing) < _MOST_REMEMBERED:
            self._agreeing.add((outcome, summary))

    @property
    def differing(self) -> AbstractSet[SampleKey]:
        """Samples of which the summary says something else."""
        return self._summaries.keys()

    def __len__(self) -> int:
        """Return how many attempts the log knows of."""
        return len(self._outcomes)

    def __getitem__(self, key: SampleKey) -> Outcome:
        """Return what an attempt left; its summary says it where the sample is missing."""
        return self._outcomes[key]

    def keys(self) -> list[SampleKey]:
        """Return every attempt, sorted by sample and epoch."""
        return sorted(self._outcomes)

    def tally(self) -> Counter[Outcome]:
        """Count how many samples that the log holds left the same."""
        found = Counter(self._outcomes.values())
        return Counter({outcome: count for outcome, count in found.items() if outcome.kept})
