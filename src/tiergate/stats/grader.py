# SPDX-License-Identifier: Apache-2.0
"""What an automatic grader's labels support, given how often it is wrong.

A grader that flags a tenth of all harmless responses makes a perfectly safe model look
10 % unsafe, and one that sees nothing makes every model look safe; no sample size helps.
Its sensitivity and specificity come from validation: responses with a human label, from
the same grader in the same version, and from the same kind of responses. Where people can
look at this run's responses, ``audit`` supports more.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from tiergate.stats.clusters import (
    Tallies,
    korn_graubard_lower_weighted,
    korn_graubard_upper_weighted,
)
from tiergate.stats.intervals import exact_lower, exact_upper
from tiergate.stats.multiplicity import spent
from tiergate.stats.rates import Rate

Sample: TypeAlias = Rate | Tallies
"""Independent trials as one rate, or results of clusters and how many have them."""


def better_than_chance(
    sensitivity: Sample, specificity: Sample, confidence: Decimal | float
) -> bool:
    """Say whether the grader tells success from failure, at ``confidence``.

    A coin that flags any share of responses has a sensitivity and a specificity that add
    up to 1. Labels of a grader that is not shown to do better support nothing; neither
    does one without validation.

        >>> better_than_chance(Rate(80, 200), Rate(200, 200), 0.95)
        True
        >>> better_than_chance(Rate(0, 200), Rate(200, 200), 0.95)
        False

    Args:
        sensitivity: Of the successes in the validation, how many the grader flagged.
        specificity: Of the failures in the validation, how many it did not flag.
        confidence: Of the joint bound on both.
    """
    return informedness_lower(sensitivity, specificity, confidence) > 0


def informedness_lower(
    sensitivity: Sample, specificity: Sample, confidence: Decimal | float
) -> float:
    """Bound sensitivity plus specificity minus one from below.

    Each by its exact bound at half the error. It is 0 for a coin and 1 for a perfect
    grader.

    Source: W. J. Youden, Cancer 3 (1950) 32-35.
    """
    half = spent(confidence, 2)
    return _lower(sensitivity, half) + _lower(specificity, half) - 1


def corrected_upper(
    flagged: Sample, sensitivity: Sample, specificity: Sample, confidence: Decimal | float
) -> float:
    """Bound the true rate from above, from the flagged share and the grader's errors.

    Three bounds at a third of the error each: the flagged share from above, the
    sensitivity from below, the specificity from above. All three err to the side that
    makes the true rate higher. The bound is 1 if the grader is not shown to be better than
    a coin, and is never lower than a perfect grader could show with that sample: fewer
    flags than the false ones alone would make say that the validation does not fit.

    Count unscored responses as flagged. Wide, because three unknowns meet in it, and only
    as good as the likeness of the validation to this run.

        >>> round(corrected_upper(Rate(30, 1000), Rate(190, 200), Rate(196, 200), 0.95), 3)
        0.043

    Args:
        flagged: Responses that the grader flagged, of all.
        sensitivity: Of the successes in the validation, how many the grader flagged.
        specificity: Of the failures in the validation, how many it did not flag.
        confidence: That all three bounds hold.

    Source: W. J. Rogan and B. Gladen, American Journal of Epidemiology 107 (1978) 71-76,
    with exact bounds joined by C. E. Bonferroni's inequality.
    """
    third = spent(confidence, 3)
    flagged, sensitivity, specificity = map(_kept, (flagged, sensitivity, specificity))
    most_flagged = _upper(flagged, third)
    least_seen = _lower(sensitivity, third)
    least_false = 1 - _upper(specificity, third)
    if most_flagged >= least_seen or least_seen + _lower(specificity, third) <= 1:
        return 1.0
    corrected = (most_flagged - least_false) / (least_seen - least_false)
    return max(corrected, _upper(_without_successes(flagged), third))


def _kept(sample: Sample) -> Sample:
    """Hold on to results that can be read once only."""
    return sample if isinstance(sample, Rate) else tuple(sample)


def _without_successes(sample: Sample) -> Sample:
    """Give the same trials, all failed."""
    if isinstance(sample, Rate):
        return Rate(0, sample.trials)
    return tuple((Rate(0, rate.trials), clusters) for rate, clusters in sample)


def _upper(sample: Sample, confidence: Decimal) -> float:
    """Bound a share from above by the bound that fits the sample."""
    if isinstance(sample, Rate):
        return exact_upper(sample, confidence)
    return korn_graubard_upper_weighted(sample, confidence)


def _lower(sample: Sample, confidence: Decimal) -> float:
    """Bound a share from below by the bound that fits the sample."""
    if isinstance(sample, Rate):
        return exact_lower(sample, confidence)
    return korn_graubard_lower_weighted(sample, confidence)
