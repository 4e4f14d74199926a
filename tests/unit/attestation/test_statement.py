# SPDX-License-Identifier: Apache-2.0
"""Statements: canonical bytes, read back, and what is no statement."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builders_attestation import envelope
from tiergate.attestation.statement import Statement, Subject, read_statement
from tiergate.errors import InputError, VerificationError

STATEMENT = Statement(
    subjects=(
        Subject(name="a.safetensors", digest={"sha256": "00"}),
        Subject(name="b.json", digest={"sha256": "01"}),
    ),
    predicate_type="https://example.org/x/v1",
    predicate={"b": [1, None, True], "a": "é"},
)


def _read(payload: bytes, kind: str = "application/vnd.in-toto+json") -> Statement:
    return read_statement(envelope("p256", payload=payload, kind=kind), "a.json")


def test_a_statement_is_read_as_it_was_written() -> None:
    assert STATEMENT == _read(STATEMENT.to_bytes())


def test_the_bytes_are_canonical() -> None:
    data = STATEMENT.to_bytes()

    plain = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert plain.encode() == data


@pytest.mark.parametrize("value", [2**60, float("nan"), "\ud800"], ids=["large", "nan", "half"])
def test_what_canonical_json_cannot_hold_is_refused(value: object) -> None:
    made = Statement(subjects=STATEMENT.subjects, predicate_type="x", predicate={"a": value})

    with pytest.raises(InputError):
        made.to_bytes()


def _changed(**fields: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(json.loads(STATEMENT.to_bytes()) | fields).encode()


SUBJECT = {"name": "a", "digest": {"sha256": "00"}}
NO_STATEMENT = {
    "no JSON": (b"hello", "broken JSON"),
    "two predicates": (
        STATEMENT.to_bytes().replace(b'"predicate":', b'"predicate":{},"predicate":'),
        "the field 'predicate' twice",
    ),
    "a fraction": (_changed(predicate={"a": 0.5}), "the number 0.5"),
    "another version": (_changed(_type="https://in-toto.io/Statement/v0.1"), "v0.1"),
    "a field that nobody knows": (_changed(more=1), "an unknown field 'more'"),
    "a predicate that is no object": (_changed(predicate=[]), "no object"),
    "about nothing": (_changed(subject=[]), "found nothing"),
    "about something that is no list": (_changed(subject={}), "found nothing"),
    "a subject without a digest": (_changed(subject=[{"name": "a", "digest": {}}]), "no digest"),
    "a digest that is a number": (
        _changed(subject=[{"name": "a", "digest": {"sha256": 1}}]),
        "expected text",
    ),
    "no name twice": (
        _changed(subject=[SUBJECT | {"name": ""}, SUBJECT | {"name": ""}]),
        "'' twice",
    ),
    "one name twice": (_changed(subject=[SUBJECT, SUBJECT]), "'a' twice"),
}


@pytest.mark.parametrize("case", NO_STATEMENT)
def test_what_is_no_statement_fails(case: str) -> None:
    payload, expected = NO_STATEMENT[case]

    with pytest.raises(VerificationError) as caught:
        _read(payload)

    assert expected in str(caught.value)


def test_a_payload_of_another_type_is_not_read_at_all() -> None:
    with pytest.raises(VerificationError, match="a payload of type 'text/plain'"):
        _read(STATEMENT.to_bytes(), "text/plain")


def test_a_whole_number_may_be_written_with_a_point_where_that_is_asked_for() -> None:
    document = json.loads(STATEMENT.to_bytes())
    document["predicate"] = {"size": 4.0, "other": -3.0, "plain": 5}
    made = envelope("p256", payload=json.dumps(document).encode())

    read = read_statement(made, "a.json", whole_floats=True)

    assert read.predicate == {"size": 4, "other": -3, "plain": 5}
    with pytest.raises(VerificationError, match=r"the number 4\.0"):
        read_statement(made, "a.json")


@pytest.mark.parametrize("number", ["0.5", "1e300", "9007199254740992.0", "1e999"])
def test_no_other_number_with_a_point_is_read(number: str) -> None:
    payload = STATEMENT.to_bytes().replace(b'"a":', b'"size":' + number.encode() + b',"a":')

    with pytest.raises(VerificationError, match="the number"):
        read_statement(envelope("p256", payload=payload), "a.json", whole_floats=True)
