# SPDX-License-Identifier: Apache-2.0
"""Baselines of a case: what a model that anyone can download did in the same harness."""

from __future__ import annotations

from dataclasses import replace

from tiergate.decision.analysis.paired import joined_with
from tiergate.evidence.measurement import Comparison, Counts, Measurement

_BASELINE = f"sha256:{'b' * 64}"


def beside(found: Measurement, baseline: Counts, alone: int | None) -> Measurement:
    """Return a measurement of a case beside what a public model did.

    Args:
        found: of single attempts on independent behaviours.
        baseline: as many behaviours of the baseline, where the two are joined.
        alone: behaviours on which the model alone succeeded; None joins nothing.
    """
    compared = Comparison(
        baseline_name="a public model",
        baseline_digest=_BASELINE,
        downloadable=True,
        counts=baseline,
    )
    own = found.value
    if alone is None or not isinstance(own, Counts):
        return replace(found, comparison=compared)
    found = replace(found, dataset=found.dataset or "the set of a case")
    both = own.successes - alone
    paired = joined_with(found, own.successes, baseline.successes, own.planned, both)
    return replace(found, comparison=replace(compared, paired=paired))
