# SPDX-License-Identifier: Apache-2.0
"""Small HELM runs, written on the spot, with any one thing about them wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

Json = dict[str, object]

ASKED_AT = 1_772_366_400
LOWERCASE: Json = {
    "name": "lowercase",
    "robustness": True,
    "fairness": False,
    "computed_on": "perturbed",
}


def _without(whole: Json) -> Json:
    return {name: entry for name, entry in whole.items() if entry is not ...}


def a_stat(metric: str = "exact_match", total: object = 1.0, **changes: object) -> Json:
    """Make a statistic of one number on split ``test``; ``...`` removes a field."""
    name: Json = {"name": metric, "split": "test"}
    for key in ("split", "perturbation"):
        if key in changes:
            name[key] = changes.pop(key)
    whole: Json = {"name": _without(name), "count": 1, "sum": total, "mean": total, **changes}
    return _without(whole)


def an_entry(instance: object, *stats: Json, trial: object = 0, **changes: object) -> Json:
    """Make what one metric keeps of one instance in one trial."""
    whole: Json = {
        "instance_id": instance,
        "train_trial_index": trial,
        "stats": list(stats) or [a_stat()],
        **changes,
    }
    return _without(whole)


def a_request(instance: object, trial: object = 0, **changes: object) -> Json:
    """Make an answered request on one instance; ``...`` removes a field.

    The fields of the instance and of the result can be changed under their own names.
    """
    inside = {
        "instance": ("split", "sub_split", "perturbation"),
        "result": ("success", "cached", "request_datetime", "completions", "error"),
    }
    parts: dict[str, Json] = {
        "instance": {"id": instance, "split": "test", "input": {"text": "two and two"}},
        "result": {
            "success": True,
            "cached": False,
            "request_datetime": ASKED_AT,
            "completions": [{"text": "four", "finish_reason": {"reason": "stop"}}],
        },
    }
    for part, names in inside.items():
        for name in names:
            if name in changes:
                parts[part][name] = changes.pop(name)
    whole: Json = {
        **{part: _without(fields) for part, fields in parts.items()},
        "train_trial_index": trial,
        "request": {"prompt": "two and two"},
        "prompt_truncated": False,
        **changes,
    }
    return _without(whole)


def an_adapter(**changes: object) -> Json:
    """Make the part of a run spec that says how instances become requests."""
    whole: Json = {
        "method": "generation",
        "instructions": "Answer.",
        "max_train_instances": 5,
        "num_train_trials": 1,
        "num_outputs": 1,
        "num_trials": 1,
        "model": "simple/model1",
        "model_deployment": "simple/model1",
        "temperature": 0.0,
        "max_tokens": 20,
        "stop_sequences": ["\n"],
        **changes,
    }
    return _without(whole)


def a_run_spec(adapter: Json | None = None, **changes: object) -> Json:
    """Make a run spec; ``...`` removes a field."""
    whole: Json = {
        "name": "sums:difficulty=easy,model=simple_model1",
        "scenario_spec": {"class_name": "org.SumsScenario", "args": {"difficulty": "easy"}},
        "adapter_spec": adapter or an_adapter(),
        "metric_specs": [{"class_name": "org.ExactMatch", "args": {}}],
        "data_augmenter_spec": {"perturbation_specs": []},
        "groups": ["sums"],
        **changes,
    }
    return _without(whole)


def entries(*totals: object) -> list[Json]:
    """Make an entry with each total, for instances numbered from ``id0``."""
    return [an_entry(f"id{n}", a_stat(total=total)) for n, total in enumerate(totals)]


def requests(count: int, **changes: object) -> list[Json]:
    """Make an answered request on each of ``count`` instances."""
    return [a_request(f"id{n}", **changes) for n in range(count)]


def write_run(
    folder: Path,
    kept: object,
    asked: object,
    *,
    stats: Sequence[Json] = (),
    spec: object = None,
) -> Path:
    """Write the five files of a run into ``folder``; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "run_spec.json": a_run_spec() if spec is None else spec,
        "scenario.json": {"name": "sums", "description": "Sums.", "tags": ["harmless"]},
        "scenario_state.json": {"adapter_spec": an_adapter(), "request_states": asked},
        "stats.json": list(stats),
        "per_instance_stats.json": kept,
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
    return folder
