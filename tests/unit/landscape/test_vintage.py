# SPDX-License-Identifier: Apache-2.0
"""A vintage loads whole, with a source for every row, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tiergate.errors import DigestMismatchError, InputError
from tiergate.landscape.vintage import load_vintage, shipped

TABLE = "model,index\none,1\ntwo,2\n"


def write(folder: Path, content: str = TABLE, **changes: object) -> Path:
    """Write a vintage of one table; a change of None leaves something out."""
    part = {
        "name": "capability index",
        "file": "capability-index.csv",
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "key": ["model"],
        "source": "https://example.org/data.csv",
        "taken_from": f"sha256:{0:064x}",
        "read": "2026-08-11",
        "basis": "secondary",
        "licence": "CC-BY-4.0",
        "credit": "Example",
        "changed": "nothing",
        **changes,
    }
    table = {key: value for key, value in part.items() if value is not None}
    folder.mkdir(exist_ok=True)
    (folder / "capability-index.csv").write_text(content)
    described = {"format": "tiergate-vintage/1", "id": "2026-08-11", "tables": [table]}
    (folder / "vintage.yaml").write_text(yaml.safe_dump(described))
    return folder


def test_that_a_row_says_where_it_is_from_and_how_that_is_known(tmp_path: Path) -> None:
    row = load_vintage(write(tmp_path)).rows("capability index")[1]

    assert (row["model"], row.line, row.vintage) == ("two", 3, "2026-08-11")
    assert row.source == (
        "Example, https://example.org/data.csv, read 2026-08-11, row 2"
        " (CC-BY-4.0, read second-hand)"
    )


def test_that_the_shipped_vintage_is_whole() -> None:
    vintage = shipped()

    assert vintage.id == "2026-08-11"
    assert {name: len(rows) for name, rows in vintage.tables.items()} == {
        "capability index": 222,
        "benchmarks": 57,
        "scores": 2249,
    }
    assert all("epoch.ai" in row.source for rows in vintage.tables.values() for row in rows)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "a table was changed": (
        lambda folder: (folder / "capability-index.csv").write_text(TABLE + "three,3\n"),
        "capability-index.csv",
    ),
    "a row has a field too few": (lambda folder: write(folder, "model,index\none\n"), "1 fields"),
    "a row stands there twice": (
        lambda folder: write(folder, "model,index\none,1\none,2\n"),
        "'one' twice",
    ),
    "a column is missing": (lambda folder: write(folder, "name,index\none,1\n"), "the columns"),
    "a column stands there twice": (
        lambda folder: write(folder, "model,model\none,1\n"),
        "the columns",
    ),
    "a table has no licence": (lambda folder: write(folder, licence=None), "licence"),
    "a table has no source": (lambda folder: write(folder, source=None), "source"),
    "a table has no date": (lambda folder: write(folder, read="soon"), "read"),
    "a table is known in a way that there is not": (
        lambda folder: write(folder, basis="hearsay"),
        "basis",
    ),
    "a file is somewhere else": (lambda folder: write(folder, file="../x.csv"), "file"),
    "the description is no YAML": (
        lambda folder: (folder / "vintage.yaml").write_text("a: ["),
        "no valid YAML",
    ),
    "there is no description": (lambda folder: (folder / "vintage.yaml").unlink(), "vintage.yaml"),
    "there is no table": (lambda folder: (folder / "capability-index.csv").unlink(), "readable"),
}


@pytest.mark.parametrize("name", BAD)
def test_that_it_does_not_load_when(name: str, tmp_path: Path) -> None:
    spoil, said = BAD[name]
    folder = write(tmp_path / "vintage")
    spoil(folder)

    with pytest.raises((InputError, DigestMismatchError), match=said):
        load_vintage(folder)


def test_that_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no table 'scores'"):
        load_vintage(write(tmp_path)).rows("scores")
