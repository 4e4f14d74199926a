# SPDX-License-Identifier: Apache-2.0
"""Samples of lm-evaluation-harness by the thousand: filters that take turns, and memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from logs.lm_eval_logs import Json, a_row, write_rows
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import Row
from tiergate.evidence.readers.lm_eval_samples import read_samples

CLAIMED = frozenset({"exact_match,strict", "exact_match,flexible"})
ANY_LENGTH = 2**20


def taking_turns(count: int) -> list[Json]:
    return [
        a_row(number, float(number % 2 if name == "strict" else 1), filter=name)
        for number in range(count)
        for name in ("strict", "flexible")
    ]


def test_filters_that_take_turns_are_kept_apart(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "samples.jsonl", taking_turns(300))

    rows = read_samples(path, CLAIMED, max_line_bytes=ANY_LENGTH).rows

    assert set(rows) == CLAIMED
    assert [n % 2 for n in range(300)] == [row.value for row in rows["exact_match,strict"]]
    assert [1] * 300 == [row.value for row in rows["exact_match,flexible"]]
    assert [str(n) for n in range(300)] == [row.sample for row in rows["exact_match,strict"]]


def test_a_sample_without_doc_id_is_named_by_its_line_among_filters_that_take_turns(
    tmp_path: Path,
) -> None:
    kept = taking_turns(300)
    kept[401]["doc_id"] = ""
    path = write_rows(tmp_path / "samples.jsonl", kept)

    with pytest.raises(EvidenceError, match=r"samples\.jsonl:402: found a sample without doc_id"):
        read_samples(path, CLAIMED, max_line_bytes=ANY_LENGTH)


def test_attempts_on_one_document_are_numbered_in_the_order_of_the_file(tmp_path: Path) -> None:
    kept = [a_row(number % 3, float(number), filter="strict") for number in range(9)]
    path = write_rows(tmp_path / "samples.jsonl", kept)

    rows = read_samples(path, CLAIMED, max_line_bytes=ANY_LENGTH).rows["exact_match,strict"]

    assert [(str(d), a, d + 3 * (a - 1)) for d in range(3) for a in (1, 2, 3)] == [
        (row.sample, row.attempt, row.value) for row in rows
    ]


def test_a_row_is_like_one_that_was_made_by_itself(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "samples.jsonl", [a_row(7, 1.0, filter="strict")])

    [row] = read_samples(path, CLAIMED, max_line_bytes=ANY_LENGTH).rows["exact_match,strict"]

    assert row == Row(sample="7", attempt=1, value=row.value)
    assert hash(row) == hash(Row(sample="7", attempt=1, value=row.value))
    assert repr(row) == repr(Row(sample="7", attempt=1, value=row.value))


def test_a_sample_leaves_a_few_hundred_bytes_of_its_thousands(tmp_path: Path) -> None:
    kept = [a_row(n, float(n % 2), filter="strict", doc="x" * 3000) for n in range(3000)]
    path = write_rows(tmp_path / "samples.jsonl", kept)

    tracemalloc.start()
    samples = read_samples(path, CLAIMED, max_line_bytes=ANY_LENGTH)
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(samples.rows["exact_match,strict"]) == 3000
    assert kept_bytes < 400 * 3000 < path.stat().st_size / 5
