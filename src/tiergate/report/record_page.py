# SPDX-License-Identifier: Apache-2.0
"""The requirements of a signed decision as part of a page of somebody else's.

A record keeps what was found and not the evidence itself, so that only the trees can be shown,
with the very templates of the report.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tiergate.decision.document import ConditionPart, DecisionPart, TierPart
from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case_judged import explanation_of
from tiergate.decision.tier import Tier
from tiergate.report import view
from tiergate.report.page import environment


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTier:
    """What a record says about one tier."""

    tier: Tier
    """Which."""
    name: str
    """Its name."""
    own: Outcome
    """Its own requirements alone."""
    outcome: Outcome
    """With those of the tiers below it, or its fast path."""
    requirements: tuple[Explanation, ...]
    """Its own requirements."""
    fast_path: tuple[Explanation, ...]
    """Those of its fast path."""
    conditions: tuple[ConditionPart, ...]
    """What else is needed to open it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLadder:
    """What a record says about every tier."""

    asked: Tier
    """The tier in question."""
    tiers: tuple[RecordedTier, ...]
    """Every tier, most closed first."""


def requirement_trees(decision: DecisionPart) -> Markup:
    """Return the requirements of every tier, each with its tree, for a page without script."""
    ladder = RecordedLadder(asked=decision.asked, tiers=tuple(map(_tier, decision.tiers)))
    text = (
        environment()
        .get_template("record.html.j2")
        .render(
            asked=decision.asked,
            supported=decision.supported,
            trees=view.trees(ladder),
            place_of=view.first_places(ladder),
            # The evidence is not in the record: what was looked at stands under its digest.
            references={},
        )
    )
    return Markup(text)  # noqa: S704 - the templates escape


def _tier(part: TierPart) -> RecordedTier:
    return RecordedTier(
        tier=part.tier,
        name=part.name,
        own=part.own,
        outcome=part.outcome,
        requirements=tuple(map(explanation_of, part.requirements)),
        fast_path=tuple(map(explanation_of, part.fast_path)),
        conditions=part.conditions,
    )
