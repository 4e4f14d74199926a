# SPDX-License-Identifier: Apache-2.0
"""Rollout plans: in which stages a release opens, when at the earliest, and on whose word.

A plan can ask for more than the policy and never for less: the people that the policy names
for a tier are needed whatever the plan says.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tiergate.attestation.trust import Role
from tiergate.decision.strict_yaml import Location
from tiergate.decision.tier import Tier
from tiergate.decision.yaml_document import parse_yaml, read_yaml_file
from tiergate.evidence.document_types import Name, Part, UtcTime

Days = Annotated[int, Field(strict=True, ge=0, le=3650)]
People = Annotated[int, Field(strict=True, ge=1, le=50)]
ShortName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


_CALLED = "rollout plan"


class EntryCondition(enum.StrEnum):
    """Something that must be so when a stage opens."""

    NO_OPEN_INCIDENT = "no open incident"
    """Every incident that was reported is closed."""
    WATCH_CLEAN = "watch clean"
    """Nothing tripped a wire since the stage before opened, whatever came of it."""


class QuorumPart(Part):
    """Who has to approve besides the people that the policy names for the tier."""

    people: People = 1
    """Number of different people, at least."""
    roles: tuple[Role, ...] = ()
    """Roles, each by a person of its own."""
    vetoes: tuple[Role, ...] = (Role.SAFETY_LEAD, Role.INDEPENDENT_REVIEWER)
    """Roles whose objection stops a release until they take it back."""


class StagePart(Part):
    """One stage."""

    name: ShortName
    """Its name."""
    audience: Name
    """Who gets something."""
    tier: Tier
    """How open it is."""
    not_before: UtcTime | None = None
    """The earliest time, whatever else is so."""
    minimum_days: Days = 0
    """Days after the stage before opened; after the decision, for the first stage."""
    conditions: tuple[EntryCondition, ...] = ()
    """What must be so when it opens."""


def _stages(stages: tuple[StagePart, ...]) -> tuple[StagePart, ...]:
    if not stages:
        raise ValueError("expected at least one stage")
    return stages


class PlanPart(Part):
    """A rollout plan."""

    format: Literal["tiergate-plan/1"]
    """Format and version of this file."""
    release: ShortName
    """Name of the release."""
    stages: Annotated[tuple[StagePart, ...], AfterValidator(_stages)]
    """The stages, in the order in which they open."""
    quorum: QuorumPart = QuorumPart()
    """Who has to approve besides those of the policy, and who can veto."""


def load_plan(path: Path) -> PlanPart:
    """Read a plan.

    Raises:
        MistakesError: there is no such file, or it has mistakes; all of them are in it.
    """
    return parse_plan(read_yaml_file(path, _CALLED), str(path))


def parse_plan(data: bytes, where: str) -> PlanPart:
    """Read the bytes of a plan.

    Raises:
        MistakesError: with every mistake, its line and what was expected.
    """
    return parse_yaml(data, where, PlanPart, called=_CALLED, root="plan", mistakes=mistakes)


def mistakes(plan: PlanPart) -> Iterator[tuple[Location, str]]:
    """Yield what is wrong with a plan as a whole, with its place."""
    seen: set[str] = set()
    highest = Tier.T0
    for index, stage in enumerate(plan.stages):
        if stage.name in seen:
            yield ("stages", index, "name"), f"a stage {stage.name!r} stands here twice"
        seen.add(stage.name)
        if stage.tier is Tier.T0:
            yield ("stages", index, "tier"), "T0 is withheld: there is nothing to open"
        if stage.tier.rank < highest.rank:
            yield ("stages", index, "tier"), f"is more closed than the stage before, {highest}"
        highest = max(highest, stage.tier, key=lambda tier: tier.rank)
