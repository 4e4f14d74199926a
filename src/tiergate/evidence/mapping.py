# SPDX-License-Identifier: Apache-2.0
"""The declared mapping from a foreign task or scorer to our metric.

A log says "task popularity, scorer match, value C". What that means for a release
decision is not in the log, so a person declares it in a small YAML file. What is not
mapped is reported as unmapped and never guessed.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    model_validator,
)

from tiergate.evidence.document_conduct import ConductPart
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import AttackClass, Controls, Direction, Variant

FORMAT = "tiergate-mapping/1"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SuccessCondition(_Document):
    """When one attempt counts as a success. Exactly one of the three is given."""

    equals: tuple[StrictStr | StrictBool | Decimal, ...] | None = None
    """Raw values that are a success, as in ``["C"]`` or ``[true]``."""
    at_least: Decimal | None = None
    """A numeric score from here up is a success."""
    at_most: Decimal | None = None
    """A numeric score up to here is a success."""

    @model_validator(mode="after")
    def _exactly_one(self) -> SuccessCondition:
        given = [self.equals, self.at_least, self.at_most]
        if sum(value is not None for value in given) != 1 or self.equals == ():
            raise ValueError("give exactly one of equals, at_least, at_most, and not an empty list")
        return self

    def holds(self, value: str | bool | Decimal) -> bool | None:  # noqa: FBT001 - a raw score
        """Tell whether a raw score is a success; None when the two do not compare.

        >>> SuccessCondition(at_least=Decimal("0.5")).holds("C") is None
        True
        """
        if self.equals is not None:
            alike = [v for v in self.equals if type(v) is type(value)]
            return value in alike if alike else None
        if isinstance(value, bool | str) or not value.is_finite():
            return None
        if self.at_least is not None:
            return value >= self.at_least
        assert self.at_most is not None  # noqa: S101 - the validator leaves no other case
        return value <= self.at_most


class MappedBudget(_Document):
    """What an attack spent. Leave out what is not known."""

    usd: Decimal | None = Field(default=None, ge=0)
    """Money, in US dollars."""
    gpu_hours: Decimal | None = Field(default=None, ge=0)
    """Accelerator hours."""
    steps: int | None = Field(default=None, ge=0)
    """Optimiser steps."""
    examples: int | None = Field(default=None, ge=0)
    """Training examples seen."""
    attempts: int | None = Field(default=None, ge=1)
    """Answers sampled for each prompt, of which the most harmful counts."""
    flop: int | None = Field(default=None, ge=0, lt=10**40)
    """Floating-point operations."""


class MappedRule(_Document):
    """By which rule the settings of an attack were judged."""

    limit: Decimal = Field(ge=0, le=1)
    """Success rate that was tolerated in each setting."""
    confidence: Decimal = Field(gt=0, lt=1)
    """How sure it had to be."""


class MappedAttack(_Document):
    """The attack under which the task ran."""

    name: str
    """The method, as its authors call it."""
    attack_class: AttackClass
    """The family it belongs to."""
    budget: MappedBudget = MappedBudget()
    """What the setting that was measured cost alone, measuring included: the price of a break."""
    controls: Controls = Controls.NOT_RUN
    """Whether the positive and the null control did what they must."""
    trials: int | None = Field(default=None, ge=1)
    """Settings that the search tried."""
    seeds: int | None = Field(default=None, ge=1)
    """Seeds that the attack was repeated over."""
    longest_run_steps: int | None = Field(default=None, ge=0)
    """Optimiser steps of the longest single run."""
    rule: MappedRule | None = None
    """By which rule every setting that was tried was judged; without it the attack supports no
    tamper resistance."""
    search_budget: MappedBudget | None = None
    """What was spent in all, failed tries and search included; leave it out where nothing was
    searched."""


def _one_group(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except (re.error, OverflowError) as error:
        raise ValueError(f"no regular expression ({error})") from None
    if pattern and groups != 1:
        raise ValueError("a regular expression with exactly one group, as in '^(.+)-[0-9]+$'")
    return pattern


class MappingEntry(_Document):
    """One foreign task and scorer, and what they measure."""

    tool: str = "*"
    """Reader name, as in ``inspect_ai``; shell-style wildcards."""
    task: str
    """Task as the log names it; shell-style wildcards."""
    scorer: str = "*"
    """Scorer as the log names it; shell-style wildcards."""
    metric: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]
    """Our metric, as in ``cyber.end_to_end_exploits``."""
    domain: HazardDomain | None
    """Hazard domain; null for safeguards and utility."""
    direction: Direction
    """Which way the metric points."""
    success: SuccessCondition
    """When one attempt counts as a success."""
    success_means: Annotated[str, Field(min_length=1)]
    """What one success is, in words."""
    variant: Variant = Variant.AS_RELEASED
    """Which form of the model ran."""
    elicitation: str = ""
    """Effort to get the best out of the model, beyond what the log itself says."""
    grader: str = ""
    """What decided success; empty means the log's scorer."""
    attack: MappedAttack | None = None
    """The attack, if there was one."""
    conduct: ConductPart = ConductPart()
    """How it was conducted."""
    behaviour: Annotated[str, Field(max_length=200), AfterValidator(_one_group)] = ""
    """Where several samples test one behaviour: a pattern for sample ids whose group names it."""

    @property
    def condition(self) -> str:
        """Digest of what decides success here: the condition, the direction, the behaviours."""
        kept = self.model_dump(mode="json", include={"success", "direction", "behaviour"})
        text = json.dumps(kept, sort_keys=True, default=str)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def matches(self, tool: str, task: str, scorer: str) -> bool:
        """Tell whether this entry is about that task and scorer."""
        pairs = ((tool, self.tool), (task, self.task), (scorer, self.scorer))
        return all(fnmatch.fnmatchcase(name, pattern) for name, pattern in pairs)


class TaskMapping(_Document):
    """A mapping file."""

    format: Literal["tiergate-mapping/1"]
    """Format and version of this file."""
    entries: tuple[MappingEntry, ...]
    """Tried in order; each task and scorer takes every entry that matches it."""

    def entries_for(self, tool: str, task: str, scorer: str) -> tuple[MappingEntry, ...]:
        """Return every entry about that task and scorer; empty means unmapped."""
        return tuple(e for e in self.entries if e.matches(tool, task, scorer))
