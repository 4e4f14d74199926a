# SPDX-License-Identifier: Apache-2.0
"""What the report says about the model, and the commands that give the decision again."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator

from tiergate.cli import text
from tiergate.cli.hints import deciding_options
from tiergate.cli.screen_model import licence_words
from tiergate.cli.session import Answer, Question
from tiergate.model.checkpoint import Checkpoint
from tiergate.report.facts import FileFact, ReportFacts


def facts_of(answer: Answer) -> ReportFacts:
    """Return the model in words."""
    checkpoint = answer.checkpoint
    if checkpoint is None:
        row = ("weights", "not read: only a name was given, so nothing can support a tier")
        return ReportFacts(rows=(row,), notes=(), files=())
    code = answer.evidence.subject.code_files or ()
    return ReportFacts(
        rows=(*_rows(checkpoint), ("code", ", ".join(code) or "no file runs code when loaded")),
        notes=checkpoint.notes,
        files=tuple(
            FileFact(
                path=entry.path,
                role=entry.role,
                size=text.size(entry.size_bytes),
                sha256=entry.sha256,
            )
            for entry in checkpoint.manifest.entries
        ),
    )


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
