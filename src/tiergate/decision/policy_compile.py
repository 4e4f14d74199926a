# SPDX-License-Identifier: Apache-2.0
"""From the parts of a policy file to the typed policy inside.

A band says when it is *reached*; a requirement needs it *ruled out*. The one is turned
into the other here (any reached: every one ruled out), so that the grammar needs no
"not".
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import assert_never

from pydantic import BaseModel

from tiergate.decision import policy as inside
from tiergate.decision import policy_file as file_parts
from tiergate.decision import policy_indicators as indicators
from tiergate.decision import policy_schema as parts
from tiergate.decision.explanation import Side
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.evidence.measurement import AttackBudget
from tiergate.evidence.tampering.suite_file import shipped_suite

_NO_TAMPER = inside.TamperPolicy(
    metric="safeguard.attack_success",
    limit=inside.Number(
        value=Decimal(0),
        unit="",
        status=inside.NumberStatus.DEFAULT,
        basis="the policy has no tamper resistance, so no attack may succeed",
    ),
    levels={},
)


def compile_policy(file: file_parts.PolicyFile, digest: str) -> inside.Policy:
    """Build the policy of a file whose names all resolve."""
    ceilings = {} if file.ceilings is None else file.ceilings.domains
    return inside.Policy(
        id=file.id,
        version=file.version,
        digest=digest,
        title=file.title,
        summary=file.summary,
        as_of=file.as_of,
        tiers=tuple(_tier(part, file.confidence) for part in file.tiers),
        requirements={name: _requirement(name, part) for name, part in file.requirements.items()},
        bands={
            domain: {band: _band(part) for band, part in bands.items()}
            for domain, bands in file.bands.items()
        },
        ceilings={
            domain: {band: entry.tier for band, entry in entries.items()}
            for domain, entries in ceilings.items()
        },
        tamper=_tamper(file.tamper_resistance),
        waivers=inside.WaiverLimits(
            highest_tier=file.waivers.highest_tier,
            longest_days=number(file.waivers.longest),
            roles=file.waivers.roles,
        ),
        triggers=tuple(map(_trigger, file.triggers)),
        not_covered=file.not_covered,
    )


def _trigger(part: file_parts.TriggerPart) -> inside.Trigger:
    found = part.watch
    watch = None
    if found is not None:
        watch = inside.TriggerWatch(
            findings=found.findings,
            strengths=found.strengths,
            review_days=number(found.review),
        )
    return inside.Trigger(**{**dict(part), "watch": watch})


def number(part: parts.NumberPart) -> inside.Number:
    """Build a number."""
    source = None if part.source is None else inside.Source(**dict(part.source))
    return inside.Number(**{**dict(part), "source": source})


def expression(  # noqa: C901, PLR0911, PLR0912 - one per kind
    part: parts.ExpressionPart,
) -> inside.Expression:
    """Build a check or a combination of some."""
    match part:
        case str():
            return inside.Named(id=part)
        case parts.AllPart():
            return inside.AllOf(parts=tuple(expression(p) for p in part.all))
        case parts.AnyPart():
            return inside.AnyOf(parts=tuple(expression(p) for p in part.any))
        case parts.AtLeastPart():
            found = tuple(expression(p) for p in part.of)
            return inside.AtLeast(needed=part.at_least, parts=found)
        case parts.LimitAtom():
            return _limit(part.limit)
        case parts.ClaimAtom():
            return _claim(part.claim)
        case parts.BandAtom():
            band = part.band
            return BandAtMost(domain=band.domain, band=band.at_most, variant=band.variant)
        case parts.CeilingAtom():
            return WithinCeiling(**dict(part.within_ceiling))
        case parts.MeasuredAtom():
            return Measured(**dict(part.measured))
        case parts.MarginalAtom():
            return _marginal(part.marginal)
        case parts.TamperAtom():
            return TamperResistance(level=part.tamper_resistance)
        case parts.LoadsAtom():
            return LoadsWithoutCode()
        case parts.GeneratesAtom():
            return GeneratesOnly(modalities=frozenset(part.generates_only))
    assert_never(part)


def _limit(part: parts.LimitPart) -> LimitOnMetric:
    side, limit = next(
        (side, limit)
        for side, limit in (
            (Side.AT_MOST, part.at_most),
            (Side.BELOW, part.below),
            (Side.AT_LEAST, part.at_least),
        )
        if limit is not None
    )
    fewest = part.minimum_behaviours
    return LimitOnMetric(
        metric=part.metric,
        scale=part.scale,
        side=side,
        limit=number(limit),
        variant=part.variant,
        minimum_behaviours=None if fewest is None else number(fewest),
    )


def _marginal(part: parts.MarginalPart) -> inside.Expression:
    fewest = part.minimum_behaviours
    found = tuple(
        AddsAtMost(
            metric=metric,
            limit=number(part.at_most),
            variant=part.variant,
            baselines=part.baselines,
            minimum_behaviours=None if fewest is None else number(fewest),
        )
        for metric in part.metrics
    )
    return found[0] if len(found) == 1 else inside.AllOf(parts=found)


def _claim(part: parts.ClaimPart) -> ClaimMade:
    return ClaimMade(
        item=part.item,
        expects=part.expects,
        fields=part.fields,
        limits=tuple(_field_limit(limit) for limit in part.limits),
        by=part.by,
    )


def _field_limit(part: parts.FieldLimitPart) -> FieldLimit:
    if part.at_most is not None:
        return FieldLimit(field=part.field, side=Side.AT_MOST, limit=number(part.at_most))
    assert part.at_least is not None  # noqa: S101 - the schema leaves no other case
    return FieldLimit(field=part.field, side=Side.AT_LEAST, limit=number(part.at_least))


def _requirement(name: str, part: file_parts.RequirementPart) -> inside.Requirement:
    return inside.Requirement(
        id=name,
        title=part.title,
        asks=part.asks,
        clauses=part.clauses,
        expression=expression(part.requires),
        applies_to=part.applies_to,
        waivable=part.waivable,
    )


def _band(part: file_parts.BandDefinitionPart) -> inside.BandDefinition:
    return inside.BandDefinition(
        title=part.means,
        reached_when=part.words,
        ruled_out=_ruled_out(part.reached_when),
        numbers=tuple(number(n) for n in _numbers(part.reached_when)),
    )


def _ruled_out(part: indicators.ReachedPart) -> inside.Expression:
    match part:
        case indicators.ReachedByAny():
            return inside.AllOf(parts=tuple(_ruled_out(p) for p in part.any))
        case indicators.ReachedByAll():
            return inside.AnyOf(parts=tuple(_ruled_out(p) for p in part.all))
        case indicators.ReachedByFinding():
            return ClaimMade(item=part.finding, expects=False, by=part.by)
        case indicators.ReachedByMetric():
            side, limit = Side.BELOW, part.reaches
            if limit is None:
                side, limit = Side.AT_MOST, part.exceeds
            assert limit is not None  # noqa: S101 - the schema leaves no other case
            return LimitOnMetric(
                metric=part.metric,
                scale=part.scale,
                side=side,
                limit=number(limit),
                reached_unless_ruled_out=True,
            )
    assert_never(part)


def _numbers(part: BaseModel) -> Iterator[parts.NumberPart]:
    for _, value in part:
        if isinstance(value, parts.NumberPart):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, BaseModel):
                    yield from _numbers(item)


def _tamper(part: file_parts.TamperPart | None) -> inside.TamperPolicy:
    if part is None:
        return _NO_TAMPER
    return inside.TamperPolicy(
        metric=part.metric,
        limit=number(part.limit),
        levels={level: _tamper_level(found) for level, found in part.levels.items()},
    )


def _tamper_level(part: file_parts.TamperLevelPart) -> inside.TamperDefinition:
    budget = part.budget
    return inside.TamperDefinition(
        means=part.means,
        attack_classes=part.attack_classes,
        budget=AttackBudget(
            usd=None if budget.usd is None else budget.usd.value,
            gpu_hours=None if budget.gpu_hours is None else budget.gpu_hours.value,
            steps=None if budget.steps is None else int(budget.steps.value),
            examples=None if budget.examples is None else int(budget.examples.value),
            attempts=None if budget.attempts is None else int(budget.attempts.value),
            flop=None if budget.flop is None else int(budget.flop.value),
        ),
        numbers=tuple(number(n) for n in _numbers(budget)),
        suite=shipped_suite(part.suite.partition("@")[0]) if part.suite else None,
    )


def _tier(part: file_parts.TierPart, confidence: Decimal) -> inside.TierDefinition:
    return inside.TierDefinition(
        tier=part.id,
        name=part.name,
        field_names=part.field_names,
        access=part.access,
        safeguards=part.safeguards,
        security=part.security,
        monitoring=part.monitoring,
        requirements=part.requirements,
        fast_path=part.fast_path,
        approvals=part.approvals.text,
        approval_roles=part.approvals.roles,
        holds=tuple(_hold(hold) for hold in part.holds),
        expiry=number(part.expiry.days),
        expiry_note=part.expiry.note,
        standards=_standards(part.evidence, confidence),
        fast_standards=_standards(part.fast_path_evidence or part.evidence, confidence),
        clauses=part.clauses,
    )


def _standards(part: file_parts.EvidencePart, confidence: Decimal) -> inside.Standards:
    return inside.Standards(
        minimum_grades=part.minimum_grades,
        longest_age_days=number(part.longest_age),
        confidence=confidence,
    )


def _hold(part: file_parts.HoldPart) -> inside.Hold:
    unless = None if part.unless is None else expression(part.unless)
    return inside.Hold(text=part.text, days=number(part.days), unless=unless)
