# SPDX-License-Identifier: Apache-2.0
"""The file that garak writes: one JSON object per line, in the order in which things happened.

A run that was killed ends in half a line; what stands before it is whole. A file may hold
several runs, one after the other, when they are on the same target and of one version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.garak_attempt import Attempt, parse_attempt
from tiergate.evidence.readers.garak_setup import Setup, parse_setup, run_times
from tiergate.evidence.readers.source import OpenedFile
from tiergate.evidence.readers.values import as_count, as_object, as_text, parse_object

_HIT_KEYS = frozenset({"attempt_id", "detector", "probe", "score"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """How the tool counted one detector on one probe."""

    probe: str
    """Probe, as in ``test.Blank``."""
    detector: str
    """Detector, as in ``always.Pass``."""
    passed: int
    """Generations with a score below the threshold."""
    fails: int
    """Generations with a score from the threshold up."""
    nones: int
    """Generations without a score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as its file holds it, before anything is counted."""

    setup: Setup
    """What the first run set out to do; others agree with it in target and version."""
    attempts: tuple[tuple[Attempt, int], ...]
    """Every attempt at its last status, and the generations that its run asks for."""
    superseded: Mapping[str, int]
    """From each probe to scored attempts that stand in the file more than once."""
    claims: tuple[Claim, ...]
    """What the ``eval`` entries state."""
    default_graders: Mapping[str, str]
    """From each detector that asks a model to the one that it asks unless told otherwise."""
    finished_at: datetime
    """When the run ended; when it started, if it never ended."""
    runs: int
    """Runs in the file."""
    completed: int
    """Runs that came to their end."""
    cut_short: bool
    """Whether the last line of the file is half a line."""


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    setups: list[Setup] = field(default_factory=list)
    inits: list[Mapping[str, object]] = field(default_factory=list)
    completions: list[Mapping[str, object]] = field(default_factory=list)
    attempts: dict[str, tuple[Attempt, int]] = field(default_factory=dict)
    superseded: Counter[str] = field(default_factory=Counter)
    claims: list[Claim] = field(default_factory=list)
    default_graders: dict[str, str] = field(default_factory=dict)
    cut_short: bool = False


def is_hit(entry: Mapping[str, object]) -> bool:
    """Tell whether an entry is one of a hit log, which holds successes alone."""
    return "entry_type" not in entry and entry.keys() >= _HIT_KEYS


def read_report(file: OpenedFile, *, max_line_bytes: int) -> Report:
    """Read a report.

    Raises:
        EvidenceError: damaged, too long a line, an unknown version or shape, no attempts,
            runs on different targets, or a hit log.
    """
    reading = _Reading()
    for where, entry in _entries(file, reading, max_line_bytes):
        _take(reading, entry, where)
    if not reading.setups or not reading.attempts:
        raise EvidenceError(
            file.name,
            "no setup of a run" if not reading.setups else "a run without attempts",
            "a report with its setup and its attempts",
            "Give the report.jsonl that garak wrote, unchanged.",
        )
    return Report(
        setup=reading.setups[0],
        attempts=tuple(reading.attempts.values()),
        superseded=reading.superseded,
        claims=tuple(reading.claims),
        default_graders=reading.default_graders,
        finished_at=run_times(reading.inits, reading.completions, file.name),
        runs=len(reading.setups),
        completed=len(reading.completions),
        cut_short=reading.cut_short,
    )


def _entries(
    file: OpenedFile, reading: _Reading, most_bytes: int
) -> Iterator[tuple[str, dict[str, object]]]:
    number = 0
    while line := file.handle.readline(most_bytes + 1):
        number += 1
        where = f"{file.name}:{number}"
        if len(line) > most_bytes:
            raise EvidenceError(where, "a line without end", f"at most {most_bytes} bytes")
        if not line.strip():
            continue
        try:
            entry = parse_object(line, where)
        except EvidenceError:
            if line.endswith(b"\n") or number == 1:
                raise
            reading.cut_short = True
            return
        yield where, entry


def _take(reading: _Reading, entry: Mapping[str, object], where: str) -> None:
    kind = as_text(entry.get("entry_type"))
    if kind == "start_run setup":
        _take_setup(reading, parse_setup(entry, where), where)
    elif kind == "init":
        reading.inits.append(entry)
    elif kind == "completion":
        reading.completions.append(entry)
    elif kind == "attempt":
        _take_attempt(reading, parse_attempt(entry, where), where)
    elif kind == "eval":
        reading.claims.append(_claim(entry, where))
    elif kind == "plugin_cache":
        reading.default_graders |= _default_graders(entry)
    elif is_hit(entry):
        raise EvidenceError(
            where,
            "a hit log: successes without the attempts that failed",
            "the report of the run",
            "Give the .report.jsonl that stands beside it.",
        )
    elif not kind:
        raise EvidenceError(where, "an entry without entry_type", "an entry of a garak report")


def _take_setup(reading: _Reading, setup: Setup, where: str) -> None:
    first = reading.setups[0] if reading.setups else setup
    if (setup.target, setup.version) != (first.target, first.version):
        raise EvidenceError(
            where,
            "a run on another target or of another version than the one before it",
            "runs of one version on one target",
            "Keep runs on different targets in different files.",
        )
    reading.setups.append(setup)


def _take_attempt(reading: _Reading, attempt: Attempt, where: str) -> None:
    if not reading.setups:
        raise EvidenceError(where, "an attempt before the setup of its run", "the setup first")
    before = reading.attempts.get(attempt.uuid)
    if before is not None and before[0].scored:
        if not attempt.scored:
            return
        if attempt != before[0]:
            raise EvidenceError(
                where,
                f"an attempt that was scored twice, and differently ({attempt.uuid[:36]})",
                "one result for each attempt",
                "Take the report from its source again.",
            )
        reading.superseded[attempt.probe] += 1
        return
    reading.attempts[attempt.uuid] = (attempt, reading.setups[-1].generations)


def _claim(entry: Mapping[str, object], where: str) -> Claim:
    probe, detector = as_text(entry.get("probe")), as_text(entry.get("detector"))
    passed, fails, total, nones = (
        as_count(entry.get(name)) for name in ("passed", "fails", "total_evaluated", "nones")
    )
    # Older versions state the total alone.
    total = as_count(entry.get("total")) if total is None else total
    fails = (total or 0) - (passed or 0) if fails is None else fails
    if not probe or not detector or passed is None or total is None or fails < 0:
        raise EvidenceError(where, "an eval entry without its counts", "passed and total_evaluated")
    # The older form of the name has the kind of plugin in front.
    name = detector.removeprefix("detector.").removeprefix("detectors.")
    return Claim(probe=probe, detector=name, passed=passed, fails=fails, nones=nones or 0)


def _default_graders(entry: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for name, plugin in as_object(as_object(entry.get("plugin_cache")).get("detectors")).items():
        defaults = as_object(as_object(plugin).get("DEFAULT_PARAMS"))
        model = as_text(defaults.get("detector_model_name"))
        model = model or as_text(defaults.get("detector_model_path"))
        if model:
            found[as_text(name).removeprefix("detectors.")] = model
    return found
