# SPDX-License-Identifier: Apache-2.0
"""What a log as a whole shows, whichever tool wrote it: findings that no reader can make alone.

A finding is printed first and kept with the evidence; grades are read from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

from tiergate.evidence.grades import MOST_LOST
from tiergate.evidence.provenance import BindingLevel, Relation, Remark
from tiergate.evidence.readers.base import ForeignLog, Series

_SMALLEST_PART = Fraction(1, 10)
_WORD = re.compile(r"[a-z]{3,}")
_SERVERS = ("azureai", "bedrock", "fireworks", "groq", "ollama", "openrouter", "together", "vllm")
_PLAIN = ("base", "chat", "huggingface", "instruct", "large", "local", "mini", "model", "none")
_NO_FAMILY = frozenset({*_SERVERS, *_PLAIN, "mockllm", "preview", "small", "test", "the"})


def derived(log: ForeignLog, *, at: datetime | None = None) -> tuple[Remark, ...]:
    """Find what the log as a whole shows; sorted, each once.

    Args:
        log: what a reader found.
        at: the time now; without it no date is called a date in the future.
    """
    found = {remark for series in log.series for remark in _of_series(log, series, at)}
    if log.series and not log.binding.root_digest:
        found.add(_no_digest(log.binding.level))
    if log.series and log.binding.relation not in {Relation.IDENTICAL, Relation.UNKNOWN}:
        found.add(
            Remark(
                code="changed-weights",
                message=f"The weights were changed when they were loaded ({log.binding.relation}); "
                "the log can count against the checkpoint and never for it.",
            )
        )
    return tuple(sorted(found, key=lambda remark: (remark.code, remark.message)))


def _no_digest(level: BindingLevel) -> Remark:
    message = (
        "The log names no digest of the weights that ran; it can count against a checkpoint "
        "and never for one."
    )
    if level is BindingLevel.IMMUTABLE_REVISION:
        message = (
            "The log names a commit and no digest of the weights that ran; it can count for a "
            "checkpoint only where that was resolved from the same commit."
        )
    return Remark(code="no-digest", message=message)


def about_another(log: ForeignLog, name: str, root_digest: str = "") -> tuple[Remark, ...]:
    """Find that a log is about another model than the one it is wanted for.

    Args:
        log: what a reader found.
        name: what the wanted model is called.
        root_digest: its root digest; empty when only its name is known.
    """
    binding = log.binding
    if root_digest and binding.root_digest:
        if binding.root_digest == root_digest:
            return ()
        message = f"The log is about {binding.root_digest}; {name} is {root_digest}."
        return (Remark(code="another-model", message=message),)
    if _names(binding.name) & _names(name):
        return ()
    message = f"The log calls its model {binding.name or 'nothing'}; {name} was asked about."
    return (Remark(code="another-model", message=message),)


def _names(text: str) -> frozenset[str]:
    """Return the last part of every path or repository in a model's name, without case."""
    words = (word.strip("()") for word in text.split())
    return frozenset(word.rstrip("/").rsplit("/", 1)[-1].casefold() for word in words if word)


def family_of(model: str) -> frozenset[str]:
    """Return the words in a model's name that say whose it is, or of which family.

    >>> sorted(family_of("meta-llama/Llama-2-7b-chat-hf")), sorted(family_of("hf/x"))
    (['llama', 'meta'], [])
    """
    parts = [part for part in model.strip().rstrip("/").lower().split("/") if part]
    # Of three parts or more the first says who serves it.
    kept = parts[-2:] if len(parts) > 2 else parts
    return frozenset(word for part in kept for word in _WORD.findall(part)) - _NO_FAMILY


def _are_related(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two names share a word, or a word of one is part of one of the other."""
    return any(a in b or b in a for a in one for b in other)


def _of_series(log: ForeignLog, series: Series, at: datetime | None) -> Iterator[Remark]:
    name = f"{series.task} / {series.scorer}"
    yield from _graders(log, series)
    lost = series.planned - sum(row.value is not None for row in series.rows)
    if series.planned and Fraction(lost, series.planned) > MOST_LOST:
        yield Remark(
            code="unscored-share",
            message=f"{name}: {lost} of {series.planned} planned attempts have no score; each "
            "counts against the model.",
        )
    if series.planned and Fraction(len(series.rows), series.planned) < _SMALLEST_PART:
        yield Remark(
            code="small-part",
            message=f"{name}: {len(series.rows)} of {series.planned} planned attempts were made.",
        )
    if at is not None and series.finished_at > at:
        yield Remark(
            code="dated-in-the-future",
            message=f"{name} ended at {series.finished_at:%Y-%m-%d %H:%M} UTC, after now; a "
            "clock was wrong, and nothing of it counts before that time.",
        )


def _graders(log: ForeignLog, series: Series) -> Iterator[Remark]:
    names = [word.strip("()") for word in log.binding.name.split()]
    own = frozenset().union(*(family_of(name) for name in names))
    for grader in series.graders:
        if grader in names:
            text = f"{series.task} / {series.scorer} was graded by the model itself ({grader})."
        elif _are_related(family_of(grader), own):
            text = (
                f"{series.task} / {series.scorer} was graded by {grader}, of the same family "
                f"or house as {log.binding.name}; such graders favour their own."
            )
        else:
            continue
        yield Remark(code="own-family-grader", message=text)
