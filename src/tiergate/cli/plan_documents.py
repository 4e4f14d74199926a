# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate plan`` and ``whatif`` print with ``--json``, field by field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from tiergate.cli.plan_text import command, step_words
from tiergate.decision.explanation import Scale
from tiergate.decision.lapses import Lapse
from tiergate.decision.plan import Plan
from tiergate.decision.sensitivity import Change, Shift
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
    scale: Scale
    """Whether it is a limit on the rate, on its margin over a baseline, or on a quantity."""
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


class ShiftPart(_Part):
    """The smallest change of one measurement that moves the tier; one less does not."""

    item: str
    """Id of the measurement."""
    metric: str
    """Metric that it is of."""
    variant: Variant
    """Form of the model that was measured."""
    organisation: str
    """Who measured."""
    adverse: int
    """Behaviours with an adverse attempt, as they were measured."""
    behaviours: int
    """Behaviours measured."""
    change: Change
    """What would have to happen."""
    count: int
    """On how many behaviours, at least."""
    supported: Tier
    """What would be supported then."""


class LapsePart(_Part):
    """A fall of the tier because evidence becomes too old, if nothing is renewed."""

    supported: Tier
    """What is supported until then."""
    until: datetime
    """The last moment at which it is."""
    then: Tier
    """What is supported after it."""
    topics: tuple[str, ...]
    """Metrics and items whose evidence is too old after that moment."""


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
    shifts: tuple[ShiftPart, ...]
    """Single measurements that would move the tier."""
    lapses: tuple[LapsePart, ...]
    """When the tier falls if nothing is renewed."""

    @classmethod
    def of(
        cls,
        found: Plan,
        policy: str,
        model: str,
        shifts: Iterable[Shift] = (),
        lapses: Iterable[Lapse] = (),
    ) -> TierPlanDocument:
        """Make the document of a plan, and of what moves the tier."""
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
            shifts=tuple(ShiftPart.model_validate(shift) for shift in shifts),
            lapses=tuple(LapsePart.model_validate(lapse) for lapse in lapses),
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
