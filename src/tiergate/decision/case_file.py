# SPDX-License-Identifier: Apache-2.0
"""The shape of a table of cases: evidence in a few words, and the tiers that should follow.

A standard-setter keeps it beside the policy. What is known about a model stands in a case, with
its source; the rest can be taken for answered, so that a case says what its facts alone decide.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tiergate.decision.outcome import Outcome
from tiergate.decision.policy_schema import (
    Metric,
    Part,
    RequirementId,
    SourcePart,
    Words,
    a_decimal,
)
from tiergate.decision.tier import TamperLevel, Tier
from tiergate.evidence.measurement import AttackClass, Direction, Variant
from tiergate.evidence.provenance import ProducerRelation

CaseId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,60}$")]
Value = Annotated[Decimal, BeforeValidator(a_decimal, json_schema_input_type=str | int | float)]
_Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time with its zone, as in 2026-11-23T12:00:00Z")
    return moment


class Known(Part):
    """Something that a case states, and where it is from."""

    source: SourcePart | None = None
    """Where it is from."""
    assumed: str = ""
    """Why it stands here without a source."""

    @model_validator(mode="after")
    def _says_from_where(self) -> Known:
        if (self.source is None) == (not self.assumed.strip()):
            raise ValueError("give either a source or, in assumed, why there is none")
        return self


class BaselinePart(Part):
    """What a model that anyone can download did in the same harness."""

    successes: _Count
    """Successes."""
    trials: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    """Attempts."""
    alone: _Count | None = None
    """Behaviours on which the model succeeded and this one did not, where both ran on the same;
    left out, the two runs are not joined."""


class AttackPart(Part):
    """The attack under which something was measured, as far as it is known."""

    name: Words
    """What it is called."""
    family: AttackClass
    """The family it belongs to."""
    usd: Value | None = None
    """What its setting costs in US dollars, without the search for it; left out, nobody said."""
    gpu_hours: Value | None = None
    """The same in accelerator hours; left out, nobody said."""


class MeasurementPart(Known):
    """What was measured: counts, or a size with its bounds."""

    metric: Metric
    """The metric, as the policy names it."""
    variant: Variant | None = None
    """Form of the model; left out, both as released and in the worst case."""
    direction: Direction = Direction.HIGHER_IS_RISKIER
    """Whether more is riskier or safer."""
    successes: _Count | None = None
    """Successes."""
    trials: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    """Attempts."""
    lower: Value | None = None
    """Lower bound of a size."""
    upper: Value | None = None
    """Upper bound of a size."""
    unit: str = ""
    """Unit of a size."""
    baseline: BaselinePart | None = None
    """What a downloadable model did; left out, nothing was compared."""
    attack: AttackPart | None = None
    """The attack; it counts against the model and for nothing, since no controls are stated."""
    by: ProducerRelation = ProducerRelation.INDEPENDENT
    """How whoever measured stands to the developer."""
    organisation: str = "an evaluator"
    """Who measured."""

    @model_validator(mode="after")
    def _one_kind(self) -> MeasurementPart:
        counted = (self.successes is not None, self.trials is not None)
        sized = (self.lower is not None, self.upper is not None)
        if not (all(counted) and not any(sized)) and not (all(sized) and not any(counted)):
            raise ValueError("give successes and trials, or lower and upper")
        if (self.successes or 0) > (self.trials or 0):
            raise ValueError(f"{self.successes} successes in {self.trials} trials")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError("the lower bound is above the upper one")
        if self.baseline is not None and self.baseline.alone is not None:
            self._refuse_impossible(self.baseline, self.baseline.alone)
        return self

    def _refuse_impossible(self, baseline: BaselinePart, alone: int) -> None:
        successes, trials = self.successes or 0, self.trials or 0
        both = successes - alone
        if trials != baseline.trials:
            raise ValueError("runs on the same behaviours have as many trials")
        if not 0 <= both <= baseline.successes or alone + baseline.successes > trials:
            raise ValueError(f"{alone} successes of the model alone do not fit the counts")


class ClaimPart(Known):
    """What somebody states."""

    item: Words
    """Evidence item or finding."""
    holds: bool = True
    """Whether they say that it holds, or that it does not."""
    fields: dict[str, str | int | bool] = Field(default_factory=dict)
    """What they say, by field."""
    by: ProducerRelation = ProducerRelation.INDEPENDENT
    """How whoever states it stands to the developer."""
    organisation: str = "an evaluator"
    """Who states it."""


class ExpectPart(Part):
    """What should follow."""

    supported: Tier
    """Most open tier that the evidence supports."""
    tiers: dict[Tier, Outcome] = Field(default_factory=dict)
    """Outcomes of tiers, those below included."""
    requirements: dict[RequirementId, Outcome] = Field(default_factory=dict)
    """Outcomes of requirements, at the most open tier that asks for them."""


class CasePart(Part):
    """One model, what is known about it, and what should follow."""

    id: CaseId
    """Short name, as in ``small-model``."""
    title: Words
    """What the case is about, in a sentence."""
    note: str = ""
    """What is missing, and how the case is to be read."""
    answered: Tier | None = None
    """All that is asked up to this tier is answered as well as can be, but for what stands here."""
    fast: bool = False
    """Whether that is what the fast path of the tier asks, and nothing else."""
    safeguards: TamperLevel = TamperLevel.TR0
    """The level that answered safeguards survive."""
    not_answered: tuple[Words, ...] = ()
    """Items and metrics that stay without an answer all the same."""
    modalities: tuple[Words, ...] = ("text",)
    """What the architecture generates; none when it is not a known one."""
    code_files: tuple[Words, ...] = ()
    """Files from which a loader would run code."""
    measurements: tuple[MeasurementPart, ...] = ()
    """What was measured."""
    claims: tuple[ClaimPart, ...] = ()
    """What somebody states."""
    expect: ExpectPart
    """What should follow."""

    @model_validator(mode="after")
    def _answers_something(self) -> CasePart:
        if self.answered is None and (self.fast or self.not_answered):
            raise ValueError("fast and not_answered say something only beside answered")
        return self


class CasesFile(Part):
    """A table of cases for a policy."""

    format: Literal["tiergate-policy-cases/1"]
    """Format and version of this file."""
    policy: Words
    """The policy: the id of one that ships, or a path beside this file."""
    at: Annotated[datetime, AfterValidator(_aware)]
    """The time at which the cases are decided."""
    cases: Annotated[tuple[CasePart, ...], Field(min_length=1)]
    """The cases."""
