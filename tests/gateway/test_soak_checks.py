# SPDX-License-Identifier: Apache-2.0
"""The checks of the soak notice what they are there for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.soak_checks import Allowed, problems
from gateway.soak_clients import Ask, Got
from tiergate.gateway.audit import Download

ASK = Ask(who="gwen", repository="acme/a", path="x", method="GET", first=0, last=99, is_part=False)
LINE = Download(
    at="2026-01-01T00:00:00Z",
    who="digest",
    repository="acme/a",
    commit="0" * 40,
    path="x",
    sha256=f"sha256:{0:064x}",
    first=0,
    last=99,
    method="GET",
    reason="granted",
    grant="grant-1",
    decision="",
)


GOT = Got(ask=ASK, asked_at=10.0, answered_at=10.1, status=200, count=100, arrivals=[10.2, 12.0])
"""A hundred bytes, asked for at 10 and read until 12."""


def found(answer: Got, *spans: tuple[float, float], lines: int = 1) -> list[str]:
    """Return what is noticed."""
    allowed = {("gwen", "acme/a"): Allowed(spans=list(spans))}
    return list(problems([answer], allowed, [LINE] * lines, {"gwen": "digest"}))


def test_that_an_answer_that_was_allowed_and_written_down_is_fine() -> None:
    assert found(GOT, (0.0, float("inf"))) == []
    assert found(GOT, (0.0, 9.0), (10.05, 11.0)) == []


@pytest.mark.parametrize(
    ("answer", "spans", "lines", "said"),
    [
        (GOT, ((0.0, 9.9),), 1, "not allowed"),
        (replace(GOT, arrivals=[10.2, 16.1]), ((0.0, 11.0),), 1, "late bytes, 1 times"),
        (GOT, ((0.0, 99.0),), 0, "no line"),
        (replace(GOT, ask=replace(ASK, first=5)), ((0.0, 99.0),), 1, "no line"),
        (replace(GOT, ask=replace(ASK, method="HEAD")), ((0.0, 99.0),), 1, "no line"),
        (replace(GOT, status=500), (), 1, "status 500"),
        (replace(GOT, status=403), (), 1, "without a code"),
        (replace(GOT, count=101), ((0.0, 99.0),), 1, "101 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_that_it_is_noticed(
    answer: Got, spans: tuple[tuple[float, float], ...], lines: int, said: str
) -> None:
    assert any(said in problem for problem in found(answer, *spans, lines=lines))
