# SPDX-License-Identifier: Apache-2.0
"""Judging an expression: the one place where requirements are combined.

Every part is judged, also when the outcome is already settled, so that an explanation
always carries all reasons.
"""

from __future__ import annotations

from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome, all_of, any_of, at_least
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Scene


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
            return expression.judge(scene)


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
    )


def _combined(title: str, outcome: Outcome, children: tuple[Explanation, ...]) -> Explanation:
    return Explanation(id="", title=title, outcome=outcome, reason="", children=children)
