# SPDX-License-Identifier: Apache-2.0
"""Fields taken from many lines at a time are those that the strict parser sees."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logs.disturbed import disturbed
from logs.lm_eval_logs import Json, a_row
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.lm_eval_fields import SampleFields
from tiergate.evidence.readers.lm_eval_lines import hashed_lines
from tiergate.evidence.readers.lm_eval_samples import read_samples
from tiergate.evidence.readers.values import as_list, as_text, parse_object

WANTED = ("exact_match", "f1")


@dataclass(frozen=True)
class Sample:
    """One sample, as a run has it or as the strict parser gives it."""

    line: int
    fields: dict[str, str]
    metrics: tuple[str, ...]
    filter: str | None


def exactly(value: object) -> str:
    """Tell values apart that are equal and not the same, such as 1, 1.0, 1.00 and true."""
    return repr(value)


def by_runs(path: Path) -> tuple[list[Sample], int]:
    found, runs = [], 0
    with hashed_lines(path, max_line_bytes=2**20) as file:
        for run in SampleFields(WANTED).runs(file):
            runs += 1
            assert {run.count} == {len(column) for column in run.columns.values()} | {run.count}
            found += [
                Sample(
                    line=run.first_line + index,
                    fields={name: exactly(c[index]) for name, c in run.columns.items()},
                    metrics=run.metrics,
                    filter=run.filters[index] if run.filters else None,
                )
                for index in range(run.count)
            ]
    return found, runs


def by_strict_parser(path: Path) -> list[Sample]:
    found = []
    wanted = {"doc_id", "filter", "metrics", *WANTED}
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
        if not line.strip():
            continue
        sample = parse_object(line, f"{path.name}:{number}")
        metrics = tuple(as_text(name) for name in as_list(sample.get("metrics")))
        wanted |= set(metrics)
        stated = sample.get("filter")
        found.append(
            Sample(
                line=number,
                fields={n: exactly(v) for n, v in sample.items() if n in wanted},
                metrics=metrics,
                filter=None if stated is None else as_text(stated),
            )
        )
    return found


def written(folder: Path, lines: Iterable[str]) -> Path:
    path = folder / "samples.jsonl"
    path.write_text("".join(line + "\n" for line in lines), "utf-8", errors="surrogatepass")
    return path


PLAIN = json.dumps(a_row(1, 0.5))

UNUSUAL: dict[str, str] = {
    "NaN for the score": json.dumps(a_row(2, float("nan"))),
    "NaN in a field that is left out": json.dumps(a_row(2, resps=[float("nan")])),
    "a lone surrogate": json.dumps(a_row(2, target="\ud800")),
    "a name written with an escape": PLAIN.replace('"doc_id"', '"doc\\u005fid"'),
    "a metric that no line before named": json.dumps(a_row(2, metrics=["new"], new=1)),
    "a metric whose name no field can have": json.dumps(a_row(2, metrics=['"', "\\"])),
    "no metric named, and a score": json.dumps(a_row(2, metrics=[])),
    "no name of a metric": json.dumps(a_row(2, metrics=[3, None])),
    "another filter": json.dumps(a_row(2, filter="other")),
    "a filter that is null": json.dumps(a_row(2, filter=None)),
    "a filter that is no text": json.dumps(a_row(2, filter=[1])),
    "no filter": json.dumps(a_row(2, filter=...)),
    "no list of metrics": json.dumps(a_row(2, metrics=...)),
    "no score": json.dumps(a_row(2, ...)),
    "a score under a metric that the others do not have": json.dumps(a_row(2, f1=True)),
    "a score that is structured": json.dumps(a_row(2, [1, {"a": 2}])),
    "a number of many digits": PLAIN.replace("0.5", "0." + "12" * 40),
    "a whole number of many digits": PLAIN.replace("0.5", "9" * 300),
    "a number with an exponent": PLAIN.replace("0.5", "1E400"),
    "minus zero": PLAIN.replace("0.5", "-0"),
    "another number of zeros": PLAIN.replace("0.5", "0.500"),
    "spaces around everything": PLAIN.replace(":", " : ").replace(",", "\t, "),
    "text that is not ASCII": json.dumps(a_row(2, doc="ä € 丈"), ensure_ascii=False),
    "nothing": "",
    "spaces": " \t ",
}


@pytest.mark.parametrize("sentence", UNUSUAL)
def test_the_fields_are_those_of_the_strict_parser_around_a_line_with(
    sentence: str, tmp_path: Path
) -> None:
    path = written(tmp_path, [PLAIN] * 3 + [UNUSUAL[sentence]] + [PLAIN] * 3)

    assert by_strict_parser(path) == by_runs(path)[0]


REFUSED: dict[str, str] = {
    "a field that stands twice": PLAIN.replace('"filter"', '"doc_id": 7, "filter"'),
    "a score that stands twice, once with an escape": PLAIN.replace(
        '"filter"', '"exact\\u005fmatch": 0.5, "filter"'
    ),
    "a list of metrics that stands twice": PLAIN.replace('"filter"', '"metrics": [], "filter"'),
    "a number that no decimal can hold": PLAIN.replace("0.5", "1e99999999999999999999"),
    "a whole number that is too long": PLAIN.replace("0.5", "9" * 5000),
    "a second value on it": PLAIN + PLAIN,
    "only a part of a value": PLAIN[:-9],
    "a list": "[]",
    "nesting without end": PLAIN.replace('"doc":', f'"more": {"[" * 5000}{"]" * 5000}, "doc":'),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_line_is_refused_as_the_strict_parser_refuses_it_with(
    sentence: str, tmp_path: Path
) -> None:
    path = written(tmp_path, [PLAIN] * 3 + [REFUSED[sentence]] + [PLAIN] * 3)

    with pytest.raises(EvidenceError) as strict:
        by_strict_parser(path)
    with pytest.raises(EvidenceError) as caught:
        by_runs(path)

    assert str(strict.value) == str(caught.value)
    assert str(caught.value).startswith("samples.jsonl:4: ")


@pytest.mark.parametrize("field", ["doc", "doc_id", "exact_match"])
def test_bytes_that_are_not_utf_8_are_refused_in_any_field(field: str, tmp_path: Path) -> None:
    path = written(tmp_path, [PLAIN] * 3)
    bad = json.dumps(a_row(3, **{field: "BAD"})).encode().replace(b"BAD", b"\xff")
    path.write_bytes(path.read_bytes() + bad + b"\n")

    with pytest.raises(EvidenceError, match=r"samples.jsonl:4: found bytes that are not UTF-8"):
        by_runs(path)


def test_lines_that_are_alike_are_taken_together_whatever_the_first_one_was(
    tmp_path: Path,
) -> None:
    lines = [json.dumps(a_row(number, 0.5)) for number in range(200)]
    path = written(tmp_path, [UNUSUAL["NaN for the score"], *lines[:100], "", *lines[100:]])

    found, runs = by_runs(path)

    assert (201, True) == (len(found), runs < 30)


def test_a_file_of_invented_names_is_read_all_the_same(tmp_path: Path) -> None:
    named = {n: {f"{n} {letter}": n for letter in "abc"} for n in range(100)}
    lines = [json.dumps(a_row(n, metrics=list(new), **new)) for n, new in named.items()]
    path = written(tmp_path, lines)

    assert by_strict_parser(path) == by_runs(path)[0]


FORMATS = st.sampled_from(
    [{}, {"ensure_ascii": False}, {"separators": (",", ":")}, {"sort_keys": True}]
)
ROWS = st.lists(st.tuples(st.one_of(st.just(a_row(0)), disturbed(a_row(0))), FORMATS), max_size=8)


def outcome_of(read: Callable[[Path], list[Sample]], path: Path) -> list[Sample] | str:
    try:
        return read(path)
    except EvidenceError as error:
        return str(error)


def texts(rows: list[tuple[Json, dict[str, object]]], **more: object) -> list[str]:
    return [json.dumps(row | more, **how) for row, how in rows]  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(rows=ROWS)
def test_whatever_the_lines_hold_the_fields_are_those_of_the_strict_parser(
    rows: list[tuple[Json, dict[str, object]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("any"), texts(rows))

    assert outcome_of(by_strict_parser, path) == outcome_of(lambda p: by_runs(p)[0], path)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS)
def test_the_rows_are_the_same_when_every_line_is_left_to_the_strict_parser(
    rows: list[tuple[Json, dict[str, object]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    claimed = frozenset({"exact_match,none"})
    outcomes = []

    for more in ({}, {"left out": float("nan")}):
        path = written(folder, texts(rows, **more))
        try:
            samples = read_samples(path, claimed, max_line_bytes=2**20)
            outcomes.append(exactly((samples.rows, samples.unusable)))
        except EvidenceError as error:
            outcomes.append(str(error))

    assert outcomes[0] == outcomes[1]
