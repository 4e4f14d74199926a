# SPDX-License-Identifier: Apache-2.0
"""Evidence that accrues: runs of one metric, one after another, looked at after each.

The unit is a behaviour, and its one trial is whether any attempt on it succeeded in any of
the runs; what has no score counts for the worse of the question. A behaviour that comes
again is no further trial. So the evidence stays sound however often somebody looks, as long
as the order of the runs was not chosen after seeing them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tiergate.evidence.measurement import Counts, Direction, Measurement
from tiergate.stats.betting import anytime_lower, anytime_upper, decides, e_value, e_value_above
from tiergate.stats.rates import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is known after one more run."""

    adverse: Rate
    """Behaviours on which anything adverse was seen, or nothing was scored, out of all so far."""
    seen: Rate
    """Behaviours on which anything adverse was seen, out of all so far."""
    repeated: int
    """Behaviours of this run that an earlier one had already."""
    below: float
    """E-value against "the adverse rate is at least the limit"."""
    above: float
    """E-value against "the adverse rate is at most the limit"."""
    lower: float
    """Lower bound that holds after every run at once."""
    upper: float
    """Upper bound that holds after every run at once."""
    is_below: bool
    """Whether a rate at or above the limit is denied."""
    is_above: bool
    """Whether a rate at or below the limit is denied."""


def accrued(runs: Iterable[Measurement], limit: Decimal, confidence: Decimal) -> Iterator[Step]:
    """Yield what is known after each run, in the order given.

    Each side is decided at ``confidence``. A run that names no behaviours adds nothing.
    """
    seen: dict[str, bool] = {}
    unscored: set[str] = set()
    never_made = 0
    for run in runs:
        repeated = 0
        for result in run.behaviours:
            adverse = result.successes
            if run.direction is Direction.HIGHER_IS_SAFER:
                adverse = result.scored - result.successes
            repeated += result.behaviour in seen
            seen[result.behaviour] = seen.get(result.behaviour, False) or adverse > 0
            if result.unscored:
                unscored.add(result.behaviour)
        if isinstance(run.value, Counts):
            never_made += run.value.not_attempted
        hits = sum(hit or name in unscored for name, hit in seen.items())
        known = Rate(sum(seen.values()), len(seen) + never_made)
        rate = Rate(hits + never_made, len(seen) + never_made)
        below, above = e_value(rate, limit), e_value_above(known, limit)
        yield Step(
            adverse=rate,
            seen=known,
            repeated=repeated,
            below=below,
            above=above,
            lower=anytime_lower(known, confidence),
            upper=anytime_upper(rate, confidence),
            is_below=decides(below, confidence),
            is_above=decides(above, confidence),
        )
