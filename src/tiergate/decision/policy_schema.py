# SPDX-License-Identifier: Apache-2.0
"""The shape of a policy file, field by field.

This is the edge: pydantic, unknown fields refused. The JSON Schema that editors use is
made from here; :mod:`tiergate.decision.policy_document` turns files into policies.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from tiergate.decision.explanation import Scale
from tiergate.decision.policy import NumberStatus
from tiergate.decision.tier import Band, TamperLevel
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import ProducerRelation
from tiergate.landscape.sources import CalendarDate, ReadAs

FORMAT = "tiergate-policy/1"
_LARGEST = Decimal("1e40")
_LONGEST_DAYS = 36_500

Words = Annotated[str, Field(min_length=1)]
RequirementId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,40}$")]
Clauses = Annotated[tuple[Words, ...], Field(min_length=1)]
Metric = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]


def a_decimal(value: object) -> object:
    """Return a number as it is written, for a validator.

    Raises:
        ValueError: it is none, or none that can be counted with.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a number, as in 0.05")  # noqa: TRY004 - pydantic collects ValueError
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not number.is_finite() or abs(number) > _LARGEST:
        raise ValueError(f"{value!r} is not a finite number of at most {_LARGEST}")
    return number


class Part(BaseModel):
    """Base of every part of a policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SourcePart(Part):
    """Where something is from."""

    url: Annotated[str, Field(pattern=r"^https://\S+$")]
    """Where it stands."""
    date: CalendarDate
    """Day, month or year of that source."""
    read_as: ReadAs
    """How it is known; anything but primary text is marked wherever it is shown."""


class NumberPart(Part):
    """A number, and what it rests on."""

    value: Annotated[Decimal, BeforeValidator(a_decimal, json_schema_input_type=str | int | float)]
    """The number; proportions are written from 0 to 1."""
    unit: str = ""
    """Unit, as in ``days``; left out for proportions."""
    status: NumberStatus
    """Whether law, a publication or judgement set it."""
    basis: Words
    """Why this number."""
    source: SourcePart | None = None
    """Where it is from; left out where people judged it."""


class DaysPart(NumberPart):
    """A number of days."""

    @model_validator(mode="after")
    def _possible(self) -> DaysPart:
        if not 0 <= self.value <= _LONGEST_DAYS:
            raise ValueError(f"a number of days from 0 to {_LONGEST_DAYS}")
        return self


class CountPart(NumberPart):
    """A number of things that can be counted."""

    @model_validator(mode="after")
    def _possible(self) -> CountPart:
        if self.value < 1 or self.value != self.value.to_integral_value():
            raise ValueError("a whole number from 1 up")
        return self


class LimitPart(Part):
    """A metric must stay on one side of a limit."""

    metric: Metric
    """The metric, as measurements name it."""
    variant: Variant | None = None
    """Form of the model; left out, the worst case, or the variant of the band."""
    scale: Scale = Scale.RATE
    """Whether the limit is about the rate, its margin over a baseline, or a quantity."""
    at_most: NumberPart | None = None
    """The upper bound must be at or below this."""
    below: NumberPart | None = None
    """The upper bound must be below this."""
    at_least: NumberPart | None = None
    """The lower bound must be at or above this."""
    minimum_behaviours: CountPart | None = None
    """Fewest behaviours measured."""

    @model_validator(mode="after")
    def _one_side(self) -> LimitPart:
        given = [n for n in (self.at_most, self.below, self.at_least) if n is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of at_most, below, at_least")
        if self.scale is Scale.RATE and not 0 <= given[0].value <= 1:
            raise ValueError("a limit on a rate is a proportion from 0 to 1")
        if self.scale is Scale.MARGIN and not -1 <= given[0].value <= 1:
            raise ValueError("a limit on a margin is a difference of proportions, from -1 to 1")
        return self


class FieldLimitPart(Part):
    """A limit on a number that a claim states."""

    field: Words
    """Field of the claim."""
    at_most: NumberPart | None = None
    """Largest value allowed."""
    at_least: NumberPart | None = None
    """Smallest value allowed."""

    @model_validator(mode="after")
    def _one_side(self) -> FieldLimitPart:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("give exactly one of at_most, at_least")
        return self


class ClaimPart(Part):
    """Someone must have stated something about the checkpoint, with its details."""

    item: Words
    """Evidence item or finding, as in ``E01``."""
    expects: bool = True
    """Whether the claim must say that it holds, or that it does not."""
    fields: tuple[Words, ...] = ()
    """Fields that must say something."""
    limits: tuple[FieldLimitPart, ...] = ()
    """Limits on numbers that it states."""
    by: tuple[ProducerRelation, ...] = ()
    """Who may make it; left out, anybody."""


class BandPart(Part):
    """A domain's capability band must not be above this one."""

    domain: HazardDomain
    """Hazard domain."""
    at_most: Band
    """Highest band allowed."""
    variant: Variant | None = None
    """Form of the model; left out, the worst case."""


class CeilingPart(Part):
    """A domain's band must be one at which the ceiling table still allows this tier."""

    domain: HazardDomain
    """Hazard domain."""
    variant: Variant | None = None
    """Form of the model; left out, the worst case."""


class MeasuredPart(Part):
    """Each domain must have a measurement that may support a decision."""

    domains: Annotated[tuple[HazardDomain, ...], Field(min_length=1)]
    """Domains, each of which is needed."""
    variant: Variant
    """Form of the model."""
    with_baseline: bool = False
    """Whether a downloadable baseline in the same harness must come with it."""
    samples_kept: Annotated[int, Field(ge=0)] = 0
    """Fewest raw samples kept with it."""
    by: tuple[ProducerRelation, ...] = ()
    """Who may have measured it; left out, anybody."""
    producers: Annotated[int, Field(ge=1)] = 1
    """How many different producers are needed."""


class MarginalPart(Part):
    """Each metric must add no more than so much over the best downloadable baseline."""

    metrics: Annotated[tuple[Metric, ...], Field(min_length=1)]
    """Metrics of hazard domains; all must keep the margin, which needs no correction."""
    at_most: NumberPart
    """The margin, above 0 and below 1: the upper bound must be at or below it."""
    variant: Variant | None = None
    """Form of the model; left out, the worst case."""
    baselines: Annotated[int, Field(ge=1, le=100)] = 3
    """Among how many baselines the error is shared; among all that were compared, if more."""
    minimum_behaviours: CountPart | None = None
    """Fewest behaviours that both were measured on."""

    @model_validator(mode="after")
    def _possible(self) -> MarginalPart:
        if not 0 < self.at_most.value < 1:
            raise ValueError("a margin is a difference of proportions, above 0 and below 1")
        domains = {domain.value for domain in HazardDomain}
        foreign = [name for name in self.metrics if name.partition(".")[0] not in domains]
        if foreign:
            raise ValueError(f"{', '.join(foreign)} is of no hazard domain")
        if len(set(self.metrics)) < len(self.metrics):
            raise ValueError("each metric once")
        return self


class AllPart(Part):
    """Every part is needed."""

    all: Annotated[tuple[ExpressionPart, ...], Field(min_length=1)]
    """The parts."""


class AnyPart(Part):
    """One part is enough."""

    any: Annotated[tuple[ExpressionPart, ...], Field(min_length=1)]
    """The parts."""


class AtLeastPart(Part):
    """A number of parts is enough."""

    at_least: Annotated[int, Field(ge=1)]
    """How many."""
    of: Annotated[tuple[ExpressionPart, ...], Field(min_length=1)]
    """The parts."""

    @model_validator(mode="after")
    def _can_be_met(self) -> AtLeastPart:
        if self.at_least > len(self.of):
            raise ValueError(f"asks for {self.at_least} of {len(self.of)}")
        return self


class LimitAtom(Part):
    """Check: a limit on a metric."""

    limit: LimitPart
    """The limit."""


class ClaimAtom(Part):
    """Check: a claim."""

    claim: ClaimPart
    """The claim."""


class BandAtom(Part):
    """Check: a capability band."""

    band: BandPart
    """The band."""


class CeilingAtom(Part):
    """Check: the ceiling table."""

    within_ceiling: CeilingPart
    """The domain."""


class MeasuredAtom(Part):
    """Check: measured at all."""

    measured: MeasuredPart
    """What."""


class MarginalAtom(Part):
    """Check: what it adds to the best downloadable baseline."""

    marginal: MarginalPart
    """The margin, and the metrics that must keep it."""


class TamperAtom(Part):
    """Check: tamper resistance."""

    tamper_resistance: TamperLevel
    """Lowest level that is enough."""


class LoadsAtom(Part):
    """Check: the files load without running code."""

    loads_without_code: Literal[True]
    """Always true."""


class GeneratesAtom(Part):
    """Check: the architecture generates nothing beyond these modalities."""

    generates_only: Annotated[tuple[Words, ...], Field(min_length=1)]
    """Modalities, as in ``text``."""


CHECKS = (
    "all",
    "any",
    "of",
    "limit",
    "claim",
    "band",
    "within_ceiling",
    "measured",
    "marginal",
    "tamper_resistance",
    "loads_without_code",
    "generates_only",
)
"""What a check begins with."""


def keys_of(value: object) -> Collection[str]:
    """Return the keys by which the kind of a part is known; none when it is no mapping."""
    # A part that was read already comes by here again when it is checked a second time.
    if isinstance(value, Part):
        return vars(value)
    return value if isinstance(value, Mapping) else ()


def _kind(value: object) -> str | None:
    if isinstance(value, str):
        return "id"
    keys = keys_of(value)
    return next((key for key in CHECKS if key in keys), None)


ExpressionPart = Annotated[
    Annotated[RequirementId, Tag("id")]
    | Annotated[AllPart, Tag("all")]
    | Annotated[AnyPart, Tag("any")]
    | Annotated[AtLeastPart, Tag("of")]
    | Annotated[LimitAtom, Tag("limit")]
    | Annotated[ClaimAtom, Tag("claim")]
    | Annotated[BandAtom, Tag("band")]
    | Annotated[CeilingAtom, Tag("within_ceiling")]
    | Annotated[MeasuredAtom, Tag("measured")]
    | Annotated[MarginalAtom, Tag("marginal")]
    | Annotated[TamperAtom, Tag("tamper_resistance")]
    | Annotated[LoadsAtom, Tag("loads_without_code")]
    | Annotated[GeneratesAtom, Tag("generates_only")],
    Discriminator(
        _kind,
        custom_error_type="unknown_check",
        custom_error_message="is no check: expected a requirement id or one of "
        + ", ".join(CHECKS),
    ),
]
