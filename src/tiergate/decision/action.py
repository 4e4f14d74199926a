# SPDX-License-Identifier: Apache-2.0
"""One thing to do about a decision, and who can do it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier


class Group(enum.StrEnum):
    """The three groups that share the work on open weights."""

    BUILDERS = "builders and enablers"
    """Developers, funders, communities, and platforms that host or distribute."""
    EVALUATORS = "evaluators and standard-setters"
    """Safety institutes, experts of a field, oversight bodies, whoever writes the policy."""
    ENFORCERS = "implementers and enforcers"
    """Governments, security agencies, public institutions."""


class Actor(enum.StrEnum):
    """Who can do something."""

    BUILDER = "builder"
    """Whoever makes or hands out the model."""
    EVALUATOR = "evaluator"
    """Whoever measures it, or reviews from outside."""
    STANDARD_SETTER = "standard-setter"
    """Whoever says what is asked for."""
    ENFORCER = "enforcer"
    """Whoever holds others to it."""

    @property
    def group(self) -> Group:
        """The group that they belong to."""
        return _GROUPS[self]

    @property
    def rank(self) -> int:
        """Position in the order of the groups, from 0."""
        return list(Actor).index(self)


_GROUPS = {
    Actor.BUILDER: Group.BUILDERS,
    Actor.EVALUATOR: Group.EVALUATORS,
    Actor.STANDARD_SETTER: Group.EVALUATORS,
    Actor.ENFORCER: Group.ENFORCERS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One open item."""

    actor: Actor
    """Who can do something about it."""
    tier: Tier
    """At which tier."""
    words: str
    """What is open, or what to do."""
    command: str
    """What to run next, with ``MODEL``, ``DECISION`` and the like for what it is given; empty when
    no command does it."""
    about: tuple[str, ...] = ()
    """Ids of the requirements that it is about; empty when it is about none."""
    clauses: tuple[str, ...] = ()
    """Ids of the clauses behind it."""
    reasons: tuple[str, ...] = ()
    """Why it is open, in sentences."""
    outcome: Outcome | None = None
    """What the evidence says; None when it is no requirement."""
    one_of_several: bool = False
    """Whether something else would do instead."""
