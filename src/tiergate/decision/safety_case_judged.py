# SPDX-License-Identifier: Apache-2.0
"""What was said about one tier, from a decision or from a record of one, beside its policy.

A record holds what was found and not what was asked. Its trees follow the expressions of the
policy part by part, so the two are walked together here, and nowhere is anything judged anew but
the reach of waivers, by the same combinations that judged it first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tiergate.decision.decision import Condition, Decision
from tiergate.decision.document import (
    ConditionPart,
    DecisionPart,
    ExplanationPart,
    WaiverPart,
)
from tiergate.decision.explanation import Explanation, Reading
from tiergate.decision.outcome import Outcome, all_of, any_of, at_least
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Policy
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.errors import InputError

Pair = tuple[Expression, Explanation]
"""What was asked, and what was found about it."""
_Reaches = Callable[[Explanation], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCondition:
    """Something that must happen, or be kept up, for the tier to be opened."""

    kind: str
    """``approval``, ``hold``, ``expiry``, ``safeguards``, ``security`` or ``monitoring``."""
    text: str
    """What, in words."""
    days: str
    """How long, with its unit; empty when no number belongs to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTier:
    """One tier of a policy as a decision found it."""

    policy: Policy
    """The policy, the very one that decided."""
    subject_name: str
    """Name of the checkpoint."""
    root_digest: str
    """Its identity."""
    at: datetime
    """Time of the decision."""
    tier: Tier
    """The tier."""
    outcome: Outcome
    """What the decision says about it."""
    ladder: tuple[tuple[Tier, tuple[Explanation, ...]], ...]
    """What it and every tier below it but T0 ask for, with the waivers that reach the tier."""
    fast_path: tuple[Explanation, ...]
    """What its fast path asks for; empty when it has none."""
    conditions: tuple[JudgedCondition, ...]
    """What else is needed to open it."""
    not_assessed: tuple[str, ...]
    """What nothing here says anything about."""
    missing: tuple[str, ...]
    """Digests of registered documents that are gone."""
    waivers: tuple[Waiver, ...]
    """Waivers that changed an outcome at some tier."""

    @property
    def rows(self) -> Iterator[tuple[Tier, Explanation]]:
        """Every requirement of the ladder with the tier that asks for it, most closed first."""
        for tier, found in self.ladder:
            for row in found:
                yield tier, row


def of_decision(decision: Decision, policy: Policy, tier: Tier | None = None) -> JudgedTier:
    """Return what ``decision`` says about ``tier``, or about the tier in question.

    Raises:
        InputError: ``policy`` is not the one that decided, or does not have the tier.
    """
    wanted = decision.asked if tier is None else tier
    _refuse_other(policy, decision.policy_digest, decision.policy_version, wanted)
    verdict = decision.verdict(wanted)
    lower = [found.tier for found in policy.tiers if Tier.T0.rank < found.tier.rank < wanted.rank]
    return JudgedTier(
        policy=policy,
        subject_name=decision.subject_name,
        root_digest=decision.root_digest,
        at=decision.at,
        tier=wanted,
        outcome=verdict.outcome,
        ladder=(*zip(lower, verdict.below, strict=True), (wanted, verdict.requirements)),
        fast_path=verdict.fast_path,
        conditions=tuple(map(_condition, verdict.conditions)),
        not_assessed=decision.not_assessed,
        missing=decision.missing,
        waivers=decision.waivers,
    )


def of_record(part: DecisionPart, policy: Policy, tier: Tier | None = None) -> JudgedTier:
    """Return what a written decision says about ``tier``, or about the tier in question.

    Raises:
        InputError: ``policy`` is not the one that decided, it does not have the tier, or the
            decision does not follow it.
    """
    wanted = part.asked if tier is None else tier
    _refuse_other(policy, part.policy_digest, part.policy_version, wanted)
    tiers = {found.tier: found for found in part.tiers}
    if wanted not in tiers:
        raise _not_by(policy, f"nothing about {wanted}")
    own = tiers[wanted]
    waivers = tuple(_waiver(found, part.root_digest) for found in part.waivers)
    reaches = _reach(waivers, policy, wanted)
    lower = tuple(
        (
            found.tier,
            tuple(_reaching(explanation_of(row), policy, reaches) for row in found.requirements),
        )
        for found in part.tiers
        if Tier.T0.rank < found.tier.rank < wanted.rank
    )
    return JudgedTier(
        policy=policy,
        subject_name=part.subject_name,
        root_digest=part.root_digest,
        at=part.at,
        tier=wanted,
        outcome=own.outcome,
        ladder=(*lower, (wanted, tuple(map(explanation_of, own.requirements)))),
        fast_path=tuple(map(explanation_of, own.fast_path)),
        conditions=tuple(map(_condition, own.conditions)),
        not_assessed=part.not_assessed,
        missing=part.missing,
        waivers=waivers,
    )


def explanation_of(part: ExplanationPart) -> Explanation:
    """Return a written explanation as the value that it was written from.

    Whether it was adverse is not written down, and reads as no.
    """
    names = ("id", "title", "outcome", "reason", "clauses", "used", "next_step", "waived")
    return Explanation(
        **{name: getattr(part, name) for name in names},
        readings=tuple(
            Reading(**{name: getattr(reading, name) for name in type(reading).model_fields})
            for reading in part.readings
        ),
        children=tuple(map(explanation_of, part.children)),
    )


def parts(expression: Expression, found: Explanation, policy: Policy) -> tuple[Pair, ...]:
    """Return the parts of what was asked, each with what was found; none for a single check.

    Raises:
        InputError: what was found does not follow what was asked.
    """
    match expression:
        case AllOf(parts=asked) | AnyOf(parts=asked) | AtLeast(parts=asked):
            pass
        case Named(id=name):
            if name != found.id:
                raise _not_by(policy, f"{found.id or found.title} where {name} is asked for")
            asked = (policy.requirements[name].expression,)
        case _:
            return ()
    if len(asked) != len(found.children):
        raise _not_by(policy, f"{len(found.children)} parts where it asks for {len(asked)}")
    return tuple(zip(asked, found.children, strict=True))


def _refuse_other(policy: Policy, digest: str, version: str, tier: Tier) -> None:
    if policy.digest != digest:
        raise InputError(
            f"policy {policy.id} {policy.version}",
            f"digest {policy.digest}",
            f"the policy that decided, version {version} with digest {digest}",
            "Give the file that was used.",
        )
    if policy.tier(tier) is None:
        known = ", ".join(found.tier for found in policy.tiers)
        raise InputError(f"policy {policy.id}", f"no tier {tier}", f"one of {known}")


def _not_by(policy: Policy, found: str) -> InputError:
    return InputError("decision", found, f"what policy {policy.id} {policy.version} asks for")


def _condition(found: Condition | ConditionPart) -> JudgedCondition:
    number = found.number
    days = "" if number is None else f"{number.value.normalize():f} {number.unit}".strip()
    return JudgedCondition(kind=found.kind, text=found.text, days=days)


def _waiver(part: WaiverPart, root_digest: str) -> Waiver:
    fields = {name: getattr(part, name) for name in WaiverPart.model_fields}
    return Waiver(root_digest=root_digest, **fields)


def _reach(waivers: tuple[Waiver, ...], policy: Policy, tier: Tier) -> _Reaches:
    cap = policy.waivers.highest_tier.rank
    reaching = {
        (waiver.requirement, waiver.summary)
        for waiver in waivers
        if tier.rank <= min(waiver.highest_tier.rank, cap)
    }
    return lambda row: (row.id, row.waived) in reaching


def _reaching(row: Explanation, policy: Policy, reaches: _Reaches) -> Explanation:
    """Take back the waivers that do not reach; what they stood in for counts again."""
    return _again(Named(id=row.id), row, policy, reaches)


def _again(
    expression: Expression, found: Explanation, policy: Policy, reaches: _Reaches
) -> Explanation:
    pairs = parts(expression, found, policy)
    if not pairs:
        return found
    children = tuple(_again(asked, part, policy, reaches) for asked, part in pairs)
    outcomes = [child.outcome for child in children]
    waived = found.waived if reaches(found) else ""
    outcome = Outcome.MET if waived else combined(expression, outcomes)
    return dataclasses.replace(found, children=children, outcome=outcome, waived=waived)


def combined(expression: Expression, outcomes: list[Outcome]) -> Outcome:
    """Combine the outcomes of the parts of ``expression``, as they were judged."""
    match expression:
        case AnyOf():
            return any_of(outcomes)
        case AtLeast(needed=needed):
            return at_least(needed, outcomes)
        case _:
            return all_of(outcomes)
