# SPDX-License-Identifier: Apache-2.0
"""How far a grader's labels can be trusted, from labels that people gave."""

from __future__ import annotations

from decimal import Decimal

from tiergate.evidence.conduct import GraderValidation
from tiergate.stats.grader import better_than_chance
from tiergate.stats.rates import Rate

_CONFIDENCE = Decimal("0.95")


def sensitivity(validation: GraderValidation) -> Rate:
    """Return how many of the successes that people saw the grader saw too."""
    return Rate(validation.positives_found, validation.positives)


def specificity(validation: GraderValidation) -> Rate:
    """Return how many of the attempts that people cleared the grader cleared too."""
    return Rate(validation.negatives_cleared, validation.negatives)


def is_better_than_chance(validation: GraderValidation) -> bool:
    """Tell whether the grader was shown to tell success from failure, with 95 % confidence."""
    return better_than_chance(sensitivity(validation), specificity(validation), _CONFIDENCE)
