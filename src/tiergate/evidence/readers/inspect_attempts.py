# SPDX-License-Identifier: Apache-2.0
"""Every attempt that a log knows of, and where its summary and its samples differ.

Summaries come first, then the samples, each once and in any order. Of an attempt no more is
held than its id and what it left, so that a log of any length can be counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey

# Most attempts leave one of a few outcomes.
_MOST_REMEMBERED = 4096


class Attempts:
    """Attempts by epoch and sample id. Of two samples with the same both the later counts."""

    def __init__(self) -> None:
        # A pair of id and epoch for each would take as much memory again.
        self._epochs: dict[int, dict[str, Outcome]] = {}
        self._summaries: dict[SampleKey, Outcome] = {}
        self._agreeing: set[tuple[Outcome, Outcome]] = set()
        self._unsummarised: set[SampleKey] = set()
        self.has_summary = False
        """Whether the log has a summary at all."""
        self.superseded = 0
        """Samples that a later one with the same id and epoch replaced."""

    def summarise(self, summaries: Iterable[tuple[SampleKey, Outcome]]) -> None:
        """Take up what the summary says; before any sample."""
        self.has_summary = True
        for (name, epoch), outcome in summaries:
            self._epoch(epoch)[name] = outcome

    def keep(self, key: SampleKey, outcome: Outcome) -> None:
        """Take up a sample and compare it with its summary."""
        attempts = self._epoch(key[1])
        earlier = attempts.get(key[0])
        attempts[key[0]] = outcome
        if earlier is not None and earlier.kept:
            self.superseded += 1
        if not self.has_summary:
            return
        if earlier is None or key in self._unsummarised:
            self._unsummarised.add(key)
            return
        # A sample that agreed with its summary stands for it when a later one comes.
        summary = self._summaries.pop(key, earlier) if self._summaries else earlier
        if (outcome, summary) in self._agreeing:
            return
        if not outcome.agrees_with(summary):
            self._summaries[key] = summary
        elif len(self._agreeing) < _MOST_REMEMBERED:
            self._agreeing.add((outcome, summary))

    def _epoch(self, number: int) -> dict[str, Outcome]:
        if (attempts := self._epochs.get(number)) is None:
            attempts = self._epochs[number] = {}
        return attempts

    @property
    def differing(self) -> AbstractSet[SampleKey]:
        """Samples of which the summary says something else."""
        return self._summaries.keys()

    @property
    def unsummarised(self) -> AbstractSet[SampleKey]:
        """Samples that the summary leaves out."""
        return self._unsummarised

    def __len__(self) -> int:
        """Return how many attempts the log knows of."""
        return sum(len(attempts) for attempts in self._epochs.values())

    @property
    def single(self) -> bool:
        """Whether every sample has one attempt only."""
        return len(self._epochs) == 1

    def __iter__(self) -> Iterator[tuple[SampleKey, Outcome]]:
        """Yield every attempt by sample, then epoch, with what it left.

        Where the sample is missing its summary says what it left.
        """
        if self.single:
            [(epoch, attempts)] = self._epochs.items()
            for name in sorted(attempts):
                yield (name, epoch), attempts[name]
            return
        for name, epoch in sorted(self.keys()):
            yield (name, epoch), self._epochs[epoch][name]

    def keys(self) -> Iterator[SampleKey]:
        """Yield sample and epoch of every attempt, in no order."""
        for epoch, attempts in self._epochs.items():
            for name in attempts:
                yield name, epoch

    def tally(self) -> Counter[Outcome]:
        """Count how many samples that the log holds left the same."""
        found: Counter[Outcome] = Counter()
        for attempts in self._epochs.values():
            found.update(attempts.values())
        return Counter({outcome: count for outcome, count in found.items() if outcome.kept})
