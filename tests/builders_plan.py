# SPDX-License-Identifier: Apache-2.0
"""Evidence collected as a plan says, where every behaviour comes out by a true rate."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from builders_decision import AT, ROOT, subject
from tiergate.decision.analysis.pieces import Place, documents_of
from tiergate.decision.evaluate import evaluate
from tiergate.decision.plan import Plan
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import EvidenceDocument, collect
from tiergate.evidence.measurement import Counts, Direction, Measurement
from tiergate.evidence.runs import PlannedRun

PLACE = Place(at=AT, root=ROOT)


def drawn(planned: Measurement, rate: float, chance: np.random.Generator) -> Measurement:
    """Return a measurement as it comes out once; its baseline has the same true rate."""
    value, beside = planned.value, planned.comparison
    if not isinstance(value, Counts):
        return planned
    safer = planned.direction is Direction.HIGHER_IS_SAFER

    def counts(trials: int) -> Counts:
        adverse = int(chance.binomial(trials, rate))
        return Counts.simple(trials - adverse if safer else adverse, trials)

    if beside is not None:
        beside = dataclasses.replace(beside, counts=counts(beside.counts.planned))
    return dataclasses.replace(planned, value=counts(value.planned), comparison=beside)


def share_that_opens(
    asked: Policy,
    found: Plan,
    *,
    tier: Tier,
    rate: float,
    runs: int,
    seed: int,
    there: Iterable[EvidenceDocument] = (),
    registered: tuple[PlannedRun, ...] = (),
) -> float:
    """Collect what a plan says ``runs`` times; return how often the tier is supported."""
    chance, opened, known = np.random.default_rng(seed), 0, list(there)
    planned = [d for step in found.steps for d in documents_of(step.piece, PLACE)]
    for _ in range(runs):
        new = [
            dataclasses.replace(
                document,
                measurements=tuple(drawn(m, rate, chance) for m in document.measurements),
            )
            for document in planned
        ]
        evidence = collect(subject(), [*known, *new], runs=registered)
        opened += evaluate(asked, evidence, at=AT).supported.rank >= tier.rank
    return opened / runs
