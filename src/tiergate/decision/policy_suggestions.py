# SPDX-License-Identifier: Apache-2.0
"""What a mistake in a file is called, with a suggestion where one is near.

The words of the library that checks the shape would help only those who know it.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tiergate.decision.strict_yaml import Location

_A_DAY = "a day of the calendar, as in 2026-11-23"
_QUOTED = re.compile(r"'([^']*)'")
_CHOICES = frozenset({"enum", "literal_error"})
_KINDS = frozenset({"unknown_check", "unknown_indicator"})
_MOST_PLACES = 3
_EMPTY = frozenset({"string_too_short", "too_short"})
_PLAIN = {
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false",
    "tuple_type": "expected a list",
    "dict_type": "expected fields with values",
    "model_type": "expected fields with values",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What text of a form looks like, and how near misses are mended."""

    words: str
    mended: Callable[[str], str]


def _capitals(found: str) -> str:
    return re.sub(r"[^A-Z0-9.]+", "-", found.upper()).strip("-")


def _small(found: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", found.lower()).strip("-")


def _metric(found: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "_", found.lower())


def _longer(found: str) -> str:
    return f"{found}.0" if found.count(".") else f"{found}.0.0"


def _https(found: str) -> str:
    return f"https://{found.removeprefix('http://')}"


def _as_it_is(found: str) -> str:
    return found


_FORMS = {
    r"^[A-Z][A-Z0-9-]{1,40}$": _Form(
        words="an id in capitals, digits and hyphens, as in E01", mended=_capitals
    ),
    r"^[A-Z0-9][A-Z0-9.-]*[A-Z0-9]$": _Form(
        words="an id in capitals, digits, dots and hyphens, as in EU-AIA-51-2", mended=_capitals
    ),
    r"^[a-z_]+\.[a-z0-9_]+$": _Form(
        words="a metric, as domain.name in small letters, as in cyber.exploits", mended=_metric
    ),
    r"^[a-z][a-z0-9-]{0,60}$": _Form(
        words="a name in small letters, digits and hyphens, as in our-policy", mended=_small
    ),
    r"^[A-Za-z0-9][A-Za-z0-9.-]{0,60}$": _Form(
        words="a name of letters, digits, dots and hyphens, as in small-model", mended=_small
    ),
    r"^\d+\.\d+\.\d+$": _Form(words="three numbers, as in 1.0.0", mended=_longer),
    r"^https://\S+$": _Form(words="an address that begins with https://", mended=_https),
    r"^([a-z][a-z0-9-]{0,60}|.+\.ya?ml)$": _Form(
        words="the id of a policy that ships, or a path that ends in .yaml", mended=_small
    ),
    r"^[A-Za-z][A-Za-z0-9-]{0,40}(@\d+\.\d+\.\d+)?$": _Form(
        words="a suite that ships, as in TR1 or TR1@1.0.0", mended=_as_it_is
    ),
}
"""By the pattern that files are checked with."""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the nearest other known word; empty when none is near."""
    others = [name for name in known if name != str(word)]
    close = difflib.get_close_matches(str(word), others, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def messages(
    mistakes: Sequence[ErrorDetails], model: type[BaseModel]
) -> Iterator[tuple[Location, str]]:
    """Yield what is wrong with a file of the shape ``model``, with its place.

    A list that is only too short because what stands in it is wrong is no mistake of its own.
    """
    places = [mistake["loc"] for mistake in mistakes]
    for mistake in mistakes:
        place = mistake["loc"]
        is_within = any(len(p) > len(place) and p[: len(place)] == place for p in places)
        if mistake["type"] != "too_short" or not is_within:
            yield place, message(mistake, model)


def message(mistake: ErrorDetails, model: type[BaseModel]) -> str:
    """Say what is wrong, in the program's words where the library's would not help."""
    kind, found = mistake["type"], mistake.get("input")
    text = mistake["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return _no_field(str(mistake["loc"][-1]), model)
    if kind in _CHOICES:
        return _one_of(found, _QUOTED.findall(str(mistake["ctx"]["expected"])))
    if kind in _KINDS and isinstance(found, Mapping):
        checks = text.rpartition("one of ")[2].split(", ")
        close = (did_you_mean(key, checks) for key in found)
        return text + next((hint for hint in close if hint), "")
    if mistake["loc"][-1:] == ("as_of",) and kind != "missing":
        return _A_DAY
    if kind == "string_pattern_mismatch":
        return _of_a_form(str(found), mistake["ctx"]["pattern"])
    return _PLAIN.get(kind, text) if found or kind not in _EMPTY else "is empty"


def _no_field(name: str, model: type[BaseModel]) -> str:
    fields = _fields(model)
    places = fields.get(name, ())
    if not places:
        return f"is no field here{did_you_mean(name, fields)}"
    others = ["others"] if len(places) > _MOST_PLACES else []
    return f"is no field here; it belongs to {' or '.join([*places[:_MOST_PLACES], *others])}"


def _one_of(found: object, known: list[str]) -> str:
    if len(known) == 1:
        return f"expected {known[0]}"
    return f"expected one of {', '.join(known)}{did_you_mean(found, known)}"


def _of_a_form(found: str, pattern: str) -> str:
    form = _FORMS.get(pattern)
    if form is None:
        return f"expected text that matches {pattern}"
    mended = form.mended(found)
    is_near = mended != found and re.fullmatch(pattern, mended)
    return f"expected {form.words}" + (f"; did you mean {mended}?" if is_near else "")


@functools.cache
def _fields(model: type[BaseModel]) -> Mapping[str, tuple[str, ...]]:
    """Return what each field of a file of this shape belongs to, in words."""
    schema = model.model_json_schema()
    parts = {"the file itself": schema}
    for name, part in schema.get("$defs", {}).items():
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Part")).lower()
        parts[f"{'an' if words[0] in 'aeio' else 'a'} {words}"] = part
    found: dict[str, tuple[str, ...]] = {}
    for words, part in parts.items():
        for field in part.get("properties", ()):
            found[field] = (*found.get(field, ()), words)
    return found
