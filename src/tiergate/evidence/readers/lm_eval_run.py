# SPDX-License-Identifier: Apache-2.0
"""One lm-evaluation-harness run of version 0.4: results with their samples.

Every number comes from the samples; the averages in the results are compared, never
used. Results without samples are no evidence. Each metric under each filter is a series
of its own, named ``metric,filter`` as the tool does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Remark, SourceFile
from tiergate.evidence.readers import lm_eval_results as facts
from tiergate.evidence.readers.base import ForeignLog, Series
from tiergate.evidence.readers.lm_eval_files import run_files
from tiergate.evidence.readers.lm_eval_samples import TaskSamples, read_samples
from tiergate.evidence.readers.source import opened
from tiergate.evidence.readers.values import as_text, parse_object


def read_run(path: Path, *, max_line_bytes: int) -> ForeignLog:
    """Read the run that ``path`` belongs to; of a samples file, its task alone.

    Raises:
        EvidenceError: damaged, of another version, or without samples.
    """
    files = run_files(path)
    with opened(files.results) as file:
        results = parse_object(file.read_all(), file.name)
        digests = {files.results: (file.sha256, file.size_bytes)}
    version = facts.check_version(results, files.results.name)
    tasks = {
        task: read_samples(
            samples,
            facts.claimed_metrics(results, task),
            max_line_bytes=max_line_bytes,
        )
        for task, samples in sorted(files.samples.items())
    }
    for task, samples in tasks.items():
        digests[files.samples[task]] = (samples.sha256, samples.size_bytes)
    sha256, size_bytes = digests[files.named]
    source = SourceFile(
        file_name=as_text(files.named.name),
        sha256=sha256,
        size_bytes=size_bytes,
        format="lm-eval/0.4",
        reader="lm_eval/1",
        tool=f"lm_eval {version}".rstrip(),
        read=("configuration and averages of every task", "scores of every sample"),
        left_out=("documents", "prompts", "responses", "targets"),
    )
    beside = {as_text(file.name): sha for file, (sha, _) in digests.items() if file != files.named}
    counted = _counted(results, tasks, source, beside)
    return dataclasses.replace(counted, files=tuple(sorted(digests)))


def _counted(
    results: facts.Results,
    tasks: dict[str, TaskSamples],
    source: SourceFile,
    beside: dict[str, str],
) -> ForeignLog:
    series = tuple(
        s for task, samples in tasks.items() for s in _series(results, task, samples, source)
    )
    if not series:
        raise EvidenceError(
            source.file_name,
            "no score for any single sample",
            "a metric that scores each sample",
            "Use a metric such as acc or exact_match.",
        )
    binding = facts.binding(results, sorted(tasks), source.file_name)
    remarks = set(facts.run_remarks(results, binding))
    for task, samples in tasks.items():
        remarks |= set(_task_remarks(results, task, samples))
    remarks |= {
        Remark(code="read-with", message=f"Read together with {name}, {digest}.")
        for name, digest in beside.items()
    }
    if source.file_name.endswith(".json"):
        remarks |= {
            Remark(
                code="samples-missing",
                message=f"Task {task} has results and no samples; nothing of it counts.",
            )
            for task in facts.claimed_tasks(results) - tasks.keys()
        }
    return ForeignLog(
        source=source,
        binding=binding,
        series=series,
        remarks=tuple(sorted(remarks, key=lambda remark: (remark.code, remark.message))),
    )


def _series(
    results: facts.Results, task: str, samples: TaskSamples, source: SourceFile
) -> Iterator[Series]:
    for key, rows in sorted(samples.rows.items()):
        if key not in samples.unusable:
            yield Series(
                task=task,
                task_version=facts.task_version(results, task),
                dataset=facts.dataset_text(results, task),
                scorer=key,
                rows=rows,
                planned=facts.planned(results, task, rows),
                superseded=0,
                elicitation=facts.elicitation_text(results, task),
                generation=facts.generation_text(results, task),
                finished_at=facts.started_at(results, source.file_name),
                samples_kept=len(rows),
            )


def _task_remarks(results: facts.Results, task: str, samples: TaskSamples) -> Iterator[Remark]:
    for key, rows in samples.rows.items():
        yield from facts.count_remarks(results, task, rows)
        if key in samples.unusable:
            yield Remark(
                code="not-per-sample",
                message=f"Metric {key} of {task} keeps no score for each sample; it is left out.",
            )
        else:
            yield from facts.average_remarks(results, task, key, rows)
    for key in sorted(facts.claimed_metrics(results, task) - samples.rows.keys()):
        yield Remark(
            code="samples-missing",
            message=f"The results have {key} of {task} and no samples; nothing of it counts.",
        )
