# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests: what is read, and what is refused before anybody works with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from tiergate.gateway.body import LARGEST_BODY_BYTES, is_form, read_body
from tiergate.gateway.guards import Refused

FORM = "application/x-www-form-urlencoded"


def _request(kind: str, *chunks: bytes, is_cut: bool = False) -> Request:
    messages = _messages(chunks, is_cut=is_cut)

    async def receive() -> Message:
        return next(messages)

    headers = [(b"content-type", kind.encode())] if kind else []
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def _messages(chunks: tuple[bytes, ...], *, is_cut: bool) -> Iterator[Message]:
    for chunk in chunks:
        yield {"type": "http.request", "body": chunk, "more_body": True}
    if is_cut:
        yield {"type": "http.disconnect"}
    yield {"type": "http.request", "body": b"", "more_body": False}


def _read(content: bytes, kind: str = "application/json") -> dict[str, object]:
    return asyncio.run(read_body(_request(kind, content)))


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("application/json", b"", {}),
        ("application/json", b'{"a": [1, "\xc3\xbc"]}', {"a": [1, "\u00fc"]}),
        ("", b'{"a": "b"}', {"a": "b"}),
        (FORM, b"", {}),
        (FORM, b"paths=a&paths=b%2Fc&expand=False", {"paths": ["a", "b/c"], "expand": "False"}),
        (f"{FORM}; charset=utf-8", b"a=&b=x+y", {"a": "", "b": "x y"}),
        (FORM.upper(), b"a=b", {"a": "b"}),
        ("application/json", b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
    ],
)
def test_that_a_body_is_read(kind: str, content: bytes, expected: dict[str, object]) -> None:
    assert _read(content, kind) == expected


def test_that_the_pieces_of_a_body_are_put_together() -> None:
    assert asyncio.run(read_body(_request("", b'{"a":', b" 1}"))) == {"a": 1}


REFUSED: dict[str, tuple[str, bytes]] = {
    "a list": ("", b"[]"),
    "a text": ("", b'"a"'),
    "nothing that ends": ("", b'{"a"'),
    "bytes that are no text": ("", b'{"a": "\xff"}'),
    "half a letter": ("", b'{"a": "\\ud800"}'),
    "half a letter as a name": ("", b'{"\\udfff": 1}'),
    "a NUL": ("", b'{"a": {"b": ["\\u0000"]}}'),
    "a number that is too long": ("", b'{"a": ' + b"9" * 10_000 + b"}"),
    "lists that are too deep": ("", b"[" * 60_000),
    "objects that are too deep": ("", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "a form that is none": (FORM, b"a"),
    "a form of bytes that are no text": (FORM, b"a=%ff"),
    "a form with a NUL": (FORM, b"a=%00"),
    "a form of too many fields": (FORM, b"&".join([b"a=b"] * 3000)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_that_a_body_is_refused_that_is(case: str) -> None:
    kind, content = REFUSED[case]
    with pytest.raises(Refused) as refused:
        _read(content, kind)

    assert refused.value.answer.status == 400


def test_that_a_body_that_is_too_long_is_not_read_to_its_end() -> None:
    assert _read(b'{"a": "' + b"b" * (LARGEST_BODY_BYTES - 9) + b'"}')
    request = _request("", b" " * LARGEST_BODY_BYTES, b" ", b"never read")
    with pytest.raises(Refused) as refused:
        asyncio.run(read_body(request))

    assert refused.value.answer.status == 413


def test_that_a_body_that_is_cut_off_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        asyncio.run(read_body(_request("", b"{", is_cut=True)))

    assert refused.value.answer.status == 400


@given(st.binary(max_size=200), st.sampled_from(["", "application/json", FORM]))
def test_that_no_bytes_are_too_odd_to_be_answered(content: bytes, kind: str) -> None:
    try:
        found = _read(content, kind)
    except Refused:
        return
    assert isinstance(found, dict)
    str(found).encode()


def test_that_a_form_is_told_from_other_bodies() -> None:
    assert is_form(_request(FORM))
    assert not is_form(_request("application/json"))
    assert not is_form(_request(""))
