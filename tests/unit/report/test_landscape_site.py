# SPDX-License-Identifier: Apache-2.0
"""The site: every statement leads to a row that says it, and nothing is printed that has none."""

from __future__ import annotations

import hashlib
import random
import re
from base64 import b64encode
from pathlib import Path

import pytest

from cli_runner import run
from landscape_trace import AT, Printed, Site, follows, of_documents, of_site, rows
from tiergate.errors import InputError
from tiergate.landscape.vintage import Vintage, shipped
from tiergate.report.landscape_cells import Group, Sheet
from tiergate.report.landscape_pages import overview
from tiergate.report.landscape_practice_pages import practice_page
from tiergate.report.landscape_site import address_of, render_site, write_site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("landscape") / "site"
    done = run("landscape", "site", target, "--at", AT)
    assert done.code == 0, done.err
    return target


@pytest.fixture(scope="module")
def site(folder: Path) -> dict[str, Site]:
    return of_site(folder)


@pytest.fixture(scope="module")
def printed(site: dict[str, Site]) -> list[Printed]:
    documents = (
        run("landscape", "developers", "--json").json,
        run("landscape", "matrix", "--at", AT, "--json").json,
        run("landscape", "cases", "--json").json,
        run("landscape", "costs", "--json").json,
    )
    pages = [said for name, page in site.items() if "rows-" not in name for said in page.printed]
    return [*pages, *of_documents(*documents)]


def test_that_a_hundred_statements_drawn_at_random_follow_from_their_rows(
    printed: list[Printed],
) -> None:
    known = rows()
    drawn = random.Random(20261129).sample(printed, 100)  # noqa: S311 - which are looked at

    assert len({said.where for said in drawn}) >= 8
    assert [said for said in drawn if not follows(said, known)][:3] == []


def test_that_every_other_statement_follows_too(printed: list[Printed]) -> None:
    known = rows()

    assert len(printed) > 5000
    assert {said.rule for said in printed} == {
        "verbatim", "rounded", "dated", "sorted", "counted", "computed",
    }  # fmt: skip
    assert [said for said in printed if not follows(said, known)][:3] == []


def test_that_a_statement_that_says_something_else_would_be_noticed(
    printed: list[Printed],
) -> None:
    known = rows()
    for rule in ("verbatim", "rounded", "dated", "sorted", "counted"):
        said = next(each for each in printed if each.rule == rule)
        other = next(each for each in printed if each.rule == rule and each.text != said.text)
        changed = Printed(where="", text=said.text, rows=other.rows, rule=rule, column=other.column)
        try:
            is_held = follows(changed, known)
        except (KeyError, ValueError):
            is_held = False
        assert not is_held, (said, other)


def test_that_no_cell_is_without_a_row(site: dict[str, Site]) -> None:
    assert [
        (n, p.cells_without_rows[:3]) for n, p in site.items() if any(p.cells_without_rows)
    ] == []


def test_that_every_row_that_is_named_stands_among_the_sources(site: dict[str, Site]) -> None:
    named = {row for page in site.values() for said in page.printed for row in said.rows}
    lost = [
        row
        for row in named
        if row not in site[address_of(row).partition("#")[0]].ids or row not in rows()
    ]

    assert len(named) > 900
    assert lost == []


def test_that_words_of_its_own_hold_no_figure(site: dict[str, Site]) -> None:
    pages = [page for name, page in site.items() if not name.startswith(("rows-", "sources"))]
    loose = [words for page in pages for words in page.loose if re.search(r"\d", words)]

    assert loose == []


def test_that_every_link_leads_somewhere(site: dict[str, Site]) -> None:
    for page in site.values():
        for link in page.links:
            if link.startswith("https://"):
                continue
            name, _, place = link.partition("#")
            target = site[name or page.name]
            assert not place or place in target.ids or place == "main", link


def test_that_each_page_allows_its_own_script_and_nothing_else(folder: Path) -> None:
    for path in folder.glob("*.html"):
        text = path.read_text()
        script = text.partition("<script>")[2].partition("</script>")[0]
        digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
        said = text.partition('http-equiv="Content-Security-Policy" content="')[2]
        assert said.startswith(
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
        )
        assert text.count("<script") == 1
        assert " src=" not in text


def test_that_second_hand_facts_are_marked(site: dict[str, Site], folder: Path) -> None:
    known = rows()
    for page in ("practice.html", "cases.html"):
        text = (folder / page).read_text()
        marks = text.count("read second-hand")
        second_hand = {
            row
            for said in site[page].printed
            if said.column in {"found", "happened"}
            for row in said.rows
            if known[row]["read_as"] == "secondary"
        }
        assert marks >= len(second_hand) > 0


def test_that_it_says_once_that_it_is_no_legal_advice(folder: Path) -> None:
    assert (folder / "obligations.html").read_text().count("Not legal advice") == 1


def test_that_the_same_input_gives_the_same_bytes() -> None:
    first, second = dict(render_site(shipped(), AT)), dict(render_site(shipped(), AT))

    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_that_nothing_is_written_over(folder: Path) -> None:
    before = (folder / "index.html").read_bytes()

    with pytest.raises(InputError, match="index"):
        write_site(folder, {"index.html": "x"})
    assert (folder / "index.html").read_bytes() == before


TOO_LONG = f"{'b' * 300}.html"


@pytest.mark.parametrize("there", [[], ["site"]], ids=["a new folder", "an empty folder"])
def test_that_of_pages_that_cannot_all_be_written_none_is(there: list[str], tmp_path: Path) -> None:
    target = tmp_path / "site"
    for name in there:
        (tmp_path / name).mkdir()

    with pytest.raises(OSError, match="too long"):
        write_site(target, {"a.html": "x", TOO_LONG: "x"})

    assert [path.name for path in tmp_path.rglob("*")] == there
    write_site(target, {"a.html": "x"})
    assert [path.name for path in target.iterdir()] == ["a.html"]


@pytest.mark.parametrize("second", [TOO_LONG, "own.txt"])
def test_that_what_stands_beside_is_left_alone_when_pages_cannot_be_written(
    second: str, tmp_path: Path
) -> None:
    (tmp_path / "own.txt").write_text("mine")

    with pytest.raises((OSError, InputError)):
        write_site(tmp_path, {"a.html": "x", second: "x"})

    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]
    assert (tmp_path / "own.txt").read_text() == "mine"
    write_site(tmp_path, {"a.html": "x"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "own.txt"]


def test_that_whom_to_credit_stands_with_the_sources(folder: Path) -> None:
    text = (folder / "sources.html").read_text()

    for credit in ("Epoch AI", "Foundation Model Transparency Index", "Liesenfeld and Dingemanse"):
        assert credit in text
    assert text.count("CC-BY-4.0") >= 6


def without(table: str, said: str, *, column: str) -> Vintage:
    """Return the vintage that ships without rows that say something in a column."""
    vintage = shipped()
    kept = tuple(row for row in vintage.rows(table) if row[column] != said)
    return Vintage(id=vintage.id, tables={**vintage.tables, table: kept})


def test_that_without_closed_models_nothing_is_said_of_a_gap() -> None:
    vintage = shipped()
    kept = tuple(
        row for row in vintage.rows("capability index") if row["access"].startswith("Open")
    )
    opened = Vintage(id=vintage.id, tables={**vintage.tables, "capability index": kept})

    assert overview(opened).parts[0] == Group(title=overview(vintage).parts[0].title, statements=())


def test_that_an_open_model_ahead_of_all_closed_ones_has_no_age() -> None:
    vintage = shipped()
    kept = tuple(
        row
        for row in vintage.rows("capability index")
        if row["access"].startswith("Open") or row.number("index") < 150
    )
    ahead = Vintage(id=vintage.id, tables={**vintage.tables, "capability index": kept})
    (first, *_) = overview(ahead).parts

    assert isinstance(first, Group)
    (said,) = first.statements
    assert "-" in said.text


def test_that_a_practice_that_nobody_looked_at_is_an_empty_cell() -> None:
    page = practice_page(without("practices", "model card", column="practice"))
    sheet = page.parts[0]

    assert isinstance(sheet, Sheet)
    column = sheet.columns.index("Model card")
    assert {line.cells[column].text for line in sheet.lines} == {""}
