# SPDX-License-Identifier: Apache-2.0
"""Runs of one metric as they accrue, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

from tiergate.cli import text
from tiergate.cli.listing import AccrueDocument, AccrueStep
from tiergate.decision.words import percent
from tiergate.errors import EvidenceError
from tiergate.evidence.accruing import Step, accrued
from tiergate.evidence.document import RemarkPart
from tiergate.evidence.findings import derived
from tiergate.evidence.from_log import interpret
from tiergate.evidence.mapping import TaskMapping
from tiergate.evidence.measurement import Measurement
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.builtin import read_log

_PLACES = Decimal("0.000001")
_LARGE = 10_000


def read(
    paths: tuple[Path, ...],
    mapping: TaskMapping,
    metric: str | None,
    level: tuple[Decimal, Decimal],
) -> AccrueDocument:
    """Read logs in the order given and say what is known after each.

    Raises:
        EvidenceError: a log has the metric not once, or they are of different metrics.
    """
    limit, confidence = level
    logs = [read_log(path) for path in paths]
    runs = [_run(log, mapping, metric) for log in logs]
    _refuse_unlike(logs, runs)
    names = sorted({run.metric for run in runs})
    if len(names) > 1:
        raise EvidenceError(
            "logs", f"different metrics ({', '.join(names)})", "one", "Name it with --metric."
        )
    steps = accrued(runs, limit, confidence)
    return AccrueDocument(
        metric=names[0],
        limit=str(limit),
        confidence=str(confidence),
        remarks=tuple(
            RemarkPart(code=remark.code, message=f"{log.source.file_name}: {remark.message}")
            for log in logs
            for remark in (*log.remarks, *derived(log), *interpret(log, mapping).remarks)
        ),
        steps=tuple(_part(path, step) for path, step in zip(paths, steps, strict=True)),
    )


def _refuse_unlike(logs: list[ForeignLog], runs: list[Measurement]) -> None:
    """Refuse logs that do not add up to one claim, or that were put in another order.

    Raises:
        EvidenceError: different models, weights or forms, or an earlier log after a later one.
    """
    for what, found in (
        ("models", {log.binding.name for log in logs}),
        ("digests of weights", {log.binding.root_digest for log in logs}),
        ("forms of the model", {run.setting.variant.value for run in runs}),
    ):
        if len(found) > 1:
            raise EvidenceError(
                "logs", f"different {what} ({', '.join(sorted(found))})", "runs on one model"
            )
    times = [run.finished_at for run in runs]
    if times != sorted(times):
        raise EvidenceError(
            "logs",
            "an earlier run after a later one",
            "runs in the order in which they were made",
            "Give them in the order of their dates.",
        )


def _run(log: ForeignLog, mapping: TaskMapping, metric: str | None) -> Measurement:
    found = [m for m in interpret(log, mapping).measurements if metric in {None, m.metric}]
    if len(found) != 1:
        names = ", ".join(m.metric for m in found) or "none"
        raise EvidenceError(
            log.source.file_name,
            f"{len(found)} measurements ({names})",
            "one",
            "Name it with --metric, or narrow the mapping.",
        )
    return found[0]


def _part(path: Path, step: Step) -> AccrueStep:
    decided = "below the limit" if step.is_below else "above the limit" if step.is_above else ""
    return AccrueStep(
        file_name=path.name,
        adverse=step.adverse.successes,
        behaviours=step.adverse.trials,
        repeated=step.repeated,
        e_below=_e(step.below),
        e_above=_e(step.above),
        lower=_share(step.lower, ROUND_FLOOR),
        upper=_share(step.upper, ROUND_CEILING),
        decided=decided,
    )


def lines(found: AccrueDocument) -> Iterator[str]:
    """Yield the lines of ``evidence accrue``."""
    limit = f"{(Decimal(found.limit) * 100).normalize():f} %"
    needed = (1 / (1 - Decimal(found.confidence))).quantize(Decimal("0.1")).normalize()
    yield from text.wrapped(
        f"{found.metric} against {limit}; an e-value of {needed:f} decides, whenever it is reached",
        "  ",
        "",
    )
    yield ""
    yield text.heading("FINDINGS") + ("" if found.remarks else "  none")
    for remark in found.remarks:
        yield from text.wrapped(f"{remark.code}: {remark.message}", "    ", "  ")
    yield ""
    for number, step in enumerate(found.steps, start=1):
        yield from text.wrapped(f"{number}  {step.file_name}", "     ", "  ")
        words = (
            f"{step.adverse} of {step.behaviours} behaviours adverse",
            f"{step.repeated} of them not new" if step.repeated else "",
        )
        yield f"     {text.joined(words)}"
        low = percent(Decimal(step.lower), ROUND_FLOOR)
        high = percent(Decimal(step.upper), ROUND_CEILING)
        yield f"     {low} to {high}; e-value for below {step.e_below}, for above {step.e_above}"
        if step.decided:
            yield f"     shown to be {step.decided}"
    if not any(step.decided for step in found.steps):
        yield ""
        yield "Not decided: more behaviours may decide it, and looking again costs nothing."


def _e(value: float) -> str:
    return f"{value:.2f}" if value < _LARGE else f"{value:.3g}"


def _share(number: float, rounding: str) -> str:
    return format(Decimal(number).quantize(_PLACES, rounding), "f")
