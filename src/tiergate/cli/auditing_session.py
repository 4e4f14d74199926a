# SPDX-License-Identifier: Apache-2.0
"""One audit of a grader: draw, take labels, and say what they make of the bound."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

import click

from tiergate.cli import audit_file, text
from tiergate.cli.audit_file import AuditFile
from tiergate.cli.evidence_input import require_mapping
from tiergate.cli.limits_text import confidence_of
from tiergate.cli.listing import AuditDocument
from tiergate.decision.words import percent
from tiergate.errors import EvidenceError
from tiergate.evidence.auditing import Draw, Label, draw, name_of
from tiergate.evidence.bounds import bounds_of
from tiergate.evidence.from_log import interpret
from tiergate.evidence.mapping import MappingEntry, TaskMapping
from tiergate.evidence.measurement import Measurement
from tiergate.evidence.readers.base import ForeignLog, Series
from tiergate.evidence.readers.builtin import read_log
from tiergate.stats.rates import Interval

_SHOWN = 8
_PLACES = Decimal("0.000001")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An audit as far as it has come."""

    path: Path
    """The audit file."""
    log: ForeignLog
    """The log."""
    mapping: TaskMapping
    """What it means."""
    series: Series
    """The series that is audited."""
    drawn: Draw
    """What people have to look at."""
    file: AuditFile
    """The labels so far."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Flagged and drawn attempts that nobody has looked at."""
        wanted = {*self.drawn.flagged, *self.drawn.drawn} - self.file.given.keys()
        return tuple(name for name in self.drawn.to_label if name in wanted)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked of a new audit."""

    size: int
    """How many unflagged attempts to look at."""
    seed: str | None
    """What to draw them with; None for the log's digest."""
    labelled_by: str | None
    """Who gives the labels; None where the file says."""


def start(
    log_path: Path,
    mapping_path: str | None,
    metric: str | None,
    labels: Path,
    wish: Wish,
) -> Session:
    """Read the log, draw, and take up the labels that are there.

    Raises:
        EvidenceError: nothing is mapped, several metrics fit, or the labels are about
            another log or another draw.
    """
    log = read_log(log_path)
    mapping = require_mapping(mapping_path, log)
    series, entry = _chosen(log, mapping, metric)
    fresh = AuditFile(
        format="tiergate-audit/1",
        log=log.source.sha256,
        task=series.task,
        scorer=series.scorer,
        metric=entry.metric,
        condition=entry.condition,
        size=wish.size,
        seed=wish.seed or log.source.sha256,
        labelled_by=wish.labelled_by or "",
    )
    known = audit_file.read_audit(labels) if labels.exists() else fresh
    if labels.exists():
        _refuse_other(known, fresh, labels, seed=wish.seed)
    drawn = draw(series, entry, size=known.size, seed=known.seed)
    attempts = {name_of(row) for row in series.rows}
    strangers = sorted(known.labels.keys() - attempts)
    if strangers:
        raise EvidenceError(
            str(labels),
            f"labels of attempts that the log does not have ({', '.join(strangers[:3])})",
            "attempts of the log, named sample#attempt",
        )
    wanted = {name: known.labels.get(name) for name in drawn.to_label}
    # What was found outside of this draw stays found.
    wanted |= {name: label for name, label in known.given.items() if name in attempts}
    file = known.model_copy(
        update={"labels": wanted, "labelled_by": wish.labelled_by or known.labelled_by}
    )
    return Session(path=labels, log=log, mapping=mapping, series=series, drawn=drawn, file=file)


def _chosen(
    log: ForeignLog, mapping: TaskMapping, metric: str | None
) -> tuple[Series, MappingEntry]:
    tool = log.source.reader.split("/", 1)[0]
    fitting = [
        (series, entry)
        for series in log.series
        for entry in mapping.entries_for(tool, series.task, series.scorer)
        if metric in {None, entry.metric}
    ]
    if len(fitting) != 1:
        names = ", ".join(f"{e.metric} from {s.task} / {s.scorer}" for s, e in fitting) or "none"
        raise EvidenceError(
            log.source.file_name,
            f"{len(fitting)} series to audit ({names})",
            "one",
            "Name it with --metric, or narrow the mapping.",
        )
    return fitting[0]


def _refuse_other(known: AuditFile, fresh: AuditFile, path: Path, *, seed: str | None) -> None:
    fields = ["log", "task", "scorer", "metric", "condition", *(["seed"] if seed else [])]
    for name in fields:
        found, expected = getattr(known, name), getattr(fresh, name)
        if found != expected:
            raise EvidenceError(
                f"{path}: {name}",
                repr(found),
                repr(expected),
                "Give another --labels file: labels stay with the draw that they were given for.",
            )


def with_answers(session: Session, ask: Callable[[str], str | None]) -> Session:
    """Ask for every missing label until all are given or the person stops."""
    labels = dict(session.file.labels)
    for name in session.missing:
        try:
            answer = ask(name)
        except click.Abort:
            answer = None
        if answer is None:
            break
        labels[name] = Label(answer)
    file = session.file.model_copy(update={"labels": labels})
    return dataclasses.replace(session, file=file)


def save(session: Session) -> None:
    """Write the audit file."""
    audit_file.write_audit(session.path, session.file)


def document(session: Session, confidence: str) -> AuditDocument:
    """Build what ``evidence audit --json`` prints."""
    level, drawn, file = confidence_of(confidence), session.drawn, session.file
    by_grader = bounds_of(_measured(session, audited=False), level)
    by_people = None if session.missing else bounds_of(_measured(session, audited=True), level)
    return AuditDocument(
        file=str(session.path),
        metric=file.metric,
        task=file.task,
        scorer=file.scorer,
        confidence=str(level),
        flagged=len(drawn.flagged),
        unflagged=drawn.unflagged,
        drawn=len(drawn.drawn),
        unscored=len(drawn.unscored),
        missing=session.missing,
        by_grader=_shares(by_grader),
        by_people=None if by_people is None else _shares(by_people),
    )


def lines(session: Session, confidence: str) -> Iterator[str]:
    """Yield what the audit has shown so far."""
    found = document(session, confidence)
    yield from text.wrapped(f"{found.metric} from {found.task} / {found.scorer}", "  ", "")
    yield f"  flagged by the grader: {found.flagged}, to be looked at, all of them"
    yield f"  not flagged: {found.unflagged}, of which {found.drawn} were drawn at random"
    if found.unscored:
        yield f"  without a label: {found.unscored}, adverse unless somebody finds otherwise"
    yield ""
    yield text.heading("BOUND")
    yield f"  by the grader's labels: {_bound_words(found.by_grader)}"
    if found.by_people is None:
        missing = text.plural(len(found.missing), "label")
        yield f"  by people's labels: {missing} missing"
    else:
        yield f"  by people's labels: {_bound_words(found.by_people)}"
    yield ""
    yield from _next_steps(session)


def _next_steps(session: Session) -> Iterator[str]:
    if not session.missing:
        command = "tiergate evidence add LOG --model MODEL --mapping MAPPING"
        words = f"file it with: {command} --audit {session.path}"
        yield from text.wrapped(words, "  ", keep_words=True)
        return
    more = len(session.missing) - _SHOWN
    rest = f" and {more} more" if more > 0 else ""
    yield from text.wrapped(f"look at {', '.join(session.missing[:_SHOWN])}{rest}", "  ", "  ")
    yield from text.wrapped(f"and fill in {session.path}, or run this again with --ask", "  ")
    if session.log.source.reader.startswith("inspect_ai/"):
        folder = shlex.quote(str(session.log.files[0].parent))
        words = f"see them with: inspect view start --log-dir {folder}"
        yield from text.wrapped(words, "  ", keep_words=True)


def _measured(session: Session, *, audited: bool) -> Measurement:
    file = session.file.model_copy(update={"labelled_by": session.file.labelled_by or "not stated"})
    audits = audit_file.joined(file, session.log, session.mapping) if audited else {}
    found = interpret(session.log, session.mapping, audits).measurements
    return next(m for m in found if m.metric == file.metric)


def _shares(interval: Interval) -> tuple[str, str]:
    return (
        format(Decimal(interval.lower).quantize(_PLACES, ROUND_FLOOR), "f"),
        format(Decimal(interval.upper).quantize(_PLACES, ROUND_CEILING), "f"),
    )


def _bound_words(ends: tuple[str, str]) -> str:
    low, high = percent(Decimal(ends[0]), ROUND_FLOOR), percent(Decimal(ends[1]), ROUND_CEILING)
    return f"{low} to {high} of attempts"
