# SPDX-License-Identifier: Apache-2.0
"""The few fields of a sample that are counted, taken from its JSON without building the rest.

A sample of forty thousand bytes holds messages, events and attachments, of which nothing
is needed. They are checked to be JSON in UTF-8 and skipped. A text that is unusual in any
way, such as one with NaN, is left to the strict parser, which then decides.

A counted field that a sample has twice is left to the strict parser too, which refuses it.
Elsewhere in a sample, in the parts of a structured score and of an empty ``scores`` before
another, the last one counts, as for every reader of these logs.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

_MOST_CHARACTERS = 200
_UNUSUAL = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)


class _Value:
    """Any JSON value. Each occurrence in the text makes one, so that repeats can be told."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


class _Name(_Value):
    """Name of a scorer. No two are equal, so that a mapping keeps repeats."""


_ABSENT = _Value(None)


class _Score(msgspec.Struct, gc=False):
    """Counted fields of one score."""

    value: _Value = _ABSENT
    history: _Value = _ABSENT


class CountedSample(msgspec.Struct, gc=False):
    """Counted fields of one sample or one summary, as they are decoded."""

    id: _Value = _ABSENT
    epoch: _Value = _ABSENT
    error: _Value = _ABSENT
    limit: _Value = _ABSENT
    invalidation: _Value = _ABSENT
    model_fallbacks: _Value = _ABSENT
    error_retries: _Value = _ABSENT
    scores: dict[_Name, _Score | None] | None = None

    def fields(self) -> dict[str, object]:
        """Return the fields that the text has, with values as the strict parser gives them."""
        found = _values(self, _SINGLE)
        if self.scores is not None:
            found["scores"] = {
                name.value: None if score is None else _values(score, _OF_SCORE)
                for name, score in self.scores.items()
            }
        return found

    def alike(self) -> object:
        """Return something equal for samples that differ in nothing but id and epoch.

        None for a sample that has more to it than short scores, which few have.
        """
        if not (self.error is self.limit is self.invalidation is _ABSENT):
            return None
        if self.error_retries.value or self.model_fallbacks.value:
            return None
        found: list[object] = []
        for name, score in (self.scores or {}).items():
            # As text, because to Python True, 1 and 1.0 are the same.
            text = "" if score is None else repr(score.value.value)
            if len(text) > _MOST_CHARACTERS:
                return None
            found += (name.value, text, score is not None and _is_edited(score))
        return tuple(found)

    def held(self) -> int:
        """Return how many values the sample holds; those that came twice are held once."""
        held = (self.id is not _ABSENT) + (self.epoch is not _ABSENT)
        held += (self.error is not _ABSENT) + (self.limit is not _ABSENT)
        held += (self.invalidation is not _ABSENT) + (self.model_fallbacks is not _ABSENT)
        held += self.error_retries is not _ABSENT
        if self.scores:
            several = len(self.scores) > 1
            held += len({name.value for name in self.scores}) if several else 1
            for score in self.scores.values():
                if score is not None:
                    held += (score.value is not _ABSENT) + (score.history is not _ABSENT)
        return held


_SINGLE = tuple(name for name in CountedSample.__struct_fields__ if name != "scores")
_OF_SCORE = _Score.__struct_fields__


class SampleDecoder:
    """Decodes the counted fields of one text after the other."""

    def __init__(self) -> None:
        self._made = 0
        self._sample = msgspec.json.Decoder(CountedSample, dec_hook=self._make, float_hook=Decimal)
        self._samples = msgspec.json.Decoder(
            list[CountedSample], dec_hook=self._make, float_hook=Decimal
        )

    def sample(self, text: bytes) -> CountedSample | None:
        """Decode one sample; None when only the strict parser can tell what it is."""
        self._made = 0
        try:
            sample = self._sample.decode(text)
            if not text.isascii():
                text.decode("utf-8")
        except _UNUSUAL:
            return None
        return sample if sample.held() == self._made else None

    def samples(self, text: bytes) -> list[CountedSample] | None:
        """Decode an array of samples; None when only the strict parser can tell what it is."""
        self._made = 0
        try:
            samples = self._samples.decode(text)
            if not text.isascii():
                text.decode("utf-8")
        except _UNUSUAL:
            return None
        return samples if sum([sample.held() for sample in samples]) == self._made else None

    def _make(self, kind: type[_Value], value: object) -> _Value:
        self._made += 1
        return kind(value)


def _values(holder: CountedSample | _Score, names: tuple[str, ...]) -> dict[str, object]:
    return {name: value.value for name in names if (value := getattr(holder, name)) is not _ABSENT}


def _is_edited(score: _Score) -> bool:
    return isinstance(score.history.value, list) and bool(score.history.value)
