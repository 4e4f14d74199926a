# SPDX-License-Identifier: Apache-2.0
"""The samples of an Every Eval Ever record: one JSON object per sample, attempt and result.

``evaluation.score`` is read. ``evaluation.is_correct`` is not: the format's own converters
derive it from the score, some by "more than nothing". Where a sample ended in an error or
had no score, the same converters write the score 0, so a row counts only when it names the
result that it belongs to and states no error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.source import OpenedFile
from tiergate.evidence.readers.values import (
    as_label,
    as_number,
    as_object,
    as_text,
    parse_object,
    shortened,
)

SUPPORTED_VERSION = re.compile(r"0\.[23]\.\d+")
"""Versions of the schema that this reader knows."""

_CUT_SHORT = frozenset({"max_tokens", "model_length"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One row of a samples file, as far as it is read."""

    evaluation: str
    """Name of the evaluation."""
    result: str
    """Identity of the result that the score belongs to; empty when the row does not say."""
    sample: str
    """Identity of the sample."""
    epoch: int | None
    """Number of the attempt, where the row says it."""
    score: bool | Decimal | None
    """The score as it is written; None when it is no number."""
    errored: bool
    """Whether the attempt ended in an error."""
    limited: bool
    """Whether a token limit cut the answer short."""
    run: str
    """Identity of the run, which the aggregate repeats."""
    model: str
    """Identity of the model, which the aggregate repeats."""


def check_version(content: Mapping[str, object], where: str) -> str:
    """Return the version of the schema.

    Raises:
        EvidenceError: the version is none that this reader knows.
    """
    version = as_text(content.get("schema_version"))
    if not SUPPORTED_VERSION.fullmatch(version):
        raise EvidenceError(
            where,
            f"Every Eval Ever schema {shortened(repr(content.get('schema_version')), 40)}",
            "schema 0.2 or 0.3",
            "Convert the tool's own log again with every-eval-ever 0.3, or read that log itself.",
        )
    return version


def read_instances(file: OpenedFile, *, max_line_bytes: int) -> tuple[Instance, ...]:
    """Read every row, in the order of the file.

    Raises:
        EvidenceError: a line is no row or is too long, or there is none.
    """
    found: list[Instance] = []
    number = 0
    while line := file.handle.readline(max_line_bytes + 1):
        number += 1
        where = f"{file.name}:{number}"
        if len(line) > max_line_bytes:
            raise EvidenceError(where, "a line without end", f"at most {max_line_bytes} bytes")
        if line.strip():
            found.append(_instance(parse_object(line, where), where))
    if not found:
        raise EvidenceError(file.name, "no samples", "one JSON object per line")
    return tuple(found)


def _instance(row: Mapping[str, object], where: str) -> Instance:
    check_version(row, where)
    sample, evaluation = as_label(row.get("sample_id")), as_text(row.get("evaluation_name"))
    if not sample or not evaluation:
        missing = "evaluation_name" if sample else "sample_id"
        raise EvidenceError(where, f"a row without {missing}", "the identity of its sample")
    metadata = as_object(row.get("metadata"))
    score = as_object(row.get("evaluation")).get("score")
    epoch = as_label(metadata.get("epoch"))
    return Instance(
        evaluation=evaluation,
        result=as_text(row.get("evaluation_result_id")),
        sample=sample,
        epoch=int(epoch) if re.fullmatch(r"[1-9][0-9]{0,8}", epoch) else None,
        score=score if isinstance(score, bool) else as_number(score),
        # An error of any shape is one; only null and an empty text are none.
        errored=row.get("error") not in (None, ""),
        limited=as_text(metadata.get("stop_reason")) in _CUT_SHORT,
        run=as_text(row.get("evaluation_id")),
        model=as_text(row.get("model_id")),
    )
