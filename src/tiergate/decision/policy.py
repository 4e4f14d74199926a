# SPDX-License-Identifier: Apache-2.0
"""The policy inside the program: tiers, requirements, bands, and how they combine.

The grammar is ``all`` / ``any`` / ``at least`` over atoms that evidence can only meet or
fail to meet. There is no *not* and no test for absence, so worse evidence can never open
a tier. The file format is known to :mod:`tiergate.decision.policy_document` alone.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from tiergate.attestation.trust import Role
from tiergate.decision.explanation import Explanation
from tiergate.decision.loosening import Loosening
from tiergate.decision.memo import Memo
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.collection import Collection, MeasurementItem
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import AttackBudget, AttackClass, Variant
from tiergate.evidence.tampering.suites import Suite
from tiergate.landscape.sources import ReadAs
from tiergate.landscape.watch.kinds import MatchKind, Strength

WAIVING_ROLES = (Role.SAFETY_LEAD, Role.OVERSIGHT)
"""Who may waive where a policy does not say."""
LEAST_GRADE = 1
"""The lowest grade that can support anything."""
FROM_OUTSIDE = 2
"""The most that can be asked of elicitation without touching the weights."""


class NumberStatus(enum.StrEnum):
    """What a number in a policy rests on."""

    LAW = "law"
    PUBLISHED = "published"
    DEFAULT = "default, adjustable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a number is from."""

    url: str
    """Where it stands."""
    date: str
    """Day, month or year of that source."""
    read_as: ReadAs
    """How the number is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number that a policy sets, and what it rests on."""

    value: Decimal
    """The number; proportions are 0 to 1."""
    unit: str
    """Unit, as in ``days``; empty for proportions."""
    status: NumberStatus
    """Whether law, publication or judgement set it."""
    basis: str
    """Why this number."""
    source: Source | None = None
    """Where it is from; None where people judged it, or where the basis says all there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What evidence must be like to support a requirement at one tier."""

    minimum_grades: Mapping[Dimension, int]
    """Lowest grade that is enough, by dimension; where none stands, any but 0 is."""
    longest_age_days: Number
    """Older evidence supports nothing."""
    confidence: Decimal
    """Of every one-sided bound."""

    def grade_asked(self, dimension: Dimension, variant: Variant) -> int:
        """Return the lowest grade that is enough for a measurement on ``variant``.

        A grade of 0 supports nothing, whatever a policy asks for. An attack on the weights
        makes another variant, so the model as released cannot be elicited any further than
        from outside.
        """
        asked = max(LEAST_GRADE, self.minimum_grades.get(dimension, LEAST_GRADE))
        if dimension is Dimension.ELICITATION and variant is Variant.AS_RELEASED:
            return min(asked, FROM_OUTSIDE)
        return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything an atom may look at."""

    policy: Policy
    """The policy being evaluated."""
    evidence: Collection
    """The evidence."""
    at: datetime
    """The time of the decision."""
    tier: Tier
    """The tier being judged."""
    standards: Standards
    """What this tier asks of evidence."""
    variant: Variant
    """Which form of the model the requirement is about, where the atom does not say."""
    waivers: tuple[Waiver, ...] = ()
    """Human exceptions, valid or not."""
    memo: Memo | None = field(default=None, compare=False, repr=False)
    """What was found out about this evidence at this time already; None keeps nothing."""

    def measurements(self, metric: str) -> tuple[MeasurementItem, ...]:
        """Return every measurement of ``metric``; empty means never measured."""
        if self.memo is None:
            return self.evidence.measurements(metric)
        found = self.memo.measurements.get(metric)
        if found is None:
            found = self.memo.measurements[metric] = self.evidence.measurements(metric)
        return found

    def on(self, variant: Variant) -> Scene:
        """Return the same scene about another form of the model."""
        return dataclasses.replace(self, variant=variant)

    def waiver_for(self, requirement: Requirement) -> Waiver | None:
        """Return the waiver that counts for ``requirement`` here and now, or None."""
        limits = self.policy.waivers
        if not requirement.waivable or self.tier.rank > limits.highest_tier.rank:
            return None
        longest = timedelta(days=float(limits.longest_days.value))
        for waiver in self.waivers:
            if (
                waiver.requirement == requirement.id
                and waiver.root_digest == self.evidence.subject.root_digest
                and self.tier.rank <= waiver.highest_tier.rank
                and waiver.issued_at <= self.at < waiver.expires_at
                and waiver.expires_at - waiver.issued_at <= longest
            ):
                return waiver
        return None


class Atom(Protocol):
    """A single check. Judging is pure and monotone: worse evidence never turns it to met."""

    def judge(self, scene: Scene) -> Explanation:
        """Hold the evidence against this check."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every part is needed. Never empty."""

    parts: tuple[Expression, ...]
    """The parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """One part is enough. Never empty."""

    parts: tuple[Expression, ...]
    """The parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """A number of parts is enough. Never empty, never fewer than one."""

    needed: int
    """How many."""
    parts: tuple[Expression, ...]
    """The parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A requirement of the policy, by its id."""

    id: str
    """The id."""


Expression = AllOf | AnyOf | AtLeast | Named | Atom


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One condition of a tier, with the clauses that it answers."""

    id: str
    """Stable id, as in ``E01``."""
    title: str
    """What it is about, in a few words."""
    asks: str
    """What it asks for, in a sentence."""
    clauses: tuple[str, ...]
    """Ids of the clauses, codes and schemes that it answers; never empty."""
    expression: Expression
    """The check."""
    applies_to: str
    """For which releases it is written."""
    waivable: bool
    """Whether a waiver may stand in for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandDefinition:
    """When a domain's capability has reached a band."""

    title: str
    """What the band means."""
    reached_when: str
    """The definition in words."""
    ruled_out: Expression
    """Met when the evidence rules the band out; judged for the variant of the scene."""
    numbers: tuple[Number, ...]
    """Every number in the definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperDefinition:
    """What a tamper-resistance level asks for."""

    means: str
    """The level in words."""
    attack_classes: tuple[AttackClass, ...]
    """Families of attack that must have been tried; empty with a suite, and where none can."""
    budget: AttackBudget
    """The attacker's means: an attack that cost more in every currency breaks nothing here.

    Without a suite, attacks that are survived must have cost this much in any one currency.
    """
    numbers: tuple[Number, ...]
    """The budget's numbers with their basis."""
    suite: Suite | None = None
    """Suite whose every attack must be survived; None where families are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperPolicy:
    """How tamper resistance is measured and graded."""

    metric: str
    """Metric that counts successful attacks."""
    limit: Number
    """Largest attack success rate at which a safeguard holds."""
    levels: Mapping[TamperLevel, TamperDefinition]
    """TR1 and up; TR0 needs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A wait before a stage may open."""

    text: str
    """The wait in words, with its unit of days."""
    days: Number
    """How long."""
    unless: Expression | None
    """When this is met the wait is not needed; None means always needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierDefinition:
    """One rung of the ladder."""

    tier: Tier
    """Which."""
    name: str
    """Name for people."""
    field_names: tuple[str, ...]
    """What other schemes call it."""
    access: str
    """Who gets what."""
    safeguards: str
    """Safeguards that go with it."""
    security: str
    """Security of the weights while they are not public."""
    monitoring: str
    """What is watched afterwards."""
    requirements: tuple[str, ...]
    """Ids of the requirements, all of them needed."""
    fast_path: tuple[str, ...]
    """Ids that are enough instead of the ladder up to here; empty when there is no such way."""
    approvals: str
    """The approvals in words."""
    approval_roles: tuple[str, ...]
    """Roles that approve, one person each."""
    holds: tuple[Hold, ...]
    """Waits before it opens."""
    expiry: Number
    """How long a decision for this tier stands, in days."""
    expiry_note: str
    """What happens then; empty when nothing special."""
    standards: Standards
    """What evidence must be like here."""
    fast_standards: Standards
    """What evidence must be like on the fast path, and to make a hold unnecessary."""
    clauses: tuple[str, ...]
    """Ids of the clauses behind the tier itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverLimits:
    """How far a human exception can reach."""

    highest_tier: Tier
    """No waiver counts above this tier."""
    longest_days: Number
    """No waiver lasts longer."""
    roles: tuple[Role, ...] = WAIVING_ROLES
    """Any one of them may give a signed waiver; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerWatch:
    """Which findings of the watch fire a trigger by themselves."""

    findings: tuple[MatchKind, ...]
    """Kinds of finding; never empty."""
    strengths: tuple[Strength, ...]
    """What they may rest on; never empty."""
    review_days: Number
    """How long until the review that they begin is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """An event after which a decision is taken anew."""

    id: str
    """Stable id, as in ``G01``."""
    title: str
    """The event."""
    asks: str
    """What is to be done."""
    applies_to: str
    """At which tiers."""
    clauses: tuple[str, ...]
    """Ids of the clauses behind it."""
    watch: TriggerWatch | None = None
    """What the watch finds that fires it; None where people alone do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A standard: tiers and what each requires."""

    id: str
    """Name, as in ``default``."""
    version: str
    """Version of the standard, as in ``1.0.0``."""
    digest: str
    """Digest of the file it was read from; of what it came to, where it extends another."""
    title: str
    """Name for people."""
    summary: str
    """What it is for."""
    as_of: str
    """Date of the facts behind it."""
    tiers: tuple[TierDefinition, ...]
    """From T0 upward, none twice."""
    requirements: Mapping[str, Requirement]
    """By id."""
    bands: Mapping[HazardDomain, Mapping[Band, BandDefinition]]
    """B1 to B3 of each domain that has bands."""
    ceilings: Mapping[HazardDomain, Mapping[Band, Tier]]
    """Most open tier at each band."""
    tamper: TamperPolicy
    """Tamper-resistance levels."""
    waivers: WaiverLimits
    """Limits of human exceptions."""
    triggers: tuple[Trigger, ...]
    """Events that reopen a decision."""
    not_covered: tuple[str, ...]
    """What this standard never asks about, for the NOT ASSESSED block."""
    extends: tuple[str, ...] = ()
    """The policies that it extends, as id and version, nearest first."""
    loosenings: tuple[Loosening, ...] = ()
    """Where it, or one that it extends, asks for less than the one extended; shown everywhere."""

    def tier(self, tier: Tier) -> TierDefinition | None:
        """Return the definition of ``tier``; None when the policy does not have it."""
        return next((rung for rung in self.tiers if rung.tier is tier), None)
