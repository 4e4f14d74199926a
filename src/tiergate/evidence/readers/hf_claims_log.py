# SPDX-License-Identifier: Apache-2.0
"""What a Hugging Face repository states, as claims, and what can be noticed without samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding, BindingLevel, Relation, Remark, SourceFile
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.hf_claims_entry import Entry
from tiergate.evidence.readers.hf_claims_formats import Statement
from tiergate.evidence.readers.hf_claims_repository import folder_name, linked_model, same_model
from tiergate.evidence.readers.source import OpenedFile
from tiergate.evidence.readers.values import listed, shortened


def log_of(statement: Statement, path: Path, file: OpenedFile) -> ForeignLog:
    """Make a log of claims.

    Raises:
        EvidenceError: no value is stated.
    """
    stated = [entry for entry in statement.entries if entry.value]
    if not stated:
        raise EvidenceError(
            file.name, "no value of any benchmark", "a value for each entry or metric"
        )
    folder = folder_name(path)
    named = statement.models[0] if len(statement.models) == 1 else folder
    return ForeignLog(
        source=SourceFile(
            file_name=file.name,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            format=statement.format,
            reader="hugging_face/1",
            tool="",
            read=statement.read,
            left_out=statement.left_out,
        ),
        binding=Binding(
            level=BindingLevel.NAME, relation=Relation.UNKNOWN, name=shortened(named, 500)
        ),
        series=(),
        remarks=tuple(
            sorted(
                {*_remarks(statement, stated), *_other_models(statement, folder)},
                key=lambda remark: (remark.code, remark.message),
            )
        ),
        files=(path,),
        claims=tuple(entry.claim() for entry in stated),
    )


def _remarks(statement: Statement, stated: list[Entry]) -> Iterator[Remark]:
    yield Remark(
        code="aggregate-only",
        message=f"The file has no samples; what it states ({len(stated)} in number) are claims "
        "and count as no measurement.",
    )
    if unsized := sum(not entry.sized for entry in stated):
        yield Remark(
            code="no-sample-size",
            message=f"{unsized} of {len(stated)} values come with neither a sample size nor a "
            "standard error.",
        )
    if undated := sum(entry.made_at is None for entry in stated):
        yield Remark(
            code="no-date",
            message=f"{undated} of {len(stated)} values do not say when they were measured; they "
            "count as older than anything.",
        )
    if without := [entry.place for entry in statement.entries if not entry.value]:
        yield Remark(
            code="no-value",
            message=f"No value is stated in {listed(without)}; nothing is claimed of it.",
        )


def _other_models(statement: Statement, folder: str) -> Iterator[Remark]:
    """Yield remarks on sources and names of a model other than the one the file belongs to."""
    for name in statement.models:
        if folder and not same_model(name, folder):
            yield Remark(
                code="source-names-another-model",
                message=f"The model-index is about {shortened(name, 100)}; the file lies in "
                f"{shortened(folder, 100)}.",
            )
    own = folder or (statement.models[0] if len(statement.models) == 1 else "")
    linked = Counter(linked_model(entry.source_url) for entry in statement.entries)
    for model, count in linked.items():
        if own and model and not same_model(model, own):
            yield Remark(
                code="source-names-another-model",
                message=f"{count} values have {shortened(model, 100)} as their source; the file "
                f"belongs to {shortened(own, 100)}.",
            )
