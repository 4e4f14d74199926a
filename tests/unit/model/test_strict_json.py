# SPDX-License-Identifier: Apache-2.0
"""JSON that two readers could read differently is refused."""

from __future__ import annotations

import math

import pytest

from tiergate.errors import CheckpointError
from tiergate.model.strict_json import read_json, read_json_object

REFUSED = {
    "a broken object, with its line": (b'{\n"a": 1,\n}', "file:3"),
    "a key twice": (b'{"a": 1, "b": 2, "a": 3}', "'a' twice"),
    "a key twice, deep inside": (b'[{"x": {"a": 1, "a": 1}}]', "'a' twice"),
    "bytes that are not UTF-8": (b'{"a": "\xff"}', "not UTF-8"),
    "half of a surrogate pair": (b'{"a": "\\ud800"}', "not UTF-8"),
    "half of a surrogate pair as a key": (b'{"\\udfff": 1}', "not UTF-8"),
    "nesting without end": (b"[" * 200_000, "nested too deeply"),
    "a number with ten thousand digits": (b"9" * 10_000, "file"),
    "nothing": (b"", "broken JSON"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "broken JSON"),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_ambiguous_json_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_json(data, "file")


WHOLE_NUMBERS_ONLY = {
    "a fraction": b"[1.0]",
    "an exponent": b"[1e3]",
    "infinity": b"[Infinity]",
    "not a number": b"[NaN]",
    "a negative number": b"[-1]",
    "a negative zero": b"[-0]",
    "a number beyond 64 bits": b"[999999999999999999999]",
}


@pytest.mark.parametrize("data", WHOLE_NUMBERS_ONLY.values(), ids=WHOLE_NUMBERS_ONLY.keys())
def test_a_strict_document_holds_natural_numbers_only(data: bytes) -> None:
    with pytest.raises(CheckpointError, match="the number"):
        read_json(data, "file", allow_float=False)


@pytest.mark.parametrize("data", WHOLE_NUMBERS_ONLY.values(), ids=WHOLE_NUMBERS_ONLY.keys())
def test_a_configuration_may_hold_any_number(data: bytes) -> None:
    assert isinstance(read_json(data, "file"), list)


def test_infinity_in_a_configuration_is_a_number() -> None:
    assert [0.0, math.inf] == read_json(b"[0.0, Infinity]", "file")


def test_an_object_is_asked_for_and_a_list_is_refused() -> None:
    assert read_json_object(b'{"a": 1}', "file") == {"a": 1}

    with pytest.raises(CheckpointError, match="JSON of type list, expected a JSON object"):
        read_json_object(b"[]", "file")
