# SPDX-License-Identifier: Apache-2.0
"""Runs Inspect AI on tiny tasks, and writes beside each log what Inspect itself reads from it.

A program of its own: ``python run_inspect_ai.py FOLDER``. The model is Inspect's mock, with
token counts given so that no tokeniser is fetched. Every run is kept in every container and
packing that Inspect writes or has written: ``RUN__PACKING.eval`` or ``.json``.
"""

from __future__ import annotations

import asyncio
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
    MetadataEdit,
    ProvenanceData,
    edit_eval_log,
    edit_score,
    invalidate_samples,
    read_eval_log,
    write_eval_log,
)
from inspect_ai.log._recorders.chunked.convert import convert_eval_logs_to_chunked
from inspect_ai.log._recorders.eval import EvalRecorder
from inspect_ai.model import Model, ModelFallback, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import (
    Score,
    ScoreEdit,
    Scorer,
    Target,
    Value,
    accuracy,
    match,
    mean,
    model_graded_qa,
    scorer,
)
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver, system_message

DIGEST = "sha256:" + "ab" * 32
FOLDER = Path(sys.argv[1])
ZSTANDARD = 93


def number_of(state: TaskState) -> int:
    return int(str(state.sample_id).rpartition("/")[2])


def values_scorer(name: str, values: Callable[[int], Value], *, by_key: bool = False) -> Scorer:
    """Make a scorer that gives sample ``n`` the value ``values(n)``."""

    @scorer(metrics={"*": [mean()]} if by_key else [accuracy()], name=name)
    def made() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            return Score(value=values(number_of(state)), explanation='because } ] , of "this"')

        return score

    return made()


@solver
def fails_on(*numbers: int, times: int = 1_000) -> Solver:
    """Make a solver that fails on some samples, the first so many times."""
    failed: dict[int, int] = {}

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        number = number_of(state)
        if number in numbers and failed.get(number, 0) < times:
            failed[number] = failed.get(number, 0) + 1
            raise RuntimeError("the sandbox went away")
        return state

    return solve


def answering(text: str, name: str = "model") -> Model:
    """Make a model that says ``text``, whatever is asked."""

    def answer(*_: object) -> ModelOutput:
        output = ModelOutput.from_content(f"mockllm/{name}", text)
        output.usage = ModelUsage(input_tokens=5, output_tokens=5, total_tokens=10)
        return output

    return get_model(f"mockllm/{name}", custom_outputs=answer)


def a_task(count: int, *, prefix: str = "", **more: object) -> Task:
    """Make a task of ``count`` samples, of which the even ones are answered right."""
    kept = [
        Sample(
            id=f"{prefix}{n}" if prefix else n,
            input=f"question {n} é€",
            target="yes" if n % 2 == 0 else "no",
        )
        for n in range(1, count + 1)
    ]
    dataset = MemoryDataset(kept, name="toy", location="toy.jsonl")
    fields = {"solver": [system_message("Be brief."), generate()], "scorer": match()} | more
    return Task(dataset=dataset, name="toy", version=2, **fields)  # type: ignore[arg-type]


def evaluated(task: Task, **options: object) -> EvalLog:
    """Run ``task`` and return its log, read again from its file."""
    log = run(
        task,
        model=answering("yes"),
        log_dir=str(FOLDER / "runs"),
        display="none",
        **options,  # type: ignore[arg-type]
    )[0]
    return read_eval_log(log.location)


def edited(log: EvalLog) -> EvalLog:
    """Change one score, declare one sample invalid, and change the metadata of the log."""
    who = ProvenanceData(author="a person", reason="a mistake of the scorer")
    edit_score(log, 2, "match", ScoreEdit(value="I", provenance=who))
    assert log.samples is not None
    log = invalidate_samples(log, [str(log.samples[3].uuid)], who)
    return edit_eval_log(log, [MetadataEdit(metadata_set={"note": "checked"})], who)


def served_by_others(log: EvalLog) -> EvalLog:
    """Say of two samples that another model answered."""
    for sample in (log.samples or [])[:2]:
        sample.model_fallbacks = [ModelFallback(model="mockllm/model", fallback_model="smaller")]
    return log


def runs() -> dict[str, EvalLog]:
    """Run everything that is kept in every packing."""
    failing = [fails_on(2, 4), generate()]
    flaky = [fails_on(1, 3, times=1), generate()]
    many = [
        values_scorer("number", lambda n: n / 4),
        values_scorer("truth", lambda n: n > 1),
        values_scorer("unscored", lambda n: math.nan if n == 3 else 1.0),
        values_scorer("parts", lambda n: {"harm": n, "help": 0.5}, by_key=True),
        values_scorer("words", lambda n: "yes" if n % 2 else "no"),
    ]
    graded = [model_graded_qa(model=answering("GRADE: C", "grader"))]
    plain = a_task(6)
    return {
        "plain": evaluated(plain, metadata={"tiergate_root_digest": DIGEST}),
        "epochs": evaluated(a_task(4, prefix="suite/"), epochs=3),
        "limited": evaluated(a_task(8), limit=5),
        "errors": evaluated(a_task(6, solver=failing), fail_on_error=False),
        "stopped": evaluated(a_task(6, solver=failing), fail_on_error=True, max_samples=1),
        "retried": evaluated(a_task(5, solver=flaky), retry_on_error=2),
        "cut_short": evaluated(a_task(3), token_limit=4),
        "scorers": evaluated(a_task(4, scorer=many), epochs=2),
        "graded": evaluated(a_task(2, scorer=graded)),
        "role": evaluated(
            a_task(2, scorer=model_graded_qa()),
            model_roles={"grader": answering("GRADE: I", "judge")},
        ),
        "edited": edited(evaluated(plain)),
        "served": served_by_others(evaluated(plain)),
    }


def kept(name: str, log: EvalLog) -> None:
    """Keep a log in every packing."""
    packed = FOLDER / f"{name}__zstandard.eval"
    write_eval_log(log, str(packed))
    write_eval_log(log, str(FOLDER / f"{name}__text.json"))
    rewritten(packed, FOLDER / f"{name}__deflated.eval", zipfile.ZIP_DEFLATED)
    rewritten(packed, FOLDER / f"{name}__stored.eval", zipfile.ZIP_STORED, indent=2)
    convert_eval_logs_to_chunked(str(packed), str(FOLDER / "chunked"))
    shutil.copy(FOLDER / "chunked" / packed.name, FOLDER / f"{name}__chunked.eval")


def rewritten(
    source: Path,
    target: Path,
    method: int,
    *,
    indent: int | None = None,
    without: tuple[str, ...] = (),
    version: int = 2,
) -> None:
    """Copy a log packed as other versions of Inspect pack it."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
        for member in old.namelist():
            if member in without:
                continue
            content = json.loads(old.read(member))
            if member == "header.json":
                content["version"] = version
            new.writestr(member, json.dumps(content, indent=indent, ensure_ascii=False))


def killed(name: str, source: Path) -> None:
    """Write a copy of a log as it stands when the run is killed before its end."""
    closing = ("header.json", "summaries.json", "reductions.json")
    rewritten(source, FOLDER / f"{name}.eval", zipfile.ZIP_DEFLATED, without=closing)


async def run_again(name: str, log: EvalLog) -> None:
    """Write a log in which two samples were logged a second time, with other scores."""
    location = str(FOLDER / f"{name}.eval")
    recorder = EvalRecorder(str(FOLDER))
    await recorder.log_init(log.eval, location, clean=True)
    await recorder.log_start(log.eval, log.plan)
    samples = log.samples or []
    for sample in samples:
        await recorder.log_sample(log.eval, sample)
    await recorder.flush(log.eval)
    for sample in samples[:2]:
        changed = sample.model_copy(update={"scores": {"match": Score(value="P")}})
        await recorder.log_sample(log.eval, changed)
    await recorder.log_finish(log.eval, "error", log.stats, log.results, None)


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
    """Return what the tool holds of every sample."""
    return {
        "status": log.status,
        "total": log.results.total_samples if log.results else 0,
        "updates": len(log.log_updates or []),
        "samples": [
            {
                "id": str(sample.id),
                "epoch": sample.epoch,
                "scores": flattened(sample),
                "errored": sample.error is not None,
                "limited": sample.limit is not None,
                "invalid": sample.invalidation is not None,
                "edited": any(score.history for score in (sample.scores or {}).values()),
                "retried": bool(sample.error_retries),
                "fallback": bool(sample.model_fallbacks),
            }
            for sample in log.samples or []
        ],
    }


if __name__ == "__main__":
    for run_name, run_log in runs().items():
        kept(run_name, run_log)
    whole = FOLDER / "plain__zstandard.eval"
    killed("killed", whole)
    rewritten(whole, FOLDER / "version_3.eval", ZSTANDARD, version=3)
    asyncio.run(run_again("run_again", read_eval_log(str(whole))))
    for path in sorted(FOLDER.glob("*.*")):
        # The tool cannot read the chunked layout that it writes; the source log stands for it.
        source = path.with_name(path.name.replace("__chunked", "__zstandard"))
        truth = as_read_by_the_tool(read_eval_log(str(source)))
        (FOLDER / f"{path.stem}.truth").write_text(json.dumps(truth), encoding="utf-8")
