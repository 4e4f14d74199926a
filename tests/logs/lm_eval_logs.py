# SPDX-License-Identifier: Apache-2.0
"""Small lm-evaluation-harness runs, written on the spot, with any one thing about them wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Json = dict[str, object]

TIME = "2026-03-01T12-00-00.123456"


def a_row(document: int | str, value: object = 1.0, **fields: object) -> Json:
    """Make a sample of metric ``exact_match`` under filter ``none``; ``...`` removes a field."""
    row: Json = {
        "doc_id": document,
        "doc": {"question": "2 + 2"},
        "target": "4",
        "resps": [["4"]],
        "filtered_resps": ["4"],
        "filter": "none",
        "metrics": ["exact_match"],
        "exact_match": value,
        **fields,
    }
    return {name: entry for name, entry in row.items() if entry is not ...}


def rows(*values: object, **fields: object) -> list[Json]:
    """Make one sample with each value, numbered from 0."""
    return [a_row(number, value, **fields) for number, value in enumerate(values)]


def a_config(**changes: object) -> Json:
    """Make the configuration of one task."""
    return {
        "task": "sums",
        "dataset_path": "org/sums",
        "dataset_name": "easy",
        "test_split": "test",
        "description": "Work it out.",
        "output_type": "generate_until",
        "generation_kwargs": {"until": ["\n"], "temperature": 0.0},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean"}],
        "repeats": 1,
        "metadata": {"version": 1.0},
        **changes,
    }


def some_results(
    tasks: Mapping[str, tuple[int, Mapping[str, object]]] | None = None, **changes: object
) -> Json:
    """Make results: from each task to how many samples it claims, and its averages."""
    tasks = tasks or {"sums": (2, {"exact_match,none": 0.5})}
    whole: Json = {
        "results": {
            task: {"alias": task, "exact_match_stderr,none": 0.1, **averages}
            for task, (_, averages) in tasks.items()
        },
        "configs": {task: a_config() for task in tasks},
        "versions": dict.fromkeys(tasks, 1.0),
        "n-shot": dict.fromkeys(tasks, 3),
        "n-samples": {t: {"original": n, "effective": n} for t, (n, _) in tasks.items()},
        "config": {"model": "hf", "model_args": "pretrained=org/model", "use_cache": None},
        "date": 1_772_366_400.25,
        "lm_eval_version": "0.4.13",
        "model_name": "org/model",
        "system_instruction": None,
        "chat_template": None,
        **changes,
    }
    return {name: entry for name, entry in whole.items() if entry is not ...}


def some_averages(**changes: object) -> Json:
    """Make results of a version before 0.4; ``config`` changes single entries of it."""
    config: Json = {
        "model": "hf-causal",
        "model_args": "pretrained=org/model,revision=step0",
        "num_fewshot": 5,
        "batch_size": 2,
        "device": "cpu",
        "no_cache": True,
        "limit": None,
        "bootstrap_iters": 100_000,
        "description_dict": {},
    }
    changed = changes.pop("config", {})
    assert isinstance(changed, dict)
    averages = {
        "acc": 0.22486772486772486,
        "acc_stderr": 0.02150209607822914,
        "ppl": 3559787.05379182,
        "ppl_stderr": 343578.12573816424,
    }
    return {
        "results": {"sums-hard": averages},
        "versions": {"sums-hard": 0},
        "config": {
            name: entry for name, entry in {**config, **changed}.items() if entry is not ...
        },
        **changes,
    }


def write_rows(path: Path, kept: Sequence[Json]) -> Path:
    """Write a samples file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    return path


def write_run(
    folder: Path, kept: Mapping[str, Sequence[Json]], results: Json | None = None
) -> Path:
    """Write a run into ``folder``; return its results file."""
    folder.mkdir(parents=True, exist_ok=True)
    for task, samples in kept.items():
        write_rows(folder / f"samples_{task}_{TIME}.jsonl", samples)
    path = folder / f"results_{TIME}.json"
    path.write_text(json.dumps(results or some_results()), encoding="utf-8")
    return path
