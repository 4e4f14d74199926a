# SPDX-License-Identifier: Apache-2.0
"""Rates and one-sided bounds on them: what counts support, and how many are needed.

Pure functions of counts that know nothing about where the counts come from. Floats are
at home here and nowhere else; documents keep the counts.
"""

from __future__ import annotations

from tiergate.stats.clusters import (
    ClusteredRate,
    korn_graubard_interval,
    korn_graubard_lower,
    korn_graubard_upper,
)
from tiergate.stats.differences import newcombe_interval
from tiergate.stats.intervals import (
    exact_interval,
    exact_lower,
    exact_upper,
    wilson_lower,
    wilson_upper,
)
from tiergate.stats.rates import Interval, Rate, pooled
from tiergate.stats.sample_size import (
    best_possible_upper,
    smallest_sample_for,
    trials_needed,
)

__all__ = [
    "ClusteredRate",
    "Interval",
    "Rate",
    "best_possible_upper",
    "exact_interval",
    "exact_lower",
    "exact_upper",
    "korn_graubard_interval",
    "korn_graubard_lower",
    "korn_graubard_upper",
    "newcombe_interval",
    "pooled",
    "smallest_sample_for",
    "trials_needed",
    "wilson_lower",
    "wilson_upper",
]
