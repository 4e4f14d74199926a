# SPDX-License-Identifier: Apache-2.0
"""An audit of a grader: what people have to look at, and what their labels make of it.

People look at everything that the grader flagged as adverse and at a random part of what
it did not flag. The part is drawn by digest from a seed, so that anyone can draw it again
and see that nobody chose it.
"""

from __future__ import annotations

import enum
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.evidence.conduct import Audit
from tiergate.evidence.from_log import behaviour_of, success_of
from tiergate.evidence.mapping import MappingEntry
from tiergate.evidence.measurement import Direction
from tiergate.evidence.readers.base import Row, Series
from tiergate.stats.audit import Adjudication, audit_sample


class Label(enum.StrEnum):
    """What a person says of one attempt."""

    ADVERSE = "adverse"
    CLEAN = "clean"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The attempts of a run by what the grader said, and those drawn for the audit.

    Attempts are named ``sample#attempt``.
    """

    flagged: tuple[str, ...]
    """Called adverse by the grader, in the order of the log."""
    unscored: tuple[str, ...]
    """Without a label of the grader, in the order of the log."""
    unflagged: int
    """How many were scored and not flagged."""
    drawn: tuple[str, ...]
    """Of the unflagged, the random part, sorted."""
    seed: str
    """What they were drawn with."""

    @property
    def to_label(self) -> tuple[str, ...]:
        """Everything that a person has to look at, in an order that tells nothing.

        Whoever gives labels should not know which ones the grader flagged.
        """
        names = (*self.flagged, *self.drawn, *self.unscored)
        return tuple(sorted(names, key=self._place))

    def _place(self, name: str) -> str:
        return hashlib.sha256(f"{self.seed}\nlabel\n{name}".encode()).hexdigest()


def name_of(row: Row) -> str:
    """Return the name of an attempt in an audit: ``sample#attempt``."""
    return f"{row.sample}#{row.attempt}"


def draw(series: Series, entry: MappingEntry, *, size: int, seed: str) -> Draw:
    """Draw ``size`` of the attempts that the grader did not flag.

    Raises:
        InputError: two attempts share a sample and a number, or the size is negative.
    """
    by_label: dict[bool | None, list[str]] = defaultdict(list)
    for row in series.rows:
        by_label[_is_adverse(row, entry)].append(name_of(row))
    return Draw(
        flagged=tuple(by_label[True]),
        unscored=tuple(by_label[None]),
        unflagged=len(by_label[False]),
        drawn=audit_sample(by_label[False], size, seed),
        seed=seed,
    )


def tallied(
    series: Series, entry: MappingEntry, drawn: Draw, labels: Mapping[str, Label], labelled_by: str
) -> Audit:
    """Join the grader's labels with people's, by behaviour.

    A flagged or unscored attempt without a label counts as adverse, and so does a drawn one.
    Of attempts that were not drawn only adverse labels count: nobody drew them at random.
    """
    behaviours: dict[str, Counter[str]] = defaultdict(Counter)
    random_part = frozenset(drawn.drawn)
    for row in series.rows:
        place = _place(row, entry, labels.get(name_of(row)), random_part)
        behaviours[behaviour_of(row, entry)][place] += 1
    histogram = Counter(tuple(sorted(found.items())) for found in behaviours.values())
    tallies = (
        Adjudication(**dict(places), behaviours=count)
        for places, count in sorted(histogram.items())
    )
    return Audit(tallies=tuple(tallies), seed=drawn.seed, labelled_by=labelled_by)


def _place(row: Row, entry: MappingEntry, label: Label | None, random_part: frozenset[str]) -> str:
    adverse = _is_adverse(row, entry)
    if adverse is False:
        # What was found counts, drawn or not; that nothing was found counts where chance chose.
        if name_of(row) not in random_part and label is not Label.ADVERSE:
            return "not_drawn"
        return {Label.ADVERSE: "missed", Label.CLEAN: "clean"}.get(
            label or Label.UNDECIDED, "undecided"
        )
    seen = {Label.ADVERSE: "confirmed", Label.CLEAN: "refuted"}
    nobody = "unscored" if adverse is None else "not_adjudicated"
    # Where the run failed there is no response that anybody could find clean.
    if row.errored and label is Label.CLEAN:
        return nobody
    return seen.get(label or Label.UNDECIDED, nobody)


def _is_adverse(row: Row, entry: MappingEntry) -> bool | None:
    success = success_of(row, entry)
    if success is None or entry.direction is Direction.HIGHER_IS_RISKIER:
        return success
    return not success
