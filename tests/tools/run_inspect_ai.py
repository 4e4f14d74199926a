# SPDX-License-Identifier: Apache-2.0
"""Runs Inspect AI on tiny tasks, and writes beside each log what Inspect itself reads from it.

A program of its own: ``python run_inspect_ai.py FOLDER``. The model is Inspect's mock, with
token counts given so that no tokeniser is fetched.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from inspect_ai import Task
from inspect_ai import eval as run
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import (
    EvalLog,
    EvalSample,
    ProvenanceData,
    edit_score,
    invalidate_samples,
    read_eval_log,
    write_eval_log,
)
from inspect_ai.log._recorders.chunked.convert import convert_eval_logs_to_chunked
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import (
    Score,
    ScoreEdit,
    Scorer,
    Target,
    Value,
    accuracy,
    match,
    mean,
    scorer,
)
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver, system_message

DIGEST = "sha256:" + "ab" * 32
FOLDER = Path(sys.argv[1])


def number_of(state: TaskState) -> int:
    return int(state.sample_id)


def values_scorer(name: str, values: Callable[[int], Value], *, by_key: bool = False) -> Scorer:
    """Make a scorer that gives sample ``n`` the value ``values(n)``."""

    @scorer(metrics={"*": [mean()]} if by_key else [accuracy()], name=name)
    def made() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            return Score(value=values(number_of(state)))

        return score

    return made()


@solver
def fails_on(*numbers: int) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if number_of(state) in numbers:
            raise RuntimeError("the sandbox went away")
        return state

    return solve


def answer(*_: object) -> ModelOutput:
    """Say yes, whatever is asked."""
    output = ModelOutput.from_content("mockllm/model", "yes")
    output.usage = ModelUsage(input_tokens=5, output_tokens=5, total_tokens=10)
    return output


def a_task(count: int, **more: object) -> Task:
    """Make a task of ``count`` samples, of which the even ones are answered right."""
    kept = [
        Sample(id=n, input=f"question {n}", target="yes" if n % 2 == 0 else "no")
        for n in range(1, count + 1)
    ]
    dataset = MemoryDataset(kept, name="toy", location="toy.jsonl")
    fields = {"solver": [system_message("Be brief."), generate()], "scorer": match()} | more
    return Task(dataset=dataset, name="toy", version=2, **fields)  # type: ignore[arg-type]


def evaluated(name: str, task: Task, *, log_format: str = "eval", **options: object) -> Path:
    """Run ``task`` and keep its log under ``name``."""
    log = run(
        task,
        model=get_model("mockllm/model", custom_outputs=answer),
        log_dir=str(FOLDER / "runs"),
        log_format=log_format,  # type: ignore[arg-type]
        display="none",
        **options,  # type: ignore[arg-type]
    )[0]
    return Path(shutil.copy(log.location.removeprefix("file://"), FOLDER / f"{name}.{log_format}"))


def edited(name: str, source: Path) -> None:
    """Write a copy of a log in which somebody changed one score and invalidated one sample."""
    log = read_eval_log(str(source))
    who = ProvenanceData(author="a person", reason="a mistake of the scorer")
    edit_score(log, 2, "match", ScoreEdit(value="I", provenance=who))
    assert log.samples is not None
    log = invalidate_samples(log, [str(log.samples[3].uuid)], who)
    write_eval_log(log, str(FOLDER / f"{name}.eval"))


def killed(name: str, source: Path) -> None:
    """Write a copy of a log as it stands when the run is killed before its end."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(FOLDER / f"{name}.eval", "w") as new:
        for member in old.namelist():
            if member not in ("header.json", "summaries.json", "reductions.json"):
                new.writestr(member, old.read(member), zipfile.ZIP_DEFLATED)


def chunked(name: str, source: Path) -> None:
    """Write a copy of a log in the layout with a folder for each sample."""
    convert_eval_logs_to_chunked(str(source), str(FOLDER / "chunked"))
    shutil.copy(FOLDER / "chunked" / source.name, FOLDER / f"{name}.eval")


def run_everything() -> None:
    plain = evaluated("plain", a_task(6), metadata={"tiergate_root_digest": DIGEST})
    evaluated("epochs", a_task(4), epochs=3, log_format="json")
    evaluated("limited", a_task(8), limit=5)
    failing = [fails_on(2, 4), generate()]
    evaluated("errors", a_task(6, solver=failing), fail_on_error=False)
    evaluated("stopped", a_task(6, solver=failing), fail_on_error=True, max_samples=1)
    evaluated("cut_short", a_task(3), token_limit=4)
    evaluated(
        "scorers",
        a_task(
            4,
            scorer=[
                values_scorer("number", lambda n: n / 4),
                values_scorer("truth", lambda n: n > 1),
                values_scorer("unscored", lambda n: math.nan if n == 3 else 1.0),
                values_scorer("parts", lambda n: {"harm": n, "help": 0.5}, by_key=True),
            ],
        ),
        epochs=2,
    )
    edited("edited", plain)
    killed("killed", plain)
    chunked("chunked", plain)


def flattened(sample: EvalSample) -> dict[str, object]:
    """Return every score of a sample as the tool holds it, with no score as None."""
    found: dict[str, object] = {}
    for name, score in (sample.scores or {}).items():
        entries = score.value if isinstance(score.value, dict) else {"": score.value}
        for key, value in entries.items():
            unscored = isinstance(value, float) and math.isnan(value)
            found[f"{name}.{key}" if key else name] = None if unscored else value
    return found


def as_read_by_the_tool(log: EvalLog) -> dict[str, object]:
    return {
        "status": log.status,
        "samples": [
            {
                "id": str(sample.id),
                "epoch": sample.epoch,
                "scores": flattened(sample),
                "errored": sample.error is not None,
                "limited": sample.limit is not None,
                "invalid": sample.invalidation is not None,
            }
            for sample in log.samples or []
        ],
    }


if __name__ == "__main__":
    run_everything()
    for path in sorted(FOLDER.glob("*.*")):
        # The tool cannot read the chunked layout that it writes; the source log stands for it.
        source = FOLDER / "plain.eval" if path.stem == "chunked" else path
        truth = as_read_by_the_tool(read_eval_log(str(source)))
        (FOLDER / f"{path.stem}.truth").write_text(json.dumps(truth), encoding="utf-8")
