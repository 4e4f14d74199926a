# SPDX-License-Identifier: Apache-2.0
"""Reading a user's prompts: JSONL or CSV, of our own columns or of an Inspect data set.

Columns (or keys) are ``guarded`` (also called ``prompt``, ``behavior``, ``goal`` or ``input``),
``twin``, ``cluster`` and ``id``, and ``answer`` and ``twin_answer`` for full answers that an
attacker has to train on; all but the first may be left out. In place of twins, rows may be
labelled by a column ``label`` (or ``target``): a row that should be answered is then the twin of
the row with the same id that should be refused, and its ``answer`` is the twin's.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import InputError
from tiergate.evidence.small_file import read_small_file
from tiergate.evidence.tampering.prompts import PromptPair, PromptSet, pair_key

MOST_BYTES = 64 * 1024 * 1024
"""Longest file of prompts that is read."""

_GUARDED = ("guarded", "prompt", "behavior", "behaviour", "goal", "input")
_LABELS = ("label", "target")
_REFUSE = frozenset({"refuse", "refused", "refusal", "guarded", "harmful", "unsafe"})
_ANSWER = frozenset({"answer", "comply", "complied", "compliance", "harmless", "benign", "safe"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    place: str
    """File and line."""
    id: str
    cluster: str
    text: str
    twin: str
    is_twin: bool
    answer: str
    twin_answer: str


def read_prompts(path: Path) -> PromptSet:
    """Read a file of prompts; what ends in ``.csv`` or ``.tsv`` is a table, all else JSONL.

    Raises:
        InputError: the file cannot be read, or one of its rows cannot be used; says which.
    """
    text = _text(path)
    is_table = path.suffix.lower() in {".csv", ".tsv"}
    records = _table(text, path) if is_table else _json_lines(text, path)
    rows = [_row(record, place, line) for line, place, record in records]
    _refuse_repeats(rows)
    return PromptSet.of(path.name, _paired(rows), where=str(path))


def _text(path: Path) -> str:
    try:
        data = read_small_file(path, MOST_BYTES)
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror or error})"
        raise InputError(str(path), found, "prompts as JSONL or CSV") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}:{line}", "bytes that are not UTF-8", "text in UTF-8", "Save it as UTF-8."
        ) from error


def _json_lines(text: str, path: Path) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    # Not splitlines: it also splits at separators that JSON allows inside strings.
    for number, line in enumerate(text.split("\n"), start=1):
        place = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(place, "no JSON", "one JSON object on each line") from error
        if not isinstance(value, dict):
            raise InputError(place, f"a JSON {type(value).__name__}", "a JSON object on each line")
        yield number, place, value


def _table(text: str, path: Path) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    start = 1
    try:
        for cells in reader:
            place, number, start = f"{path}:{start}", start, reader.line_num + 1
            if not header:
                header = [cell.strip().lower() for cell in cells]
                _refuse_header(header, place)
            elif cells and len(cells) != len(header):
                raise InputError(
                    place, f"{len(cells)} fields", f"{len(header)}, as in the first line"
                )
            elif cells:
                yield number, place, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}:{start}", f"no CSV ({error})", "CSV with quoted texts") from error


def _refuse_header(header: list[str], place: str) -> None:
    if not set(header) & set(_GUARDED):
        raise InputError(
            place,
            f"the columns {', '.join(header)}",
            f"a column of prompts: {', '.join(_GUARDED)}",
            "Name the columns in the first line.",
        )
    if len(set(header)) != len(header):
        raise InputError(place, "a column twice", "each column once")


def _row(record: Mapping[str, object], place: str, line: int) -> _Row:
    name = next((name for name in _GUARDED if name in record), None)
    if name is None:
        raise InputError(
            place,
            f"the keys {', '.join(record) or 'of an empty object'}",
            f"a prompt under one of {', '.join(_GUARDED)}",
        )
    text = _message(record[name]) if name == "input" else record[name]
    row_id = _cell(record, "id", place) or f"line {line}"
    row = _Row(
        place=place,
        id=row_id,
        cluster=_cell(record, "cluster", place) or row_id,
        text=_prompt(text, name, place),
        twin=_optional(record, "twin", place),
        is_twin=_is_twin(record, place),
        answer=_optional(record, "answer", place),
        twin_answer=_optional(record, "twin_answer", place),
    )
    if row.is_twin and row.twin:
        raise InputError(place, "a twin of a row that should be answered", "one or the other")
    if row.twin_answer and not row.twin:
        raise InputError(
            place,
            "a twin_answer without a twin",
            "a twin in the same row",
            "Where twins are rows of their own, write their answers there, under answer.",
        )
    if row.twin and pair_key(row.twin) == pair_key(row.text):
        raise InputError(place, "a twin that is the guarded prompt itself", "a harmless twin")
    return row


def _optional(record: Mapping[str, object], name: str, place: str) -> str:
    value = record.get(name)
    # An empty cell of a table is how a missing text is written.
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    return _prompt(value, name, place)


def _prompt(value: object, name: str, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        found = "an empty text" if isinstance(value, str) else f"a {type(value).__name__}"
        expected = "a text" if name.endswith("answer") else "the text of a prompt"
        raise InputError(f"{place}: {name}", found, expected)
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        raise InputError(f"{place}: {name}", "half of a surrogate pair", "text in UTF-8")
    return value


def _message(value: object) -> object:
    """Return the user's text of an Inspect input, which is a text or a list of messages."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return value[0].get("content")
    return value


def _cell(record: Mapping[str, object], name: str, place: str) -> str:
    value = record.get(name)
    if value is None or (isinstance(value, (str, int)) and not isinstance(value, bool)):
        return "" if value is None else str(value).strip()
    raise InputError(f"{place}: {name}", f"a {type(value).__name__}", "a text or a whole number")


def _is_twin(record: Mapping[str, object], place: str) -> bool:
    name = next((name for name in _LABELS if record.get(name)), "")
    word = str(record.get(name, "")).strip().casefold()
    # A target is often the answer's text in other data sets, a label never is.
    if name == "label" and word not in _REFUSE | _ANSWER:
        raise InputError(
            f"{place}: label",
            repr(record[name]),
            f"one of {', '.join(sorted(_REFUSE))} or {', '.join(sorted(_ANSWER))}",
        )
    return word in _ANSWER


def _paired(rows: list[_Row]) -> Iterator[PromptPair]:
    """Join rows that should be answered to those that should be refused."""
    twins = {row.id: row for row in rows if row.is_twin}
    guarded = [row for row in rows if not row.is_twin]
    wants_twins = bool(twins) or any(row.twin for row in guarded)
    for row in guarded:
        other = twins.pop(row.id, None)
        if wants_twins and not (other or row.twin):
            raise InputError(row.place, "a prompt without a twin", "one, as other rows have")
        if other and row.twin:
            raise InputError(other.place, f"a second twin of {row.id!r}", "one twin for each")
        yield PromptPair(
            id=row.id,
            cluster=row.cluster,
            guarded=row.text,
            twin=other.text if other else row.twin,
            answer=row.answer,
            twin_answer=other.answer if other else row.twin_answer,
        )
    for row in twins.values():
        raise InputError(
            row.place,
            f"a row that should be answered, and none to refuse with its id {row.id!r}",
            "labels that match",
            "Give both rows of a pair the same id.",
        )


def _refuse_repeats(rows: list[_Row]) -> None:
    ids: dict[tuple[bool, str], str] = {}
    texts: dict[str, _Row] = {}
    for row in rows:
        if (place := ids.setdefault((row.is_twin, row.id), row.place)) != row.place:
            raise InputError(row.place, f"the id {row.id!r} of {place} again", "each id once")
        other = texts.setdefault(pair_key(row.text), row)
        if other is not row:
            raise InputError(
                row.place,
                f"the prompt of {other.place} again",
                "each prompt once",
                "Remove one of the two, or correct the label if it should be answered.",
            )
