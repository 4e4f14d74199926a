# SPDX-License-Identifier: Apache-2.0
"""The parts of a policy file above the single check: requirements, bands, tiers.

See :mod:`tiergate.decision.policy_schema` for checks and numbers.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tiergate.attestation.trust import Role
from tiergate.decision.policy import WAIVING_ROLES
from tiergate.decision.policy_indicators import ReachedPart
from tiergate.decision.policy_schema import (
    Clauses,
    CountPart,
    DaysPart,
    ExpressionPart,
    Metric,
    NumberPart,
    Part,
    RequirementId,
    Words,
)
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.grades import HIGHEST, Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import AttackClass
from tiergate.landscape.watch.kinds import MatchKind, Strength


class RequirementPart(Part):
    """One condition of a tier."""

    title: Words
    """What it is about, in a few words."""
    asks: Words
    """What it asks for, in a sentence."""
    applies_to: str = ""
    """For which releases it is written."""
    clauses: Clauses
    """Ids of the clauses, codes and schemes that it answers."""
    requires: ExpressionPart
    """The check."""
    waivable: bool = True
    """Whether a waiver may stand in for it."""


class BandDefinitionPart(Part):
    """When a domain's capability has reached a band."""

    means: Words
    """What the band means."""
    words: Words
    """The definition in words."""
    reached_when: ReachedPart
    """The definition as indicators."""


class CeilingEntry(Part):
    """The most open tier at one band."""

    tier: Tier
    """The tier."""
    note: str = ""
    """Exceptions, in words; the requirements say how they are checked."""


class CeilingsPart(Part):
    """The most open tier for each domain and band."""

    status: Literal["law", "published", "default, adjustable"]
    """What the table rests on."""
    basis: Words
    """Why this table."""
    domains: dict[HazardDomain, dict[Band, CeilingEntry]]
    """By domain and band."""


SuiteName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,40}(@\d+\.\d+\.\d+)?$")]


class BudgetPart(Part):
    """What an attacker can spend, in each of these currencies."""

    usd: NumberPart | None = None
    """Money, in US dollars."""
    gpu_hours: NumberPart | None = None
    """Accelerator hours."""
    steps: CountPart | None = None
    """Optimiser steps."""
    examples: CountPart | None = None
    """Training examples."""
    attempts: CountPart | None = None
    """Answers sampled for each prompt."""
    flop: CountPart | None = None
    """Floating-point operations."""


class TamperLevelPart(Part):
    """What a tamper-resistance level asks for: a suite, or families of attack."""

    means: Words
    """The level in words."""
    suite: SuiteName | None = None
    """Shipped suite whose every attack must be survived, as in ``TR1`` or ``TR1@1.0.0``."""
    attack_classes: tuple[AttackClass, ...] = ()
    """Families of attack that must have been tried, where no suite says which attacks."""
    budget: BudgetPart = BudgetPart()
    """The attacker's means; attacks that cost more in every currency break nothing here."""

    @model_validator(mode="after")
    def _one_way(self) -> TamperLevelPart:
        if self.suite and self.attack_classes:
            raise ValueError("give a suite or attack_classes, not both")
        return self


class ProportionPart(NumberPart):
    """A proportion that something can stay below and get above."""

    @model_validator(mode="after")
    def _possible(self) -> ProportionPart:
        if not 0 < self.value < 1:
            raise ValueError("a proportion between 0 and 1")
        return self


class TamperPart(Part):
    """How tamper resistance is measured and graded."""

    metric: Metric
    """Metric that counts successful attacks."""
    limit: ProportionPart
    """Largest attack success rate at which a safeguard holds."""
    levels: dict[TamperLevel, TamperLevelPart]
    """TR1 to TR4; TR0 needs nothing."""


GradePart = Annotated[int, Field(strict=True, ge=1, le=HIGHEST)]


class EvidencePart(Part):
    """What evidence must be like to support a requirement at a tier."""

    minimum_grades: dict[Dimension, GradePart]
    """Lowest grade that is enough, by dimension; where none stands, any but 0 is."""
    longest_age: DaysPart
    """In days; older evidence supports nothing."""


class HoldPart(Part):
    """A wait before a stage may open."""

    text: Words
    """The wait in words."""
    days: DaysPart
    """How long."""
    unless: ExpressionPart | None = None
    """When this is met the wait is not needed."""


class ApprovalsPart(Part):
    """Who has to approve."""

    text: Words
    """The approvals in words."""
    roles: Annotated[tuple[Words, ...], Field(min_length=1)]
    """Roles, one person each."""


class ExpiryPart(Part):
    """How long a decision stands."""

    days: DaysPart
    """How long."""
    note: str = ""
    """What happens then."""


class TierPart(Part):
    """One rung of the ladder."""

    id: Tier
    """Which."""
    name: Words
    """Name for people."""
    field_names: tuple[Words, ...] = ()
    """What other schemes call it."""
    access: Words
    """Who gets what."""
    requirements: Annotated[tuple[RequirementId, ...], Field(min_length=1)]
    """Requirements, all of them needed."""
    fast_path: tuple[RequirementId, ...] = ()
    """Requirements that are enough instead of the ladder up to here."""
    fast_path_also: tuple[RequirementId, ...] = ()
    """In an extension: requirements that the fast path of the policy extended asks for besides."""
    unsafe_drops: tuple[RequirementId, ...] = ()
    """Requirements of the policy extended that this tier does not ask for."""
    evidence: EvidencePart
    """What evidence must be like here."""
    fast_path_evidence: EvidencePart | None = None
    """The same on the fast path, and to make a hold unnecessary; left out, as above."""
    safeguards: str = ""
    """Safeguards that go with it."""
    security: str = ""
    """Security of the weights while they are not public."""
    monitoring: str = ""
    """What is watched afterwards."""
    approvals: ApprovalsPart
    """Who has to approve."""
    holds: tuple[HoldPart, ...] = ()
    """Waits before it opens."""
    holds_also: tuple[HoldPart, ...] = ()
    """In an extension: waits besides those of the policy extended."""
    expiry: ExpiryPart
    """How long a decision stands."""
    clauses: Clauses
    """Ids of the clauses behind the tier itself."""


class WaiversPart(Part):
    """How far a human exception can reach."""

    highest_tier: Tier
    """No waiver counts above this tier."""
    longest: DaysPart
    """In days; no waiver lasts longer."""
    roles: Annotated[tuple[Role, ...], Field(min_length=1)] = WAIVING_ROLES
    """Any one of them may give a signed waiver."""


def _fires(strength: Strength) -> Strength:
    if strength is Strength.SHAPE:
        raise ValueError("what rests on its shape is a lead, and fires nothing")
    return strength


class TriggerWatchPart(Part):
    """Which findings of the watch fire a trigger by themselves."""

    findings: Annotated[tuple[MatchKind, ...], Field(min_length=1)]
    """Kinds of finding."""
    strengths: Annotated[
        tuple[Annotated[Strength, AfterValidator(_fires)], ...], Field(min_length=1)
    ]
    """What they may rest on."""
    review: DaysPart
    """In days: how long until the review that they begin is due."""


class TriggerPart(Part):
    """An event after which a decision is taken anew."""

    id: Words
    """Stable id, as in ``G01``."""
    title: Words
    """The event."""
    asks: Words
    """What is to be done."""
    applies_to: Words
    """At which tiers."""
    clauses: Clauses
    """Ids of the clauses behind it."""
    watch: TriggerWatchPart | None = None
    """What the watch finds that fires it; left out where people alone do."""


def _a_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("a day of the calendar, as in 2026-11-23") from None
    return text


Extended = Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{0,60}|.+\.ya?ml)$")]


class PolicyFile(Part):
    """A Tiergate policy file."""

    format: Literal["tiergate-policy/1"]
    """Format and version of this file."""
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
    """Name, as in ``default``."""
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    """Version of the standard."""
    extends: Extended | None = None
    """Policy that this one extends: the id of one that ships, or a path beside this file."""
    unsafe_loosens: bool = False
    """Whether it may ask for less than the policy that it extends; shown everywhere."""
    unsafe_reason: str = ""
    """Why it asks for less."""
    title: Words
    """Name for people."""
    summary: Words
    """What it is for."""
    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_a_day)]
    """Date of the facts behind it."""
    confidence: Annotated[Decimal, Field(gt=Decimal("0.5"), lt=1)]
    """Of every one-sided bound."""
    tiers: Annotated[tuple[TierPart, ...], Field(min_length=1)]
    """From T0 upward."""
    requirements: dict[RequirementId, RequirementPart]
    """By id."""
    bands: dict[HazardDomain, dict[Band, BandDefinitionPart]] = Field(default_factory=dict)
    """B1 to B3 of each domain; left out where no check asks for a band."""
    ceilings: CeilingsPart | None = None
    """Most open tier at each band; left out where no domain has bands."""
    tamper_resistance: TamperPart | None = None
    """Tamper-resistance levels; left out where no check asks for one."""
    waivers: WaiversPart
    """Limits of human exceptions."""
    triggers: tuple[TriggerPart, ...] = ()
    """Events that reopen a decision."""
    not_covered: tuple[Words, ...] = ()
    """What this standard never asks about."""
