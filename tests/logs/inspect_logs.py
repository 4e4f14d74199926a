# SPDX-License-Identifier: Apache-2.0
"""Small Inspect logs, written on the spot, with any one thing about them wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from logs.zip_files import DEFLATED, Member, zip_bytes

Json = dict[str, object]


def a_sample(identity: int | str, value: object = "C", *, epoch: int = 1, **fields: object) -> Json:
    """Make a sample with one scorer, ``match``, that gave ``value``."""
    return {
        "id": identity,
        "epoch": epoch,
        "input": "2 + 2",
        "target": "4",
        "scores": {"match": {"value": value, "answer": "4", "history": []}},
        **fields,
    }


def samples(*values: object) -> list[Json]:
    """Make one sample with each value, numbered from 1."""
    return [a_sample(number, value) for number, value in enumerate(values, start=1)]


def a_header(count: int = 1, **changes: object) -> Json:
    """Make the header of a finished run on ``count`` samples; dotted names change its depths.

    ``eval__config__limit=3`` sets ``eval.config.limit``; a value of ``...`` removes a field.
    """
    header: Json = {
        "version": 2,
        "status": "success",
        "eval": {
            "created": "2026-03-01T11:00:00+00:00",
            "task": "arithmetic",
            "task_version": 3,
            "dataset": {
                "name": "sums",
                "location": "sums.jsonl",
                "samples": count,
                "sample_ids": list(range(1, count + 1)),
            },
            "model": "hf/example",
            "model_generate_config": {"temperature": 0.5, "max_tokens": 8},
            "model_args": {},
            "config": {"epochs": 1},
            "packages": {"inspect_ai": "0.3.285"},
            "scorers": [{"name": "match"}],
        },
        "plan": {
            "steps": [
                {"solver": "system_message", "params": {"template": "Be brief."}},
                {"solver": "use_tools", "params": {"tools": [{"name": "bash"}, {"name": "web"}]}},
                {"solver": "generate", "params": {}},
            ],
            "config": {"temperature": 0.0, "extra_headers": {"authorization": "secret"}},
        },
        "stats": {"completed_at": "2026-03-01T13:00:00+01:00"},
    }
    for name, value in changes.items():
        _set(header, name.split("__"), value)
    return header


def _set(tree: Json, path: Sequence[str], value: object) -> None:
    for name in path[:-1]:
        below = tree.setdefault(name, {})
        assert isinstance(below, dict)
        tree = below
    if value is ...:
        tree.pop(path[-1], None)
    else:
        tree[path[-1]] = value


def summary_of(sample: Json) -> Json:
    """Make the summary that Inspect writes of a sample."""
    error = sample.get("error")
    kept = {name: sample[name] for name in ("id", "epoch", "scores") if name in sample}
    return kept | ({"error": error["message"]} if isinstance(error, dict) else {})


def sample_member(sample: Json, *, method: int = DEFLATED) -> Member:
    """Make the member of a sample."""
    return json_member(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", sample, method)


def json_member(name: str, value: object, method: int = DEFLATED) -> Member:
    """Make a member that holds a JSON text; NaN is written as the tool writes it."""
    return Member(name=name, content=json.dumps(value).encode(), method=method)


def write_members(path: Path, members: Sequence[Member]) -> Path:
    """Write a ZIP file of exactly these members."""
    path.write_bytes(zip_bytes(members))
    return path


def write_eval(
    path: Path,
    kept: Sequence[Json],
    header: Json | None = None,
    *,
    summaries: Sequence[Json] | None = None,
    method: int = DEFLATED,
    more: Mapping[str, object] | None = None,
) -> Path:
    """Write an ``.eval`` log; the summaries are those of the samples unless given."""
    summed = [summary_of(sample) for sample in kept] if summaries is None else list(summaries)
    members = [sample_member(sample, method=method) for sample in kept]
    members += [json_member(name, value, method) for name, value in (more or {}).items()]
    members.append(json_member("summaries.json", summed, method))
    members.append(json_member("header.json", header or a_header(len(kept)), method))
    return write_members(path, members)


def write_json(path: Path, kept: Sequence[Json], header: Json | None = None) -> Path:
    """Write a ``.json`` log."""
    whole = (header or a_header(len(kept))) | {"samples": list(kept)}
    path.write_text(json.dumps(whole, indent=2), encoding="utf-8")
    return path
