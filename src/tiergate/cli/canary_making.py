# SPDX-License-Identifier: Apache-2.0
"""Making a copy of a model with a canary safeguard, and saying how to attack it."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.cli import text
from tiergate.errors import InputError
from tiergate.evidence.tampering.prompts import PromptSet, canary_prompts, measured_on
from tiergate.model.checkpoint import Checkpoint

if TYPE_CHECKING:
    from tiergate.evidence.tampering.canary_report import CanaryReport


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for."""

    topic: tuple[str, ...]
    """What to refuse; empty for the shipped topic."""
    twin: tuple[str, ...]
    """What to answer, one for each topic."""
    seed: int
    """Seed."""
    max_steps: int
    """When to give up."""
    device: str
    """Where to train."""
    output: Path
    """Folder for the copy."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made."""

    report: CanaryReport
    """What was trained, and what came of it."""
    prompts: Path | None
    """File of prompts to attack it with; None for the shipped ones."""


def make(checkpoint: Checkpoint, wanted: Wanted) -> Made:
    """Train, write the copy, and beside it the prompts of a topic of the user's own.

    Raises:
        InputError: the folder holds something, or topic and twins do not match.
        MeasurementError: the refusal could not be trained.
    """
    from tiergate.evidence.tampering.canary import train_canary, write_canary
    from tiergate.evidence.tampering.loading import load_target

    if wanted.output.exists() and any(wanted.output.iterdir()):
        raise InputError(
            str(wanted.output), "files", "a new or empty folder", "Choose another --output."
        )
    canary = canary_prompts(wanted.topic, wanted.twin)
    target = load_target(checkpoint.path, device=wanted.device, checkpoint=checkpoint)
    try:
        report = train_canary(target, canary, seed=wanted.seed, max_steps=wanted.max_steps)
        write_canary(target, wanted.output, report)
    finally:
        target.close()
    return Made(report=report, prompts=_write(canary, wanted.output) if wanted.topic else None)


def result_lines(model: str, wanted: Wanted, made: Made) -> Iterator[str]:
    """Yield what a person reads at the end."""
    found = made.report.confirmed
    yield f"{text.plain(str(wanted.output))}: a copy of {text.plain(model)} that refuses a topic"
    yield from text.wrapped(
        f"held-out prompts refused: {found.guarded_refused} of {found.guarded}; harmless twins "
        f"refused: {found.twins_refused} of {found.twins}; "
        f"{text.plural(made.report.cost.steps, 'step')}",
        "  ",
    )
    words = ["tiergate", "attack", str(wanted.output), "--unguarded", model]
    words += ["--prompts", str(made.prompts)] if made.prompts else []
    yield from text.command(shlex.join(words), "   ", "-> ")


def _write(canary: PromptSet, output: Path) -> Path:
    """Write the prompts that training did not use."""
    path = output.with_name(f"{output.name}-prompts.jsonl")
    rows = (
        {"id": pair.id, "cluster": pair.cluster, "guarded": pair.guarded, "twin": pair.twin}
        for pair in measured_on(canary).pairs
    )
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), "utf-8")
    return path
