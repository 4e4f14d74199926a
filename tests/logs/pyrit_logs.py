# SPDX-License-Identifier: Apache-2.0
"""Small memories of PyRIT, written on the spot, with any one thing about them wrong."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

Json = dict[str, object]

REVISION = "8d1e3f5a7b9c"

COLUMNS: dict[str, tuple[str, ...]] = {
    "pyrit_memory_alembic_version": ("version_num",),
    "PromptMemoryEntries": (
        *("id", "role", "conversation_id", "sequence", "timestamp", "prompt_metadata"),
        *("converter_identifiers", "response_error", "original_value", "original_value_sha256"),
        *("converted_value", "original_prompt_id", "pyrit_version"),
    ),
    "ScoreEntries": (
        *("id", "score_value", "status", "score_type", "score_category", "score_rationale"),
        *("scorer_class_identifier", "prompt_request_response_id", "timestamp", "objective"),
    ),
    "AttackResultEntries": (
        *("id", "conversation_id", "objective", "objective_sha256", "atomic_attack_identifier"),
        *("last_score_id", "outcome", "pruned_conversation_ids", "total_retries", "timestamp"),
        *("adversarial_chat_conversation_ids", "attribution_parent_id"),
    ),
    "Conversations": ("conversation_id", "target_identifier", "retries"),
    "ScenarioResultEntries": ("id", "scenario_run_state", "scenario_metadata"),
}

Tables = dict[str, list[Json]]


def a_target(model: str = "org/model", **parameters: object) -> Json:
    """Make the identifier of a target."""
    return {
        "class_name": "OpenAIChatTarget",
        "hash": "h",
        "endpoint": "https://private.example/v1",
        "model_name": model,
        "underlying_model_name": "",
        **parameters,
    }


def a_scorer(kind: str = "SubStringScorer", *, grader: Json | None = None, **more: object) -> Json:
    """Make the identifier of a scorer."""
    children = {"children": {"prompt_target": grader}} if grader else {}
    return {"class_name": kind, "hash": "h", "pyrit_version": "1.1.0", **children, **more}


def an_identifier(
    *converters: str,
    attack: str = "PromptSendingAttack",
    scorer: Json | None = None,
    adversary: Json | None = None,
    dataset: str = "",
) -> Json:
    """Make the identifier of an atomic attack."""
    inside: Json = {"objective_target": a_target()}
    if converters:
        inside["request_converters"] = [{"class_name": name} for name in converters]
    if scorer:
        inside["objective_scorer"] = scorer
    if adversary:
        inside["adversarial_chat"] = adversary
    technique = {"children": {"attack": {"class_name": attack, "children": inside}}}
    seeds = [{"dataset_name": dataset}] if dataset else []
    return {"children": {"attack_technique": technique, "seed_identifiers": seeds}}


def a_piece(conversation: str, number: int, role: str, /, **fields: object) -> Json:
    """Make one part of message ``number``; its identity is ``CONVERSATION-NUMBER``."""
    identity = f"{conversation}-{number}"
    return {
        "id": identity,
        "role": role,
        "conversation_id": conversation,
        "sequence": number,
        "timestamp": "2026-03-01 12:00:00.250000",
        "converter_identifiers": [],
        "response_error": "none",
        "original_value": "HAZARD",
        "original_value_sha256": "ab" * 32,
        "original_prompt_id": fields.get("id", identity),
        "pyrit_version": "1.1.0",
        **fields,
    }


def a_score(identity: str, piece: str, value: object = "false", /, **fields: object) -> Json:
    """Make a score of one part of a message."""
    return {
        "id": identity,
        "score_value": value,
        "status": "complete",
        "score_type": "true_false",
        "score_category": ["greeting"],
        "score_rationale": "HAZARD",
        "scorer_class_identifier": a_scorer(),
        "prompt_request_response_id": piece,
        "timestamp": "2026-03-01 12:00:01",
        "objective": "HAZARD",
        **fields,
    }


def a_result(conversation: str, outcome: str = "failure", /, **fields: object) -> Json:
    """Make the result of an attack on the objective ``objective CONVERSATION``."""
    return {
        "id": f"result-{conversation}",
        "conversation_id": conversation,
        "objective": f"objective {conversation}",
        "atomic_attack_identifier": an_identifier(),
        "outcome": outcome,
        "pruned_conversation_ids": None,
        "adversarial_chat_conversation_ids": None,
        "total_retries": 0,
        "timestamp": "2026-03-01 12:00:02",
        **fields,
    }


def a_conversation(name: str, /, **fields: object) -> Json:
    """Make what is kept of a conversation as a whole."""
    return {"conversation_id": name, "target_identifier": a_target(), "retries": None, **fields}


def asked_and_answered(name: str, /, **fields: object) -> Tables:
    """Make a conversation of one prompt and one response."""
    return {
        "Conversations": [a_conversation(name)],
        "PromptMemoryEntries": [
            a_piece(name, 0, "user"),
            a_piece(name, 1, "assistant", **fields),
        ],
    }


def attacked(name: str, value: object = "false", /, **fields: object) -> Tables:
    """Make an attack with one conversation, whose response has one score."""
    return joined(
        asked_and_answered(name),
        {
            "ScoreEntries": [a_score(f"score-{name}", f"{name}-1", value)],
            "AttackResultEntries": [a_result(name, **fields)],
        },
    )


def scores(*rows: Json) -> Tables:
    """Make the table of scores."""
    return {"ScoreEntries": list(rows)}


def results(*rows: Json) -> Tables:
    """Make the table of attack results."""
    return {"AttackResultEntries": list(rows)}


def a_scenario(units: int, state: str = "COMPLETED") -> Tables:
    """Make the scenario ``s``, which plans to attack so many objectives."""
    plan = {"atomic_groups": [{"seed_group_ids": [str(number) for number in range(units)]}]}
    row: Json = {"id": "s", "scenario_run_state": state, "scenario_metadata": {"run_plan": plan}}
    return {"ScenarioResultEntries": [row]}


def joined(*tables: Mapping[str, Sequence[Json]]) -> Tables:
    """Put the rows of several memories together."""
    whole: Tables = {}
    for some in tables:
        for table, rows in some.items():
            whole.setdefault(table, []).extend(rows)
    return whole


def write_memory(
    path: Path,
    *tables: Mapping[str, Sequence[Json]],
    revision: str = REVISION,
    columns: Mapping[str, Sequence[str]] = COLUMNS,
) -> Path:
    """Write a memory; objects and lists become JSON texts, as PyRIT writes them."""
    rows = joined({"pyrit_memory_alembic_version": [{"version_num": revision}]}, *tables)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN")
        for table, names in columns.items():
            listed = ", ".join(f'"{name}"' for name in names)
            connection.execute(f'CREATE TABLE "{table}" ({listed})')
            marks = ", ".join("?" for _ in names)
            for row in rows.get(table, []):
                values = [_cell(row.get(name)) for name in names]
                connection.execute(f'INSERT INTO "{table}" VALUES ({marks})', values)  # noqa: S608
        connection.commit()
    return path


def _cell(value: object) -> object:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return json.dumps(value) if isinstance(value, dict | list) else value
