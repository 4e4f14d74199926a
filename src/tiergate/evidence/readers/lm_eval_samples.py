# SPDX-License-Identifier: Apache-2.0
"""The samples of one lm-evaluation-harness task: a JSON object per document and filter.

Of each line only the document, the filter, the names of metrics and their values are kept.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, field, fields
from itertools import repeat
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import Row
from tiergate.evidence.readers.lm_eval_fields import Columns, Run, SampleFields
from tiergate.evidence.readers.lm_eval_lines import HashedLines, hashed_lines
from tiergate.evidence.readers.values import Score, as_label, as_score


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
    with hashed_lines(path, max_line_bytes=max_line_bytes) as file:
        filters = _filters(file, claimed)
        sha256 = file.sha256()
    if not filters:
        raise EvidenceError(file.name, "no samples", "one JSON object per line")
    keyed = {
        f"{metric},{name}": (found, metric)
        for name, found in sorted(filters.items())
        for metric in sorted(found.values)
    }
    return TaskSamples(
        sha256=sha256,
        size_bytes=file.size_bytes,
        rows={key: found.rows(metric) for key, (found, metric) in keyed.items()},
        unusable=frozenset(
            key for key, (found, metric) in keyed.items() if metric in found.structured
        ),
    )


@dataclass(slots=True, kw_only=True)
class _Filter:
    """The samples under one filter, column by column."""

    documents: list[str] = field(default_factory=list)
    """Of each sample, in the order of the file."""
    values: dict[str, list[Score | None]] = field(default_factory=dict)
    """From each metric to the score of each sample."""
    structured: set[str] = field(default_factory=set)
    """Metrics with anything else than a score."""

    def learn(self, metrics: Iterable[str]) -> None:
        """Take up metrics that samples name; those before have no score under them."""
        for metric in metrics:
            if metric not in self.values:
                self.values[metric] = [None] * len(self.documents)

    def add(self, documents: list[str], columns: Columns) -> None:
        """Add samples."""
        self.documents += documents
        for metric, scores in self.values.items():
            column = columns.get(metric, [None] * len(documents))
            # Few scores differ, and a number that was seen before is the same object.
            distinct = dict(zip(map(id, column), column, strict=True))
            if not {dict, list}.isdisjoint(map(type, distinct.values())):
                self.structured.add(metric)
            known = {key: as_score(value) for key, value in distinct.items()}
            scores.extend(map(known.__getitem__, map(id, column)))

    def rows(self, metric: str) -> tuple[Row, ...]:
        """Return the rows of a metric in the order of their documents."""
        lengths = list(map(len, self.documents))
        order = sorted(range(len(lengths)), key=self.documents.__getitem__)
        order.sort(key=lengths.__getitem__)
        documents = [self.documents[index] for index in order]
        values = self.values[metric]
        return _rows(documents, _attempts(documents), [values[index] for index in order])


def _attempts(documents: list[str]) -> Iterable[int]:
    if len(set(documents)) == len(documents):
        return repeat(1)
    attempts: Counter[str] = Counter()
    numbers = []
    for document in documents:
        attempts[document] += 1
        numbers.append(attempts[document])
    return numbers


def _rows(
    samples: list[str], attempts: Iterable[int], values: list[Score | None]
) -> tuple[Row, ...]:
    """Make rows field by field, as the constructor makes one; that is three times as fast."""
    rows = list(map(object.__new__, repeat(Row, len(samples))))
    columns: dict[str, Iterable[object]] = {
        f.name: repeat(f.default) for f in fields(Row) if f.default is not MISSING
    }
    columns |= {"sample": samples, "attempt": attempts, "value": values}
    for name, column in columns.items():
        deque(map(getattr(Row, name).__set__, rows, column), maxlen=0)
    return tuple(rows)


def _filters(file: HashedLines, claimed: frozenset[str]) -> dict[str, _Filter]:
    known: dict[str, list[str]] = {}
    for key in sorted(claimed):
        metric, _, name = key.rpartition(",")
        known.setdefault(name, []).append(metric)
    wanted = SampleFields(metric for metrics in known.values() for metric in metrics)
    filters: dict[str, _Filter] = {}
    for run in wanted.runs(file):
        for name, numbers, columns in _by_filter(run, file, sorted(known)):
            found = filters.setdefault(name, _Filter())
            found.learn([*known.get(name, ()), *run.metrics])
            found.add(_documents(columns, numbers, file), columns)
    return filters


def _by_filter(
    run: Run, file: HashedLines, known: list[str]
) -> Iterator[tuple[str, Sequence[int], Columns]]:
    """Yield every filter of a run, with the numbers of its lines and its columns."""
    numbers = range(run.first_line, run.first_line + run.count)
    # Older versions do not say the filter; with a single one there is no doubt.
    if not run.filters and len(known) != 1:
        raise EvidenceError(
            file.where(run.first_line),
            "a sample that does not say its filter",
            f"one of {', '.join(known) or 'the filters of the results'}",
            "Run the evaluation again with a newer lm_eval.",
        )
    filters = run.filters or known * run.count
    for name in dict.fromkeys(filters):
        if filters.count(name) == run.count:
            yield name, numbers, run.columns
            return
        picked = [index for index, other in enumerate(filters) if other == name]
        yield (
            name,
            [numbers[index] for index in picked],
            {key: [column[index] for index in picked] for key, column in run.columns.items()},
        )


def _documents(columns: Columns, numbers: Sequence[int], file: HashedLines) -> list[str]:
    stated = columns.get("doc_id", [None] * len(numbers))
    documents = [str(d) if type(d) is int else as_label(d) for d in stated]
    if "" in documents:
        where = file.where(numbers[documents.index("")])
        raise EvidenceError(where, "a sample without doc_id", "the number of its document")
    return documents
