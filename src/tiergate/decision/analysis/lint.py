# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a policy that has no mistake: tiers and limits that nothing can decide.

Findings, not errors: the policy can be read and decides as it says. Everything is looked for
among all evidence of the kind that :mod:`tiergate.decision.analysis.pieces` describes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tiergate.attestation.trust import Role, Trust, unfilled
from tiergate.decision.analysis.compare import problem_freed
from tiergate.decision.analysis.formula import (
    Context,
    Formula,
    Ladder,
    checks_in,
    every,
    ladder,
    negated,
)
from tiergate.decision.analysis.pieces import Place
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.search_nodes import World
from tiergate.decision.analysis.topics import topics_of
from tiergate.decision.analysis.values import Limit
from tiergate.decision.analysis.words import lines
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Policy
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.tier import Band, Tier
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import Remark

FEASIBLE = 5000
"""The largest sample that is called feasible where nobody says otherwise."""
_ROLES = {"oversight body": Role.OVERSIGHT, **{role.value: role for role in Role}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a policy that its author should look at."""

    where: str
    """Tier, requirement, band or metric."""
    remark: Remark
    """What it is."""


def lint(
    policy: Policy, place: Place, *, feasible: int = FEASIBLE, trust: Trust | None = None
) -> tuple[Finding, ...]:
    """Return everything that is wrong with a policy, by kind.

    Args:
        policy: the policy.
        place: the time that evidence is dated by.
        feasible: the largest sample that somebody could measure.
        trust: people who could approve; None leaves approvals out.
    """
    found = _Lint(policy, place)
    return (
        *found.tiers(),
        *found.requirements(),
        *found.bands(),
        *found.standards(),
        *found.limits(feasible),
        *(() if trust is None else approvals(policy, trust)),
    )


class _Lint:
    def __init__(self, policy: Policy, place: Place) -> None:
        self._policy = policy
        self._ladder: Ladder = ladder(policy)
        self._asked = {
            (definition.tier, name): Context(
                policy=policy, tier=definition.tier, standards=definition.standards
            ).met(Named(id=name))
            for definition in policy.tiers
            for name in definition.requirements
        }
        self._ruled_out = {
            (domain, band): (context.met(found.ruled_out), context.clear(found.ruled_out))
            for domain, bands in policy.bands.items()
            for band, found in bands.items()
            for context in [self._context()]
        }
        formulas = [
            *self._ladder.long.values(),
            *self._ladder.fast.values(),
            *self._asked.values(),
            *(part for pair in self._ruled_out.values() for part in pair),
        ]
        topics = topics_of((c for formula in formulas for c in checks_in(formula)), place)
        self._problem = Problem(topics)
        self._freed = problem_freed(topics)

    def _context(self) -> Context:
        highest = self._policy.tiers[-1]
        return Context(policy=self._policy, tier=highest.tier, standards=highest.standards)

    def _can_be(self, *goals: Formula) -> bool | None:
        """Tell whether evidence exists for which all goals hold; None when that is undecided."""
        if self._problem.solve(*goals) is not None:
            return True
        if self._freed is None or self._freed.solve(*goals) is None:
            return False
        return None

    def tiers(self) -> Iterator[Finding]:
        """Find tiers that nothing opens, and that open while one below stays closed."""
        for tier in self._ladder.long:
            can = self._can_be(self._ladder.met(tier))
            if can is False:
                text = f"no evidence opens it{self._clash(tier)}"
                yield _finding(tier, Remark(code="dead-tier", message=text))
            elif can is None:
                text = "whether any evidence opens it could not be decided"
                yield _finding(tier, Remark(code="tier-not-decided", message=text))
        fast = sorted(self._ladder.fast, key=lambda tier: tier.rank)
        for lower, higher in itertools.pairwise(fast):
            goals = (self._ladder.fast[higher], negated(self._ladder.met(lower)))
            world = self._problem.solve(*goals)
            if world is not None:
                shown = "; ".join(self._words(self._problem.simplest(world, *goals)))
                text = f"its fast path can be met while {lower} is not, which has one too: {shown}"
                yield _finding(higher, Remark(code="tiers-not-nested", message=text))

    def _clash(self, tier: Tier) -> str:
        """Name requirements that cannot be met together, none of which can be left out."""
        kept = {key: formula for key, formula in self._asked.items() if key[0].rank <= tier.rank}
        for key in list(kept):
            others = [formula for name, formula in kept.items() if name != key]
            if others and self._can_be(every(others)) is False:
                del kept[key]
        names = " and ".join(f"{name} at {at}" for at, name in kept)
        together = "cannot be met together" if len(kept) > 1 else "cannot be met"
        return f": {names} {together}"

    def _words(self, world: World) -> list[str]:
        best = self._problem.pieces(self._problem.best())
        notable = [piece for piece in self._problem.pieces(world) if piece not in best]
        return lines(notable, self._problem.lacking(world), best)

    def requirements(self) -> Iterator[Finding]:
        """Find requirements that no evidence meets, or that are met whatever there is."""
        can_fail: set[str] = set()
        for (tier, name), formula in self._asked.items():
            if self._can_be(formula) is False:
                text = "no evidence can meet it"
                yield _finding(f"{name} at {tier}", Remark(code="never-met", message=text))
            if name not in can_fail and self._can_be(negated(formula)) is not False:
                can_fail.add(name)
        for name in sorted({name for _, name in self._asked} - can_fail):
            text = "it is met whatever the evidence says, at every tier that asks for it"
            yield _finding(name, Remark(code="always-met", message=text))

    def bands(self) -> Iterator[Finding]:
        """Find bands that nothing reaches, that nothing rules out, or that are out of order."""
        for (domain, band), (met, clear) in self._ruled_out.items():
            where = f"{domain.label} {band}"
            if self._can_be(met) is False:
                text = "no evidence can rule it out"
                yield _finding(where, Remark(code="band-never-ruled-out", message=text))
            if self._can_be(negated(clear)) is False:
                text = "no evidence can show that it was reached"
                yield _finding(where, Remark(code="band-unreachable", message=text))
        for domain in self._policy.bands:
            yield from self._order(domain)

    def _order(self, domain: HazardDomain) -> Iterator[Finding]:
        lower: dict[tuple[str, Scale], tuple[Band, Decimal]] = {}
        for band, definition in self._policy.bands[domain].items():
            here = {
                (atom.metric, atom.scale): atom.limit.value
                for atom in _limits_in(definition.ruled_out, self._policy)
            }
            for key, value in here.items():
                if key in lower and value < lower[key][1]:
                    text = f"{key[0]} reaches it before it reaches {lower[key][0]}"
                    remark = Remark(code="bands-out-of-order", message=text)
                    yield _finding(f"{domain.label} {band}", remark)
                lower[key] = (band, value)

    def standards(self) -> Iterator[Finding]:
        """Find tiers that ask less of evidence than a tier below."""
        open_tiers = [found for found in self._policy.tiers if found.tier is not Tier.T0]
        for below, above in itertools.pairwise(open_tiers):
            less = [
                f"{dimension} {above.standards.grade_asked(dimension, Variant.WORST_CASE)}"
                for dimension in Dimension
                if above.standards.grade_asked(dimension, Variant.WORST_CASE)
                < below.standards.grade_asked(dimension, Variant.WORST_CASE)
            ]
            age = above.standards.longest_age_days.value
            if age > below.standards.longest_age_days.value:
                less.append(f"an age of up to {age} days")
            if less:
                text = f"asks less of evidence than {below.tier}: {', '.join(less)}"
                yield _finding(above.tier, Remark(code="looser-standards", message=text))

    def limits(self, feasible: int) -> Iterator[Finding]:
        """Find limits that no sample, or none of a feasible size, can be shown to keep."""
        seen: set[tuple[str, str]] = set()
        directions: dict[str, set[str]] = {}
        for topic in self._problem.topics.values():
            for check in topic.checks:
                atom = check.atom
                if not isinstance(atom, LimitOnMetric):
                    continue
                directions.setdefault(atom.metric, set()).add(
                    f"{'' if atom.scale is Scale.QUANTITY else 'rate '}{atom.direction}"
                    f"{f' in {atom.limit.unit}' if atom.scale is Scale.QUANTITY else ''}"
                )
                words = f"{atom.side} {atom.limit.value.normalize():f}"
                limit = Limit(atom, check.standards.confidence)
                words += " over the best downloadable baseline" if limit.joins else ""
                is_sized = atom.scale is Scale.RATE or limit.joins
                if is_sized and (atom.metric, words) not in seen:
                    seen.add((atom.metric, words))
                    yield from _sample(f"{atom.metric} {words}", limit.size_for(0), feasible)
        for metric, ways in sorted(directions.items()):
            if len(ways) > 1:
                text = f"read in ways that exclude each other: {', '.join(sorted(ways))}"
                yield _finding(metric, Remark(code="metric-read-two-ways", message=text))


def _sample(where: str, size: int | None, feasible: int) -> Iterator[Finding]:
    if size is None:
        text = "no sample can be shown to keep it"
        yield _finding(where, Remark(code="limit-never-kept", message=text))
    elif size > feasible:
        text = f"takes {size} behaviours without any success, and {feasible} are called feasible"
        yield _finding(where, Remark(code="sample-too-large", message=text))


def _limits_in(expression: Expression, policy: Policy) -> Iterator[LimitOnMetric]:
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            for part in parts:
                yield from _limits_in(part, policy)
        case Named(id=name):
            yield from _limits_in(policy.requirements[name].expression, policy)
        case LimitOnMetric(side=side) if side is not Side.AT_LEAST:
            yield expression
        case _:
            return


def approvals(policy: Policy, trust: Trust) -> Iterator[Finding]:
    """Find tiers whose approvals the people of a trust file cannot give, one person each."""
    roles_of: dict[str, frozenset[Role]] = {}
    people = [(key.person, key.roles) for key in trust.keys]
    people += [(somebody.person, somebody.roles) for somebody in trust.identities]
    for person, roles in people:
        name = " ".join(person.split()).casefold()
        roles_of[name] = roles_of.get(name, frozenset()) | roles
    for definition in policy.tiers:
        known = [_ROLES[name] for name in definition.approval_roles if name in _ROLES]
        missing = [
            *(name for name in definition.approval_roles if name not in _ROLES),
            *unfilled(known, roles_of),
        ]
        if missing:
            text = f"nobody in the trust file is left to approve as {', '.join(missing)}"
            yield _finding(definition.tier, Remark(code="no-approver", message=text))


def _finding(where: str, remark: Remark) -> Finding:
    return Finding(where=str(where), remark=remark)
