# SPDX-License-Identifier: Apache-2.0
"""What is open about a decision, sorted by who can do something about it.

Each item has its next command and the clauses behind it. What a decision leaves open is of three
kinds: requirements that are not met, conditions that are to be met besides, and what the policy
itself leaves open, which is for those who set the standard.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tiergate.attestation.trust import Role
from tiergate.decision.action import Action, Actor
from tiergate.decision.actions_open import requirement_actions
from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case_build import SILENT, safety_case
from tiergate.decision.safety_case_judged import JudgedCondition, JudgedTier

_APPROVES_AS = {
    Role.EVALUATOR: Actor.EVALUATOR,
    Role.INDEPENDENT_REVIEWER: Actor.EVALUATOR,
    Role.AUDITOR: Actor.EVALUATOR,
    Role.OVERSIGHT: Actor.STANDARD_SETTER,
}
_CALLED = {"oversight body": str(Role.OVERSIGHT)}
"""Roles that policies call otherwise than trust files."""
_APPROVE = (
    "tiergate release approve DECISION --as {role} --reason REASON --key KEY"
    " --ledger LEDGER --trust TRUST"
)
_CONDITIONS = {
    "hold": ("Wait", "tiergate release status --ledger LEDGER --trust TRUST"),
    "expiry": ("Decide anew before it lapses", "tiergate check MODEL --tier {tier}"),
    "safeguards": ("Keep up the safeguards", ""),
    "security": ("Keep up the security", ""),
    "monitoring": ("Watch", "tiergate release status --ledger LEDGER --trust TRUST"),
}


def actions(judged: JudgedTier, *, is_signed: bool) -> tuple[Action, ...]:
    """Return the open items of a decision about one tier, by actor, failures first.

    Args:
        judged: what was decided.
        is_signed: whether it is a record, and not only what ``check`` printed.

    Raises:
        InputError: the decision does not follow its policy.
    """
    found = (
        *requirement_actions(judged),
        *_gaps(judged),
        *_signing(judged, is_signed=is_signed),
        *_conditions(judged),
        *_waivers(judged),
        *_of_the_standard(judged),
    )
    merged = _merged(found)
    return tuple(sorted(merged, key=_urgency))


def _urgency(each: Action) -> tuple[int, int, bool]:
    """Put failures first, and what something else would do instead of last."""
    order = [Outcome.NOT_MET, Outcome.UNDETERMINED, None, Outcome.MET]
    return each.actor.rank, order.index(each.outcome), each.one_of_several


def _merged(found: Iterable[Action]) -> Iterator[Action]:
    """Make one item of those in which the same person does the same for several requirements."""
    kept: dict[tuple[object, ...], Action] = {}
    for each in found:
        key = (each.actor, each.words, each.command, each.outcome)
        first = kept.get(key)
        if first is None:
            kept[key] = each
            continue
        kept[key] = replace(
            first,
            about=tuple(dict.fromkeys((*first.about, *each.about))),
            clauses=tuple(dict.fromkeys((*first.clauses, *each.clauses))),
            reasons=tuple(dict.fromkeys((*first.reasons, *each.reasons))),
            one_of_several=first.one_of_several and each.one_of_several,
        )
    return iter(kept.values())


def _gaps(judged: JudgedTier) -> Iterator[Action]:
    """Yield what was not assessed though the policy reads it, and what is gone."""
    for gap in judged.not_assessed:
        if gap not in judged.policy.not_covered:
            yield Action(
                actor=Actor.EVALUATOR,
                tier=judged.tier,
                words=f"Nothing here says anything about it: {gap}",
                command="tiergate evidence add LOG --model MODEL --mapping MAPPING",
            )
    for digest in judged.missing:
        words = f"A document that was registered is gone: {digest}"
        yield Action(
            actor=Actor.BUILDER,
            tier=judged.tier,
            words=f"{words}. Put it back.",
            command="tiergate evidence list --model MODEL",
        )
        yield Action(
            actor=Actor.ENFORCER,
            tier=judged.tier,
            words=f"{words}. Ask for it.",
            command="tiergate evidence list --model MODEL",
        )


def _signing(judged: JudgedTier, *, is_signed: bool) -> Iterator[Action]:
    if not is_signed:
        yield Action(
            actor=Actor.BUILDER,
            tier=judged.tier,
            words="Nobody signed the decision.",
            command="tiergate sign DECISION --key KEY --output RECORD",
        )
        return
    yield Action(
        actor=Actor.ENFORCER,
        tier=judged.tier,
        words="No signature was looked at here.",
        command="tiergate verify DECISION --trust TRUST",
    )
    yield Action(
        actor=Actor.ENFORCER,
        tier=judged.tier,
        words="Compute the decision again from its evidence.",
        command="tiergate replay DECISION --evidence EVIDENCE",
    )


def _conditions(judged: JudgedTier) -> Iterator[Action]:
    """Yield what has to happen besides, and what has to be kept up."""
    rung = judged.policy.tier(judged.tier)
    roles = () if rung is None else rung.approval_roles
    clauses = () if rung is None else rung.clauses
    for role in roles:
        yield Action(
            actor=_approver(role),
            tier=judged.tier,
            words=f"Approve it, or object, as {role}.",
            command=_APPROVE.format(role=shlex.quote(_CALLED.get(role, role))),
            clauses=clauses,
        )
    for found in judged.conditions:
        if found.kind in _CONDITIONS:
            yield _condition(found, judged, clauses)


def _condition(found: JudgedCondition, judged: JudgedTier, clauses: tuple[str, ...]) -> Action:
    what, command = _CONDITIONS[found.kind]
    days = f" ({found.days})" if found.days else ""
    return Action(
        actor=Actor.BUILDER,
        tier=judged.tier,
        words=f"{what}: {found.text}{days}.",
        command=command.format(tier=judged.tier),
        clauses=clauses,
    )


def _approver(role: str) -> Actor:
    known = _CALLED.get(role, role)
    return next((actor for found, actor in _APPROVES_AS.items() if found == known), Actor.BUILDER)


def _waivers(judged: JudgedTier) -> Iterator[Action]:
    for waiver in judged.waivers:
        asked = judged.policy.requirements[waiver.requirement]
        yield Action(
            actor=Actor.ENFORCER,
            tier=waiver.highest_tier,
            about=(waiver.requirement,),
            words=f"A waiver stands in for evidence, {waiver.signing}: {waiver.summary}",
            command=f"tiergate explain MODEL {waiver.requirement}",
            clauses=asked.clauses,
        )


def _of_the_standard(judged: JudgedTier) -> Iterator[Action]:
    """Yield what the policy leaves open, whatever the evidence says."""
    policy = judged.policy
    for loosening in policy.loosenings:
        yield _to_set(judged, f"The policy asks for less: {loosening.summary}")
    for node in safety_case(judged).open_assumptions():
        if SILENT in node.details:
            yield _to_set(judged, f"No requirement speaks of this: {node.text}")
    for gap in policy.not_covered:
        yield _to_set(judged, f"The policy does not cover this: {gap}")


def _to_set(judged: JudgedTier, words: str) -> Action:
    return Action(
        actor=Actor.STANDARD_SETTER,
        tier=judged.tier,
        words=words,
        command=f"tiergate policy show {judged.policy.id}",
    )
