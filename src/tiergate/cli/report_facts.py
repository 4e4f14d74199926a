# SPDX-License-Identifier: Apache-2.0
"""What the report says about the model, and the commands that give the decision again."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tiergate.cli import text
from tiergate.cli.hints import deciding_options
from tiergate.cli.screen_model import licence_words
from tiergate.cli.session import Answer, Question, store_folder
from tiergate.decision.whatif import WhatIf
from tiergate.decision.whatif_grid import lines
from tiergate.evidence.provenance import SourceFile
from tiergate.model.checkpoint import Checkpoint
from tiergate.report.facts import FileFact, LogPlace, ReportFacts
from tiergate.report.inspect_view import is_inspect_log
from tiergate.report.whatif_view import what_if_rows


def facts_of(question: Question, answer: Answer, output: Path) -> ReportFacts:
    """Return the model in words, and the logs as seen from ``output``."""
    logs = tuple(_found_logs(question, answer, output))
    checkpoint = answer.checkpoint
    if checkpoint is None:
        row = ("weights", "not read: only a name was given, so nothing can support a tier")
        rows, notes = (row, *_trust_row(answer)), tuple(_without_effect(answer))
        return ReportFacts(rows=rows, notes=notes, files=(), logs=logs)
    code = answer.evidence.subject.code_files or ()
    return ReportFacts(
        rows=(
            *_rows(checkpoint),
            ("code", ", ".join(code) or "no file runs code when loaded"),
            *_trust_row(answer),
        ),
        notes=(*checkpoint.notes, *_without_effect(answer)),
        files=tuple(
            FileFact(
                path=entry.path,
                role=entry.role,
                size=text.size(entry.size_bytes),
                sha256=entry.sha256,
            )
            for entry in checkpoint.manifest.entries
        ),
        logs=logs,
        what_if=what_if_rows(lines(WhatIf(answer.policy, answer.evidence, answer.decision.at))),
    )


def _trust_row(answer: Answer) -> Iterator[tuple[str, str]]:
    digest = answer.evidence.vouching.trust_digest
    if digest:
        yield "trust file", digest


def _without_effect(answer: Answer) -> Iterator[str]:
    """Say what was signed, or given as a waiver, and counts for nothing."""
    for doubt in answer.doubts:
        yield f"counts for nothing: {doubt.where}: {doubt.reason}"
    for refused in answer.refused_waivers:
        what = f"{refused.requirement}, {refused.where}" if refused.requirement else refused.where
        yield f"waiver without effect: {what}: {refused.reason}"


def _found_logs(question: Question, answer: Answer, output: Path) -> Iterator[LogPlace]:
    """Find the logs that a viewer can open: where they were given, else their copy in the store."""
    documents = (*answer.evidence.documents, *answer.evidence.elsewhere)
    sources = {d.source.sha256: d.source for d in documents if d.source is not None}
    folder = output.resolve().parent
    for digest, source in sources.items():
        places = _places(source, question, answer) if is_inspect_log(source) else ()
        path = next((place for place in places if _is_it(place, source)), None)
        if path is not None:
            seen = os.path.relpath(path.resolve(), folder)
            yield LogPlace(sha256=digest, path=str(PurePosixPath(*Path(seen).parts)))


def _places(source: SourceFile, question: Question, answer: Answer) -> Iterator[Path]:
    for given in map(Path, question.evidence_paths):
        yield from sorted(given.rglob("*")) if given.is_dir() else (given,)
    store = None if question.store is None else Path(question.store)
    if answer.checkpoint is not None:
        store = store_folder(answer.checkpoint, question.store)
    if store is not None:
        yield store / "sources" / source.sha256.removeprefix("sha256:")


def _is_it(path: Path, source: SourceFile) -> bool:
    if not path.is_file() or path.stat().st_size != source.size_bytes:
        return False
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" == source.sha256


def _rows(checkpoint: Checkpoint) -> Iterator[tuple[str, str]]:
    dtypes = ", ".join(f"{text.parameters(n)} {dtype}" for dtype, n in checkpoint.dtypes)
    yield "root digest", checkpoint.root_digest
    if checkpoint.weights_digest is not None:
        yield "weights digest", checkpoint.weights_digest
    if checkpoint.revision is not None:
        yield "revision", checkpoint.revision
    yield "parameters", f"{checkpoint.parameter_count} ({dtypes or 'no header could be read'})"
    yield "size", text.size(checkpoint.size_bytes)
    yield "formats", ", ".join(sorted(checkpoint.weights_formats))
    yield "architecture", ", ".join(checkpoint.architectures) or "not stated"
    modalities = ", ".join(sorted(checkpoint.output_modalities))
    yield "generates", modalities or "not known from its architecture"
    yield "licence", ", ".join(licence_words(checkpoint)) or "none stated"
    yield "base model", ", ".join(checkpoint.base_model_claims) or "none stated"
    yield "behaviour", ", ".join(checkpoint.behaviour_files) or "no chat template"


def commands_for(question: Question, answer: Answer) -> tuple[str, ...]:
    """Return the commands that identify the model and take the decision again."""
    decision = answer.decision
    asked = dataclasses.replace(question, tier=decision.asked, at=decision.at)
    words = ["tiergate", "check", question.model, *deciding_options(asked)]
    check = shlex.join(words)
    return (check, f"{check} --json", shlex.join(["tiergate", "explain", *words[2:]]))
