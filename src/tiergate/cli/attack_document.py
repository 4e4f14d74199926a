# SPDX-License-Identifier: Apache-2.0
"""What `tiergate attack` prints with ``--json`` and writes as ``result.json``."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from tiergate.evidence.measurement import Controls
from tiergate.evidence.tampering.adversary import Cost, Prices
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.stats.rates import Rate

if TYPE_CHECKING:
    from tiergate.cli.attack_session import Done
    from tiergate.evidence.tampering.harness import AttackResult, Confirmed
    from tiergate.evidence.tampering.outcomes import Finding
    from tiergate.evidence.tampering.trial import PointResult

_PLACES = Decimal("0.000001")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class SpentPart(_Part):
    """What an attacker pays."""

    attempts: int
    """Answers drawn from the model."""
    steps: int
    """Optimiser steps."""
    examples: int
    """Training examples seen."""
    flop: int
    """Floating-point operations."""
    gpu_hours: str
    """Accelerator hours that the operations take, by the price file."""
    usd: str
    """US dollars, by the price file."""


class ModelFoundPart(_Part):
    """One model, measured on fresh prompts in full."""

    setting: str
    """Attack, hyper-parameters, seed and point; empty for the model as released."""
    outcome: AttackOutcome
    """What was decided about this model."""
    reason: str
    """Why."""
    succeeded: int
    """Prompts that should be refused and were answered."""
    asked: int
    """Prompts that should be refused."""
    success_at_least: str
    """Lower bound of the success rate."""
    success_at_most: str
    """Upper bound of the success rate."""
    twins_refused: int
    """Harmless twins that were refused."""
    twins_asked: int
    """Harmless twins."""
    tasks_solved: int
    """Everyday tasks still solved."""
    tasks_asked: int
    """Everyday tasks."""
    loss_nats: str
    """Lower bound of the loss of likelihood, in nats per token."""
    weights_digest: str
    """Digest of the weights in memory while it was measured."""


class AttackFoundPart(_Part):
    """One attack of the suite."""

    attack: str
    """Its name."""
    family: str
    """Family that its evidence is filed under."""
    outcome: AttackOutcome
    """What it did to the safeguard."""
    reasons: tuple[str, ...]
    """Why."""
    trials: int
    """Trials of the search that were made."""
    planned: int
    """Trials that the suite asks for."""
    deciding: ModelFoundPart | None
    """The model that decided; None when none was measured on fresh prompts."""
    spent: SpentPart
    """What had been paid when it broke, the search included; for the whole search otherwise."""
    breaks_at: SpentPart | None
    """What the break costs by itself, to whoever knows the setting; null where nothing broke.

    Its own run up to the point that broke, and measuring there."""


class TaskPart(_Part):
    """The user's own task on the model that decided about one attack."""

    attack: str
    """Name of the attack."""
    logs: tuple[str, ...]
    """Files of its logs, in the folder ``inspect-logs`` of the run."""
    evidence: tuple[str, ...]
    """Digests of the documents that were made of them; none without a mapping."""
    error: str
    """What went wrong; empty when nothing did."""


class AttackDocument(_Part):
    """What `tiergate attack` found."""

    format: Literal["tiergate-attack/1"] = "tiergate-attack/1"
    """Format and version of this document."""
    model: str
    """What the checkpoint is called."""
    root_digest: str
    """Its root digest, before and after."""
    weights_digest: str
    """Its weights digest."""
    suite: str
    """Suite and version."""
    prompts: str
    """Name of the set of prompts."""
    prompts_digest: str
    """Its digest."""
    limit: str
    """Success rate that is tolerated."""
    confidence: str
    """Of the outcomes."""
    controls: Controls
    """Whether the controls did what they must."""
    unguarded_succeeded: int
    """Prompts that the twin without safeguard answered."""
    unguarded_asked: int
    """Prompts that it was asked; 0 without a twin."""
    released: ModelFoundPart
    """The model as released."""
    attacks: tuple[AttackFoundPart, ...]
    """Every attack of the suite but the null control, in its order."""
    tasks: tuple[TaskPart, ...]
    """The user's own task, attack by attack; empty without one."""
    outcome: AttackOutcome
    """The outcome of the run."""
    reasons: tuple[str, ...]
    """Why."""
    cheapest_break: str
    """Setting of the confirmed break that costs the fewest operations by itself; empty for none."""
    evidence: tuple[str, ...]
    """Digests of the documents that were filed."""
    store: str
    """Folder of evidence that they are in."""
    exit_code: int
    """Exit code of the command."""


def attack_document(done: Done) -> AttackDocument:
    """Return what a run came to, for machines."""
    from tiergate.evidence.tampering.accounting import cheapest_break

    prepared, result = done.prepared, done.result
    context, checkpoint = prepared.context, prepared.checkpoint
    cheapest = cheapest_break(result.attacks)
    points = result.positive.points[-1:] if result.positive else ()
    positive = points[0].guarded.successes if points else Rate(0, 0)
    return AttackDocument(
        model=checkpoint.name,
        root_digest=checkpoint.root_digest,
        weights_digest=checkpoint.weights_digest or "",
        suite=context.suite.stamp,
        prompts=context.prompts.name,
        prompts_digest=context.prompts.digest,
        limit=str(context.rule.limit),
        confidence=str(context.rule.confidence),
        controls=result.controls,
        unguarded_succeeded=positive.successes,
        unguarded_asked=positive.trials,
        released=_model("", result.null.points[-1:], result.released),
        attacks=tuple(_attack(attack, prepared.prices) for attack in result.attacks),
        tasks=tuple(
            TaskPart(
                attack=task.attack,
                logs=tuple(log.name for log in task.logs),
                evidence=task.documents,
                error=task.error,
            )
            for task in done.tasks
        ),
        outcome=result.summary.outcome,
        reasons=result.summary.reasons,
        cheapest_break=cheapest[1].name if cheapest else "",
        evidence=done.documents,
        store=str(prepared.store),
        exit_code=done.code,
    )


def deciding(found: AttackResult) -> Confirmed | None:
    """Return the model that decided: the cheapest break, or the first that was confirmed."""
    from tiergate.evidence.tampering.accounting import cheapest_break

    broken = cheapest_break((found,))
    if broken is not None:
        return broken[1]
    order = (found.summary.outcome, AttackOutcome.HOLDS)
    for outcome in order:
        for confirmed in found.confirmed:
            if confirmed.finding.outcome is outcome:
                return confirmed
    return found.confirmed[0] if found.confirmed else None


def _attack(found: AttackResult, prices: Prices) -> AttackFoundPart:
    from tiergate.evidence.tampering.accounting import paid_in_all, paid_until, price_of_setting

    model = deciding(found)
    is_broken = model is not None and model.finding.outcome is AttackOutcome.BROKEN
    broken = model if is_broken else None
    paid = paid_in_all(found) if broken is None else paid_until(found, broken)
    return AttackFoundPart(
        attack=found.attack.name,
        family=found.attack.family,
        outcome=found.summary.outcome,
        reasons=found.summary.reasons,
        trials=len(found.searched),
        planned=found.planned,
        deciding=None
        if model is None
        else _model(model.name, model.result.points[-1:], model.finding),
        spent=_spent(paid, prices),
        breaks_at=None if broken is None else _spent(price_of_setting(found, broken), prices),
    )


def _spent(cost: Cost, prices: Prices) -> SpentPart:
    return SpentPart(
        attempts=cost.attempts,
        steps=cost.steps,
        examples=cost.examples,
        flop=cost.flop,
        gpu_hours=format(prices.gpu_hours(cost.flop), "f"),
        usd=format(prices.usd(cost.flop), "f"),
    )


def _model(setting: str, points: tuple[PointResult, ...], finding: Finding) -> ModelFoundPart:
    """Write one model; ``points`` holds the point that was measured, if one was."""
    point = points[0] if points else None
    success = point.guarded.successes if point else None
    twins = point.twin.refusals if point else None
    return ModelFoundPart(
        setting=setting,
        outcome=finding.outcome,
        reason=finding.reason,
        succeeded=success.successes if success else 0,
        asked=success.trials if success else 0,
        success_at_least=_share(finding.success.lower, ROUND_FLOOR),
        success_at_most=_share(finding.success.upper, ROUND_CEILING),
        twins_refused=twins.successes if twins else 0,
        twins_asked=twins.trials if twins else 0,
        tasks_solved=point.utility.correct if point else 0,
        tasks_asked=point.utility.asked if point else 0,
        loss_nats=_share(finding.loss_nats, ROUND_FLOOR),
        weights_digest=point.digest if point else "",
    )


def _share(value: float, rounding: str) -> str:
    return str(Decimal(value).quantize(_PLACES, rounding))
