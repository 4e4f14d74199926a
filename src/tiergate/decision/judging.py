# SPDX-License-Identifier: Apache-2.0
"""Judging an expression: the one place where requirements are combined.

Every part is judged, also when the outcome is already settled, so that an explanation
always carries all reasons.
"""

from __future__ import annotations

from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome, all_of, any_of, at_least
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Atom, Expression, Named, Scene


def judge(expression: Expression, scene: Scene) -> Explanation:
    """Hold the scene's evidence against ``expression``."""
    match expression:
        case AllOf(parts=parts):
            children = tuple(judge(part, scene) for part in parts)
            return _combined("all of", all_of(c.outcome for c in children), children)
        case AnyOf(parts=parts):
            children = tuple(judge(part, scene) for part in parts)
            return _combined("any of", any_of(c.outcome for c in children), children)
        case AtLeast(needed=needed, parts=parts):
            children = tuple(judge(part, scene) for part in parts)
            outcome = at_least(needed, (c.outcome for c in children))
            return _combined(f"at least {needed} of", outcome, children)
        case Named(id=name):
            return judge_requirement(name, scene)
        case _:
            return _judge_check(expression, scene)


def _judge_check(check: Atom, scene: Scene) -> Explanation:
    """Judge a check, once for all tiers that ask the same of evidence."""
    memo = scene.memo
    if memo is None or not getattr(check, "is_same_at_every_tier", False):
        return check.judge(scene)
    key = (id(check), memo.number_of(scene.standards), scene.variant)
    found = memo.checks.get(key)
    if found is None:
        found = memo.checks[key] = check.judge(scene)
    return found


def judge_requirement(name: str, scene: Scene) -> Explanation:
    """Judge the requirement called ``name``, waivers applied.

    A waiver counts only for tiers up to its cap and the policy's; it is named in the
    explanation, and the outcome below it stays visible.
    """
    requirement = scene.policy.requirements[name]
    found = judge(requirement.expression, scene)
    waiver = scene.waiver_for(requirement)
    waived = waiver is not None and found.outcome is not Outcome.MET
    return Explanation(
        id=requirement.id,
        title=requirement.title,
        outcome=Outcome.MET if waived else found.outcome,
        reason=found.reason if not found.children else "",
        clauses=requirement.clauses,
        children=(found,),
        waived=waiver.summary if waiver is not None and waived else "",
        found=found.found if not found.children else "",
    )


def _combined(title: str, outcome: Outcome, children: tuple[Explanation, ...]) -> Explanation:
    return Explanation(id="", title=title, outcome=outcome, reason="", children=children)
