# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape update``: a whole new vintage beside the old one, or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

import tiergate.landscape
from cli_runner import Run, run
from tiergate.cli.commands.schema import schema
from tiergate.errors import InputError
from tiergate.landscape import updating
from tiergate.landscape.fetching import Limits, checked_address, fetch
from tiergate.landscape.upstream import UPSTREAM
from tiergate.landscape.vintage import load_vintage, shipped
from upstream_server import Answer, as_published, published, serve, written

TODAY = "2026-09-03"
SHIPPED = Path(tiergate.landscape.__file__).parent / "vintages" / "2026-08-11"
INDEX, PARAMETERS, SCORES = (upstream.file for upstream in UPSTREAM)


def files(**changed: bytes) -> dict[str, Answer]:
    """Return what the publisher has, some files changed, by the beginning of their names."""
    names = {name.partition(".")[0]: name for name in published()}
    other = {names[name]: body for name, body in changed.items()}
    return {name: Answer(body=body) for name, body in (published() | other).items()}


def renewed() -> bytes:
    """Return the index with a model more, one less, and one that was named anew."""
    rows = as_published(UPSTREAM[0])
    rows[3] |= {"Model": "Renamed"}
    del rows[9]
    return written([*rows, rows[0] | {"Model": "Brand new", "Model accessibility": "By post"}])


def update(folder: Path, answers: dict[str, Answer], *more: object, at: str = TODAY) -> Run:
    """Run the command against a publisher on this machine."""
    with serve(answers) as publisher:
        words = ("--from", publisher.url, "--at", at, *more)
        return run("landscape", "update", folder, *words)


def left_in(folder: Path) -> list[str]:
    """Return everything that is in a folder."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_that_a_new_vintage_is_written_whole_with_its_sources(tmp_path: Path) -> None:
    done = update(tmp_path / "mine", files(eci_scores=renewed()))

    assert done.code == 0, done.err
    new = load_vintage(tmp_path / "mine" / TODAY)
    row = new.rows("capability index")[-1]
    assert (new.id, row["model"]) == (TODAY, "Brand new")
    assert f"https://epoch.ai/data/eci_scores.csv, read {TODAY}, row 222" in row.source
    assert left_in(tmp_path / "mine") == [TODAY]
    described = yaml.safe_load((tmp_path / "mine" / TODAY / "vintage.yaml").read_text())
    digest = hashlib.sha256(renewed()).hexdigest()
    (part,) = (p for p in described["tables"] if p["name"] == "capability index")
    assert part["taken_from"] == f"sha256:{digest}"
    assert "fetched from http://127.0.0.1:" in part["changed"]


def test_that_what_changed_is_said(tmp_path: Path) -> None:
    done = update(tmp_path, files(eci_scores=renewed()))

    assert "Against the vintage 2026-08-11" in done.flat
    assert "capability index: 222 rows, 222 before" in done.flat
    assert "2 new: Brand new, Renamed" in done.flat
    assert "2 gone: " in done.flat
    assert "No figure that was known before is another" in done.flat
    assert "counted as unknown: By post" in done.flat
    assert max(len(line) for line in done.out.splitlines() if "/" not in line) <= 80


def test_that_an_index_that_was_fitted_anew_is_said_to_be(tmp_path: Path) -> None:
    def moved(number: int, column: str) -> bytes:
        rows = as_published(UPSTREAM[number])
        return written([row | {column: f"{float(row[column]) + 1:.6f}"} for row in rows])

    answers = files(eci_scores=moved(0, "eci"), edi_scores=moved(1, "edi"))
    words = update(tmp_path / "one", answers)
    done = update(tmp_path / "two", answers, "--json")

    assert done.code == 0, done.err
    assert "222 moved, the furthest: " in words.flat
    assert "The index was fitted anew: figures of the two vintages are not on one scale" in (
        words.flat
    )
    assert done.json["refitted"] is True
    assert [len(change["moved"]) for change in done.json["changes"]] == [222, 57, 0]
    jsonschema.validate(json.loads(done.out), schema("vintage-update"))


def test_that_files_of_two_fits_are_never_mixed(tmp_path: Path) -> None:
    rows = as_published(UPSTREAM[0])
    shifted = written([row | {"eci": f"{float(row['eci']) + 0.5:.2f}"} for row in rows])

    done = update(tmp_path / "mine", files(eci_scores=shifted))

    assert done.code == 4
    assert "come out 0.50 points from where the index has them" in done.err
    assert left_in(tmp_path / "mine") == []


def test_that_nothing_is_written_when_nothing_is_new(tmp_path: Path) -> None:
    first = update(tmp_path, files(eci_scores=renewed()))
    again = update(
        tmp_path,
        files(eci_scores=renewed()),
        *("--vintage", tmp_path / TODAY),
        at="2026-09-09",
    )

    assert (first.code, again.code) == (0, 0)
    assert f"Nothing new since the vintage {TODAY}" in again.out
    assert left_in(tmp_path) == [TODAY]


def test_that_a_vintage_of_the_same_day_is_not_written_over(tmp_path: Path) -> None:
    update(tmp_path, files(eci_scores=renewed()))
    before = (tmp_path / TODAY / "vintage.yaml").read_bytes()

    again = update(tmp_path, files())

    assert again.code == 4
    assert "nothing is written over" in again.err
    assert (tmp_path / TODAY / "vintage.yaml").read_bytes() == before


def test_that_a_vintage_that_came_there_in_between_is_left_as_it_is(tmp_path: Path) -> None:
    place, target = tmp_path / ".part-1", tmp_path / TODAY
    for folder in (place, target):
        folder.mkdir()
        (folder / "vintage.yaml").write_text(folder.name)

    with pytest.raises(InputError, match="nothing is written over"):
        updating._finish(place, target)

    assert (target / "vintage.yaml").read_text() == TODAY
    with pytest.raises(FileNotFoundError):
        updating._finish(tmp_path / "gone", tmp_path / "new")


@pytest.mark.parametrize("day", ["2026-08-11", "2026-08-10"])
def test_that_a_vintage_is_newer_than_the_one_before(day: str, tmp_path: Path) -> None:
    done = update(tmp_path, files(eci_scores=renewed()), at=day)

    assert done.code == 4
    assert left_in(tmp_path) == []


def test_that_other_tables_come_along_with_their_own_date(tmp_path: Path) -> None:
    base = shutil.copytree(SHIPPED, tmp_path / "base")
    content = b"case,outcome\nacme-9b,held\n"
    described = yaml.safe_load((base / "vintage.yaml").read_text())
    part = described["tables"][0] | {
        "name": "cases of a test",
        "file": "cases-of-a-test.csv",
        "sha256": hashlib.sha256(content).hexdigest(),
        "key": ["case"],
        "read": "2026-07-01",
        "basis": "secondary",
    }
    (base / "cases-of-a-test.csv").write_bytes(content)
    described["tables"].append(part)
    (base / "vintage.yaml").write_text(yaml.safe_dump(described))

    done = update(tmp_path / "mine", files(eci_scores=renewed()), "--vintage", base)

    assert done.code == 0, done.err
    assert "As it was: cases of a test, read 2026-07-01" in done.flat
    (row,) = load_vintage(tmp_path / "mine" / TODAY).rows("cases of a test")
    assert (row["outcome"], row.table.read) == ("held", "2026-07-01")


def test_that_every_other_table_of_the_shipped_vintage_comes_along(tmp_path: Path) -> None:
    update(tmp_path, files(eci_scores=renewed()))

    new, fetched = load_vintage(tmp_path / TODAY), {u.table for u in UPSTREAM}
    assert new.tables.keys() == shipped().tables.keys()
    for name in new.tables.keys() - fetched:
        assert [r.values for r in new.rows(name)] == [r.values for r in shipped().rows(name)]
        assert [r.source for r in new.rows(name)] == [r.source for r in shipped().rows(name)]


def _spoiled(number: int, row: int, column: str, field: str) -> bytes:
    rows = as_published(UPSTREAM[number])
    rows[row] |= {column: field}
    return written(rows)


def _twice(number: int) -> bytes:
    rows = as_published(UPSTREAM[number])
    return written([*rows, rows[0]])


def _renamed(number: int, column: str, name: str) -> bytes:
    body = written(as_published(UPSTREAM[number]))
    first, _, rest = body.partition(b"\n")
    return first.replace(column.encode(), name.encode()) + b"\n" + rest


def _cut(name: str) -> Answer:
    whole = published()[name]
    return Answer(body=whole[:5000], headers={"Content-Length": str(len(whole))})


PAGE = b"<!doctype html><title>Down</title>\n"
SPOILED: dict[str, tuple[Callable[[], dict[str, Answer]], str]] = {
    "a file is cut short on its way": (lambda: files() | {SCORES: _cut(SCORES)}, "5000 bytes"),
    "a file ends within a row": (
        lambda: files(eci_scores=published()[INDEX][:-9]),
        "without an end",
    ),
    "most rows are missing": (
        lambda: files(eci_benchmarks=b"\n".join(published()[SCORES].split(b"\n")[:900]) + b"\n"),
        "899 rows, expected at least 2025",
    ),
    "there are columns and no row": (
        lambda: files(edi_scores=published()[PARAMETERS].partition(b"\n")[0] + b"\n"),
        "0 rows",
    ),
    "the publisher sends an error page": (
        lambda: files() | {PARAMETERS: Answer(body=PAGE, kind="text/html")},
        "a page for people",
    ),
    "an error page calls itself a table": (lambda: files(edi_scores=PAGE), "a page for people"),
    "a column was renamed": (
        lambda: files(edi_scores=_renamed(1, "edi,", "EDI,")),
        "not exactly one column 'edi'",
    ),
    "a column stands there twice": (
        lambda: files(eci_scores=_renamed(0, "eci_ci_low", "eci")),
        "not exactly one column 'eci'",
    ),
    "a row stands there twice": (lambda: files(eci_scores=_twice(0)), "'GPT-5.6 Sol' again"),
    "a figure is none": (lambda: files(eci_scores=_spoiled(0, 7, "eci", "nan")), "row 8, eci"),
    "a figure is a word": (lambda: files(eci_scores=_spoiled(0, 7, "eci", "high")), "row 8, eci"),
    "a figure is infinite": (
        lambda: files(edi_scores=_spoiled(1, 0, "estimated_slope_scaled", "inf")),
        "row 1, estimated_slope_scaled",
    ),
    "a score is a percentage": (
        lambda: files(eci_benchmarks=_spoiled(2, 0, "performance", "60.5")),
        "expected a number from 0 to 1",
    ),
    "a day is none": (lambda: files(eci_scores=_spoiled(0, 0, "date", "July")), "a day"),
    "a model is of the future": (
        lambda: files(eci_scores=_spoiled(0, 0, "date", "2027-01-01")),
        "a day from 1990",
    ),
    "a model has no name": (lambda: files(eci_scores=_spoiled(0, 0, "Model", " ")), "a name"),
    "a row has a field too many": (
        lambda: files(eci_scores=published()[INDEX] + b"a,b,c,d,e,f,g,h,i,j\n"),
        "10 fields",
    ),
    "a file is no text": (
        lambda: files(edi_scores=published()[PARAMETERS] + b"\xff\xfe\n"),
        "no UTF-8",
    ),
    "a quotation has no end": (
        lambda: files(edi_scores=published()[PARAMETERS] + b'"a,b,c,d,e\n'),
        "no table",
    ),
    "a file is not there": (lambda: files() | {INDEX: Answer(status=404)}, "HTTP status 404"),
    "the publisher has a fault": (
        lambda: files() | {SCORES: Answer(status=503)},
        "HTTP status 503",
    ),
    "a file is packed": (
        lambda: files() | {INDEX: Answer(body=b"x", headers={"Content-Encoding": "br"})},
        "packed as br",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_that_nothing_is_written_when(name: str, tmp_path: Path) -> None:
    answers, said = SPOILED[name]

    done = update(tmp_path / "mine", answers())

    assert done.code == 4
    assert said in done.err
    assert left_in(tmp_path / "mine") == []


def test_that_a_digest_that_was_asked_for_has_to_be_that_of_the_file(tmp_path: Path) -> None:
    right = hashlib.sha256(renewed()).hexdigest()
    answers = files(eci_scores=renewed())

    wrong = update(tmp_path, answers, "--expect", f"{INDEX}={0:064x}")
    good = update(tmp_path, answers, "--expect", f"{INDEX}=sha256:{right}")
    unknown = update(tmp_path, answers, "--expect", f"eci.csv={right}")
    none = update(tmp_path, answers, "--expect", right)

    assert (wrong.code, good.code, unknown.code, none.code) == (5, 0, 4, 2)


def test_that_redirects_stay_on_the_host(tmp_path: Path) -> None:
    moved = {INDEX: Answer(status=302, headers={"Location": "/elsewhere.csv"})}
    away = {INDEX: Answer(status=302, headers={"Location": "http://localhost:9/eci_scores.csv"})}
    there = {"elsewhere.csv": Answer(body=renewed())}

    on_host = update(tmp_path / "one", files() | moved | there)
    elsewhere = update(tmp_path / "two", files() | away)

    assert on_host.code == 0, on_host.err
    assert elsewhere.code == 4
    assert "HTTP status 302" in elsewhere.err


@pytest.mark.parametrize(
    "address",
    [
        "http://epoch.ai/data",
        "ftp://127.0.0.1/data",
        "https://",
        "https://me@example.org",
        "https://example.org/?q=1",
        "https://example.org:99999",
        "file:///etc",
        "data",
    ],
)
def test_that_only_an_address_with_tls_or_of_this_machine_is_asked(
    address: str, tmp_path: Path
) -> None:
    done = run("landscape", "update", tmp_path, "--from", address)

    assert done.code == 4
    assert "https://" in done.err


def test_that_the_publisher_is_asked_with_tls() -> None:
    for upstream in UPSTREAM:
        assert checked_address(upstream.address, "x") == upstream.address
        assert upstream.address.startswith("https://epoch.ai/data/")


def test_that_a_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with serve({}) as publisher:
        pass

    done = run("landscape", "update", tmp_path, "--from", publisher.url)

    assert done.code == 4
    assert "no whole answer" in done.err


@pytest.mark.parametrize(
    ("limits", "answer", "said"),
    [
        (
            Limits(silence_seconds=0.2),
            Answer(body=b"x" * 90, pause_after=10),
            "no whole answer",
        ),
        (Limits(total_seconds=0.0), Answer(body=b"x" * 90), "90 bytes and no end"),
        (Limits(size_bytes=80), Answer(body=b"x" * 90), "a larger file"),
    ],
    ids=["silent", "slow", "large"],
)
def test_that_a_file_is_not_waited_for_without_end(
    limits: Limits, answer: Answer, said: str
) -> None:
    with serve({"x.csv": answer}) as publisher, pytest.raises(InputError, match=said):
        fetch(f"{publisher.url}/x.csv", limits)


def test_that_a_file_in_the_way_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("something")

    done = update(tmp_path / "mine", files(eci_scores=renewed()))

    assert done.code == 4
    assert (tmp_path / "mine").read_text() == "something"
