# SPDX-License-Identifier: Apache-2.0
"""Taking the counted fields from a sample gives what parsing all of it gives."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from logs.disturbed import ANYTHING, disturbed
from logs.inspect_logs import Json, a_sample
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.inspect_fields import SampleDecoder
from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey, SampleParser
from tiergate.evidence.readers.values import parse_object

Found = tuple[SampleKey, object, list[type]] | str

FULL = a_sample(
    "naïve \u20ac 1",
    {"harm": 1, "refusal": 0.25, "": True},
    epoch=2,
    error={"message": "boom"},
    limit={"type": "token", "limit": 3},
    invalidation={"author": "someone"},
    model_fallbacks=[{"fallback_model": "smaller"}],
    error_retries=[{"message": "boom"}],
    messages=[{"id": "m1", "content": 'a\\u0000\n"quoted"'}],
)
FULL["scores"] = FULL["scores"] | {  # type: ignore[operator]
    "grader": {"value": "C", "history": [{"value": "I"}], "metadata": {"value": 3}},
    "listed": {"value": [1, None, "x"]},
    "silent": None,
}

WRITERS = st.sampled_from(
    [
        {},
        {"separators": (",", ":")},
        {"indent": 2},
        {"ensure_ascii": False},
        {"ensure_ascii": False, "separators": (",", ":")},
    ]
)


def facts(key: SampleKey, outcome: Outcome) -> Found:
    return key, asdict(outcome), [type(value) for value in outcome.values]


def strictly(text: bytes) -> Found:
    try:
        return facts(*SampleParser().of_fields(parse_object(text, "log"), "log"))
    except EvidenceError as error:
        return str(error)


def quickly(text: bytes) -> Found:
    try:
        return facts(*SampleParser().of_text(text, "log"))
    except EvidenceError as error:
        return str(error)


def written(sample: object, options: Json) -> bytes:
    return json.dumps(sample, **options).encode("utf-8", "surrogatepass")  # type: ignore[arg-type]


@settings(max_examples=500, deadline=None)
@given(sample=st.one_of(disturbed(FULL), disturbed(a_sample(1, 0.5)), ANYTHING), options=WRITERS)
def test_both_ways_give_the_same_for_any_sample(sample: object, options: Json) -> None:
    text = written(sample, options)
    event("decoded" if SampleDecoder().sample(text) else "left to the strict parser")

    assert strictly(text) == quickly(text)


@settings(max_examples=300, deadline=None)
@given(position=st.integers(0, 10_000), byte=st.integers(0, 255), options=WRITERS)
def test_both_ways_give_the_same_for_a_text_with_any_byte_changed(
    position: int, byte: int, options: Json
) -> None:
    text = bytearray(written(FULL, options))
    text[position % len(text)] = byte

    expected, found = strictly(bytes(text)), quickly(bytes(text))

    # A key that is made a repeat of another is refused where it is counted.
    assert expected == found or "one key twice" in str(expected)


@settings(max_examples=200, deadline=None)
@given(samples=st.lists(st.one_of(disturbed(FULL), disturbed(a_sample(1, None)))), options=WRITERS)
def test_an_array_of_samples_gives_what_each_of_them_gives(
    samples: list[Json], options: Json
) -> None:
    decoded = SampleDecoder().samples(written(samples, options))
    singly = [SampleDecoder().sample(written(sample, options)) for sample in samples]

    if decoded is None:
        assert None in singly
    else:
        assert [sample and sample.fields() for sample in singly] == [s.fields() for s in decoded]


def test_an_ordinary_sample_needs_no_strict_parser() -> None:
    for sample in (FULL, a_sample(1), a_sample("x", 0.5), a_sample(1, None), {}):
        assert SampleDecoder().sample(written(sample, {})) is not None


UNUSUAL: dict[str, bytes] = {
    "NaN": b'{"id": 1, "epoch": 1, "scores": {"a": {"value": NaN}}}',
    "half a character": rb'{"id": "\ud800", "epoch": 1}',
    "half a character in what is not counted": rb'{"id": "1", "epoch": 1, "input": "\ud800"}',
    "a list": b"[]",
    "scores that are a list": b'{"id": 1, "epoch": 1, "scores": []}',
    "a score that is a number": b'{"id": 1, "epoch": 1, "scores": {"a": 1}}',
    "an exponent of twenty digits": b'{"id": 1, "epoch": 1, "error": 1e99999999999999999999}',
    "nesting without end": b'{"id": 1, "epoch": 1, "store": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("sentence", UNUSUAL)
def test_the_strict_parser_decides_on(sentence: str) -> None:
    text = UNUSUAL[sentence]

    assert SampleDecoder().sample(text) is None
    assert SampleDecoder().samples(b"[%b]" % text) is None
    assert strictly(text) == quickly(text)


REFUSED_REPEATS: dict[str, bytes] = {
    "its id": b'{"id": 1, "id": 2, "epoch": 1}',
    "its epoch": b'{"id": 1, "epoch": 1, "epoch": 1}',
    "its error": b'{"id": 1, "epoch": 1, "error": {"message": "x"}, "error": null}',
    "its limit, once in other letters": rb'{"id": 1, "epoch": 1, "limit": 1, "\u006cimit": null}',
    "its scores": b'{"id": 1, "epoch": 1, "scores": {"a": {"value": 1}}, "scores": {}}',
    "a scorer": b'{"id": 1, "epoch": 1, "scores": {"a": {"value": 1}, "a": {"value": 0}}}',
    "a scorer without a score": b'{"id": 1, "epoch": 1, "scores": {"a": null, "a": {}}}',
    "a value": b'{"id": 1, "epoch": 1, "scores": {"a": {"value": 1, "value": 0}}}',
    "a history": b'{"id": 1, "epoch": 1, "scores": {"a": {"history": [], "history": [1]}}}',
}


@pytest.mark.parametrize("sentence", REFUSED_REPEATS)
def test_a_sample_is_refused_that_has_twice(sentence: str) -> None:
    text = REFUSED_REPEATS[sentence]

    assert "a JSON object with one key twice" in str(quickly(text))
    assert SampleDecoder().samples(b'[{"id": 1, "epoch": 1}, %b]' % text) is None


LAST_COUNTS: dict[str, tuple[bytes, object]] = {
    "what is not counted": (b'"input": "a", "input": "b"', "C"),
    "scores, of which the first are empty": (b'"scores": {}', "C"),
    "an answer beside the value": (b'"store": {"a": 1, "a": 2}', "C"),
}


@pytest.mark.parametrize("sentence", LAST_COUNTS)
def test_the_last_one_counts_of(sentence: str) -> None:
    more, expected = LAST_COUNTS[sentence]
    text = b'{"id": 1, "epoch": 1, %b, "scores": {"match": {"value": "C"}}}' % more

    _, outcome = SampleParser().of_text(text, "log")

    assert expected == outcome.score("match")


def test_outcomes_are_shared_by_alike_samples_and_no_others() -> None:
    parser = SampleParser()
    values = (True, 1, 1.0, "1", False, 0, None, "C", "x" * 500, [1], [True])

    first = [parser.of_text(written(a_sample(1, v), {}), "log")[1] for v in values]
    again = [parser.of_text(written(a_sample(2, v), {}), "log")[1] for v in values]

    assert [values[8]] == [v for v, a, b in zip(values, first, again, strict=True) if a is not b]
    # To Python True, 1 and 1.0 are one value.
    assert len(values) - 1 == len(set(again[:8] + again[9:]))
