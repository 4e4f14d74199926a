# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate actions --json`` prints, field by field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tiergate.decision.action import Action, Actor, Group
from tiergate.decision.document import DocumentPart
from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case_judged import JudgedTier
from tiergate.decision.tier import Tier


class ActionPart(DocumentPart):
    """One open item."""

    actor: Actor
    """Who can do something about it."""
    group: Group
    """The group that they belong to."""
    tier: Tier
    """At which tier."""
    outcome: Outcome | None
    """What the evidence says; null when it is no requirement."""
    words: str
    """What is open, or what to do."""
    command: str
    """What to run next; empty when no command does it."""
    about: tuple[str, ...]
    """Ids of the requirements that it is about."""
    clauses: tuple[str, ...]
    """Ids of the clauses behind it."""
    reasons: tuple[str, ...]
    """Why it is open."""
    one_of_several: bool
    """Whether something else would do instead."""


class ActionsDocument(DocumentPart):
    """What ``tiergate actions --json`` prints."""

    format: Literal["tiergate-actions/1"] = "tiergate-actions/1"
    """Format and version of this document."""
    root_digest: str
    """The checkpoint."""
    policy_id: str
    """Policy."""
    policy_version: str
    """Its version."""
    tier: Tier
    """The tier in question."""
    outcome: Outcome
    """What the decision says about it."""
    actions: tuple[ActionPart, ...]
    """The items, by actor, failures first."""
    exit_code: int
    """The exit code of the command."""


def actions_document(
    judged: JudgedTier, found: Iterable[Action], exit_code: int
) -> ActionsDocument:
    """Build what ``actions --json`` prints."""
    names = [name for name in ActionPart.model_fields if name != "group"]
    return ActionsDocument(
        root_digest=judged.root_digest,
        policy_id=judged.policy.id,
        policy_version=judged.policy.version,
        tier=judged.tier,
        outcome=judged.outcome,
        actions=tuple(
            ActionPart(group=each.actor.group, **{name: getattr(each, name) for name in names})
            for each in found
        ),
        exit_code=exit_code,
    )
