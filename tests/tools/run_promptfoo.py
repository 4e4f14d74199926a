# SPDX-License-Identifier: Apache-2.0
"""Runs promptfoo on harmless prompts with providers that need no network, and exports.

A program of its own: ``python run_promptfoo.py FOLDER``. It runs the command line of the
promptfoo that ``make foreign`` installed, with everything that it keeps inside the folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
PROGRAM = Path(__file__).parents[2] / ".venv-tools" / "promptfoo/node_modules/.bin/promptfoo"

Json = dict[str, object]

# Says the prompt back, but gives no answer to one colour and breaks on another.
FRAGILE = """
export default class {
  id() { return 'fragile' }
  async callApi(prompt) {
    if (prompt.includes('blue')) return { error: 'no answer' }
    if (prompt.includes('grey')) throw new Error('broken')
    const cached = prompt.includes('red')
    return { output: prompt, finishReason: prompt.includes('pink') ? 'length' : 'stop', cached }
  }
}
"""
# Grades everything as half right, unless it is asked about one colour.
GRADER = """
export default class {
  id() { return 'grader' }
  async callApi(prompt) {
    if (prompt.includes('blue')) return { error: 'no verdict' }
    return { output: JSON.stringify({ pass: true, score: 0.5, reason: 'nice' }) }
  }
}
"""


def test_of(colour: object, *assertions: Json, **fields: object) -> Json:
    return {"vars": {"colour": colour}, "assert": list(assertions), **fields}


def contains(text: str, **fields: object) -> Json:
    return {"type": "contains", "value": text, **fields}


CONFIGURATIONS: dict[str, Json] = {
    "plain": {
        "description": "colours",
        "prompts": ["Name the colour {{colour}}", "Say {{colour}} twice"],
        "providers": [{"id": "echo", "label": "an echo", "config": {"temperature": 0.5}}],
        "tests": [
            test_of("red", contains("red"), {"type": "equals", "value": "Name the colour red"}),
            test_of("blue", contains("green"), {"type": "javascript", "value": "0.25"}),
            test_of("grey", contains("grey", metric="Greyness")),
        ],
    },
    "fragile": {
        "description": "fragile",
        "prompts": ["Name {{colour}}"],
        "providers": [{"id": "file://fragile.mjs", "label": "mine"}],
        "evaluateOptions": {"repeat": 2},
        "defaultTest": {"assert": [contains("Name")]},
        "tests": [
            test_of(
                "red",
                {"type": "assert-set", "assert": [contains("red"), contains("green")]},
                {"type": "not-contains", "value": "red"},
            ),
            test_of("blue", contains("blue", metric="Blueness")),
            test_of("grey"),
            test_of(["green", "pink"]),
        ],
    },
    "graded": {
        "prompts": ["Name {{colour}}"],
        "providers": ["echo"],
        "defaultTest": {"options": {"provider": "file://grader.mjs"}},
        "tests": [
            test_of(colour, {"type": "llm-rubric", "value": "is nice"}, contains("Name"))
            for colour in ("red", "blue")
        ],
    },
    "bare": {
        "prompts": ["Name {{colour}}"],
        "providers": ["echo"],
        "tests": [test_of("red"), test_of("blue", contains("red"))],
    },
    "strategies": {
        "prompts": ["{{text}}"],
        "providers": ["echo"],
        "tests": [
            {"vars": {"text": "red"}, "assert": [contains("red")]},
            {
                "vars": {"text": "cmVk"},
                "assert": [contains("red")],
                "metadata": {"strategyId": "base64", "originalText": "red"},
            },
        ],
    },
    "several": {
        "prompts": ["Name {{colour}}"],
        "providers": [{"id": "echo", "label": "one"}, {"id": "echo", "label": "two"}],
        "tests": [test_of("red", contains("red"))],
    },
}


def promptfoo(*arguments: str, may_fail: bool = False) -> None:
    settings = {
        "PROMPTFOO_CONFIG_DIR": str(FOLDER / "kept"),
        "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
    }
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=FOLDER,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    # It exits with 100 when a test fails, which is no failure of the tool.
    if done.returncode not in ((0, 100) if may_fail else (0,)):
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])


def evaluate(name: str, output: str, *options: str) -> None:
    given = ["eval", "-c", f"{name}.json", "-o", output, "--no-cache", "--no-table"]
    promptfoo(*given, "--no-progress-bar", *options, may_fail=True)


if __name__ == "__main__":
    (FOLDER / "fragile.mjs").write_text(FRAGILE, encoding="utf-8")
    (FOLDER / "grader.mjs").write_text(GRADER, encoding="utf-8")
    for name, configuration in CONFIGURATIONS.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(configuration), encoding="utf-8")
        evaluate(name, f"{name}.out.json")
    evaluate("several", "one.out.json", "--filter-providers", "one")
    evaluate("plain", "filtered.out.json", "--filter-first-n", "1")
    promptfoo("export", "eval", "latest", "-o", "exported.out.json")
