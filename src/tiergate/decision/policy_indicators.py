# SPDX-License-Identifier: Apache-2.0
"""The shape of a band's definition in a policy file: the indicators by which it is reached."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag, model_validator

from tiergate.decision.explanation import Scale
from tiergate.decision.policy_schema import Metric, NumberPart, Part, Words, keys_of
from tiergate.evidence.provenance import ProducerRelation


class ReachedByMetric(Part):
    """A band is reached when a metric gets this high."""

    metric: Metric
    """The metric."""
    scale: Scale = Scale.RATE
    """Whether the number is a rate, a margin over a baseline, or a quantity."""
    reaches: NumberPart | None = None
    """Reached from here up."""
    exceeds: NumberPart | None = None
    """Reached above this."""

    @model_validator(mode="after")
    def _one_number(self) -> ReachedByMetric:
        given = [n for n in (self.reaches, self.exceeds) if n is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of reaches, exceeds")
        if self.scale is Scale.RATE and not 0 < given[0].value < 1:
            raise ValueError("a rate at which a band is reached lies between 0 and 1")
        if self.scale is Scale.MARGIN and not -1 < given[0].value < 1:
            raise ValueError("a margin at which a band is reached lies between -1 and 1")
        return self


class ReachedByFinding(Part):
    """A band is reached when someone found something."""

    finding: Words
    """Item of the claim; a claim that it does not hold rules the band out."""
    by: tuple[ProducerRelation, ...] = ()
    """Whose word may rule it out; left out, anybody's."""


class ReachedByAny(Part):
    """A band is reached when any part says so."""

    any: Annotated[tuple[ReachedPart, ...], Field(min_length=1)]
    """The parts."""


class ReachedByAll(Part):
    """A band is reached only when every part says so."""

    all: Annotated[tuple[ReachedPart, ...], Field(min_length=1)]
    """The parts."""


def _reached_kind(value: object) -> str | None:
    keys = keys_of(value)
    return next((key for key in ("any", "all", "metric", "finding") if key in keys), None)


ReachedPart = Annotated[
    Annotated[ReachedByAny, Tag("any")]
    | Annotated[ReachedByAll, Tag("all")]
    | Annotated[ReachedByMetric, Tag("metric")]
    | Annotated[ReachedByFinding, Tag("finding")],
    Discriminator(
        _reached_kind,
        custom_error_type="unknown_indicator",
        custom_error_message="is no indicator: expected one of any, all, metric, finding",
    ),
]
