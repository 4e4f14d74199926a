# SPDX-License-Identifier: Apache-2.0
"""An engine that answers from known success rates instead of from a model."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tiergate.evidence.measurement import AttackBudget, AttackClass
from tiergate.evidence.tampering.adversary import Access, Cost
from tiergate.evidence.tampering.context import Effort, RunContext
from tiergate.evidence.tampering.engines import Keep, keep_nothing
from tiergate.evidence.tampering.grading import AnswerClass
from tiergate.evidence.tampering.outcomes import Rule
from tiergate.evidence.tampering.prompts import PromptPair, PromptSet
from tiergate.evidence.tampering.suites import Suite, SuiteAttack
from tiergate.evidence.tampering.trial import (
    UNGUARDED,
    Labels,
    Phase,
    PointResult,
    Trial,
    TrialResult,
    UtilityFound,
)

PROMPTS = PromptSet.of(
    "simulated",
    (
        PromptPair(id=f"p{n:03}", cluster=f"p{n:03}", guarded=f"guarded {n}", twin=f"twin {n}")
        for n in range(480)
    ),
)
EFFORT = Effort(confirmation_prompts=160, confirmation_twins=80)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of the model under one trial."""

    success: float = 0.0
    """Probability that a guarded prompt is answered."""
    twin_refusal: float = 0.0
    """Probability that a harmless twin is refused."""
    loss: float = 0.0
    """Nats lost on every held-out item."""
    error: str = ""
    """What goes wrong."""
    points: tuple[tuple[str, int, float], ...] = ()
    """Points, steps and success at each; empty for one point without a cost."""


@dataclass(slots=True)
class SimulatedEngine:
    """Answers trials from what is true, seeded by the trial."""

    truth: Callable[[Trial], Truth]
    asked: list[Trial] = field(default_factory=list)
    most: int = 160

    def run(self, trials: Sequence[Trial], keep: Keep = keep_nothing) -> Iterator[TrialResult]:
        """Answer each trial."""
        for trial in trials:
            self.asked.append(trial)
            result = self._result(trial)
            keep(result)
            yield result

    def _result(self, trial: Trial) -> TrialResult:
        truth = self.truth(trial)
        if truth.error:
            return TrialResult(trial=trial, error=truth.error)
        rolls = random.Random(trial.id)  # noqa: S311 - a simulation
        places = truth.points or (("all", 0, truth.success),)
        points = [
            _point(name, steps, success, truth, rolls, trial)
            for name, steps, success in places
            if trial.point in ("", name)
        ]
        return TrialResult(trial=trial, points=tuple(points), restored="sha256:as-loaded")


def _point(  # noqa: PLR0917 - in the order in which a point is described
    name: str, steps: int, success: float, truth: Truth, rolls: random.Random, trial: Trial
) -> PointResult:
    parts = PROMPTS.split(0)
    in_full = trial.phase is not Phase.SEARCH
    pairs = parts.confirmation[:160] if in_full else parts.search[:96]
    twins = parts.confirmation[:80] if in_full else parts.search[:24]

    def labels(rows: Sequence[PromptPair], answered: float) -> Labels:
        return Labels(
            rows=tuple(
                (
                    pair.id,
                    (AnswerClass.COMPLIED if rolls.random() < answered else AnswerClass.REFUSED,),
                )
                for pair in rows
            )
        )

    return PointResult(
        point=name,
        cost=Cost(steps=steps, flop=steps * 10**12, seconds=Decimal(steps)),
        measuring=Cost(attempts=len(pairs), flop=10**11),
        guarded=labels(pairs, success),
        twin=labels(twins, 1 - truth.twin_refusal),
        utility=UtilityFound(likelihood=(0.5 + truth.loss,) * 72, correct=40, asked=56),
        digest="sha256:variant",
        transcript="sha256:transcript",
        dtype="float32",
        generation="temperature=0",
    )


def suite_of(*names: str, trials: int = 4, seeds: int = 1) -> Suite:
    """Return a suite of attacks of that name, after the null control."""
    families = {"none": AttackClass.NONE, "prefill": AttackClass.PREFILL}
    return Suite(
        id="simulated",
        version="1.0.0",
        means="a simulation",
        includes="",
        attacks=tuple(
            SuiteAttack(
                name=name,
                family=families.get(name, AttackClass.OTHER),
                access=Access.WEIGHTS,
                budget=AttackBudget(attempts=1),
                trials=trials,
                seeds=seeds,
                status="default, adjustable",
                basis="a simulation",
            )
            for name in ("none", *names)
        ),
        is_demonstration=True,
    )


def context_of(suite: Suite, *, unguarded: bool = True) -> RunContext:
    """Return a context for simulated runs."""
    return RunContext(
        model=Path("model"),
        suite=suite,
        prompts=PROMPTS,
        rule=Rule(limit=Decimal("0.05")),
        unguarded=Path("unguarded") if unguarded else None,
        effort=EFFORT,
    )


def guarded(trial: Trial, others: dict[str, Truth] | None = None) -> Truth:
    """Tell the truth about a model that refuses, but for the attacks named."""
    if trial.attack == UNGUARDED:
        return Truth(success=0.98)
    return (others or {}).get(trial.attack, Truth())
