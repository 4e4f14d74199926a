# SPDX-License-Identifier: Apache-2.0
"""Which requirement answers which clause, and the other way round.

A policy names the clauses that it answers; the landscape says what they ask and where they stand.
What no policy answers has to say why it is no requirement of a release.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from tiergate.decision.policy import Policy
from tiergate.landscape.obligations import Obligation


class Kind(enum.StrEnum):
    """What in a policy answers a clause."""

    REQUIREMENT = "requirement"
    TIER = "tier"
    TRIGGER = "trigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A part of a policy that answers clauses."""

    policy: str
    """Id of the policy."""
    kind: Kind
    """Which kind of part."""
    id: str
    """Its id."""
    title: str
    """What it is about."""
    clauses: tuple[str, ...]
    """Ids of the clauses that it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A clause, and what answers it."""

    obligation: Obligation
    """What it asks, and where it stands."""
    answers: tuple[Answer, ...]
    """The parts of the policies that answer it."""

    @property
    def is_settled(self) -> bool:
        """Whether it is answered, or says why it need not be."""
        return bool(self.answers) or bool(self.obligation.not_required)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Policies and clauses, both ways."""

    answers: tuple[Answer, ...]
    """Every part of the policies that answers clauses, in the order of the policies."""
    clauses: tuple[Traced, ...]
    """Every clause, with what answers it."""
    dangling: tuple[tuple[Answer, str], ...]
    """Ids that a part names and that no clause has."""

    @property
    def unsettled(self) -> tuple[Traced, ...]:
        """Clauses that nothing answers and that do not say why."""
        return tuple(found for found in self.clauses if not found.is_settled)

    @property
    def contradicted(self) -> tuple[Traced, ...]:
        """Clauses that are answered and say that they need not be."""
        return tuple(t for t in self.clauses if t.answers and t.obligation.not_required)


def trace(policies: Iterable[Policy], obligations: Mapping[str, Obligation]) -> Trace:
    """Hold the clauses that ``policies`` name against ``obligations``."""
    answers = tuple(answer for policy in policies for answer in answers_of(policy))
    by_clause: dict[str, list[Answer]] = {name: [] for name in obligations}
    dangling = []
    for answer in answers:
        for name in answer.clauses:
            if name in by_clause:
                by_clause[name].append(answer)
            else:
                dangling.append((answer, name))
    clauses = (
        Traced(obligation=obligation, answers=tuple(by_clause[name]))
        for name, obligation in obligations.items()
    )
    return Trace(answers=answers, clauses=tuple(clauses), dangling=tuple(dangling))


def narrowed(found: Trace, names: Collection[str]) -> Trace:
    """Return the same trace about the clauses called ``names``. What dangles is kept."""
    kept = {*names, *(name for _, name in found.dangling)}
    parts = (
        replace(answer, clauses=tuple(name for name in answer.clauses if name in kept))
        for answer in found.answers
    )
    return Trace(
        answers=tuple(part for part in parts if part.clauses),
        clauses=tuple(row for row in found.clauses if row.obligation.id in names),
        dangling=found.dangling,
    )


def answers_of(policy: Policy) -> tuple[Answer, ...]:
    """Return the requirements, tiers and triggers of a policy with the clauses they answer."""
    found = [
        (Kind.REQUIREMENT, part.id, part.title, part.clauses)
        for part in policy.requirements.values()
    ]
    found += [(Kind.TIER, rung.tier.value, rung.name, rung.clauses) for rung in policy.tiers]
    found += [(Kind.TRIGGER, part.id, part.title, part.clauses) for part in policy.triggers]
    return tuple(
        Answer(policy=policy.id, kind=kind, id=name, title=title, clauses=clauses)
        for kind, name, title, clauses in found
    )
