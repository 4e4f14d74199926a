# SPDX-License-Identifier: Apache-2.0
"""The array of summaries, taken apart wherever its text is cut, with little in memory."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logs.disturbed import disturbed
from logs.inspect_logs import Json, a_sample, summary_of
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.inspect_fields import CountedSample
from tiergate.evidence.readers.inspect_sample import SampleKey, SampleParser
from tiergate.evidence.readers.inspect_summaries import Summary, summaries

NAN = float("nan")

COMPACT: Json = {"separators": (",", ":")}
INDENTED: Json = {"indent": 2}
SPACED: Json = {}

# Messages within a summary begin like a summary.
CHAT: Json = {"input": [{"id": f"m{n}", "epoch": n, "content": '},{"id":1,"epoch":'} for n in "ab"]}


def cut(text: bytes, size: int) -> Iterator[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


def found(elements: Iterable[Summary]) -> list[tuple[SampleKey, object]]:
    parser = SampleParser()
    parsed = [
        parser.of_decoded(element, "log")
        if isinstance(element, CountedSample)
        else parser.of_fields(element, "log")
        for element in elements
    ]
    return [(key, (outcome.names, outcome.values, outcome.errored)) for key, outcome in parsed]


def read(text: bytes, size: int, **limit: int) -> list[Summary]:
    return list(summaries(cut(text, size), "summaries.json", **limit))


def in_many(count: int, **more: object) -> list[Json]:
    return [summary_of(a_sample(n, "C")) | more for n in range(1, count + 1)]


@settings(max_examples=300, deadline=None)
@given(
    elements=st.lists(
        st.one_of(
            st.just(summary_of(a_sample("é€\U0001f600", 0.5)) | CHAT),
            st.just(summary_of(a_sample(2, NAN))),
            st.builds(lambda n: summary_of(a_sample(n, "I")), st.integers(1, 99)),
            disturbed(summary_of(a_sample(7, "C")) | CHAT),
        ),
        max_size=12,
    ),
    options=st.sampled_from([COMPACT, INDENTED, SPACED, COMPACT | {"ensure_ascii": False}]),
    size=st.integers(1, 400),
)
def test_every_summary_is_found_wherever_the_text_is_cut(
    elements: list[Json], options: Json, size: int
) -> None:
    text = json.dumps(elements, **options).encode("utf-8", "surrogatepass")  # type: ignore[arg-type]

    outcomes: list[object] = []
    for pieces in (cut(text, size), [text]):
        try:
            outcomes.append(found(summaries(pieces, "summaries.json")))
        except EvidenceError:
            # Which of several faults is met first depends on the pieces.
            outcomes.append("refused")

    assert outcomes[0] == outcomes[1]
    if isinstance(outcomes[1], list):
        assert len(elements) == len(outcomes[1])


@pytest.mark.parametrize("options", [COMPACT, INDENTED])
def test_as_inspect_writes_them_summaries_need_no_strict_parser(options: Json) -> None:
    chat = [{"id": f"m{n}", "content": "Hello.", "role": "user"} for n in range(5)]
    text = json.dumps(in_many(50, input=chat), **options).encode()  # type: ignore[arg-type]

    assert [CountedSample] * 50 == [type(element) for element in read(text, 700)]


def test_one_summary_without_a_score_leaves_only_its_neighbours_to_the_strict_parser() -> None:
    elements = in_many(200)
    elements[100] = summary_of(a_sample(101, NAN))

    kinds = [type(e) for e in read(json.dumps(elements, separators=(",", ":")).encode(), 1000)]

    assert len(kinds) == 200
    assert 0 < kinds.count(dict) < 40


def test_an_empty_array_has_no_summaries() -> None:
    assert read(b" [ ] ", 1) == []


REFUSED: dict[str, tuple[bytes, str]] = {
    "is empty": (b"", "broken JSON"),
    "is an object": (b'{"id": 1, "epoch": 1}', "JSON that is no array"),
    "is cut short within a summary": (b'[{"id": 1, "epoch": 1}, {"id"', "broken JSON"),
    "is cut short between summaries": (b'[{"id": 1, "epoch": 1},', "broken JSON"),
    "has no end": (b'[{"id": 1, "epoch": 1}', "broken JSON"),
    "ends with a comma": (b'[{"id": 1, "epoch": 1}, ]', "broken JSON"),
    "has something behind its end": (b'[{"id": 1, "epoch": 1}] []', "broken JSON"),
    "has no comma between summaries": (b'[{"id": 1, "epoch": 1} {"id": 2}]', "broken JSON"),
    "is not UTF-8 in the middle": (b'[{"id": "\xff", "epoch": 1}, {"id": 2}]', "not UTF-8"),
    "is not UTF-8 at its end": (b'[{"id": 1, "epoch": 1}]\xc3', "not UTF-8"),
    "has a key twice": (b'[{"id": 1, "id": 1, "epoch": 1}, {}]', "one key twice"),
    "is nested without end": (b'[{"id": ' + b"[" * 100_000, "nested too deeply"),
    "has a number out of range": (b'[{"id": 1e99999999999999999999}, 1]', "number out of range"),
    "has a summary without end": (
        b'[{"id": 1, "epoch": 1, "input": "' + b"x" * 5000,
        "a summary without end, expected at most 2000 bytes",
    ),
}


@pytest.mark.parametrize("size", [1, 7, 200_000])
@pytest.mark.parametrize("sentence", REFUSED)
def test_a_text_is_refused_that(sentence: str, size: int) -> None:
    text, expected = REFUSED[sentence]
    limit = {"element_bytes": 2000 if "without end, expected" in expected else 10**6}

    with pytest.raises(EvidenceError) as caught:
        read(text, size, **limit)

    assert expected in str(caught.value)
    assert caught.value.where == "summaries.json"


@pytest.mark.parametrize(
    ("options", "start", "joint", "end"),
    [(COMPACT, "[", ",", "]"), (SPACED, "[", ", ", "]"), (INDENTED, "[\n  ", ",\n  ", "\n]")],
)
def test_memory_does_not_grow_with_the_length_of_the_array(
    options: Json, start: str, joint: str, end: str
) -> None:
    whole = json.dumps(in_many(1, input="x" * 700), **options)  # type: ignore[arg-type]
    element = whole.removeprefix(start).removesuffix(end)
    rest = itertools.repeat((joint + element).encode(), 9_999)

    tracemalloc.start()
    count = sum(
        1 for _ in summaries([f"{start}{element}".encode(), *rest, end.encode()], "summaries.json")
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # The text has eight megabytes.
    assert (count, peak < 1_000_000) == (10_000, True)
