# SPDX-License-Identifier: Apache-2.0
"""Open requirements as items: who can answer a check is read from the check and from the tier.

- What only somebody outside may state or measure is for evaluators, and so is every measurement at
  a tier that asks for independence.
- Everything else that the evidence leaves open is for builders, and so is every failure: a failure
  is mended in the model, or by asking for another tier.
- A limit that people judged, and that decides an open requirement, is for standard-setters.
- Where a law stands behind an open requirement, enforcers can ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.decision.action import Action, Actor
from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Expression,
    Named,
    Number,
    NumberStatus,
    Policy,
)
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.safety_case_judged import JudgedTier, parts
from tiergate.decision.safety_case_topics import OUTSIDERS
from tiergate.decision.tier import Tier
from tiergate.decision.words import limit_words, reading_words
from tiergate.evidence.grades import Dimension
from tiergate.landscape.obligations import Standing, by_id, shipped_files

_OUTSIDE_FROM = 2
"""Grade of independence from which the developer's own measurements support nothing."""
_Leaf = tuple[Expression, Explanation, bool]


def requirement_actions(judged: JudgedTier) -> Iterator[Action]:
    """Yield an item for each check that keeps the tier closed, and for what stands behind it.

    Raises:
        InputError: the decision does not follow its policy.
    """
    for tier, row in blocking(judged):
        asked = judged.policy.requirements[row.id]
        leaves = tuple(_leaves(Named(id=row.id), row, judged.policy, one_of_several=False))
        for expression, found, one_of_several in leaves:
            actor = _actor(expression, found, judged.policy, tier)
            for words, command, reason in _steps(found, judged.policy):
                yield Action(
                    actor=actor,
                    tier=tier,
                    words=words,
                    command=command,
                    about=(row.id,),
                    clauses=asked.clauses,
                    reasons=(reason,) if reason else (),
                    outcome=found.outcome,
                    one_of_several=one_of_several,
                )
        yield from _numbers(judged.policy, tier, row, leaves)
        yield from _law(tier, row, asked.title)


def blocking(judged: JudgedTier) -> tuple[tuple[Tier, Explanation], ...]:
    """Return the requirements that keep the tier closed, each once, failures first."""
    if judged.outcome is Outcome.MET:
        return ()
    kept: dict[str, tuple[Tier, Explanation]] = {}
    for tier, row in judged.rows:
        if row.outcome is Outcome.NOT_MET:
            kept[row.id] = (tier, row)
        elif row.outcome is Outcome.UNDETERMINED:
            kept.setdefault(row.id, (tier, row))
    return tuple(sorted(kept.values(), key=lambda each: each[1].outcome is not Outcome.NOT_MET))


def _leaves(
    expression: Expression, found: Explanation, policy: Policy, *, one_of_several: bool
) -> Iterator[_Leaf]:
    if found.outcome is Outcome.MET:
        return
    pairs = parts(expression, found, policy)
    if not pairs:
        yield expression, found, one_of_several
    match expression:
        case AnyOf() | AtLeast():
            one_of_several |= len(pairs) > 1
        case _:
            pass
    for asked, part in pairs:
        yield from _leaves(asked, part, policy, one_of_several=one_of_several)


def _actor(expression: Expression, found: Explanation, policy: Policy, tier: Tier) -> Actor:
    rung = policy.tier(tier)
    grades = {} if rung is None else rung.standards.minimum_grades
    is_independent = grades.get(Dimension.INDEPENDENCE, 0) >= _OUTSIDE_FROM
    if found.outcome is Outcome.NOT_MET:
        return Actor.BUILDER
    match expression:
        case ClaimMade(by=by) | Measured(by=by) if by and OUTSIDERS.issuperset(by):
            return Actor.EVALUATOR
        case Measured() | LimitOnMetric() | BandAtMost() | WithinCeiling() | TamperResistance() if (
            is_independent
        ):
            return Actor.EVALUATOR
        case _:
            return Actor.BUILDER


def _steps(found: Explanation, policy: Policy) -> Iterator[tuple[str, str, str]]:
    """Yield what to do, what to run and why for each thing that decides a check.

    That nothing was measured or stated is no reason of its own: what to do says it.
    """
    leaves = tuple(found.blockers())
    decisive = [leaf for leaf in leaves if leaf.outcome is found.outcome] or leaves
    for leaf in decisive:
        shown = filter(None, (leaf.reason, *map(reading_words, leaf.readings)))
        reason = f"{leaf.title}: {'; '.join(shown)}" if leaf.readings or leaf.used else ""
        words, _, command = leaf.next_step.rpartition(", then: ")
        if not words and not command.startswith("tiergate "):
            words, command = command, ""
        yield words or _stated(leaf, policy), command, reason


def _stated(leaf: Explanation, policy: Policy) -> str:
    """Say what to state, with the title of the requirement that asks for it."""
    item = leaf.title.removeprefix("claim ")
    asked = policy.requirements.get(item)
    return f"state {item}, {asked.title}" if asked is not None else leaf.title


def _numbers(
    policy: Policy, tier: Tier, row: Explanation, leaves: tuple[_Leaf, ...]
) -> Iterator[Action]:
    """Yield the limits that people judged and that decide an open requirement."""
    for expression, found, _ in leaves:
        known = {(name, number.value): number for name, number in _limits(expression, policy)}
        for reading in (reading for node in found.walk() for reading in node.readings):
            # Under an attack the label goes on after the metric.
            number = known.get((reading.label.partition(" ")[0], reading.limit))
            if number is None or number.status is not NumberStatus.DEFAULT:
                continue
            limit = limit_words(reading)
            yield Action(
                actor=Actor.STANDARD_SETTER,
                tier=tier,
                words=f"{reading.label} must be {limit}, which people judged: {number.basis}.",
                command=f"tiergate policy show {policy.id}",
                about=(row.id,),
                clauses=policy.requirements[row.id].clauses,
                reasons=(reading_words(reading),),
                outcome=found.outcome,
            )


def _limits(expression: Expression, policy: Policy) -> Iterator[tuple[str, Number]]:
    """Yield the metrics that a check holds against numbers of the policy, with the numbers."""
    match expression:
        case AllOf(parts=below) | AnyOf(parts=below) | AtLeast(parts=below):
            for part in below:
                yield from _limits(part, policy)
        case LimitOnMetric(metric=metric, limit=limit):
            yield metric, limit
        case TamperResistance():
            yield policy.tamper.metric, policy.tamper.limit
        case BandAtMost(domain=domain) | WithinCeiling(domain=domain):
            for band in policy.bands.get(domain, {}).values():
                yield from _limits(band.ruled_out, policy)
        case _:
            return


def _law(tier: Tier, row: Explanation, title: str) -> Iterator[Action]:
    known = by_id(shipped_files())
    laws = [
        name
        for name in row.clauses
        if name in known and known[name].document.standing is Standing.LAW
    ]
    if laws:
        yield Action(
            actor=Actor.ENFORCER,
            tier=tier,
            words=f"{title} is {row.outcome}, and a law stands behind it: ask for what shows it.",
            command=f"tiergate explain MODEL {row.id} --tier {tier}",
            about=(row.id,),
            clauses=tuple(laws),
            outcome=row.outcome,
        )
