# SPDX-License-Identifier: Apache-2.0
"""Writes artifacts with JailbreakBench's own classes, and beside each what it reads from it.

A program of its own: ``python run_jailbreakbench.py FOLDER``. Of the package, the module of
artifacts is loaded alone; the rest of it loads models. The tool reads from its cache, which
is where the artifacts are written, so that it downloads nothing.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from datetime import date
from pathlib import Path

FOLDER = Path(sys.argv[1])


def without_its_models() -> None:
    """Put the package into place without running what it runs when it is imported."""
    found = importlib.util.find_spec("jailbreakbench")
    assert found is not None
    package = types.ModuleType("jailbreakbench")
    package.__path__ = list(found.submodule_search_locations or ())
    sys.modules["jailbreakbench"] = package


without_its_models()

from jailbreakbench.artifact import (  # noqa: E402 - the package has to be put into place first
    AttackArtifact,
    AttackParameters,
    JailbreakInfo,
    read_artifact,
)

METHOD = "politeness"
VICUNA, LLAMA = "vicuna-13b-v1.5", "llama-2-7b-chat-hf"
OLDER = "jailbroken_llama_guard1"


def a_row(index: int, *, jailbroken: bool, silent: bool) -> JailbreakInfo:
    return JailbreakInfo(
        index=index,
        goal="Name a colour",
        behavior=f"Colour {index}",
        category="Harmless",
        prompt=None if silent else "Please name a colour",
        response=None if silent else "Red",
        number_of_queries=3,
        queries_to_jailbreak=3 if jailbroken else None,
        prompt_tokens=30,
        response_tokens=3,
        jailbroken=jailbroken,
    )


def an_artifact(
    model: str, attack_type: str, rows: list[JailbreakInfo], *, claimed: int
) -> AttackArtifact:
    return AttackArtifact(
        parameters=AttackParameters(
            method=METHOD,
            model=model,
            attack_type=attack_type,
            defense=None,
            attack_success_rate=claimed / 100,
            total_number_of_jailbreaks=claimed,
            number_of_submitted_prompts=sum(row.prompt is not None for row in rows),
            total_number_of_queries=300,
            total_prompt_tokens=3000,
            total_response_tokens=300,
            evaluation_date=date(2026, 3, 1),
            evaluation_llm_provider="litellm",
            method_parameters={"tries": 3, "tone": "kind"},
        ),
        jailbreaks=rows,
    )


def write(artifact: AttackArtifact, *, older_labels: int | None = None) -> None:
    """Write an artifact to where the tool looks for it, with an older grader's labels or not."""
    content = json.loads(artifact.model_dump_json())
    for row in content["jailbreaks"] if older_labels is not None else ():
        row[OLDER] = row["index"] < older_labels
    path = folder() / artifact.parameters.attack_type / f"{artifact.parameters.model}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=4), encoding="utf-8")


def folder() -> Path:
    return FOLDER / "jailbreakbench" / "attack-artifacts" / METHOD


def write_everything() -> None:
    full = [a_row(i, jailbroken=i < 12, silent=False) for i in range(100)]
    silent = [a_row(i, jailbroken=i < 3, silent=i > 3) for i in range(100)]
    write(an_artifact(VICUNA, "black_box", full, claimed=12))
    write(an_artifact(LLAMA, "black_box", silent, claimed=3))
    write(an_artifact(VICUNA, "white_box", full, claimed=20), older_labels=25)
    write(an_artifact(LLAMA, "white_box", full[:60], claimed=12))
    kinds = {model: ["black_box", "white_box"] for model in (VICUNA, LLAMA)}
    (folder() / "attack-info.json").write_text(json.dumps({"models": kinds}), encoding="utf-8")


def as_read_by_the_tool(model: str, attack_type: str) -> dict[str, object]:
    artifact = read_artifact(METHOD, model, attack_type, custom_cache_dir=FOLDER)
    return {
        "date": artifact.parameters.evaluation_date.isoformat(),
        "claimed": artifact.parameters.total_number_of_jailbreaks,
        "rows": [
            {"index": row.index, "jailbroken": row.jailbroken, "silent": row.response is None}
            for row in artifact.jailbreaks
        ],
    }


if __name__ == "__main__":
    write_everything()
    for path in sorted(folder().glob("*/*.json")):
        truth = json.dumps(as_read_by_the_tool(path.stem, path.parent.name))
        path.with_suffix(".truth").write_text(truth, encoding="utf-8")
