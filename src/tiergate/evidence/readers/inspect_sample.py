# SPDX-License-Identifier: Apache-2.0
"""One sample of an Inspect log, reduced to what is counted: who, which try, which scores.

A score may be a single value, a list or an object. Each entry of a list or an object
is a score of its own, named ``scorer.0`` or ``scorer.key``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.values import (
    Score,
    as_count,
    as_label,
    as_list,
    as_object,
    as_score,
    as_text,
)

SampleKey = tuple[str, int]
"""Sample id and epoch; no two samples that count share both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One attempt, as the log keeps it."""

    key: SampleKey
    """Sample id, as text, and epoch, from 1."""
    scores: Mapping[str, Score | None]
    """Raw scores by series name; None where a scorer ran and left no value."""
    scorers: frozenset[str]
    """Scorers that left something, whatever it was."""
    errored: bool
    """Whether the attempt ended in an error."""
    limited: bool
    """Whether a limit cut the attempt short."""
    invalidated: bool
    """Whether somebody declared the attempt invalid afterwards."""
    edited: int
    """Scores that somebody changed after the run."""
    fallbacks: frozenset[str]
    """Other models that served some of the attempt's requests."""
    retries: int
    """Tries on this attempt that ended in an error and were thrown away."""


def parse_sample(sample: Mapping[str, object], where: str) -> Sample:
    """Take from one sample, or the summary of one, what is counted.

    Raises:
        EvidenceError: the sample has no id or no epoch.
    """
    identity, epoch = sample.get("id"), as_count(sample.get("epoch"))
    if not as_label(identity) or not epoch:
        raise EvidenceError(
            where,
            "a sample without an id or an epoch",
            "both, with epochs counted from 1",
            "Take the log from its source again.",
        )
    scores = as_object(sample.get("scores"))
    return Sample(
        key=(as_label(identity), epoch),
        scores=_flat_scores(scores),
        scorers=frozenset(as_text(name) for name, score in scores.items() if score is not None),
        errored=sample.get("error") is not None,
        limited=sample.get("limit") is not None,
        invalidated=sample.get("invalidation") is not None,
        edited=sum(1 for score in scores.values() if as_list(as_object(score).get("history"))),
        fallbacks=frozenset(
            as_text(as_object(fallback).get("fallback_model")) or "an unnamed model"
            for fallback in as_list(sample.get("model_fallbacks"))
        ),
        retries=len(as_list(sample.get("error_retries"))),
    )


def _flat_scores(scores: Mapping[str, object]) -> dict[str, Score | None]:
    flat: dict[str, Score | None] = {}
    for scorer, score in scores.items():
        name, value = as_text(scorer), as_object(score).get("value")
        if isinstance(value, dict) and value:
            flat |= {f"{name}.{as_text(key)}": as_score(entry) for key, entry in value.items()}
        elif isinstance(value, list) and value:
            flat |= {f"{name}.{index}": as_score(entry) for index, entry in enumerate(value)}
        else:
            flat[name] = as_score(value)
    return flat
