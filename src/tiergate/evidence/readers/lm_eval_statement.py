# SPDX-License-Identifier: Apache-2.0
"""Results of lm-evaluation-harness before version 0.4: averages without a single sample.

Nobody can recount them, so they are claims, one for each metric of each task, and never
measurements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.claim import Claim
from tiergate.evidence.provenance import Remark, SourceFile
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.benchmark_claims import benchmark_claim
from tiergate.evidence.readers.lm_eval_results import Results, binding, started_at
from tiergate.evidence.readers.source import opened
from tiergate.evidence.readers.stated import NO_DATE, no_date
from tiergate.evidence.readers.values import (
    as_count,
    as_label,
    as_number,
    as_object,
    as_text,
    listed,
    parse_object,
)

_ERROR_BAR = "_stderr"


def read_statement(path: Path) -> ForeignLog:
    """Read what a results file states.

    Raises:
        EvidenceError: damaged, or it states no number of any task.
    """
    with opened(path) as file:
        results = parse_object(file.read_all(), file.name)
    made_at = started_at(results, file.name) if "date" in results else NO_DATE
    claims = tuple(_claims(results, made_at))
    if not claims:
        raise EvidenceError(
            file.name,
            "results without a number",
            "a number for each metric of each task",
            "Take the file from its source again.",
        )
    return ForeignLog(
        source=SourceFile(
            file_name=file.name,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            format="lm-eval/0.3",
            reader="lm_eval/1",
            tool="lm_eval",
            read=("configuration of the run", "every average and its standard error"),
            left_out=("descriptions of tasks",),
        ),
        binding=binding(results, (), file.name),
        series=(),
        remarks=tuple(sorted(_remarks(results), key=lambda r: (r.code, r.message))),
        files=(path,),
        claims=claims,
    )


def _claims(results: Results, made_at: datetime) -> Iterator[Claim]:
    for task, averages in _tasks(results):
        for metric, value in sorted(averages.items()):
            number = as_number(value)
            if number is not None and not _is_error_bar(metric, averages):
                yield _claim(results, task, metric, number, made_at)


def _claim(results: Results, task: str, metric: str, number: Decimal, made_at: datetime) -> Claim:
    config = as_object(results.get("config"))
    averages = as_object(as_object(results.get("results")).get(task))
    error = as_number(averages.get(metric + _ERROR_BAR))
    shots = as_count(config.get("num_fewshot"))
    stated = {
        "metric": as_text(metric),
        "value": str(number),
        "stderr": "" if error is None else str(error),
        "task": as_text(task),
        "task_version": as_label(as_object(results.get("versions")).get(task)),
        "shots": "" if shots is None else str(shots),
        "limit": as_label(config.get("limit")),
    }
    return benchmark_claim(as_text(task), as_text(metric), stated, made_at)


def _tasks(results: Results) -> Iterator[tuple[str, Mapping[str, object]]]:
    for task, averages in sorted(as_object(results.get("results")).items()):
        if isinstance(averages, dict):
            yield task, averages


def _is_error_bar(metric: str, averages: Mapping[str, object]) -> bool:
    return metric.endswith(_ERROR_BAR) and metric.removesuffix(_ERROR_BAR) in averages


def _remarks(results: Results) -> Iterator[Remark]:
    config = as_object(results.get("config"))
    tasks = dict(_tasks(results))
    yield Remark(
        code="no-samples",
        message=f"The file has no samples; its averages (of {listed(map(as_text, tasks))}) are "
        "claims and count as no measurement.",
    )
    if "date" not in results:
        yield no_date("The file")
    if limit := as_label(config.get("limit")):
        yield Remark(code="limited", message=f"Every task was limited to {limit} of its samples.")
    if config.get("no_cache") is False:
        yield Remark(
            code="cached-responses",
            message="Responses may come from a cache of an earlier run (no_cache is false).",
        )
    for task, averages in tasks.items():
        without = [as_text(m) for m, value in averages.items() if as_number(value) is None]
        if without:
            yield Remark(
                code="no-value",
                message=f"Task {as_text(task)} states no number for {listed(without)}; nothing "
                "is claimed of it.",
            )
