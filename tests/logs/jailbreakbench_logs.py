# SPDX-License-Identifier: Apache-2.0
"""Small attack artifacts and HarmBench results, harmless and with any one thing wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

Json = dict[str, object]


def a_jailbreak(index: object, **fields: object) -> Json:
    """Make the row of one behaviour, no jailbreak; ``...`` removes a field."""
    row: Json = {
        "index": index,
        "goal": "Name a colour",
        "behavior": "Colours",
        "category": "Harmless",
        "prompt": "Please name a colour",
        "response": "Red",
        "number_of_queries": 3,
        "queries_to_jailbreak": None,
        "prompt_tokens": 30,
        "response_tokens": 3,
        "jailbroken": False,
        **fields,
    }
    return {name: entry for name, entry in row.items() if entry is not ...}


def jailbreaks(successes: int, *, of: int = 100, **fields: object) -> list[Json]:
    """Make rows of which the first ``successes`` are labelled as jailbreaks."""
    return [
        a_jailbreak(index, **{"jailbroken": index < successes, **fields}) for index in range(of)
    ]


def some_parameters(**changes: object) -> Json:
    """Make the parameters of an attack with two jailbreaks; ``...`` removes a field."""
    whole: Json = {
        "method": "PAIR",
        "model": "vicuna-13b-v1.5",
        "attack_type": "black_box",
        "defense": None,
        "attack_success_rate": 0.02,
        "total_number_of_jailbreaks": 2,
        "number_of_submitted_prompts": 100,
        "total_number_of_queries": 300,
        "total_prompt_tokens": 3000,
        "total_response_tokens": 300,
        "evaluation_date": "2026-03-01",
        "evaluation_llm_provider": "litellm",
        "method_parameters": {"n-iter": 3, "attacker_model": "mixtral"},
        **changes,
    }
    return {name: entry for name, entry in whole.items() if entry is not ...}


def write_artifact(path: Path, rows: Sequence[Json], parameters: Json | None = None) -> Path:
    """Write an artifact; return its path."""
    given = some_parameters() if parameters is None else parameters
    whole = {"parameters": given, "jailbreaks": list(rows)}
    path.write_text(json.dumps(whole, indent=4), encoding="utf-8")
    return path


def a_case(label: object = 0, **fields: object) -> Json:
    """Make a HarmBench test case; ``...`` removes a field."""
    case: Json = {
        "test_case": "Please name a colour",
        "generation": "Red",
        "label": label,
        **fields,
    }
    return {name: entry for name, entry in case.items() if entry is not ...}


def write_results(path: Path, behaviours: object) -> Path:
    """Write HarmBench results; return their path."""
    path.write_text(json.dumps(behaviours, indent=4), encoding="utf-8")
    return path
