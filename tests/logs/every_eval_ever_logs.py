# SPDX-License-Identifier: Apache-2.0
"""Small Every Eval Ever records, written on the spot, with any one thing about them wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Json = dict[str, object]

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
FOLDER = "data/sums/org/model"
RUN = "sums/org_model/1772366400"
MODEL = "org/model"


def a_row(sample: int | str, score: object = 1.0, **fields: object) -> Json:
    """Make a row that names the result ``match:accuracy``; ``...`` removes a field."""
    row: Json = {
        "schema_version": "0.3.0",
        "evaluation_id": RUN,
        "model_id": MODEL,
        "evaluation_name": "sums",
        "evaluation_result_id": "match:accuracy",
        "sample_id": str(sample),
        "interaction_type": "single_turn",
        "input": {"raw": "2 + 2", "reference": ["4"]},
        "output": {"raw": ["4"]},
        "messages": None,
        "answer_attribution": [],
        "evaluation": {"score": score, "is_correct": bool(score)},
        "error": None,
        **fields,
    }
    return {name: entry for name, entry in row.items() if entry is not ...}


def rows(*scores: object, **fields: object) -> list[Json]:
    """Make one row with each score, its samples numbered from 1."""
    return [a_row(number, score, **fields) for number, score in enumerate(scores, start=1)]


def attempts(sample: int | str, *scores: object) -> list[Json]:
    """Make one row for each attempt on a sample, numbered from 1."""
    return [
        a_row(sample, score, metadata={"epoch": str(number)})
        for number, score in enumerate(scores, start=1)
    ]


def a_result(score: object = 0.5, **changes: object) -> Json:
    """Make the result ``match:accuracy``; ``...`` removes a field."""
    result: Json = {
        "evaluation_result_id": "match:accuracy",
        "evaluation_name": "sums",
        "source_data": {"dataset_name": "sums", "source_type": "hf_dataset", "hf_repo": "org/sums"},
        "evaluation_timestamp": "1772366400.25",
        "metric_config": {"metric_name": "accuracy", "lower_is_better": False},
        "score_details": {"score": score},
        "generation_config": {
            "generation_args": {
                "temperature": 0.5,
                "prompt_template": "Be brief.",
                "agentic_eval_config": {"available_tools": [{"name": "web"}, {"name": "bash"}]},
                "eval_plan": {"steps": ['{"solver": "use_tools"}', '{"solver": "generate"}']},
                "eval_limits": {"message_limit": 5},
                "sandbox": {"type": "docker"},
                "max_attempts": 2,
            },
            "additional_details": {"num_fewshot": "3", "seed": "1", "extra_headers": "a key"},
        },
        **changes,
    }
    return {name: entry for name, entry in result.items() if entry is not ...}


def a_record(*results: Json, details: Mapping[str, str] | None = None, **changes: object) -> Json:
    """Make an aggregate with these results; ``...`` removes a field.

    ``details`` are further details of the model.
    """
    record: Json = {
        "schema_version": "0.3.0",
        "evaluation_id": RUN,
        "evaluation_timestamp": "1772366400",
        "retrieved_timestamp": "1772452800.5",
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": "An Institute",
            "evaluator_relationship": "third_party",
        },
        "eval_library": {"name": "some_tool", "version": "1.2"},
        "model_info": {
            "name": "The Model",
            "id": MODEL,
            "additional_details": {
                "deployment_type": "unknown",
                "model_availability": "unknown",
                **(details or {}),
            },
        },
        "evaluation_results": list(results) or [a_result()],
        **changes,
    }
    return {name: entry for name, entry in record.items() if entry is not ...}


def changed(record: Json, changes: Mapping[str, object]) -> Json:
    """Return the record with other fields; ``...`` removes a field."""
    return {name: entry for name, entry in {**record, **changes}.items() if entry is not ...}


def samples_bytes(kept: Sequence[Json]) -> bytes:
    """Return the rows as a samples file holds them."""
    return "".join(json.dumps(row) + "\n" for row in kept).encode()


def write_record(
    folder: Path,
    kept: Sequence[Json] | None,
    record: Json | None = None,
    declared: Mapping[str, object] | None = None,
) -> Path:
    """Write a record into ``folder``; return its aggregate.

    Args:
        folder: made if it is not there.
        kept: the rows; None writes no samples file.
        record: the aggregate, ``a_record()`` by default.
        declared: what it says about the samples other than the truth; ``...`` removes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = dict(record or a_record())
    content = samples_bytes(kept or [])
    if kept is not None:
        (folder / f"{UUID}_samples.jsonl").write_bytes(content)
        whole.setdefault(
            "detailed_evaluation_results", _declared(content, len(kept), declared or {})
        )
    path = folder / f"{UUID}.json"
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def _declared(content: bytes, count: int, changes: Mapping[str, object]) -> Json:
    details: Json = {
        "format": "jsonl",
        "file_path": f"{FOLDER}/{UUID}_samples.jsonl",
        "hash_algorithm": "sha256",
        "checksum": hashlib.sha256(content).hexdigest(),
        "total_rows": count,
        **changes,
    }
    return {name: entry for name, entry in details.items() if entry is not ...}
