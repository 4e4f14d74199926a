# SPDX-License-Identifier: Apache-2.0
"""Converts logs with Every Eval Ever, and writes beside them what went in and what it finds.

A program of its own: ``python run_every_eval_ever.py FOLDER``. It runs Inspect's mock model
on tiny tasks, converts the logs with the tool's own command line, converts the
lm-evaluation-harness run in ``FOLDER/lm_eval``, and lets the tool's validator look at these
records and at those in ``FOLDER/exported``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from every_eval_ever import cli
from every_eval_ever.validator.validation_core import validate_file
from inspect_ai import Task
from inspect_ai import eval as run
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, EvalSample, read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, accuracy, match, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver

FOLDER = Path(sys.argv[1])
MODEL = "tiny-org/tiny"


def answer(*_: object) -> ModelOutput:
    """Say yes, whatever is asked."""
    output = ModelOutput.from_content(MODEL, "yes")
    output.usage = ModelUsage(input_tokens=5, output_tokens=5, total_tokens=10)
    return output


@solver
def fails_on(*numbers: int) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if int(state.sample_id) in numbers:
            raise RuntimeError("the sandbox went away")
        return state

    return solve


@scorer(metrics=[accuracy(), mean()])
def by_epoch() -> Scorer:
    """Score the first attempt on every sample 1 and each later one 0."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=1.0 if state.epoch == 1 else 0.0)

    return score


@scorer(metrics={"*": [mean()]})
def parts() -> Scorer:
    """Give several scores at once, which the converter cannot take apart."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value={"harm": int(state.sample_id) % 2, "help": 1})

    return score


def a_task(count: int, **more: object) -> Task:
    """Make a task of ``count`` samples, of which the even ones are answered right."""
    kept = [
        Sample(id=n, input=f"question {n}", target="yes" if n % 2 == 0 else "no")
        for n in range(1, count + 1)
    ]
    dataset = MemoryDataset(kept, name="toy", location="toy.jsonl")
    fields = {"solver": [generate()], "scorer": match()} | more
    return Task(dataset=dataset, name="toy", **fields)  # type: ignore[arg-type]


def evaluated(name: str, task: Task, **options: object) -> None:
    """Run ``task``; keep its log as that of a model with a name that the converter takes."""
    done = run(
        task,
        model=get_model("mockllm/model", custom_outputs=answer),
        log_dir=str(FOLDER / "runs"),
        display="none",
        **options,  # type: ignore[arg-type]
    )[0]
    log = read_eval_log(done.location)
    log.eval.model = f"hf/{MODEL}"
    write_eval_log(log, str(FOLDER / "inspect" / f"{name}.eval"))
    (FOLDER / "inspect" / f"{name}.truth").write_text(json.dumps(truth(log)), encoding="utf-8")


def truth(log: EvalLog) -> list[dict[str, object]]:
    """Return every attempt with its scores as Inspect holds them."""

    def scores(sample: EvalSample) -> dict[str, object]:
        return {name: score.value for name, score in (sample.scores or {}).items()}

    return [
        {
            "sample": str(sample.id),
            "attempt": sample.epoch,
            "scores": scores(sample),
            "errored": sample.error is not None,
        }
        for sample in log.samples or []
    ]


def converted(tool: str, log: Path, name: str, *options: str) -> None:
    """Convert a log with the command line of the tool."""
    target = FOLDER / "converted" / name / "data"
    given = ["--log_path", str(log), "--output_dir", str(target), *options]
    sys.argv = ["every_eval_ever", "convert", tool, *given]
    assert cli.main() == 0, name


def found(root: Path, path: Path) -> dict[str, object]:
    """Return what the tool's own validator says of a file in the datastore ``root``."""
    below = {one.relative_to(root).as_posix() for one in root.rglob("*") if one.is_file()}
    report = validate_file(
        path,
        repo_path=path.relative_to(root).as_posix(),
        available_files=below,
        read_repo_file=lambda name: (root / name).read_text(encoding="utf-8"),
        run_semantic_checks=True,
    )
    return {"valid": report.valid, "errors": [error["msg"] for error in report.errors]}


def validated(roots: list[Path]) -> dict[str, dict[str, object]]:
    """Return what the validator says of every file below the given datastores."""
    return {
        path.relative_to(FOLDER).as_posix(): found(root, path)
        for root in roots
        for path in sorted(root.rglob("*.json*"))
    }


if __name__ == "__main__":
    (FOLDER / "inspect").mkdir()
    evaluated("plain", a_task(6))
    evaluated("limited", a_task(8), limit=5)
    evaluated("errors", a_task(6, solver=[fails_on(2, 4), generate()]), fail_on_error=False)
    evaluated("epochs", a_task(3, scorer=by_epoch()), epochs=2)
    evaluated("parts", a_task(4, scorer=[match(), parts()]))
    for log in sorted((FOLDER / "inspect").glob("*.eval")):
        converted("inspect", log, log.stem, "--source_organization_name", "An Institute")
    converted("lm_eval", FOLDER / "lm_eval", "lm_eval", "--include_samples")
    roots = [*sorted((FOLDER / "converted").glob("*")), FOLDER / "exported"]
    (FOLDER / "validation.json").write_text(json.dumps(validated(roots)), encoding="utf-8")
