# SPDX-License-Identifier: Apache-2.0
"""What the memory of PyRIT holds, reduced to what is counted.

Texts of prompts, responses and objectives are not kept: an objective is the first 16
hexadecimal digits of its SHA-256. PyRIT writes values as text, truth values too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.pyrit_database import VERSION_TABLE, Cells, Database
from tiergate.evidence.readers.pyrit_identifier import (
    Scorer,
    Target,
    Technique,
    class_names,
    converter_targets,
    parse_scorer,
    parse_target,
    parse_technique,
)
from tiergate.evidence.readers.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    as_time,
    shortened,
)

_NO_ERROR = frozenset({"", "none"})
_BLOCKED = "blocked"
_TRUTH = {"true": True, "false": False}

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One part of a message."""

    id: str
    """Identity of the part."""
    conversation: str
    """Conversation that it belongs to."""
    sequence: int
    """Position of its message in the conversation."""
    role: str
    """Who speaks, as in ``assistant``."""
    copied: bool
    """Whether it was copied from another conversation when this one branched off."""
    blocked: bool
    """Whether a filter blocked the response."""
    errored: bool
    """Whether there is an error in the place of a response."""
    prompt: str
    """First 16 hexadecimal digits of the SHA-256 of what was to be said."""
    converters: tuple[str, ...]
    """Classes of the converters that changed it on its way, in order."""
    rewriters: frozenset[Target]
    """Models that those converters asked."""
    at: datetime
    """When it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreEntry:
    """What one scorer left about one response."""

    id: str
    """Identity of the score."""
    scorer: Scorer
    """Who scored."""
    category: str
    """Categories that the score is about; empty for none."""
    value: bool | Decimal | None
    """The score; None when it has none or none of its type."""
    odd: bool
    """Whether something stands there that is no value of the stated type."""
    piece: str
    """Part of a message that was scored; empty for loose text."""
    objective: str
    """Objective that it was scored against; empty for none."""
    at: datetime
    """When it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackEntry:
    """The result of one attack on one objective."""

    conversation: str
    """Conversation that made the result."""
    earlier: tuple[str, ...]
    """Conversations of the same attack that were given up on the way."""
    adversarial: tuple[str, ...]
    """Conversations with the model that wrote the prompts."""
    objective: str
    """The objective."""
    technique: Technique
    """How it was attacked; without a name when an error left none."""
    outcome: str
    """``success``, ``failure``, ``undetermined`` or ``error``."""
    last_score: str
    """Score that the outcome rests on; empty for none."""
    retried: bool
    """Whether requests were tried again after an error."""
    scenario: str
    """Scenario that the attack was part of; empty for none."""
    at: datetime
    """When it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A run of several attacks under one plan."""

    state: str
    """As in ``COMPLETED``."""
    units: int
    """Attacks on objectives that the plan lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Everything that is read."""

    revision: str
    """Revision of the schema."""
    versions: tuple[str, ...]
    """Versions of PyRIT that wrote to it."""
    pieces: Mapping[str, Piece]
    """By identity."""
    scores: Mapping[str, ScoreEntry]
    """By identity."""
    attacks: tuple[AttackEntry, ...]
    """Oldest first."""
    targets: Mapping[str, Target]
    """From each conversation to whom it was held with, where that is known."""
    retried: frozenset[str]
    """Conversations in which a turn was tried again."""
    scenarios: Mapping[str, Scenario]
    """By identity."""


def read_memory(database: Database) -> Memory:
    """Read every table that counts.

    Raises:
        EvidenceError: an identity that stands twice, or a cell of another kind than it must be.
    """
    versions = {cells.text("pyrit_version") for cells in database.rows("PromptMemoryEntries")}
    revisions = [cells.text("version_num") for cells in database.rows(VERSION_TABLE)]
    conversations = list(database.rows("Conversations"))
    attacks = _by_id(database, "AttackResultEntries", _attack)
    return Memory(
        revision=shortened(", ".join(sorted(revisions)), 100) or "unknown",
        versions=tuple(sorted(version for version in versions if version)),
        pieces=_by_id(database, "PromptMemoryEntries", _piece),
        scores=_by_id(database, "ScoreEntries", _score),
        attacks=tuple(sorted(attacks.values(), key=lambda a: (a.at, a.conversation))),
        targets={
            cells.key("conversation_id"): target
            for cells in conversations
            if (target := parse_target(cells.json("target_identifier"))) is not None
        },
        retried=frozenset(
            cells.key("conversation_id") for cells in conversations if cells.json("retries")
        ),
        scenarios=_by_id(database, "ScenarioResultEntries", _scenario),
    )


def _by_id(database: Database, table: str, parse: Callable[[Cells], _Entry]) -> dict[str, _Entry]:
    found: dict[str, _Entry] = {}
    for cells in database.rows(table):
        identity = cells.key()
        if identity in found:
            raise EvidenceError(
                cells.where,
                f"an identity that another row has already ({shortened(identity, 40)})",
                "one for every row",
                "Take the database from its source again.",
            )
        found[identity] = parse(cells)
    return found


def _piece(cells: Cells) -> Piece:
    sequence = as_count(cells.values["sequence"])
    if sequence is None:
        raise EvidenceError(f"{cells.where}.sequence", "no position", "a number from 0 up")
    error = cells.text("response_error").lower()
    converters = as_list(cells.json("converter_identifiers"))
    return Piece(
        id=cells.key(),
        conversation=cells.key("conversation_id"),
        sequence=sequence,
        role=cells.text("role"),
        copied=cells.key() != cells.key("original_prompt_id"),
        blocked=error == _BLOCKED,
        errored=error not in _NO_ERROR and error != _BLOCKED,
        prompt=cells.text("original_value_sha256")[:16],
        converters=class_names(converters),
        rewriters=frozenset(converter_targets(converters)),
        at=_time(cells),
    )


def _score(cells: Cells) -> ScoreEntry:
    complete = cells.text("status") == "complete"
    value = _value(cells.text("score_type"), cells.text("score_value")) if complete else None
    categories = sorted({as_text(name) for name in as_list(cells.json("score_category"))} - {""})
    return ScoreEntry(
        id=cells.key(),
        scorer=parse_scorer(cells.json("scorer_class_identifier")),
        category=shortened(", ".join(categories), 100),
        value=value,
        odd=complete and value is None,
        piece=cells.text("prompt_request_response_id"),
        objective=_digest(cells.text("objective")),
        at=_time(cells),
    )


def _value(kind: str, text: str) -> bool | Decimal | None:
    """Return a score as the type that is stated; None for anything else.

    >>> _value("true_false", "True"), _value("float_scale", "0.25"), _value("float_scale", "NaN")
    (True, Decimal('0.25'), None)
    """
    if kind == "true_false":
        return _TRUTH.get(text.lower())
    try:
        number = Decimal(text) if kind == "float_scale" else None
    except InvalidOperation:
        return None
    fits = number is not None and number.is_finite() and 0 <= number <= 1
    return number if fits else None


def _attack(cells: Cells) -> AttackEntry:
    conversation = cells.key("conversation_id")
    earlier = _texts(cells.json("pruned_conversation_ids"))
    return AttackEntry(
        conversation=conversation,
        earlier=tuple(dict.fromkeys(name for name in earlier if name != conversation)),
        adversarial=_texts(cells.json("adversarial_chat_conversation_ids")),
        objective=_digest(cells.text("objective")),
        technique=parse_technique(cells.json("atomic_attack_identifier")),
        outcome=cells.text("outcome").lower(),
        last_score=cells.text("last_score_id"),
        retried=bool(as_count(cells.values["total_retries"])),
        scenario=cells.text("attribution_parent_id"),
        at=_time(cells),
    )


def _scenario(cells: Cells) -> Scenario:
    plan = as_object(as_object(cells.json("scenario_metadata")).get("run_plan"))
    groups = [as_object(group) for group in as_list(plan.get("atomic_groups"))]
    return Scenario(
        state=shortened(cells.text("scenario_run_state"), 40),
        units=sum(len(as_list(group.get("seed_group_ids"))) for group in groups),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for item in as_list(value) if (text := as_text(item)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def _time(cells: Cells) -> datetime:
    time = as_time(cells.text("timestamp"))
    if time is None:
        raise EvidenceError(f"{cells.where}.timestamp", "no time", "a time in ISO 8601")
    return time
