# SPDX-License-Identifier: Apache-2.0
"""Small garak reports, written on the spot, with any one thing about them wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Json = dict[str, object]

SCORED, SENT = 2, 1


def without_removed(entry: Json) -> Json:
    """Leave out every field whose value is ``...``."""
    return {name: value for name, value in entry.items() if value is not ...}


def a_setup(**changes: object) -> Json:
    """Make the setup of a run; ``run__generations=3`` sets ``run.generations``."""
    entry: Json = {
        "entry_type": "start_run setup",
        "_config.version": "0.17.1",
        "_config.config_files": ["/home/somebody/garak.core.yaml"],
        "transient.run_id": "run-1",
        "transient.report_filename": "/home/somebody/garak.report.jsonl",
        "run.seed": None,
        "run.soft_probe_prompt_cap": 256,
        "run.generations": 2,
        "plugins.target_type": "test.Repeat",
        "plugins.target_name": None,
    }
    named = {
        name.replace("__", ".").replace("config.", "_config."): v for name, v in changes.items()
    }
    return without_removed(entry | named)


def an_init(**changes: object) -> Json:
    """Make the second entry of a run."""
    return without_removed(
        {
            "entry_type": "init",
            "garak_version": "0.17.1",
            "start_time": "2026-03-01T11:00:00.5",
            "run": "run-1",
            **changes,
        }
    )


def a_completion(**changes: object) -> Json:
    """Make the entry at the end of a run."""
    return without_removed(
        {
            "entry_type": "completion",
            "end_time": "2026-03-01T12:00:00.25",
            "run": "run-1",
            **changes,
        }
    )


def a_prompt(text: str) -> Json:
    """Make a prompt of one turn."""
    return {"turns": [{"role": "user", "content": {"text": text, "lang": "en", "notes": {}}}]}


def an_attempt(
    number: int,
    scores: Mapping[str, Sequence[object]] | None = None,
    *,
    status: object = SCORED,
    **fields: object,
) -> Json:
    """Make an attempt on prompt ``number``; the responses are as many as the longest scores."""
    scores = {"always.Pass": [0.0, 0.0]} if scores is None else scores
    longest = max((len(values) for values in scores.values()), default=2)
    return without_removed(
        {
            "entry_type": "attempt",
            "uuid": f"00000000-0000-4000-8000-{number:012}",
            "seq": number,
            "status": status,
            "probe_classname": "test.Test",
            "probe_params": {},
            "prompt": a_prompt(f"harmless prompt {number}"),
            "outputs": [{"text": f"response {index}"} for index in range(longest)],
            "detector_results": {name: list(values) for name, values in scores.items()},
            "notes": {},
            "intent": "T999test",
            **fields,
        }
    )


def an_eval(passed: int, fails: int, nones: int = 0, /, **fields: object) -> Json:
    """Make the tool's own count of one detector on one probe."""
    return without_removed(
        {
            "entry_type": "eval",
            "probe": "test.Test",
            "detector": "always.Pass",
            "passed": passed,
            "fails": fails,
            "nones": nones,
            "total_evaluated": passed + fails,
            "total_processed": passed + fails + nones,
            "confidence_lower": 0.0,
            "confidence_upper": 0.0,
            **fields,
        }
    )


def sent_then_scored(*attempts: Json) -> list[Json]:
    """Write every attempt twice, as the tool does: when it was answered, and when scored."""
    return [
        *({**attempt, "status": SENT, "detector_results": {}} for attempt in attempts),
        *attempts,
    ]


def a_run(*entries: Json, setup: Json | None = None) -> list[Json]:
    """Make a whole run around these entries."""
    return [setup or a_setup(), an_init(), *entries, a_completion()]


def write_report(path: Path, entries: Sequence[Json], *, end: bytes = b"") -> Path:
    """Write a report; NaN is written as the tool writes it, and ``end`` follows unchanged."""
    lines = [json.dumps(entry).encode() + b"\n" for entry in entries]
    path.write_bytes(b"".join(lines) + end)
    return path
