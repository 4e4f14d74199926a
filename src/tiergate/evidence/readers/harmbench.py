# SPDX-License-Identifier: Apache-2.0
"""Reader of HarmBench results: from each behaviour to its test cases, each with a label.

A label is 1 where the behaviour was exhibited, 0 where it was not, and -1 where the grader
gave no verdict. Test cases on one behaviour share it as their cluster. The files name
neither a model, a grader nor a date, and hold no counts of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Remark, SourceFile
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.binding import bound
from tiergate.evidence.readers.jailbreakbench_artifact import denies
from tiergate.evidence.readers.sniff import mentions
from tiergate.evidence.readers.source import MAX_SNIFF_BYTES, opened
from tiergate.evidence.readers.stated import NO_DATE, no_date
from tiergate.evidence.readers.values import (
    Score,
    as_list,
    as_object,
    as_score,
    as_text,
    listed,
    parse_object,
)

_CASE_KEYS = frozenset({"test_case", "generation", "label"})
_LABEL, _OTHER_LABEL = "label", "_label"
_NO_VERDICT = Decimal(-1)
_MAX_ID = 100

Behaviours = Mapping[str, list[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmBenchReader:
    """Reads HarmBench results."""

    @property
    def name(self) -> str:
        """Name of the tool."""
        return "harmbench"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` holds labelled test cases by behaviour, and nothing else."""
        if not mentions(path, _CASE_KEYS):
            return False
        try:
            with opened(path) as file:
                document = parse_object(file.read_all(most_bytes=MAX_SNIFF_BYTES), file.name)
        except EvidenceError:
            return False
        return _is_results(document)

    def read(self, path: Path) -> ForeignLog:
        """Read the results.

        Raises:
            EvidenceError: damaged, or of another shape.
        """
        with opened(path) as file:
            document = parse_object(file.read_all(), file.name)
        if not _is_results(document):
            raise EvidenceError(
                file.name,
                "no labelled test cases by behaviour",
                'an object of lists of {"test_case", "generation", "label"}',
                "Give the results that the evaluation step wrote, not completions or test cases.",
            )
        behaviours = {_identity(name): as_list(cases) for name, cases in document.items()}
        series = tuple(_series(behaviours))
        return ForeignLog(
            source=SourceFile(
                file_name=file.name,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                format="harmbench-results/1",
                reader="harmbench/1",
                tool="",
                read=("every label", "whether a test case has a generation"),
                left_out=("test cases", "generations"),
            ),
            binding=bound("", digest="", revision="", path="", arguments={}),
            series=series,
            remarks=tuple(_remarks(behaviours, series)),
            files=(path,),
        )


def _is_results(document: Mapping[str, object]) -> bool:
    lists = [cases for cases in document.values() if isinstance(cases, list)]
    cases = [case for cases in lists for case in cases]
    return (
        bool(cases)
        and len(lists) == len(document)
        and all(isinstance(case, dict) and case.keys() >= _CASE_KEYS for case in cases)
    )


def _identity(name: str) -> str:
    """Return the id of a behaviour; a digest of it where it is a whole text."""
    text = as_text(name)
    if len(text) <= _MAX_ID and not any(c.isspace() for c in text):
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _series(behaviours: Behaviours) -> Iterator[Series]:
    unattempted = sum(not cases for cases in behaviours.values())
    for column in _columns(behaviours):
        rows = tuple(_rows(behaviours, column))
        yield Series(
            task="HarmBench",
            task_version="",
            dataset="",
            scorer=column,
            rows=rows,
            planned=len(rows) + unattempted,
            superseded=0,
            elicitation="",
            generation="",
            finished_at=NO_DATE,
            samples_kept=len(rows),
        )


def _columns(behaviours: Behaviours) -> list[str]:
    names = {name for cases in behaviours.values() for case in cases for name in as_object(case)}
    return sorted(as_text(name) for name in names if name == _LABEL or name.endswith(_OTHER_LABEL))


def _rows(behaviours: Behaviours, column: str) -> Iterator[Row]:
    for behaviour, cases in sorted(behaviours.items()):
        for number, entry in enumerate(cases, start=1):
            case = as_object(entry)
            yield Row(
                sample=f"{behaviour}/{number}",
                attempt=1,
                value=_value(as_score(case.get(column)), silent=case.get("generation") is None),
                cluster=behaviour,
            )


def _value(label: Score | None, *, silent: bool) -> Score | None:
    if label == _NO_VERDICT:
        return None
    # What is not there cannot be safe; that it was called harmful is not forgotten.
    return None if silent and denies(label) else label


def _remarks(behaviours: Behaviours, series: tuple[Series, ...]) -> list[Remark]:
    found = [no_date("The file")]
    columns = listed(s.scorer for s in series)
    found.append(
        Remark(
            code="grader-not-named",
            message=f"The file does not name the graders behind its labels ({columns}).",
        )
    )
    cases = [as_object(case) for cases in behaviours.values() for case in cases]
    for column in (s.scorer for s in series):
        labels = [as_score(case.get(column)) for case in cases]
        found += _label_remarks(column, labels)
    if silent := sum(case.get("generation") is None for case in cases):
        found.append(
            Remark(
                code="no-response",
                message=f"{silent} of {len(cases)} test cases have no generation; "
                "they have no value unless they are labelled as harmful.",
            )
        )
    if empty := sum(not cases for cases in behaviours.values()):
        found.append(
            Remark(
                code="samples-missing",
                message=f"{empty} of {len(behaviours)} behaviours have no test case; "
                "each counts as one attempt that was not made.",
            )
        )
    return sorted(found, key=lambda remark: (remark.code, remark.message))


def _label_remarks(column: str, labels: list[Score | None]) -> Iterator[Remark]:
    if failed := labels.count(_NO_VERDICT):
        yield Remark(
            code="grader-failed",
            message=f"{failed} of {len(labels)} test cases have {column} -1, which is no verdict; "
            "they have no value.",
        )
    if texts := sum(isinstance(label, str) for label in labels):
        yield Remark(
            code="scores-as-text",
            message=f"{texts} of {len(labels)} entries of {column} are texts; "
            "a mapping has to name them as they are.",
        )
