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
from tiergate.decision.analysis.formula import Check, State, standards_key
from tiergate.decision.analysis.pieces import (
    Attacks,
    Found,
    Piece,
    Quality,
    Rate,
    Statement,
    domain_of,
    simple_counts,
)
from tiergate.decision.analysis.qualities import qualities
from tiergate.decision.analysis.reading import Reader
from tiergate.decision.analysis.values import Limit, rates, sizes, statements, told_apart
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.policy import Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import TamperLevel
from tiergate.evidence.bounds import bounds
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
        compared = [limit for limit in self._limits() if limit.atom.scale is Scale.MARGIN]
        joins = any(limit.joins for limit in compared)
        # Margins that are held in the same way are ordered; others are where samples cross over.
        ways = {(limit.shared, limit.least, limit.confidence) for limit in compared}
        apart = joins and len(ways) > 1
        return alike and not (foreign or same or apart) and qualities(self.checks)[1]

    def single(self) -> Iterator[tuple[States, Piece]]:
        """Yield what each piece does to each check, the best pieces first."""
        found, extras = self._found(), self._extras()
        reader = Reader(self.checks, self.eligibility.place)
        best = qualities(self.checks)[0][0]
        seen: set[tuple[int, int]] = set()
        for variant in VARIANTS:
            houses = {extra.houses for extra in extras}
            eligible = {many: self._eligible(variant, many) for many in houses}
            for value, extra in itertools.product(found, extras):
                if isinstance(value, Attacks) and variant is Variant.WORST_CASE:
                    continue  # read in the same way as those on the model as released
                met, adverse = reader.says(self._piece(value, variant, best, extra))
                for quality, may in eligible[extra.houses]:
                    if (met & may, adverse) not in seen:
                        seen.add((met & may, adverse))
                        states = _states(met & may, adverse, len(self.checks))
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

    def _eligible(self, variant: Variant, houses: int) -> list[tuple[Quality, int]]:
        """Return each quality with the checks that it may support, as bits, no two alike."""
        kinds: dict[tuple[object, ...], tuple[Check, int]] = {}
        for place, check in enumerate(self.checks):
            kind = (standards_key(check.standards), check.variant, _makers(check))
            kinds[kind] = (check, kinds.get(kind, (check, 0))[1] | 1 << place)
        found: dict[int, Quality] = {}
        for quality in self.eligibility.qualities(self.checks):
            may = sum(
                bits
                for check, bits in kinds.values()
                if (not _makers(check) or quality.relation in _makers(check))
                and self.eligibility.of(quality, variant, houses, check)
            )
            found.setdefault(may, quality)
        return [(quality, may) for may, quality in found.items()]


def _states(met: int, adverse: int, many: int) -> States:
    worse = (State.QUIET, State.ADVERSE)
    return tuple(
        State.MET if met >> place & 1 else worse[adverse >> place & 1] for place in range(many)
    )


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
            limit.shared,
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
