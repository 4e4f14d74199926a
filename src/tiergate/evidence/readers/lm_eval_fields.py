# SPDX-License-Identifier: Apache-2.0
"""The few fields of a sample that are read, taken from its line without building the others.

A line of several thousand bytes holds prompts and responses, of which nothing is needed;
they are only checked to be JSON in UTF-8. Lines that are like one before them are decoded
many at a time, into one list for each field. A line that is unusual in any way, such as one
with NaN, is left to the strict parser, and the lines after it are taken to be like it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, Never

import msgspec

from tiergate.evidence.readers.lm_eval_lines import HashedLines
from tiergate.evidence.readers.values import as_list, as_text, parse_object

Columns = dict[str, list[object]]
"""From each field to its values, one for each sample."""

# A decoder for every name would let a file of invented names take for ever.
_MOST_FIELDS = 100
_MOST_SHAPES = 50
_LONGEST_SHARED = 32
_UNUSUAL = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Samples on consecutive lines that have the same fields."""

    first_line: int
    """Number of the first of these lines, from 1."""
    count: int
    """How many they are."""
    columns: Columns
    """The wanted fields that they have, with one value for each sample."""
    metrics: tuple[str, ...]
    """The metrics that each of them names."""
    filters: list[str]
    """The filter of each; empty when they do not say it."""


class SampleFields:
    """Takes the wanted fields from the samples of a file."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._wanted = {"doc_id", "filter", "metrics", *wanted}
        # Shapes to try, the quickest first, and all that have been made.
        self._shapes: tuple[_Shape, ...] = ()
        self._made: dict[object, tuple[_Shape, ...]] = {}

    def runs(self, file: HashedLines) -> Iterator[Run]:
        """Yield every sample of the file once, in its order.

        The values are those that :func:`tiergate.evidence.readers.values.parse_object` gives.

        Raises:
            EvidenceError: a line is too long, or is no JSON object.
        """
        for number, lines in file.batches():
            yield from self._runs(file, number, lines)

    def _runs(self, file: HashedLines, number: int, lines: list[bytes]) -> Iterator[Run]:
        run = self._alike(number, lines)
        if run:
            yield run
        elif len(lines) > 1:
            middle = len(lines) // 2
            yield from self._runs(file, number, lines[:middle])
            yield from self._runs(file, number + middle, lines[middle:])
        elif lines and lines[0].strip():
            yield self._strict(number, parse_object(lines[0], file.where(number)))

    def _alike(self, number: int, lines: list[bytes]) -> Run | None:
        """Return lines that are like the last one which was read strictly, or None."""
        tried = (shape.columns(lines) for shape in self._shapes)
        columns = next(filter(None, tried), None)
        if columns is None:
            return None
        stated = columns.get("metrics", [None])
        metrics = tuple(as_text(name) for name in as_list(stated[0]))
        column = columns.get("filter", [])
        filters = [name for name in column if isinstance(name, str)]
        if (
            stated.count(stated[0]) != len(stated)
            or not self._wanted.issuperset(metrics)
            or len(filters) != len(column)
        ):
            return None
        return Run(
            first_line=number,
            count=len(lines),
            columns=columns,
            metrics=metrics,
            filters=filters,
        )

    def _strict(self, number: int, sample: Mapping[str, object]) -> Run:
        metrics = tuple(as_text(name) for name in as_list(sample.get("metrics")))
        stated = sample.get("filter")
        self._wanted.update(metrics)
        present = frozenset(self._wanted & sample.keys())
        self._shapes = self._shapes_of(present, sample)
        return Run(
            first_line=number,
            count=1,
            columns={name: [sample[name]] for name in present},
            metrics=metrics,
            filters=[] if stated is None else [as_text(stated)],
        )

    def _shapes_of(
        self, present: frozenset[str], sample: Mapping[str, object]
    ) -> tuple[_Shape, ...]:
        # In most files the filter and the metrics are the same on every line.
        filter_name, metrics = sample.get("filter"), tuple(as_list(sample.get("metrics")))
        same: dict[str, object] = {}
        if isinstance(filter_name, str) and all(isinstance(name, str) for name in metrics):
            same = {"filter": filter_name, "metrics": list(metrics)}
        key = (present, len(self._wanted), filter_name if same else None, metrics if same else None)
        if key not in self._made and len(self._made) < _MOST_SHAPES:
            absent = self._wanted - present
            shapes = (_shape(present, absent, same), _shape(present, absent, {}))
            self._made[key] = tuple(shape for shape in shapes if shape)
        return self._made.get(key, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Lines that have certain fields and not certain others."""

    decode: Callable[[bytes], object]
    """Decodes a line, and appends the value of each field to its list below."""
    found: Columns
    """What has been decoded."""
    same: Mapping[str, object]
    """Fields that have to have these values; repeating them would change nothing."""

    def columns(self, lines: list[bytes]) -> Columns | None:
        """Return the fields of every line; None when the strict parser has to tell."""
        for values in self.found.values():
            values.clear()
        try:
            deque(map(self.decode, lines), maxlen=0)
            if not all(map(bytes.isascii, lines)):
                deque(map(bytes.decode, lines), maxlen=0)
        except _UNUSUAL:
            return None
        # A field that stands twice in a line would let two readers see two logs.
        if any(len(values) != len(lines) for values in self.found.values()):
            return None
        constant = {name: [value] * len(lines) for name, value in self.same.items()}
        return constant | {name: values.copy() for name, values in self.found.items()}


class _Field:
    """Stands for one field in a decoder; each has a class of its own."""


def _shape(
    present: Iterable[str], absent: Iterable[str], same: Mapping[str, object]
) -> _Shape | None:
    """Make a shape; None when no decoder can be had for these names."""
    same = {name: value for name, value in same.items() if name in present}
    found: Columns = {name: [] for name in sorted(present) if name not in same}
    names = [*found, *same, *sorted(absent)]
    if len(names) > _MOST_FIELDS:
        return None
    kinds = [type("Field", (_Field,), {}) for _ in names]
    present_field = type("Present", tuple(kinds), {})()
    take = dict.fromkeys(kinds, _refuse) | {
        kind: values.append for kind, values in zip(kinds, found.values(), strict=False)
    }

    def note(kind: type[_Field], value: object) -> object:
        take[kind](value)
        return present_field

    renamed = {f"field{number}": name for number, name in enumerate(names)}
    try:
        types = [*kinds[: len(found)], *map(_constant, same.values())]
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
            *zip(renamed, types, strict=False),
            *((f"field{n}", kind, None) for n, kind in enumerate(kinds) if n >= len(types)),
        ]
        sample = msgspec.defstruct("Sample", fields, rename=renamed, gc=False)
        decoder = msgspec.json.Decoder(sample, dec_hook=note, float_hook=_decimal)
    except ValueError:
        # Not every text can be the name or the value of a field.
        return None
    return _Shape(decode=decoder.decode, found=found, same=same)


def _constant(value: object) -> object:
    """Return the type of a text, or of a list of texts, that has to be this one."""
    if isinstance(value, list):
        return tuple.__class_getitem__(tuple(Literal[text] for text in value))
    return Literal[value]


def _refuse(_: object) -> Never:
    raise ValueError("a field that the lines before did not have")


# Most scores are one of a few numbers, and each of those is kept once.
@lru_cache(maxsize=1024)
def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_SHARED:
        raise ValueError("a number that is too long to be kept")
    return Decimal(text)
