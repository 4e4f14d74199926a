# SPDX-License-Identifier: Apache-2.0
"""A policy as checks combined by thresholds, the same for every evidence.

A tier is met or it is not, and for that a check has one of three states: met, quiet (nothing
speaks against it) or adverse. Everything that combines checks is a threshold, "at least so many
of these": *all* is every one of them and *any* is one. A band is at most so high when no higher
one has anything adverse and one that is low enough is ruled out. Waivers are left out.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tiergate.decision.analysis.opaque import parts_of, table
from tiergate.decision.explanation import Explanation
from tiergate.decision.judging import judge
from tiergate.decision.memo import Memo
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Atom,
    Expression,
    Named,
    Policy,
    Scene,
    Standards,
    TierDefinition,
)
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling, highest_band_allowed
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.measured import Measured, band_metrics
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, Tier
from tiergate.evidence.collection import Collection
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant


class State(enum.IntEnum):
    """What evidence does to one check, worst first."""

    ADVERSE = 0
    """Something speaks against it, or registered evidence about it is gone."""
    QUIET = 1
    """Nothing is shown, and nothing speaks against it."""
    MET = 2
    """It is met."""


def state_of(found: Explanation) -> State:
    """Return the state of a check that was judged."""
    if found.outcome is Outcome.MET:
        return State.MET
    if found.outcome is Outcome.NOT_MET or found.has_adverse:
        return State.ADVERSE
    return State.QUIET


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check with all that decides what evidence does to it; equal when it is the same."""

    key: str
    """Everything that matters about it, as text."""
    topic: str
    """What it is about: ``metric:...``, ``claim:...``, ``files`` or ``outputs``."""
    atom: Atom = field(compare=False, repr=False)
    """The check."""
    variant: Variant = field(compare=False, repr=False)
    """Form of the model that it is about."""
    standards: Standards = field(compare=False, repr=False)
    """What evidence must be like."""
    policy: Policy = field(compare=False, repr=False)
    """The policy that it stands in."""

    def judge(self, evidence: Collection, at: datetime) -> Explanation:
        """Hold evidence against it."""
        return judge(self.atom, self.scene(evidence, at))

    def scene(self, evidence: Collection, at: datetime, memo: Memo | None = None) -> Scene:
        """Return the scene in which it is judged."""
        return Scene(
            policy=self.policy,
            evidence=evidence,
            at=at,
            tier=Tier.T0,
            standards=self.standards,
            variant=self.variant,
            memo=memo,
        )


@dataclass(frozen=True, slots=True)
class Literal:
    """A check is in at least a state, or it is not."""

    check: Check
    at_least: State
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Threshold:
    """At least ``needed`` of the parts hold."""

    needed: int
    parts: tuple[Formula, ...]


Formula = Literal | Threshold
NEVER = Threshold(1, ())
ALWAYS = Threshold(0, ())


def every(parts: Iterator[Formula] | tuple[Formula, ...] | list[Formula]) -> Formula:
    """All parts hold; none at all never does, as in the evaluator."""
    found: list[Formula] = []
    for part in parts:
        is_all = isinstance(part, Threshold) and part.needed == len(part.parts) > 1
        found += part.parts if isinstance(part, Threshold) and is_all else (part,)
    if len(found) == 1:
        return found[0]
    return Threshold(len(found), tuple(found)) if found else NEVER


def one_of(parts: Iterator[Formula] | tuple[Formula, ...] | list[Formula]) -> Formula:
    """At least one part holds."""
    found: list[Formula] = []
    for part in parts:
        is_any = isinstance(part, Threshold) and part.needed == 1 < len(part.parts)
        found += part.parts if isinstance(part, Threshold) and is_any else (part,)
    return found[0] if len(found) == 1 else Threshold(1, tuple(found))


def negated(formula: Formula) -> Formula:
    """Return what holds exactly when ``formula`` does not."""
    if isinstance(formula, Literal):
        return dataclasses.replace(formula, holds=not formula.holds)
    needed = len(formula.parts) - formula.needed + 1
    return Threshold(max(needed, 0), tuple(negated(part) for part in formula.parts))


def holds(formula: Formula, states: Mapping[str, State]) -> bool:
    """Tell whether ``formula`` holds where every check, by its key, is in a state."""
    if isinstance(formula, Literal):
        return (states[formula.check.key] >= formula.at_least) is formula.holds
    return sum(holds(part, states) for part in formula.parts) >= formula.needed


def checks_in(formula: Formula) -> Iterator[Check]:
    """Yield every check, as often as it stands there."""
    if isinstance(formula, Literal):
        yield formula.check
        return
    for part in formula.parts:
        yield from checks_in(part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where an expression stands."""

    policy: Policy
    tier: Tier
    standards: Standards
    variant: Variant = Variant.WORST_CASE

    def met(self, expression: Expression) -> Formula:  # noqa: PLR0911 - one per kind
        """Return when ``expression`` is met."""
        match expression:
            case AllOf(parts=parts):
                return every([self.met(part) for part in parts])
            case AnyOf(parts=parts):
                return one_of([self.met(part) for part in parts])
            case AtLeast(needed=needed, parts=parts):
                return Threshold(needed, tuple(map(self.met, parts))) if needed > 0 else NEVER
            case Named(id=name):
                return self.met(self.policy.requirements[name].expression)
            case BandAtMost(domain=domain, band=band, variant=variant):
                return self._band(domain, band, variant)
            case WithinCeiling(domain=domain, variant=variant):
                return self._band(domain, self._allowed(domain), variant)
            case Measured(domains=domains):
                return every([self._measured(expression, domain) for domain in domains])
            case _ if parts_of(expression):
                return self._tried(expression, State.MET)
            case _:
                return Literal(self._check(expression), State.MET)

    def clear(self, expression: Expression) -> Formula:  # noqa: PLR0911 - one per kind
        """Return when nothing speaks against ``expression`` that was not overcome."""
        match expression:
            case AllOf(parts=parts):
                return _each([self.clear(part) for part in parts])
            case AnyOf(parts=parts) | AtLeast(parts=parts):
                return one_of([self.met(expression), _each([self.clear(p) for p in parts])])
            case Named(id=name):
                return self.clear(self.policy.requirements[name].expression)
            case BandAtMost(domain=domain, band=band, variant=variant):
                return self._band_clear(domain, band, variant)
            case WithinCeiling(domain=domain, variant=variant):
                return self._band_clear(domain, self._allowed(domain), variant)
            case Measured():
                return ALWAYS  # only what is gone speaks against it
            case _ if parts_of(expression):
                return self._tried(expression, State.QUIET)
            case _:
                return Literal(self._check(expression), State.QUIET)

    def _tried(self, expression: Expression, at_least: State) -> Formula:
        """Return when an expression that is not known here is at least in a state."""
        parts = parts_of(expression)
        scene = _scene_of(self.policy, self.tier, self.standards)
        return one_of(
            [
                every([self._in_state(p, State(s)) for p, s in zip(parts, row, strict=True)])
                for row, found in table(expression, scene).items()
                if state_of(found) >= at_least
            ]
        )

    def _in_state(self, part: Expression, state: State) -> Formula:
        if state is State.MET:
            return self.met(part)
        if state is State.ADVERSE:
            return negated(self.clear(part))
        return every([negated(self.met(part)), self.clear(part)])

    def _allowed(self, domain: HazardDomain) -> Band | None:
        scene = _scene_of(self.policy, self.tier, self.standards)
        return highest_band_allowed(scene, domain, self.tier)

    def _rows(self, domain: HazardDomain) -> dict[Band, Expression]:
        found = self.policy.bands.get(domain, {})
        return {band: found[band].ruled_out for band in sorted(found, key=lambda b: b.rank)}

    def _band(self, domain: HazardDomain, highest: Band | None, variant: Variant | None) -> Formula:
        if highest is None:
            return NEVER
        if highest is Band.B3:
            return ALWAYS
        there = dataclasses.replace(self, variant=variant or self.variant)
        rows = self._rows(domain)
        enough = [there.met(row) for b, row in rows.items() if b.rank <= highest.rank + 1]
        return every([one_of(enough), self._band_clear(domain, highest, variant)])

    def _band_clear(
        self, domain: HazardDomain, highest: Band | None, variant: Variant | None
    ) -> Formula:
        if highest is None:
            return NEVER
        there = dataclasses.replace(self, variant=variant or self.variant)
        rows = self._rows(domain)
        return _each([there.clear(row) for b, row in rows.items() if b.rank > highest.rank])

    def _measured(self, expression: Measured, domain: HazardDomain) -> Formula:
        alone = dataclasses.replace(expression, domains=(domain,))
        metrics = sorted(band_metrics(self.policy, domain))
        return one_of([Literal(self._check(alone, metric), State.MET) for metric in metrics])

    def _check(self, atom: Atom, metric: str = "") -> Check:
        topic, what, variant = _described(atom, metric, self)
        return Check(
            key=f"{topic}|{what}|{standards_key(self.standards)}",
            topic=topic,
            atom=atom,
            variant=variant,
            standards=self.standards,
            policy=self.policy,
        )


def _each(parts: list[Formula]) -> Formula:
    """All parts hold; nothing at all holds too."""
    return every(parts) if parts else ALWAYS


def _scene_of(policy: Policy, tier: Tier, standards: Standards) -> Scene:
    # Only the policy and the tier are looked at; there is no evidence here.
    from tiergate.evidence.collection import Subject, collect

    nothing = Subject(name="", root_digest="", code_files=None, output_modalities=frozenset())
    return Scene(
        policy=policy,
        evidence=collect(nothing, ()),
        at=datetime.min.replace(tzinfo=UTC),
        tier=tier,
        standards=standards,
        variant=Variant.WORST_CASE,
    )


def standards_key(found: Standards) -> str:
    """Return everything that matters about standards, as text."""
    grades = ",".join(f"{d}={v}" for d, v in sorted(found.minimum_grades.items()))
    return f"{grades};{found.longest_age_days.value.normalize():f};{found.confidence.normalize():f}"


def _described(  # noqa: PLR0911 - one per kind
    atom: Atom, metric: str, context: Context
) -> tuple[str, str, Variant]:
    """Return the topic of a check, its words and the form of the model that it is about."""
    variant = getattr(atom, "variant", None) or context.variant
    match atom:
        case LimitOnMetric():
            least = atom.minimum_behaviours
            words = (
                f"{atom.scale} {atom.side} {atom.limit.value.normalize():f} {atom.limit.unit}"
                f"{'!' if atom.reached_unless_ruled_out else ''} {variant}"
                f" {'' if least is None else least.value}"
            )
            return f"metric:{atom.metric}", f"{words}{atom.held_over}", variant
        case ClaimMade():
            limits = ",".join(
                f"{limit.field} {limit.side} {limit.limit.value.normalize():f}"
                for limit in atom.limits
            )
            words = f"{atom.expects} {atom.fields} {limits} {sorted(atom.by)}"
            return f"claim:{atom.item}", words, variant
        case Measured():
            words = (
                f"measured {','.join(atom.domains)} {atom.variant} {atom.with_baseline} "
                f"{atom.samples_kept} {sorted(atom.by)} {atom.producers}"
            )
            return f"metric:{metric}", words, atom.variant
        case TamperResistance(level=level):
            tamper = context.policy.tamper
            asked = [
                (found.suite.stamp if found.suite else "", found.attack_classes, found.budget)
                for key, found in tamper.levels.items()
                if key.rank <= level.rank
            ]
            words = f"{level} {tamper.limit.value.normalize():f} {asked}"
            return f"metric:{tamper.metric}", words, Variant.AS_RELEASED
        case LoadsWithoutCode():
            return "files", "loads", variant
        case GeneratesOnly(modalities=modalities):
            return "outputs", ",".join(sorted(modalities)), variant
        case _:
            return f"other:{atom!r}", "", variant


def own_formula(policy: Policy, definition: TierDefinition, *, fast: bool = False) -> Formula:
    """Return when a tier's own requirements, or those of its fast path, are met."""
    standards = definition.fast_standards if fast else definition.standards
    context = Context(policy=policy, tier=definition.tier, standards=standards)
    names = definition.fast_path if fast else definition.requirements
    return every([context.met(Named(id=name)) for name in names])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """When the tiers of a policy are supported."""

    long: Mapping[Tier, Formula]
    """By tier: its own requirements and those of every tier below it but T0."""
    fast: Mapping[Tier, Formula]
    """By tier: its fast path, where it has one."""

    def met(self, tier: Tier) -> Formula:
        """Return when ``tier`` itself is met."""
        return one_of([ways[tier] for ways in (self.long, self.fast) if tier in ways])

    def opens(self, tier: Tier) -> Formula:
        """Return when ``tier`` or a more open one is supported.

        The long way to a tier leads through every one below it, so the lowest is enough.
        """
        above = sorted((t for t in self.long if t.rank >= tier.rank), key=lambda t: t.rank)
        ways = [self.fast[t] for t in above if t in self.fast]
        return one_of([self.long[above[0]], *ways]) if above else NEVER

    def checks(self) -> Iterator[Check]:
        """Yield every check of every tier."""
        for formula in (*self.long.values(), *self.fast.values()):
            yield from checks_in(formula)


def ladder(policy: Policy) -> Ladder:
    """Return when each tier above T0 is supported."""
    long: dict[Tier, Formula] = {}
    fast: dict[Tier, Formula] = {}
    below: list[Formula] = []
    for definition in policy.tiers:
        if definition.tier is Tier.T0:
            continue
        below.append(own_formula(policy, definition))
        long[definition.tier] = every(list(below))
        if definition.fast_path:
            fast[definition.tier] = own_formula(policy, definition, fast=True)
    return Ladder(long=long, fast=fast)
