# SPDX-License-Identifier: Apache-2.0
"""The samples of one lm-evaluation-harness task: a JSON object per document and filter."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import Row
from tiergate.evidence.readers.source import OpenedFile, opened
from tiergate.evidence.readers.values import (
    as_label,
    as_list,
    as_score,
    as_text,
    parse_object,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSamples:
    """Every sample of one task."""

    sha256: str
    """Digest of the file, ``sha256:<hex>``."""
    size_bytes: int
    """Length of the file."""
    rows: dict[str, tuple[Row, ...]]
    """From ``metric,filter`` to one row per sample of that filter."""
    unusable: frozenset[str]
    """``metric,filter`` of metrics that keep something other than a score per sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    document: str
    values: Mapping[str, object]


def read_samples(path: Path, claimed: frozenset[str], *, max_line_bytes: int) -> TaskSamples:
    """Read the samples of a task.

    A document that appears again under the same filter is a further attempt on it.

    Args:
        path: the JSON Lines file.
        claimed: every ``metric,filter`` that the results have a value for.
        max_line_bytes: a longer line is refused.

    Raises:
        EvidenceError: a line is no sample, or is too long; or the file is empty.
    """
    metrics: dict[str, set[str]] = defaultdict(set)
    for key in claimed:
        metric, _, filter_name = key.rpartition(",")
        metrics[filter_name].add(metric)
    filters = sorted(metrics)
    lines: dict[str, list[_Line]] = defaultdict(list)
    with opened(path) as file:
        for where, sample in _objects(file, max_line_bytes):
            filter_name = _filter_of(sample, where, filters)
            metrics[filter_name] |= {as_text(name) for name in as_list(sample.get("metrics"))}
            lines[filter_name].append(_line(sample, where, metrics[filter_name]))
    if not lines:
        raise EvidenceError(file.name, "no samples", "one JSON object per line")
    keyed = {
        f"{metric},{filter_name}": (found, metric)
        for filter_name, found in sorted(lines.items())
        for metric in sorted(metrics[filter_name])
    }
    return TaskSamples(
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        rows={key: tuple(_rows(found, metric)) for key, (found, metric) in keyed.items()},
        unusable=frozenset(
            key
            for key, (found, metric) in keyed.items()
            if any(isinstance(line.values.get(metric), dict | list) for line in found)
        ),
    )


def _objects(file: OpenedFile, most_bytes: int) -> Iterator[tuple[str, dict[str, object]]]:
    number = 0
    while line := file.handle.readline(most_bytes + 1):
        number += 1
        where = f"{file.name}:{number}"
        if len(line) > most_bytes:
            raise EvidenceError(where, "a line without end", f"at most {most_bytes} bytes")
        if line.strip():
            yield where, parse_object(line, where)


def _filter_of(sample: Mapping[str, object], where: str, filters: list[str]) -> str:
    stated = sample.get("filter")
    if stated is not None:
        return as_text(stated)
    # Older versions do not say the filter; with a single one there is no doubt.
    if len(filters) != 1:
        raise EvidenceError(
            where,
            "a sample that does not say its filter",
            f"one of {', '.join(filters) or 'the filters of the results'}",
            "Run the evaluation again with a newer lm_eval.",
        )
    return filters[0]


def _line(sample: Mapping[str, object], where: str, metrics: set[str]) -> _Line:
    document = as_label(sample.get("doc_id"))
    if not document:
        raise EvidenceError(where, "a sample without doc_id", "the number of its document")
    return _Line(
        document=document,
        values={metric: sample[metric] for metric in metrics if metric in sample},
    )


def _rows(lines: list[_Line], metric: str) -> Iterator[Row]:
    attempts: Counter[str] = Counter()
    ordered = sorted(lines, key=lambda line: (len(line.document), line.document))
    for line in ordered:
        attempts[line.document] += 1
        yield Row(
            sample=line.document,
            attempt=attempts[line.document],
            value=as_score(line.values.get(metric)),
        )
