# SPDX-License-Identifier: Apache-2.0
"""One sample of an Inspect log, reduced to what is counted: who, which try, which scores.

A score may be a single value, a list or an object. Each entry of a list or an object
is a score of its own, named ``scorer.0`` or ``scorer.key``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.inspect_fields import CountedSample, SampleDecoder
from tiergate.evidence.readers.values import (
    Score,
    as_count,
    as_label,
    as_list,
    as_object,
    as_score,
    as_text,
    parse_object,
)

SampleKey = tuple[str, int]
"""Sample id and epoch; no two samples that count share both."""

# What many attempts leave is kept once; what few leave is not worth looking for.
_MOST_SHARED = 4096
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What one attempt left, as the log keeps it. Attempts that left the same share one."""

    kept: bool
    """Whether the log holds the sample itself; otherwise only its summary."""
    names: tuple[str, ...]
    """Series that the attempt has an entry for."""
    values: tuple[Score | None, ...]
    """Raw score of each; None where a scorer ran and left no value."""
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

    def score(self, series: str) -> Score | None:
        """Return the raw score of a series; None when there is none."""
        return self.values[self.names.index(series)] if series in self.names else None

    def agrees_with(self, other: Outcome) -> bool:
        """Tell whether both have the same scores, and both an error or neither."""
        return self.errored == other.errored and self._scores() == other._scores()

    def _scores(self) -> dict[str, tuple[bool, Score | None]]:
        # True is not the number 1.
        typed = ((isinstance(value, bool), value) for value in self.values)
        return dict(zip(self.names, typed, strict=True))


class SampleParser:
    """Reads samples, and summaries of samples, one after the other."""

    def __init__(self) -> None:
        self._decoder = SampleDecoder()
        self._shared: dict[object, Outcome] = {}

    def of_text(self, text: bytes, where: str) -> tuple[SampleKey, Outcome]:
        """Take from the JSON of one sample what is counted.

        Raises:
            EvidenceError: not a JSON object, or a sample without an id or an epoch.
        """
        decoded = self._decoder.sample(text)
        if decoded is None:
            return self.of_fields(parse_object(text, where), where)
        return self.of_decoded(decoded, where)

    def of_decoded(
        self, sample: CountedSample, where: str, *, kept: bool = True
    ) -> tuple[SampleKey, Outcome]:
        """Take from a decoded sample what is counted; see ``of_fields``."""
        key = _key(sample.id.value, sample.epoch.value, where)
        if (alike := sample.alike()) is None:
            return key, self._outcome(sample.fields(), kept=kept)
        outcome = self._shared.get((alike, kept))
        if outcome is None:
            outcome = self._outcome(sample.fields(), kept=kept)
            self._share((alike, kept), outcome)
        return key, outcome

    def of_fields(
        self, fields: Mapping[str, object], where: str, *, kept: bool = True
    ) -> tuple[SampleKey, Outcome]:
        """Take from the fields of one sample what is counted.

        Args:
            fields: those of a sample, or of a summary of one.
            where: how messages name the place.
            kept: whether it is the sample itself.

        Raises:
            EvidenceError: the sample has no id or no epoch.
        """
        key = _key(fields.get("id"), fields.get("epoch"), where)
        return key, self._outcome(fields, kept=kept)

    def _outcome(self, fields: Mapping[str, object], *, kept: bool) -> Outcome:
        outcome = _outcome(fields, kept=kept)
        # As texts, because to Python True, 1 and 1.0 are the same.
        texts = tuple(map(repr, outcome.values))
        if any(len(text) > _MOST_CHARACTERS for text in texts):
            return outcome
        flags = (outcome.errored, outcome.limited, outcome.invalidated, outcome.edited)
        sets = (outcome.scorers, outcome.fallbacks, outcome.retries)
        same = (kept, outcome.names, texts, *flags, *sets)
        known = self._shared.get(same)
        if known is None:
            self._share(same, outcome)
        return known or outcome

    def _share(self, key: object, outcome: Outcome) -> None:
        if len(self._shared) < _MOST_SHARED:
            self._shared[key] = outcome


def _key(identity: object, epoch: object, where: str) -> SampleKey:
    name, number = as_label(identity), as_count(epoch)
    if name and number:
        return name, number
    raise EvidenceError(
        where,
        "a sample without an id or an epoch",
        "both, with epochs counted from 1",
        "Take the log from its source again.",
    )


def _outcome(fields: Mapping[str, object], *, kept: bool) -> Outcome:
    scores = as_object(fields.get("scores"))
    flat = _flat_scores(scores)
    return Outcome(
        kept=kept,
        names=tuple(flat),
        values=tuple(flat.values()),
        scorers=frozenset(as_text(name) for name, score in scores.items() if score is not None),
        errored=fields.get("error") is not None,
        limited=fields.get("limit") is not None,
        invalidated=fields.get("invalidation") is not None,
        edited=sum(1 for score in scores.values() if as_list(as_object(score).get("history"))),
        fallbacks=frozenset(
            as_text(as_object(fallback).get("fallback_model")) or "an unnamed model"
            for fallback in as_list(fields.get("model_fallbacks"))
        ),
        retries=len(as_list(fields.get("error_retries"))),
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
