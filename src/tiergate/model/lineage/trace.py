# SPDX-License-Identifier: Apache-2.0
"""A candidate against bases: sketches first, the candidate's weights where they help."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tiergate.model.lineage.compare import (
    LARGEST_P,
    Comparison,
    LineageOutcome,
    log10_p,
)
from tiergate.model.lineage.moved_rows import moved_rows
from tiergate.model.lineage.opened import OpenedModel
from tiergate.model.lineage.sketch import Sketch

READ_AGAIN = 8
"""Most bases for which the candidate's weights are read again to look for moved rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One base, with the outcome."""

    comparison: Comparison
    """What was found."""
    outcome: LineageOutcome
    """Derived or undetermined; never independent."""
    log10_p: float
    """Decimal logarithm of the p-value, every base that was tried counted in; at most 0."""


def trace(
    candidate: Sketch, comparisons: tuple[Comparison, ...], tried: int, model: OpenedModel | None
) -> tuple[Traced, ...]:
    """Give each comparison its outcome, strongest first.

    Args:
        candidate: the candidate's sketch.
        comparisons: full comparisons, those that promise most first.
        tried: how many bases were looked at, in full or not.
        model: the candidate's weights, when they are on this machine.
    """
    found = [
        _traced(_with_moved_rows(candidate, item, model if number < READ_AGAIN else None), tried)
        for number, item in enumerate(comparisons)
    ]
    return tuple(sorted(found, key=lambda item: (item.log10_p, item.comparison.base.name)))


def _with_moved_rows(
    candidate: Sketch, comparison: Comparison, model: OpenedModel | None
) -> Comparison:
    """Look for moved rows where matrices do not match as they are."""
    if model is None or len(comparison.matches) * 2 > comparison.candidate_matrices:
        return comparison
    more = moved_rows(model, candidate, comparison.base, comparison.width)
    if more is None:
        return comparison
    return replace(comparison, evidence=(*comparison.evidence, more))


def _traced(comparison: Comparison, tried: int) -> Traced:
    exponent = log10_p(comparison.log_e, tried)
    derived = 10.0**exponent <= LARGEST_P if exponent > -300 else True
    return Traced(
        comparison=comparison,
        outcome=LineageOutcome.DERIVED if derived else LineageOutcome.UNDETERMINED,
        log10_p=exponent,
    )
