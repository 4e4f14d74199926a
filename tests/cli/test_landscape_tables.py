# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape developers|matrix|cases|costs|row|site``, as a user types them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml

from cli_fixtures import a_folder, claim, policy
from cli_runner import run
from landscape_trace import VINTAGE
from tiergate.cli.commands.schema import schema
from tiergate.cli.landscape_table_text import SHORT
from tiergate.landscape.practice import COUNTED

AT = ("--at", "2026-11-29")
COMMANDS: dict[str, tuple[str, ...]] = {
    "developers": ("developers",),
    "matrix": ("matrix", *AT),
    "cases": ("cases",),
    "costs": ("costs",),
    "row": ("row", "practices-1"),
}


@pytest.mark.parametrize("document", COMMANDS)
def test_that_json_follows_its_schema(document: str) -> None:
    done = run("landscape", *COMMANDS[document], "--json")

    assert done.code == 0
    jsonschema.validate(done.json, schema(document))


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "row"])
def test_that_csv_has_a_source_in_every_line(name: str) -> None:
    done = run("landscape", *COMMANDS[name], "--csv")
    lines = list(csv.DictReader(io.StringIO(done.out)))

    assert done.code == 0
    assert lines
    for line in lines:
        assert line["row"]
        assert "https://" in (line.get("source_url") or line["source"])
        assert line.get("vintage") or line["as_of"] == "2026-11-23"


def test_that_models_and_the_gap_are_printed_as_csv_too() -> None:
    models = list(csv.DictReader(io.StringIO(run("landscape", "models", "--open", "--csv").out)))
    gap = list(csv.DictReader(io.StringIO(run("landscape", "gap", *AT, "--csv").out)))

    assert len(models) == 94
    assert models[0]["model"] == gap[0]["model"] == "Kimi K3"
    assert models[0]["row"].startswith("capability-index-")
    assert gap[0]["months_after_the_first_closed"] == "4.4"
    assert {line["vintage"] for line in (*models, *gap)} == {"2026-08-11"}


@pytest.mark.parametrize(
    "words",
    [
        ("developers",),
        ("developers", "Z.ai"),
        ("matrix", *AT),
        ("cases",),
        ("row", "practices-1"),
    ],
)
def test_that_lines_fit_a_terminal_but_for_addresses(words: tuple[str, ...]) -> None:
    done = run("landscape", *words)
    long = [line for line in done.out.splitlines() if len(line) > 80 and "https://" not in line]

    assert done.code == 0
    assert long == []


def test_that_every_column_is_a_practice_that_is_counted() -> None:
    assert set(SHORT) < set(COUNTED)


def test_that_developers_are_counted_and_marked() -> None:
    done = run("landscape", "developers")

    assert "2 of 24 developers published an adversarial fine-tuning test" in done.flat
    assert "0 of 13 developers of the transparency index let outsiders reproduce" in done.flat
    assert "Not found in what was read is not no" in done.flat
    assert "OpenAI            yes*      yes*      yes*      yes*      yes*      no*" in done.out
    assert "Xiaomi            -         -         -         -         -         no" in done.out
    assert "Vintage 2026-08-11." in done.flat


def test_that_one_developer_is_told_with_sources_and_ratings() -> None:
    done = run("landscape", "developers", "meta")

    assert "FLI AI Safety Index, overall grade: D [read second-hand]" in done.flat
    assert "<practices-10>" in done.out
    assert "Report preparedness for each frontier release" in done.flat
    assert [
        one["name"] for one in run("landscape", "developers", "meta", "--json").json["developers"]
    ] == ["Meta"]
    csv_lines = run("landscape", "developers", "meta", "--csv").out.splitlines()
    assert len(csv_lines) == 10


def test_that_the_matrix_says_what_binds_on_a_day() -> None:
    now = run("landscape", "matrix", "--place", "new york", *AT)
    later = run("landscape", "matrix", "--place", "New York", "--at", "2027-01-01")

    assert "NY-RAISE-1421 pending from 2027-01-01" in now.flat
    assert "NY-RAISE-1421 binding from 2027-01-01" in later.flat
    assert now.out.count("Not legal advice") == 1
    assert "[read second-hand]" in now.flat


def test_that_a_topic_is_found_by_a_word() -> None:
    found = run("landscape", "matrix", "--topic", "incident", *AT, "--json").json

    assert {duty["topic"] for duty in found["duties"]} == {"incident reports"}


def test_that_costs_say_what_was_computed_and_what_speaks_against_them() -> None:
    done = run("landscape", "costs")

    assert "(at most USD 1.00 at USD 2 an hour, computed)" in done.flat
    assert "but: the first attempt of a team" in done.flat
    assert "[read second-hand]" in done.flat


def test_that_a_row_is_shown_as_it_stands() -> None:
    practice = run("landscape", "row", "practices-1")
    clause = run("landscape", "row", "obligation-KR-AIBA-32")

    assert "developer: OpenAI" in practice.out
    assert "(Apache-2.0, read second-hand)" in practice.flat
    assert "asks: Above 1e26 FLOP" in clause.out


@pytest.fixture(scope="module")
def decision(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Decide about a model with a ledger of compute and nothing else."""
    folder = tmp_path_factory.mktemp("decided")
    model, standard = a_folder(folder / "model"), policy(folder / "small.yaml")
    claim(model, standard, "E01", "training_flop=1e22")
    path = folder / "decision.json"
    path.write_text(run("check", model, "--policy", standard, "--tier", "T5", "--json").out)
    return path, standard


def test_that_clauses_are_held_against_a_decision(decision: tuple[Path, Path]) -> None:
    path, standard = decision
    beside = ("--decision", path, "--policy", standard)
    done = run("landscape", "matrix", "--place", "EU", *AT, *beside)
    found = run("landscape", "matrix", "--place", "EU", *AT, *beside, "--json").json

    assert "beside the decision on model by small 0.1.0: T5 undetermined" in done.flat
    assert "decision: met (FILES)" in done.flat
    assert "decision: undetermined (CYBER)" in done.flat
    states = {duty["id"]: (duty["outcome"], duty["state"]) for duty in found["duties"]}
    assert states["EU-COP-A4"] == ("met", "met")
    assert states["EU-COP-M9.3"] == (None, "open: nothing in small answers it")
    assert found["places"][0]["states"]["undetermined"] >= 1


def test_that_the_site_holds_clauses_against_a_decision_too(
    decision: tuple[Path, Path], tmp_path: Path
) -> None:
    path, standard = decision
    done = run("landscape", "site", tmp_path / "s", *AT, "--decision", path, "--policy", standard)
    text = (tmp_path / "s" / "obligations.html").read_text()

    assert done.code == 0
    assert "By the decision" in text
    assert '<span class="text">undetermined (CYBER)</span>' in text


WRONG: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a developer nobody knows": (("developers", "Nobody"), 4, "no developer of that name"),
    "a place nobody knows": (("matrix", "--place", "Mars"), 4, "no jurisdiction of that name"),
    "a topic nobody knows": (("matrix", "--topic", "cheese"), 4, "no topic with that word"),
    "a row that is not there": (("row", "practices-9999"), 4, "no row of that id"),
    "csv and json": (("cases", "--csv", "--json"), 2, "give one"),
    "a policy without a decision": (("matrix", "--policy", "default"), 2, "give --decision"),
    "a decision that is not there": (("matrix", "--decision", "none.json"), 4, "none.json"),
    "a folder that is no vintage": (("developers", "--vintage", "."), 4, "no vintage.yaml"),
}


@pytest.mark.parametrize("name", WRONG)
def test_that_it_is_refused_to_be_given(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, code, said = WRONG[name]
    monkeypatch.chdir(tmp_path)
    done = run("landscape", *words)

    assert done.code == code
    assert said in " ".join(done.err.split())


def test_that_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    done = run("landscape", "site", tmp_path, *AT)

    assert done.code == 4
    assert (tmp_path / "index.html").read_text() == "mine"


def spoilt(folder: Path, table: str, before: str, after: str, *, is_signed_off: bool) -> Path:
    """Copy the vintage that ships with one change, its digest too where ``is_signed_off``."""
    shutil.copytree(VINTAGE, folder)
    description = yaml.safe_load((folder / "vintage.yaml").read_text())
    (part,) = (part for part in description["tables"] if part["name"] == table)
    file = folder / part["file"]
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    if is_signed_off:
        part["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        (folder / "vintage.yaml").write_text(yaml.safe_dump(description))
    return folder


SPOILT: dict[str, tuple[str, str, str, bool, int, str]] = {
    "a changed table": ("practices", "OpenAI", "Nobody", False, 5, "practices.csv"),
    "a wrong column": ("practices", "found,says", "fund,says", True, 4, "no column 'found'"),
    "a row without source": (
        "practices", "https://arxiv.org/abs/2508.03153", "", True, 4, "source_url ''",
    ),
    "a row without licence": (
        "practices", "secondary,Apache-2.0", "secondary,", True, 4, "licence ''",
    ),
    "a row without a word on how it is known": (
        "practices", "secondary,Apache-2.0", ",Apache-2.0", True, 4, "read_as ''",
    ),
    "a row twice": (
        "developers", "\nMeta,", "\nOpenAI,", True, 4, "'OpenAI' twice",
    ),
    "a word that is none": ("practices", "framework,yes", "framework,maybe", True, 4, "'maybe'"),
    "a score that is no number": (
        "capability index", "161.65", "high", True, 4, "index 'high'",
    ),
    "a day that is none": (
        "capability index", "2026-07-09", "summer", True, 4, "released 'summer'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_that_a_vintage_is_refused_with(name: str, tmp_path: Path) -> None:
    table, before, after, is_signed_off, code, said = SPOILT[name]
    folder = spoilt(tmp_path / "v", table, before, after, is_signed_off=is_signed_off)
    done = run("landscape", "site", tmp_path / "site", *AT, "--vintage", folder)

    assert done.code == code
    assert said in done.err
    assert not (tmp_path / "site").exists()


def test_that_a_vintage_without_these_tables_still_places_models(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    shutil.copytree(VINTAGE, folder)
    description = yaml.safe_load((folder / "vintage.yaml").read_text())
    description["tables"] = description["tables"][:3]
    (folder / "vintage.yaml").write_text(json.dumps(description))

    assert run("landscape", "models", "--vintage", folder).code == 0
    done = run("landscape", "developers", "--vintage", folder)
    assert done.code == 4
    assert "no table 'practices'" in done.err
