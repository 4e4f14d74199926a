# SPDX-License-Identifier: Apache-2.0
"""Feeds that are broken, large or hostile: everything is read, counted, or refused in words."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from builders_watch import ONE, QUESTION, files, row
from tiergate.errors import InputError
from tiergate.landscape.watch import jsonl
from tiergate.landscape.watch.frames import frame_of, rows_of, scan
from tiergate.landscape.watch.hub_row import row_of_json, row_of_object, time_of
from tiergate.landscape.watch.jsonl import JsonLines
from tiergate.landscape.watch.plain_pass import plain_pass
from tiergate.landscape.watch.polars_pass import polars_pass
from tiergate.landscape.watch.row import FileRow, Row

WIRE = {
    "_id": "0",
    "id": "b/Lantern-7B-GGUF",
    "modelId": "b/Lantern-7B-GGUF",
    "sha": "c0ffee",
    "createdAt": "2026-08-30T10:00:00.000Z",
    "lastModified": "2026-08-31T10:00:00.000Z",
    "private": False,
    "gated": "manual",
    "downloads": 7,
    "tags": ["gguf", "base_model:quantized:acme/Lantern-7B"],
    "library_name": "gguf",
    "cardData": {"base_model": "acme/Lantern-7B", "base_model_relation": "quantized", "x": [1]},
    "siblings": [
        {"rfilename": "README.md"},
        {"rfilename": "w.gguf", "size": 9, "lfs": {"sha256": ONE.upper(), "size": 9}},
    ],
}
"""An item of a list, as a hub gives it."""
READ = Row(
    repository="b/Lantern-7B-GGUF",
    revision="c0ffee",
    created_at=dt.datetime(2026, 8, 30, 10, tzinfo=dt.UTC),
    modified_at=dt.datetime(2026, 8, 31, 10, tzinfo=dt.UTC),
    base_models=("acme/Lantern-7B",),
    relation="quantized",
    tags=("gguf", "base_model:quantized:acme/Lantern-7B"),
    library="gguf",
    files=(
        FileRow(name="README.md"),
        FileRow(name="w.gguf", size_bytes=9, sha256=ONE),
    ),
    downloads=7,
)
EXPORTED = {
    **{k: v for k, v in WIRE.items() if k not in {"createdAt", "lastModified", "cardData"}},
    "created_at": "2026-08-30T10:00:00+00:00",
    "last_modified": "2026-08-31 12:00:00+02:00",
    "card_data": {"base_model": ["acme/Lantern-7B"], "base_model_relation": "quantized"},
}
"""The same as an exported ``ModelInfo``."""


def _lines(path: Path, *lines: object, packed: bool = False) -> Path:
    data = b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.mark.parametrize(
    "item", [WIRE, EXPORTED, {**WIRE, "cardData": json.dumps(WIRE["cardData"])}]
)
def test_a_row_is_the_same_from_the_wire_and_from_an_export(item: dict[str, object]) -> None:
    row_read = row_of_json(json.dumps(item).encode())

    assert row_read == READ
    assert row_of_object(item) == row_read


@pytest.mark.parametrize("packed", [False, True])
def test_lines_that_cannot_be_read_are_counted_with_their_reasons(
    tmp_path: Path, *, packed: bool
) -> None:
    lines = JsonLines(
        _lines(
            tmp_path / "models.jsonl",
            WIRE,
            b'{"id": "b/x", ',
            b"",
            {"name": "no id"},
            {"id": "../etc/passwd"},
            {"id": "b/x", "tags": "text"},
            b"\xff\xfe",
            [1],
            {"id": "b/x", "tags": ["t"] * 20_001},
            packed=packed,
        )
    )

    assert [READ] == list(lines)
    assert lines.unreadable == 7
    assert [reason.partition(":")[0] for reason in lines.reasons] == [
        f"line {number}" for number in (2, 4, 5, 6, 7)
    ]
    assert "no id" in lines.reasons[1]


def test_a_line_of_ten_megabytes_is_passed_over_and_the_next_one_read(tmp_path: Path) -> None:
    long = b'{"id": "b/long", "x": "' + b"a" * 10_000_000 + b'"}'
    lines = JsonLines(_lines(tmp_path / "models.jsonl", long, WIRE))

    assert [READ] == list(lines)
    assert lines.reasons == ["line 1: longer than 4194304 bytes"]


def test_a_last_line_without_an_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "models.jsonl"
    path.write_bytes(json.dumps(WIRE).encode())

    assert [READ] == list(JsonLines(path))


def test_a_file_that_unpacks_to_far_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "_FREE_BYTES", 1_000_000)
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n" * 50_000_000))

    with pytest.raises(InputError, match="when unpacked"):
        list(JsonLines(path))


REFUSED: dict[str, tuple[bytes, str]] = {
    "a file whose rows have no id": (b'{"model": "b/x"}\n', "1 lines and no row"),
    "a packed file that is cut off": (gzip.compress(b"{}" * 9_999)[:40], "cannot be read"),
    "a packed file that is damaged": (b"\x1f\x8b" + b"x" * 50, "cannot be read"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_it_refuses(sentence: str, tmp_path: Path) -> None:
    data, words = REFUSED[sentence]
    path = tmp_path / "models.jsonl"
    path.write_bytes(data)

    with pytest.raises(InputError, match=words):
        list(JsonLines(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        list(JsonLines(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-08-30T10:00:00.000Z", dt.datetime(2026, 8, 30, 10, tzinfo=dt.UTC)),
        ("2026-08-30T10:00:00", dt.datetime(2026, 8, 30, 10, tzinfo=dt.UTC)),
        ("2026-08-30T10:00:00+02:00", dt.datetime(2026, 8, 30, 8, tzinfo=dt.UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_that_is_none_counts_as_no_date(
    text: str | None, expected: dt.datetime | None
) -> None:
    assert time_of(text) == expected


def _parquet(path: Path, **columns: object) -> Path:
    pl.DataFrame(columns).write_parquet(path)
    return path


CARD = {"base_model": "acme/Lantern-7B", "base_model_relation": "quantized"}
SIBLINGS = [{"rfilename": "w.gguf", "size": 9, "lfs": {"sha256": ONE, "size": 9}}]
PARQUET: dict[str, dict[str, object]] = {
    "a card as a structure": {"cardData": [CARD, None]},
    "a card with a list": {"cardData": [{"base_model": ["acme/Lantern-7B"]}, {"base_model": None}]},
    "a card as a text": {"cardData": [json.dumps(CARD), "no JSON {"]},
    "bases of their own column": {"base_model": [["acme/Lantern-7B"], None]},
    "tags": {"tags": [["base_model:acme/Lantern-7B"], None]},
    "dates as texts": {
        "createdAt": ["2026-08-30T10:00:00.000Z", "x"],
        "base_model": ["acme/Lantern-7B", None],
    },
    "dates as dates": {
        "created_at": [dt.date(2026, 8, 30), None],
        "base_model": ["acme/Lantern-7B", None],
    },
    "digests of files": {"siblings": [SIBLINGS, []]},
    "digests in capitals, and what is none": {
        "siblings": [
            [{"rfilename": "w", "size": 9, "lfs": {"sha256": f"SHA256:{ONE.upper()}", "size": 9}}],
            [{"rfilename": "w", "size": 9, "lfs": {"sha256": "x", "size": 9}}],
        ]
    },
    "sizes that are no numbers": {
        "siblings": [[{"rfilename": "w", "size": "9 GB", "lfs": {"sha256": ONE}}], []]
    },
    "sizes that no file has": {
        "siblings": [[{"rfilename": "w", "size": float("nan"), "lfs": {"sha256": ONE}}], []]
    },
    "digests that are numbers beside a base": {
        "siblings": [[{"rfilename": "w", "lfs": {"sha256": 1}}], []],
        "base_model": ["acme/Lantern-7B", None],
    },
    "columns without one value": {
        "base_model": ["acme/Lantern-7B", None],
        **{name: [None, None] for name in ("createdAt", "sha", "library_name", "siblings")},
        **{name: [[], []] for name in ("tags",)},
    },
    "nothing but names": {"modelId": ["b/Lantern-7B-x", "b/y"]},
}


@pytest.mark.parametrize("sentence", PARQUET)
def test_a_parquet_export_is_read_with(sentence: str, tmp_path: Path) -> None:
    columns = {"id": ["b/x", "b/y"], **PARQUET[sentence]}
    if "modelId" in columns:
        del columns["id"]
    lazy, unnamed = scan(_parquet(tmp_path / "models.parquet", **columns))
    rows = list(rows_of(lazy.collect()))
    passed = polars_pass(lazy, QUESTION)

    assert unnamed == 0
    assert len(rows) == 2
    assert passed.findings == plain_pass(rows, QUESTION).findings
    assert [1, passed.tally] == [len(passed.findings), plain_pass(rows, QUESTION).tally]


def test_rows_of_a_parquet_export_without_a_name_are_counted(tmp_path: Path) -> None:
    lazy, unnamed = scan(_parquet(tmp_path / "m.parquet", id=["b/x", None, "../x", ""]))

    assert (unnamed, lazy.collect().height) == (3, 1)


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "other names": ({"repo": ["b/x"], "when": [1]}, "the columns repo, when, expected a column id"),
    "ids that are numbers": ({"id": [1]}, "column id: found Int64"),
    "tags that are no list": ({"id": ["b/x"], "tags": ["t"]}, "column tags: found String"),
    "files that are no list": ({"id": ["b/x"], "siblings": ["t"]}, "column siblings"),
    "dates that are numbers": ({"id": ["b/x"], "createdAt": [1]}, "column createdAt: found Int64"),
    "bases that are numbers": ({"id": ["b/x"], "base_model": [1]}, "column base_model"),
    "downloads that are texts": ({"id": ["b/x"], "downloads": ["1"]}, "column downloads"),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_parquet_export_is_refused_for(sentence: str, tmp_path: Path) -> None:
    columns, words = WRONG[sentence]

    with pytest.raises(InputError, match=words):
        scan(_parquet(tmp_path / "models.parquet", **columns))


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "models.parquet"
    path.write_bytes(b"not parquet")

    with pytest.raises(InputError, match="cannot be read"):
        scan(path)


def test_huge_numbers_and_empty_frames_survive() -> None:
    (back,) = rows_of(frame_of([row("b/x", downloads=2**70, files=files(None))]))

    assert back.downloads is None
    assert () == polars_pass(frame_of([]).lazy(), QUESTION).findings
    assert polars_pass(frame_of([]).lazy(), QUESTION).tally.rows == 0
