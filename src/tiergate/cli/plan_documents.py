# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate plan`` and ``whatif`` print with ``--json``, field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from tiergate.cli.plan_text import command, step_words
from tiergate.decision.plan import Plan
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import Moved
from tiergate.evidence.measurement import Variant

Number = Annotated[Decimal, PlainSerializer(lambda number: f"{number:f}", return_type=str)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True, use_attribute_docstrings=True)


class CostPart(_Part):
    """Hours and money."""

    hours: Number
    """Hours of people."""
    usd: Number
    """US dollars beside their hours."""


class StepPart(_Part):
    """One piece of evidence to be made."""

    topic: str
    """Metric or claim."""
    words: str
    """What is to be done."""
    command: str
    """What to run next."""
    cost: CostPart
    """What it costs."""
    chance: Number
    """Probability that it comes out as needed, if the rate is as assumed."""


class ObstaclePart(_Part):
    """A requirement that no evidence about this checkpoint can meet any more."""

    requirement: str
    """Its id."""
    tier: Tier
    """The tier at which it is asked."""
    topics: tuple[str, ...]
    """What the evidence against it is about."""
    could_change: str
    """What would change it."""


class HoldPart(_Part):
    """A wait."""

    text: str
    """The wait in words."""
    days: Number
    """How long."""


class MovedPart(_Part):
    """A single number of the policy that would move the tier."""

    metric: str
    """Metric that it is a limit on."""
    variant: Variant
    """Form of the model."""
    limit: Number
    """The number."""
    would_be: Number
    """Where it would have to lie."""
    supported: Tier
    """What would be supported then."""

    @classmethod
    def of(cls, found: Moved) -> MovedPart:
        """Make the part of a number."""
        return cls.model_validate({name: getattr(found, name) for name in cls.model_fields})


class TierPlanDocument(_Part):
    """What ``tiergate plan --json`` prints."""

    format: Literal["tiergate-tier-plan/1"] = "tiergate-tier-plan/1"
    """Format and version of this document."""
    policy: str
    """Id and version of the policy."""
    tier: Tier
    """The tier."""
    supported: Tier
    """What is supported now, without waivers."""
    is_possible: bool
    """Whether further evidence can open the tier at all."""
    is_cheapest: bool
    """Whether it is sure that no other steps cost less."""
    by_fast_path: bool
    """Whether the steps lead along the tier's fast path."""
    steps: tuple[StepPart, ...]
    """What is to be done."""
    cost: CostPart
    """What all of it costs, approvals with it."""
    chance: Number
    """Probability that all measurements come out as needed, if the rates are as assumed."""
    approvals: tuple[str, ...]
    """Roles that approve."""
    holds: tuple[HoldPart, ...]
    """Waits."""
    obstacles: tuple[ObstaclePart, ...]
    """What stands in the way for good."""
    possible_tier: Tier
    """The most open tier that further evidence can open."""
    moving: tuple[MovedPart, ...]
    """Single numbers of the policy that would move the tier as the evidence stands."""

    @classmethod
    def of(cls, found: Plan, policy: str, model: str) -> TierPlanDocument:
        """Make the document of a plan."""
        steps = tuple(
            StepPart(
                topic=step.piece.topic.partition(":")[2],
                words=step_words(step),
                command=command(step.piece, model),
                cost=CostPart.model_validate(step.cost),
                chance=_share(step.chance),
            )
            for step in found.steps
        )
        return cls(
            policy=policy,
            tier=found.tier,
            supported=found.supported,
            is_possible=found.is_possible,
            is_cheapest=found.is_cheapest,
            by_fast_path=found.by_fast_path,
            steps=steps,
            cost=CostPart.model_validate(found.cost),
            chance=_share(found.chance),
            approvals=found.approvals,
            holds=tuple(HoldPart(text=words, days=days) for words, days in found.holds),
            obstacles=tuple(ObstaclePart.model_validate(part) for part in found.obstacles),
            possible_tier=found.possible_tier,
            moving=tuple(MovedPart.of(moved) for moved in found.moving),
        )


class WhatIfRow(_Part):
    """One variant."""

    value: Number
    """The number that was tried."""
    supported: Tier
    """What is supported with it."""


class WhatIfDocument(_Part):
    """What ``tiergate whatif --json`` prints."""

    format: Literal["tiergate-whatif/1"] = "tiergate-whatif/1"
    """Format and version of this document."""
    policy: str
    """Id and version of the policy."""
    metric: str
    """Metric whose limit was varied."""
    limit: Number
    """The limit as the policy has it."""
    supported: Tier
    """What is supported with it, without waivers."""
    rows: tuple[WhatIfRow, ...]
    """Each variant."""


def _share(chance: float) -> Decimal:
    return Decimal(chance).quantize(Decimal("0.0001"))
