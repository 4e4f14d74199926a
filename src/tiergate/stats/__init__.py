# SPDX-License-Identifier: Apache-2.0
"""Rates and one-sided bounds on them: what counts support, and how many are needed.

Pure functions of counts that know nothing about where the counts come from. Floats are
at home here and nowhere else; documents keep the counts.
"""

from __future__ import annotations

from tiergate.stats.attempts import (
    AnyAttack,
    any_attack,
    attempts_lower,
    attempts_rate,
    attempts_upper,
    success_within,
)
from tiergate.stats.audit import (
    Adjudication,
    audit_sample,
    audited_list_upper,
    audited_lower,
    audited_upper,
    independent,
    missed_at_most,
    with_unscored_in_smallest,
)
from tiergate.stats.betting import (
    anytime_lower,
    anytime_upper,
    combine_overlapping,
    combine_successive,
    decides,
    e_value,
    e_value_above,
)
from tiergate.stats.clusters import (
    ClusteredRate,
    Tallies,
    korn_graubard_interval,
    korn_graubard_lower,
    korn_graubard_lower_weighted,
    korn_graubard_upper,
    korn_graubard_upper_weighted,
    with_successes_in_smallest,
)
from tiergate.stats.differences import difference_interval, newcombe_interval
from tiergate.stats.equivalence import over_best, paired_bootstrap
from tiergate.stats.grader import better_than_chance, corrected_upper, informedness_lower
from tiergate.stats.intervals import (
    exact_interval,
    exact_lower,
    exact_upper,
    wilson_lower,
    wilson_upper,
)
from tiergate.stats.means import mean_lower, mean_upper
from tiergate.stats.multiplicity import (
    fixed_sequence,
    holm,
    holm_supported,
    intersection_union,
    p_value_at_least,
    spent,
)
from tiergate.stats.paired import (
    Pairing,
    Pairs,
    pair,
    paired_lower,
    paired_means_lower,
    paired_means_upper,
    paired_upper,
    sign_test,
)
from tiergate.stats.rates import Interval, Rate, pooled
from tiergate.stats.sample_size import (
    audit_needed,
    best_possible_upper,
    best_uppers,
    smallest_sample_for,
    trials_needed,
    trials_needed_for,
)

__all__ = [
    "Adjudication",
    "AnyAttack",
    "ClusteredRate",
    "Interval",
    "Pairing",
    "Pairs",
    "Rate",
    "Tallies",
    "any_attack",
    "anytime_lower",
    "anytime_upper",
    "attempts_lower",
    "attempts_rate",
    "attempts_upper",
    "audit_needed",
    "audit_sample",
    "audited_list_upper",
    "audited_lower",
    "audited_upper",
    "best_possible_upper",
    "best_uppers",
    "better_than_chance",
    "combine_overlapping",
    "combine_successive",
    "corrected_upper",
    "decides",
    "difference_interval",
    "e_value",
    "e_value_above",
    "exact_interval",
    "exact_lower",
    "exact_upper",
    "fixed_sequence",
    "holm",
    "holm_supported",
    "independent",
    "informedness_lower",
    "intersection_union",
    "korn_graubard_interval",
    "korn_graubard_lower",
    "korn_graubard_lower_weighted",
    "korn_graubard_upper",
    "korn_graubard_upper_weighted",
    "mean_lower",
    "mean_upper",
    "missed_at_most",
    "newcombe_interval",
    "over_best",
    "p_value_at_least",
    "pair",
    "paired_bootstrap",
    "paired_lower",
    "paired_means_lower",
    "paired_means_upper",
    "paired_upper",
    "pooled",
    "sign_test",
    "smallest_sample_for",
    "spent",
    "success_within",
    "trials_needed",
    "trials_needed_for",
    "wilson_lower",
    "wilson_upper",
    "with_successes_in_smallest",
    "with_unscored_in_smallest",
]
