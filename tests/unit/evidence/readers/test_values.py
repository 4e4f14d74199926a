# SPDX-License-Identifier: Apache-2.0
"""JSON of foreign logs: strict where two readers could differ, None where nothing was scored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.values import (
    MAX_COUNT,
    as_count,
    as_list,
    as_number,
    as_object,
    as_score,
    as_text,
    as_time,
    listed,
    mean,
    parse_first,
    parse_json,
    parse_object,
    settings_text,
    shortened,
)

REFUSED_TEXTS: dict[str, tuple[bytes, str]] = {
    "is not UTF-8": (b'{"a": "\xff"}', "bytes that are not UTF-8, at offset 7"),
    "is UTF-16": ('{"a": 1}'.encode("utf-16"), "bytes that are not UTF-8"),
    "starts with a byte order mark": (b"\xef\xbb\xbf{}", "broken JSON"),
    "is cut short": (b'{"a": [1, 2', "broken JSON"),
    "has a second value after the first": (b"{} {}", "broken JSON"),
    "has a key twice": (b'{"a": {"score": 1, "score": 0}}', "a JSON object with one key twice"),
    "is nested without end": (b"[" * 200_000, "JSON that is nested too deeply"),
    "has a whole number of five thousand digits": (b"1" * 5_000, "a number out of range"),
    "has an exponent of twenty digits": (b"1e99999999999999999999", "a number out of range"),
    "is empty": (b"", "broken JSON"),
}


@pytest.mark.parametrize("sentence", REFUSED_TEXTS)
def test_a_text_is_refused_that(sentence: str) -> None:
    text, expected = REFUSED_TEXTS[sentence]

    with pytest.raises(EvidenceError) as caught:
        parse_json(text, "log.json")

    assert expected in str(caught.value)
    assert caught.value.where == "log.json"


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_an_error_of_ours(data: bytes) -> None:
    try:
        value = parse_json(data, "log.json")
    except EvidenceError:
        return

    assert isinstance(value, dict | list | str | bool | int | Decimal | None)


def test_numbers_stay_decimal_and_not_a_number_is_nothing() -> None:
    parsed = parse_json(b'{"a": 0.1, "b": NaN, "c": -Infinity, "d": 3}', "log.json")

    assert parsed == {"a": Decimal("0.1"), "b": None, "c": None, "d": 3}


def test_an_object_is_asked_for_and_a_list_is_refused() -> None:
    with pytest.raises(EvidenceError, match="JSON of type list, expected a JSON object"):
        parse_object(b"[]", "log.json")


FIRST_VALUES: dict[str, tuple[str, tuple[object, int] | None]] = {
    "an object before a comma": ('{"a": 1}, {"b"', ({"a": 1}, 8)),
    "not a number": ("NaN]", (None, 3)),
    "an object that is cut short": ('{"a": 1', None),
    "a text that is cut short": ('"a', None),
    "nothing": ("", None),
    "something else": ("]", None),
}


@pytest.mark.parametrize("sentence", FIRST_VALUES)
def test_the_first_value_of_a_text_is_found_where_it_is(sentence: str) -> None:
    text, expected = FIRST_VALUES[sentence]

    assert expected == parse_first(text, 0, "log.json")
    moved = parse_first(f"[1,{text}", 3, "log.json")
    assert (expected and (expected[0], expected[1] + 3)) == moved


def test_a_first_value_that_more_text_would_not_mend_is_refused() -> None:
    for text, expected in (
        ('{"a": 1, "a": 2}', "one key twice"),
        ("1e99999999999999999999", "a number out of range"),
        ("[" * 200_000, "nested too deeply"),
    ):
        with pytest.raises(EvidenceError, match=expected):
            parse_first(text, 0, "log.json")


SCORES: dict[str, tuple[object, object]] = {
    "a grade": ("C", "C"),
    "an empty text": ("", ""),
    "true, which is not the number one": (True, True),
    "a whole number": (1, Decimal(1)),
    "a fraction": (Decimal("0.25"), Decimal("0.25")),
    "nothing": (None, None),
    "a list": ([1], None),
    "an object": ({"a": 1}, None),
    "a number that no float can hold": (Decimal("1e400"), None),
    "a text with half a character": ("\ud800", "\\ud800"),
}


@pytest.mark.parametrize("sentence", SCORES)
def test_a_raw_score_is_kept_as_it_is_or_is_nothing(sentence: str) -> None:
    value, expected = SCORES[sentence]

    score = as_score(value)

    assert expected == score
    assert type(expected) is type(score)


def test_a_value_of_another_type_counts_as_absent() -> None:
    assert as_object([1]) == {}
    assert as_list({"a": 1}) == []
    assert as_text(5) == ""
    assert [as_count(v) for v in (True, -1, "3", Decimal(3), MAX_COUNT + 1, None)] == [None] * 6
    assert [as_number(v) for v in (True, "1", None)] == [None] * 3


TIMES: dict[str, tuple[object, datetime | None]] = {
    "a time with an offset": (
        "2026-03-01T13:00:00+01:00",
        datetime(2026, 3, 1, 12, tzinfo=UTC),
    ),
    "a time that ends in Z": ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    "a time without an offset": ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    "an empty text": ("", None),
    "prose": ("yesterday", None),
    "a number": (1_768_964_383, None),
    "a time before the first year": ("0001-01-01T00:00:00+10:00", None),
}


@pytest.mark.parametrize("sentence", TIMES)
def test_a_time_is_read_in_utc_or_not_at_all(sentence: str) -> None:
    value, expected = TIMES[sentence]

    assert expected == as_time(value)


@given(st.lists(st.decimals(-1000, 1000, places=2), min_size=1, max_size=20))
def test_the_mean_lies_between_the_smallest_and_the_largest(numbers: list[Decimal]) -> None:
    average = mean(numbers)

    assert average is not None
    assert min(numbers) - Decimal("1e-20") <= average <= max(numbers) + Decimal("1e-20")


def test_the_mean_of_nothing_is_nothing() -> None:
    assert mean([]) is None


def test_settings_are_sorted_and_leave_out_what_is_not_given() -> None:
    settings = {
        "top_p": Decimal("0.90"),
        "effort": "high",
        "seed": None,
        "stop": ["a b"],
        "mode": "x y",
    }

    assert settings_text(settings) == 'effort=high mode="x y" stop=["a b"] top_p=0.9'


def test_long_texts_and_long_lists_are_cut() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
    assert listed(["c", "a", "b", "a"]) == "a, b, c"
    assert listed(str(n) for n in range(9)) == "0, 1, 2, 3, 4 and 4 more"


def test_a_parsed_text_can_always_be_written_again() -> None:
    text = as_text(json.loads('"\\ud83d lone"'))

    assert text.encode("utf-8") == b"\\ud83d lone"
