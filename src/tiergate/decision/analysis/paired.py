# SPDX-License-Identifier: Apache-2.0
"""Comparisons with a baseline that are joined by behaviour.

Of all ways in which two runs over the same behaviours can overlap one stands for the rest: the
run with fewer adverse behaviours has none that the other does not have too.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.evidence.measurement import Measurement
from tiergate.evidence.pairing import Paired, tally_of
from tiergate.stats.multiplicity import spent
from tiergate.stats.paired import Pairs
from tiergate.stats.sample_size import smallest_sample_for

_LOG = f"sha256:{'d' * 64}"


def clean_sample(atom: AddsAtMost, confidence: Decimal) -> int:
    """Return how many behaviours show the margin where both runs are alike on every one."""
    least = atom.minimum_behaviours
    # Half of the error is for how often the runs differ, half for the direction.
    needed = smallest_sample_for(atom.limit.value, spent(confidence, 2 * atom.baselines))
    return max(needed, 0 if least is None else int(least.value))


def nested(adverse: int, baseline: int, trials: int, both: int | None = None) -> Pairs:
    """Return the pairs of two runs that overlap as far as they can, or on ``both`` behaviours."""
    both = min(adverse, baseline) if both is None else both
    first, second = adverse - both, baseline - both
    return Pairs(first_only=first, second_only=second, alike=trials - first - second)


def joined_with(
    found: Measurement, adverse: int, baseline: int, trials: int, both: int | None = None
) -> Paired:
    """Return the run of a baseline in the harness of a measurement, joined by behaviour.

    Args:
        found: single attempts on independent behaviours.
        adverse: those that succeeded.
        baseline: those of the baseline that did.
        trials: all, of either.
        both: those on which both did; None for as many as there can be.
    """
    both = min(adverse, baseline) if both is None else both
    pairs = nested(adverse, baseline, trials, both)
    rows = (
        ((0, 1, 0), (0, 1, 0), pairs.alike - both),
        ((0, 1, 0), (1, 1, 0), pairs.second_only),
        ((1, 1, 0), (0, 1, 0), pairs.first_only),
        ((1, 1, 0), (1, 1, 0), both),
    )
    return Paired(
        tallies=tuple(tally_of(one, other, many) for one, other, many in rows if many),
        task=found.task,
        dataset=found.dataset,
        grader=found.grader,
        generation=found.setting.generation,
        elicitation=found.setting.elicitation,
        finished_at=found.finished_at,
        log_sha256=_LOG,
        downloadable_since=date(2000, 1, 1),
        grader_models=found.grader_models,
    )
