# SPDX-License-Identifier: Apache-2.0
"""A vintage loads whole, with a source for every row, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
import yaml

from tiergate.errors import DigestMismatchError, InputError
from tiergate.landscape.sources import ReadAs, RowReadAs, a_date
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


def write_rows(folder: Path, **changes: str) -> Path:
    """Write a vintage of one table whose only row names its own source."""
    row = {
        "model": "one",
        "source_url": "https://example.org/a",
        "source_date": "2026-09",
        "source_note": "abstract",
        "read_as": "computed",
        "licence": "Apache-2.0",
        **changes,
    }
    content = f"{','.join(row)}\n{','.join(row.values())}\n"
    return write(folder, content, source=None, rows_have_sources=True)


def test_that_a_row_may_name_its_own_source(tmp_path: Path) -> None:
    (row,) = load_vintage(write_rows(tmp_path)).rows("capability index")

    assert row.id == "capability-index-1"
    assert row.source == (
        "https://example.org/a (abstract), 2026-09; row 1 of capability index"
        " (Apache-2.0, computed)"
    )
    assert (row.read_as, row.licence) == (RowReadAs.COMPUTED, "Apache-2.0")


def test_that_a_row_says_which_columns_and_numbers_it_lacks(tmp_path: Path) -> None:
    row = load_vintage(write(tmp_path)).rows("capability index")[0]

    assert row.number("index") == 1.0
    with pytest.raises(InputError, match="no column 'organisation'"):
        row["organisation"]
    with pytest.raises(InputError, match=r"row 1: found model 'one', expected a number"):
        row.number("model")
    with pytest.raises(InputError, match=r"row 1: found index '1', expected a day"):
        row.day("index")


def test_that_a_row_says_which_numbers_are_out_of_bounds_and_what_is_no_date(
    tmp_path: Path,
) -> None:
    row = load_vintage(write(tmp_path, "model,index,on\none,1,2026-07\n")).rows("capability index")[
        0
    ]

    assert (row.number("index", 0, 1), row.when("on")) == (1.0, "2026-07")
    with pytest.raises(InputError, match="index '1', expected a number from 2 to 3"):
        row.number("index", 2, 3)
    with pytest.raises(InputError, match="model 'one', expected a day, month or year"):
        row.when("model")


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
        "developers": 24,
        "practices": 216,
        "transparency": 100,
        "transparency indicators": 100,
        "ratings": 35,
        "large models": 471,
        "openness": 193,
        "release cases": 10,
        "safeguard removal": 12,
        "quantities": 34,
    }


def test_that_every_row_that_ships_has_a_source_a_date_a_licence_and_an_id_of_its_own() -> None:
    rows = [row for rows in shipped().tables.values() for row in rows]

    assert len({row.id for row in rows}) == len(rows)
    assert {row.licence for row in rows} == {"Apache-2.0", "CC-BY-4.0"}
    for row in rows:
        assert row.source_url.startswith("https://")
        assert a_date(row.source_date)
        assert row.read_as in RowReadAs
        assert row.mark == (f" [{row.read_as.mark}]" if row.read_as.mark else "")


def test_that_a_row_can_be_known_as_a_fact_can_or_computed() -> None:
    assert {*ReadAs, RowReadAs.COMPUTED} == {*RowReadAs}
    assert all(RowReadAs(known).mark == known.mark for known in ReadAs)
    assert RowReadAs.COMPUTED.mark == "computed"


def test_that_what_ships_is_small() -> None:
    folder = Path(str(resources.files("tiergate.landscape")))

    assert sum(path.stat().st_size for path in folder.rglob("*.*v*") if path.is_file()) < 10**6


def _bytes(folder: Path, content: bytes) -> None:
    """Write a vintage whose table is these bytes."""
    write(folder, sha256=hashlib.sha256(content).hexdigest())
    (folder / "capability-index.csv").write_bytes(content)


def _again(folder: Path, **changes: str) -> None:
    """Describe the only table of a vintage a second time."""
    path = folder / "vintage.yaml"
    described = yaml.safe_load(path.read_text())
    described["tables"].append({**described["tables"][0], **changes})
    path.write_text(yaml.safe_dump(described))


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
    "a table is no UTF-8": (
        lambda folder: _bytes(folder, TABLE.encode() + b"\xff,3\n"),
        "no CSV in UTF-8",
    ),
    "a table has a field that is longer than any": (
        lambda folder: write(folder, f"{TABLE}{'x' * 200_000},3\n"),
        "no CSV in UTF-8",
    ),
    "a table stands there twice": (
        lambda folder: _again(write(folder)),
        "found the table capability index stands here twice",
    ),
    "a file is of two tables": (
        lambda folder: _again(write(folder), name="scores"),
        "the file capability-index.csv stands here twice",
    ),
    "the description is no YAML": (
        lambda folder: (folder / "vintage.yaml").write_text("a: ["),
        "no valid YAML",
    ),
    "a table has no source and its rows have none": (
        lambda folder: write(folder, source=None, rows_have_sources=False),
        "no source",
    ),
    "a row has no address": (lambda folder: write_rows(folder, source_url=""), "row 1"),
    "a row has an address that is none": (
        lambda folder: write_rows(folder, source_url="see the report"),
        "source_url 'see the report'",
    ),
    "a row has no date": (lambda folder: write_rows(folder, source_date=""), "source_date ''"),
    "a row has a date that is none": (
        lambda folder: write_rows(folder, source_date="2026-13"),
        "source_date '2026-13'",
    ),
    "a row has no licence": (lambda folder: write_rows(folder, licence=" "), "licence ' '"),
    "a row is known in a way that there is not": (
        lambda folder: write_rows(folder, read_as="hearsay"),
        "read_as 'hearsay'",
    ),
    "rows have no columns for their sources": (
        lambda folder: write(folder, source=None, rows_have_sources=True),
        "source_url",
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
