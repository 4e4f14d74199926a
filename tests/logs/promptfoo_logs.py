# SPDX-License-Identifier: Apache-2.0
"""Small promptfoo exports, written on the spot, with any one thing about them wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Json = dict[str, object]

STARTED = "2026-03-01T12:00:00.250Z"


def _without(whole: Json) -> Json:
    return {name: entry for name, entry in whole.items() if entry is not ...}


def an_assertion(kind: str = "contains", **fields: object) -> Json:
    """Make an assertion as a test has it."""
    return {"type": kind, "value": "red", **fields}


def a_verdict(assertion: object = None, *, holds: object = True, **fields: object) -> Json:
    """Make what one assertion said; ``...`` removes a field."""
    whole: Json = {
        "pass": holds,
        "score": 1 if holds is True else 0,
        "reason": "because",
        "assertion": an_assertion() if assertion is None else assertion,
        **fields,
    }
    return _without(whole)


def a_result(
    test: object,
    *verdicts: Json,
    prompt: object = 0,
    text: object = "",
    case: Mapping[str, object] | None = None,
    **fields: object,
) -> Json:
    """Make one result with what its assertions said; ``...`` removes a field.

    ``case`` changes its test. Without verdicts, one assertion held.
    """
    said = list(verdicts) or [a_verdict()]
    holds = all(verdict.get("pass") is True for verdict in said)
    assertions = [v["assertion"] for v in said if "assertion" in v]
    whole: Json = {
        "promptIdx": prompt,
        "testIdx": test,
        "prompt": {"raw": text or f"Say {test}", "label": "Say {{n}}"},
        "provider": {"id": "echo", "label": ""},
        "vars": {"n": text or str(test)},
        "testCase": {
            "vars": {},
            "assert": assertions,
            "options": {},
            "metadata": {},
            **(case or {}),
        },
        "response": {"output": "red", "cached": False, "finishReason": "stop"},
        "gradingResult": {"pass": holds, "score": int(holds), "componentResults": said},
        "success": holds,
        "score": int(holds),
        "failureReason": 0 if holds else 1,
        **fields,
    }
    return _without(whole)


def an_error(test: int, *, case: Json | None = None, **fields: object) -> Json:
    """Make a result that ended in an error."""
    changes: Json = {
        "gradingResult": None,
        "error": "no answer",
        "success": False,
        "score": 0,
        "failureReason": 2,
        **fields,
    }
    return _without(a_result(test, case=case) | changes)


def some_stats(successes: object, failures: object = 0, errors: object = 0) -> Json:
    """Make the totals of an export."""
    return {"successes": successes, "failures": failures, "errors": errors}


def a_prompt(*counts: int) -> Json:
    """Make a prompt with the tests that it passed, failed and had errors in."""
    names = ("testPassCount", "testFailCount", "testErrorCount")
    metrics = dict(zip(names, counts, strict=True)) if counts else {}
    return {"raw": "Say {{n}}", "label": "Say {{n}}", "provider": "echo", "metrics": metrics}


def an_export(results: object, **changes: object) -> Json:
    """Make an export of results with one prompt, without totals; ``...`` removes a field.

    Fields of its inner part, of its configuration and of its metadata can be changed under
    their own names.
    """
    places = {
        "results": ("version", "timestamp", "prompts", "stats"),
        "config": ("description", "providers", "tests", "defaultTest", "evaluateOptions"),
        "metadata": ("promptfooVersion", "exportedAt", "evaluationCreatedAt"),
    }
    parts: dict[str, Json] = {
        "results": {
            "version": 3,
            "timestamp": STARTED,
            "prompts": [a_prompt()],
            "results": results,
            "stats": {},
        },
        "config": {"description": "colours", "providers": ["echo"], "tests": "file://tests.csv"},
        "metadata": {"promptfooVersion": "0.121.20", "exportedAt": "2031-01-01T00:00:00Z"},
    }
    for part, names in places.items():
        for name in names:
            if name in changes:
                parts[part][name] = changes.pop(name)
    whole: Json = {
        "evalId": "eval-x",
        **{part: _without(fields) for part, fields in parts.items()},
        "shareableUrl": None,
        "runtimeOptions": {"repeat": 1},
        **changes,
    }
    return _without(whole)


def write_export(path: Path, results: Sequence[Json], **changes: object) -> Path:
    """Write an export; return its path."""
    path.write_text(json.dumps(an_export(list(results), **changes), indent=2), encoding="utf-8")
    return path
