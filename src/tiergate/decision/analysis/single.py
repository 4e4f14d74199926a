# SPDX-License-Identifier: Apache-2.0
"""What one piece of evidence does to every check of its topic.

What was found decides whether a check can be met, and is adverse whoever found it; how good the
piece is decides whether it may meet it. So the two are looked at apart and put together.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.analysis.attacks import attacks_of
from tiergate.decision.analysis.eligibility import Eligibility
from tiergate.decision.analysis.formula import Check, State, state_of
from tiergate.decision.analysis.pieces import (
    Attacks,
    Found,
    Piece,
    Quality,
    Rate,
    Statement,
    domain_of,
    gathered,
    simple_counts,
)
from tiergate.decision.analysis.qualities import qualities
from tiergate.decision.analysis.values import Limit, rates, sizes, statements, told_apart
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import TamperLevel
from tiergate.evidence.bounds import bounds
from tiergate.evidence.collection import Collection
from tiergate.evidence.grades import Dimension
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    AttackClass,
    Controls,
    Variant,
)
from tiergate.evidence.provenance import ProducerRelation

States = tuple[State, ...]
VARIANTS = (Variant.AS_RELEASED, Variant.WORST_CASE)


@dataclass(frozen=True, slots=True)
class Extra:
    """What comes with a measurement."""

    samples: int
    houses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTopic:
    """One metric and the checks that read it."""

    checks: tuple[Check, ...]
    eligibility: Eligibility

    @property
    def is_complete(self) -> bool:
        """Whether the pieces of this topic stand for all there can be."""
        levels: dict[TamperLevel, set[str]] = {}
        for check in self.checks:
            if isinstance(check.atom, TamperResistance):
                levels.setdefault(check.atom.level, set()).add(_asked(check.policy))
        foreign = any(
            isinstance(check.atom, Measured)
            and check.atom.domains[0] is not domain_of(self._metric)
            for check in self.checks
        )
        alike = all(len(words) == 1 for words in levels.values())
        shares = [limit for limit in self._limits() if limit.atom.scale is Scale.RATE]
        same = any(
            one.adverse_limit == other.adverse_limit
            and one.atom.side is not other.atom.side
            and one.atom.direction is other.atom.direction
            and told_apart(one, other) is None
            for one, other in itertools.combinations(_each_once(shares), 2)
        )
        return alike and not foreign and not same and qualities(self.checks)[1]

    def single(self) -> Iterator[tuple[States, Piece]]:
        """Yield what each piece does to each check, the best pieces first."""
        found = self._found()
        for variant in VARIANTS:
            eligible = {e.houses: self._eligible(variant, e.houses) for e in self._extras()}
            for value in found:
                if isinstance(value, Attacks) and variant is Variant.WORST_CASE:
                    continue  # read in the same way as those on the model as released
                for extra in self._extras():
                    can = self._can(value, variant, extra)
                    seen: set[States] = set()
                    for quality, may in eligible[extra.houses]:
                        states = tuple(
                            min(state, State.QUIET) if state is State.MET and not ok else state
                            for state, ok in zip(can, may, strict=True)
                        )
                        if states not in seen:
                            seen.add(states)
                            yield states, self._piece(value, variant, quality, extra)

    @property
    def _metric(self) -> str:
        return self.checks[0].topic.partition(":")[2]

    def _piece(self, value: Found, variant: Variant, quality: Quality, extra: Extra) -> Piece:
        return Piece(
            topic=self.checks[0].topic,
            found=value,
            variant=variant,
            quality=quality,
            samples=extra.samples,
            houses=extra.houses,
        )

    def _limits(self) -> list[Limit]:
        found = [
            Limit(check.atom, check.standards.confidence)
            for check in self.checks
            if isinstance(check.atom, LimitOnMetric)
        ]
        return found + [
            Limit(held_limit(check.policy), check.standards.confidence)
            for check in self.checks
            if isinstance(check.atom, TamperResistance)
        ]

    def _found(self) -> list[Found]:
        limits = self._limits()
        sized = [limit for limit in limits if limit.atom.scale is Scale.QUANTITY]
        shared = [limit for limit in limits if limit.atom.scale is not Scale.QUANTITY]
        compares = any(
            (isinstance(check.atom, Measured) and check.atom.with_baseline)
            or check.standards.minimum_grades.get(Dimension.COVERAGE, 0) > 2
            for check in self.checks
        )
        found: list[Found] = list(sizes(_each_once(sized)))
        if shared or not sized:
            found += rates(_each_once(shared), baselines=compares)
        return [*self._attacks(found), *found]

    def _attacks(self, rated: list[Found]) -> Iterator[Attacks]:
        policies = {
            check.key.split("|")[1]: check.policy
            for check in self.checks
            if isinstance(check.atom, TamperResistance)
        }
        rates_here = self._told_apart(rated) if policies else []
        for policy in policies.values():
            bundles = _bundles(policy)
            for level, attacks in bundles if self.eligibility.is_plain else reversed(bundles):
                for rate in rates_here:
                    yield Attacks(
                        successes=rate.successes,
                        trials=rate.trials,
                        attacks=attacks,
                        level=f"{level} of {policy.id}",
                    )
            for definition in policy.tamper.levels.values():
                dearer = _dearer(definition.budget)
                yield Attacks(successes=1, trials=1, attacks=(dearer,), level="dearer")

    def _told_apart(self, rated: list[Found]) -> list[Rate]:
        """Return rates no two of which are on the same side of every limit."""
        found: dict[tuple[bool | None, ...], Rate] = {}
        for rate in rated:
            if isinstance(rate, Rate) and rate.baseline is None:
                counts = simple_counts(rate.successes, rate.trials)
                sides = tuple(
                    rate.trials >= limit.least
                    and limit.keeps(bounds(counts, limit.confidence).upper)
                    for limit in self._limits()
                )
                found.setdefault((rate.successes == 0, *sides), rate)
        return list(found.values())

    def _extras(self) -> list[Extra]:
        asked = [check.atom for check in self.checks if isinstance(check.atom, Measured)]
        samples = {atom.samples_kept for atom in asked if atom.samples_kept > 1}
        houses = {atom.producers for atom in asked}
        again = any(
            check.standards.minimum_grades.get(Dimension.REPRODUCIBILITY, 0) > 2
            for check in self.checks
        )
        kept = {*samples, *(number - 1 for number in samples)} or {1}
        makers = {*houses, *(number - 1 for number in houses if number > 1)}
        makers |= {1, 2} if again else set()
        best_first = not self.eligibility.is_plain
        return [
            Extra(samples=most, houses=many)
            for most in sorted(kept, reverse=True)
            for many in sorted(makers or {1}, reverse=best_first)
        ]

    def _eligible(self, variant: Variant, houses: int) -> list[tuple[Quality, tuple[bool, ...]]]:
        """Return each quality with the checks that it may support, no two alike."""
        found: dict[tuple[bool, ...], Quality] = {}
        for quality in self.eligibility.qualities(self.checks):
            may = tuple(
                self.eligibility.of(quality, variant, houses, check)
                and (not _makers(check) or quality.relation in _makers(check))
                for check in self.checks
            )
            found.setdefault(may, quality)
        return [(quality, may) for may, quality in found.items()]

    def _can(self, value: Found, variant: Variant, extra: Extra) -> States:
        """Return what ``value`` does to each check where everything may support it."""
        best = qualities(self.checks)[0][0]
        piece = self._piece(value, variant, best, extra)
        evidence = gathered([piece], self.eligibility.place)
        known: dict[str, State] = {}
        states = []
        for check in self.checks:
            key = f"{check.key.rpartition('|')[0]}|{check.standards.confidence}"
            if key not in known:
                known[key] = self._state(check, evidence, piece)
            states.append(known[key])
        return tuple(states)

    def _state(self, check: Check, evidence: Collection, piece: Piece) -> State:
        atom, at = check.atom, self.eligibility.place.at
        item = evidence.measurements(self._metric)[0]
        if isinstance(atom, Measured):
            enough = piece.samples >= atom.samples_kept and piece.houses >= atom.producers
            compared = item.measurement.comparison is not None or not atom.with_baseline
            same = item.measurement.domain is atom.domains[0]
            return State.MET if enough and compared and same else State.QUIET
        if isinstance(atom, TamperResistance):
            easy = dataclasses.replace(check.standards, minimum_grades={})
            return state_of(dataclasses.replace(check, standards=easy).judge(evidence, at))
        assert isinstance(atom, LimitOnMetric)  # noqa: S101 - nothing else reads a metric
        reading = atom.read_bounds(item, check.scene(evidence, at), check.variant)
        if reading is None:
            return State.QUIET
        if reading.outcome is Outcome.MET:
            same = item.measurement.direction is atom.direction
            return State.MET if same else State.QUIET
        speaks = check.variant is Variant.WORST_CASE or piece.variant is Variant.AS_RELEASED
        return State.ADVERSE if speaks and not reading.is_neutral else State.QUIET


def _makers(check: Check) -> tuple[ProducerRelation, ...]:
    return check.atom.by if isinstance(check.atom, Measured) else ()


def _each_once(limits: list[Limit]) -> list[Limit]:
    found = {
        (
            limit.atom.scale,
            limit.atom.side,
            limit.atom.limit.value,
            limit.atom.limit.unit,
            limit.least,
            limit.confidence,
        ): limit
        for limit in limits
    }
    return list(found.values())


def _asked(policy: Policy) -> str:
    """Return what the levels of a policy ask for, but for the limit."""
    return repr(
        [
            (level, d.attack_classes, d.budget, d.suite and d.suite.stamp)
            for level, d in sorted(policy.tamper.levels.items())
        ]
    )


def held_limit(policy: Policy) -> LimitOnMetric:
    """Return the limit at which a safeguard holds against an attack."""
    tamper = policy.tamper
    return LimitOnMetric(
        metric=tamper.metric, scale=Scale.RATE, side=Side.AT_MOST, limit=tamper.limit
    )


def _bundles(policy: Policy) -> list[tuple[TamperLevel, tuple[Attack, ...]]]:
    """Return for each level every attack that it and the levels below it ask for."""
    found: list[tuple[TamperLevel, tuple[Attack, ...]]] = []
    attacks: dict[tuple[str, AttackClass], Attack] = {}
    for level in TamperLevel:
        if level in policy.tamper.levels:
            for attack in attacks_of(policy.tamper.levels[level]):
                attacks[attack.name, attack.attack_class] = attack
            if attacks:
                found.append((level, tuple(attacks.values())))
    return found


def _dearer(budget: AttackBudget) -> Attack:
    """Return an attack that costs more than a level's attacker has, in every currency."""
    more = {
        part.name: None if amount is None else amount + 1
        for part, amount in zip(dataclasses.fields(budget), budget.amounts, strict=True)
    }
    return Attack(
        name="another attack",
        attack_class=AttackClass.OTHER,
        budget=AttackBudget(**more),  # type: ignore[arg-type]
        controls=Controls.PASSED,
    )


def claims(checks: tuple[Check, ...], eligibility: Eligibility) -> Iterator[tuple[States, Piece]]:
    """Yield what each claim does to each check, the best claims first."""
    atoms = [check.atom for check in checks if isinstance(check.atom, ClaimMade)]
    eligible: dict[tuple[bool, ...], Quality] = {}
    for quality in eligibility.qualities(checks):
        eligible.setdefault(tuple(_may_claim(quality, check) for check in checks), quality)
    for found in statements(atoms):
        can = tuple(_claimed(found, atom) for atom in atoms)
        for may, quality in eligible.items():
            states = tuple(
                State.QUIET if state is State.MET and not ok else state
                for state, ok in zip(can, may, strict=True)
            )
            yield (
                states,
                Piece(
                    topic=checks[0].topic,
                    found=found,
                    variant=Variant.AS_RELEASED,
                    quality=quality,
                ),
            )


def _may_claim(quality: Quality, check: Check) -> bool:
    assert isinstance(check.atom, ClaimMade)  # noqa: S101 - of a topic of claims
    if quality.age_days > check.standards.longest_age_days.value:
        return False
    asked = check.standards.grade_asked(Dimension.ASSURANCE, check.variant)
    signed = quality.grade(Dimension.ASSURANCE) >= asked
    return not check.atom.by or (quality.relation in check.atom.by and signed)


def _claimed(found: Statement, atom: ClaimMade) -> State:
    said = dict(found.fields)
    if found.holds is not atom.expects:
        return State.ADVERSE
    kept = [_kept(said.get(limit.field), limit.side, limit.limit.value) for limit in atom.limits]
    if False in kept:
        return State.ADVERSE
    complete = None not in kept and all(name in said for name in atom.fields)
    return State.MET if complete else State.QUIET


def _kept(stated: str | None, side: Side, limit: Decimal) -> bool | None:
    if stated is None or not stated[:1].isdigit():
        return None
    number = Decimal(stated)
    if side is Side.AT_LEAST:
        return number >= limit
    return number <= limit if side is Side.AT_MOST else number < limit
