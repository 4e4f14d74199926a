# SPDX-License-Identifier: Apache-2.0
"""A tier of a policy made for one test, judged: what cases and lists of actions are made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from builders_decision import AT, Evidence, collection, policy, rung, standards, subject
from tiergate.decision.evaluate import evaluate
from tiergate.decision.loosening import Loosening
from tiergate.decision.policy import Expression
from tiergate.decision.safety_case_judged import JudgedTier, of_decision
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.grades import Dimension


def judged_small(
    expressions: Mapping[str, Expression],
    *evidence: Evidence,
    tier: Tier = Tier.T4,
    waivers: tuple[Waiver, ...] = (),
    grades: Mapping[Dimension, int] | None = None,
    code_files: tuple[str, ...] = (),
    loosenings: tuple[Loosening, ...] = (),
    not_covered: tuple[str, ...] = ("harms nobody asks about",),
) -> JudgedTier:
    """Judge a tier that asks for these requirements and nothing else."""
    asks = standards(grades)
    rungs = (rung(Tier.T0), rung(tier, *expressions, asks=asks))
    standard = dataclasses.replace(
        policy(expressions, *rungs, waiver_cap=Tier.T4),
        loosenings=loosenings,
        not_covered=not_covered,
    )
    found = collection(*evidence, about=subject(code_files=code_files))
    decision = evaluate(standard, found, at=AT, asked=tier, waivers=waivers)
    return of_decision(decision, standard)
