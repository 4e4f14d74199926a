# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape``: every figure with its vintage and its source."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
from pathlib import Path

import jsonschema
import pytest

import tiergate.landscape
from builders_model import write_checkpoint
from cli_runner import Run, run
from tiergate.cli.commands.schema import schema
from tiergate.landscape.vintage import shipped

FOLDER = Path(tiergate.landscape.__file__).parent / "vintages" / "2026-08-11"
SCORES = ("GPQA diamond=0.71", "MMLU=0.8", "WeirdML=0.4")
COMPUTE = ("landscape", "compute", "--run", "pretraining=37e9*14.8e12")
PLACE = ("landscape", "place", *(word for score in SCORES for word in ("--score", score)))


def test_that_a_placement_says_its_band_its_vintage_and_what_it_is_not() -> None:
    done = run(*PLACE, "--score", "Nobody's test=0.5", "--at", "2026-08-11")

    assert done.code == 0
    assert "General capability 141.8, between 137.4 and 150.0" in done.out
    assert "left out: Nobody's test" in done.flat
    assert "A closed model was there 20.2 months ago (o1)." in done.out
    assert (
        "It is 19.9 points below the best closed model (GPT-5.6 Sol): 15.1 months at the 1.31"
        " points a month of the two years before."
    ) in done.flat
    assert "says nothing about a hazard domain" in done.flat
    assert "Vintage 2026-08-11. Epoch AI" in done.flat
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_that_two_scores_are_too_few() -> None:
    done = run(*PLACE[:-2])

    assert done.code == 4
    assert "at least 3" in done.err


@pytest.mark.parametrize("score", ["MMLU", "MMLU=high", "MMLU=80", "MMLU=0.8"])
def test_that_a_score_that_is_none_is_refused(score: str) -> None:
    assert run(*PLACE, "--score", score).code == 4


def _place(*scores: str, at: str = "2026-08-11") -> Run:
    return run("landscape", "place", *(w for s in scores for w in ("--score", s)), "--at", at)


def test_that_an_unknown_benchmark_is_named_with_the_one_that_may_be_meant() -> None:
    few = _place("GPQA=0.71", "MMLU=0.8", "WeirdML=0.4")
    enough = _place(*SCORES, "gpqa=0.7")

    assert few.code == 4
    assert "'GPQA' has no parameters (did you mean 'GPQA diamond'?)" in few.err
    assert enough.code == 0
    assert "left out: gpqa (did you mean GPQA diamond?)" in enough.flat


def test_that_all_mistakes_in_scores_are_named_at_once() -> None:
    done = _place("GPQA=0.71", "MMLU=80", "WeirdML", "MMLU=0.5", "ANLI=nan")

    assert done.code == 4
    for said in (
        "did you mean 'GPQA diamond'?",
        "'MMLU=80', which is no share from 0 to 1",
        "'WeirdML', which is no BENCHMARK=SCORE",
        "'MMLU' twice",
        "'ANLI=nan', which is no share",
    ):
        assert said in done.err


def test_that_scores_at_one_end_place_a_model_on_one_side_only() -> None:
    top = _place("GPQA diamond=1", "MMLU=1", "WeirdML=1")
    bottom = _place("GPQA diamond=0", "MMLU=0", "WeirdML=0")

    assert (
        "General capability at least 145.7; no upper bound: every score is at or near the top"
        in (top.flat)
    )
    assert "The model may be above all of them." in top.out
    assert (
        "General capability at most 110.3; no lower bound: every score is at or near the bottom"
        in (bottom.flat)
    )
    for done in (top, bottom):
        assert (done.code, "188" in done.out, "62.9" in done.out) == (0, False, False)
        assert max(len(line) for line in done.out.splitlines()) <= 80


def test_that_scores_at_an_end_are_named_where_they_are_left_out() -> None:
    beside = _place(*SCORES, "OSWorld 2.0=0", "GSM8K=1", "HellaSwag=1")
    few = _place("GPQA diamond=0.7", "MMLU=1", "WeirdML=0.4")
    harder = _place("MMLU=0.5", "BBH=0.5", "GSM8K=0.5", "OSWorld 2.0=1")
    easier = _place("WeirdML=0.5", "OSWorld=0.5", "VPCT=0.5", "GSM8K=0")
    both = _place("MMLU=0.5", "BBH=0.5", "GSM8K=0.5", "OSWorld 2.0=1", "TriviaQA=0")

    assert "General capability 141.8, between 137.4 and 150.0" in beside.out
    assert "at the top of its benchmark: GSM8K, HellaSwag" in beside.flat
    assert "at the bottom of its benchmark: OSWorld 2.0" in beside.flat
    assert few.code == 4
    assert "found 2 that count; 'MMLU' at or near the top of its benchmark" in few.err
    assert "; no upper bound" in harder.out
    assert "; no lower bound" in easier.out
    assert "no bound on either side" in both.out


def test_that_an_open_end_is_null() -> None:
    words = (w for s in ("GPQA diamond=1", "MMLU=1", "WeirdML=1") for w in ("--score", s))

    found = run("landscape", "place", *words, "--at", "2026-08-11", "--json").json

    jsonschema.validate(found, schema("place"))
    assert (found["index"], found["lowest"], found["highest"]) == (None, "145.7", None)
    assert found["level"] == "145.7"


def test_that_a_placement_in_the_past_is_held_against_what_was_out_by_then() -> None:
    done = _place(*SCORES, at="2026-01-01")
    days = re.findall(r"^ +\d+\.\d  (\d{4}-\d\d-\d\d)", done.out, re.MULTILINE)
    early = _place(*SCORES, at="2020-01-01")

    assert "5 models at 141.8 or above could be downloaded by 2026-01-01" in done.flat
    assert "12.9 months before 2026-01-01 (o1)" in done.out
    assert days
    assert max(days) <= "2026-01-01"
    assert "No closed model is known at or above it by 2020-01-01." in early.out
    assert "No model at 141.8 or above was out on 2020-01-01 that could be downloaded." in early.out


@pytest.mark.parametrize("at", ["2020-01-01", "2023-02-28", "2023-05-01", "2025-02-01"])
def test_that_the_gap_of_a_past_day_knows_nothing_that_came_later(at: str) -> None:
    words = ("landscape", "gap", "--at", at)
    done, found = run(*words), run(*words, "--json").json

    jsonschema.validate(found, schema("gap"))
    assert done.code == 0
    days = re.findall(r"\d{4}-\d\d-\d\d", done.out.partition("Vintage")[0])
    assert all(day <= at for day in days)
    assert not re.search(r" -\d", done.out)
    best = [each for each in (found["best_closed"], found["best_open"]) if each is not None]
    assert all(each["released"] <= at for each in best)


def test_that_of_a_day_without_a_model_the_gap_says_so() -> None:
    done = run("landscape", "gap", "--at", "2020-01-01")

    assert "No closed model was out by 2020-01-01" in done.out
    assert "No open model was out by 2020-01-01" in done.out
    assert "No open model had set a record by 2020-01-01." in done.out
    assert "months" not in done.out
    found = run("landscape", "gap", "--at", "2020-01-01", "--json").json
    assert [found[name] for name in ("best_closed", "best_open", "points", "age")] == [None] * 4


def test_that_a_day_after_the_vintage_is_told_from_it() -> None:
    words = "The vintage ends on 2026-08-11: models released from then to 2027-01-01 are not in it."

    assert words in _place(*SCORES, at="2027-01-01").flat
    assert words in run("landscape", "gap", "--at", "2027-01-01").flat
    assert "The vintage ends" not in run("landscape", "gap", "--at", "2026-08-11").out


def test_that_the_gap_is_told_by_two_definitions() -> None:
    done = run("landscape", "gap", "--at", "2026-08-11")

    assert "4.6 points apart" in done.out
    assert "A closed model was there 5.2 months ago" in done.out
    assert " 4.4 months (GPT-5.4 Pro)" in done.out


@pytest.mark.parametrize(
    ("words", "document"),
    [
        ((*PLACE, "--at", "2026-08-11"), "place"),
        (("landscape", "models", "--open", "--from", "150"), "models"),
        (("landscape", "gap", "--at", "2026-08-11"), "gap"),
        ((*COMPUTE, "--base-run", "base=7e9*2e12"), "compute"),
        (("landscape", "benchmarks"), "benchmarks"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_that_json_follows_its_schema(words: tuple[str, ...], document: str) -> None:
    done = run(*words, "--json")

    jsonschema.validate(json.loads(done.out), schema(document))


def test_that_a_hundred_printed_models_each_stand_in_the_row_that_is_named() -> None:
    printed = json.loads(run("landscape", "models", "--json").out)["models"]
    rows = shipped().rows("capability index")
    for model in random.Random(1).sample(printed, 100):  # noqa: S311 - which are looked at
        number = int(model["source"].partition(", row ")[2].partition(" ")[0])
        row = rows[number - 1]
        said = (model["name"], model["organisation"], model["released"])
        assert said == (row["model"], row["organisation"], row["released"])
        assert float(model["index"]) == pytest.approx(float(row["index"]), abs=0.051)


def test_that_compute_is_held_against_each_law_with_how_that_is_known() -> None:
    done = run(*COMPUTE)

    assert "Training compute 3.29e24 FLOP, between 1.64e24 and 6.58e24" in done.out
    assert "above         1e23  " in done.out
    assert "below         1e25  " in done.out
    assert "[read second-hand]" in done.flat
    assert "Facts about laws are of 2026-11-23." in done.out
    assert "--field modifies_another_model=no --field share_of_base_compute=0" in done.flat
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_that_what_compute_comes_to_can_be_filed_as_the_policy_asks(tmp_path: Path) -> None:
    model = tmp_path / "model"
    write_checkpoint(model)
    runs = ("--run", "tuning=671e9/37e9*1e12", "--base-run", "base=671e9/37e9*14.8e12")
    found = run("landscape", "compute", *runs, "--json").json

    done = run("evidence", "claim", "E01", "--model", model, *found["claim"].split())

    assert done.code == 0, done.err
    assert found["share_of_base"] == "0.0676"
    assert "training_flop_upper=7.02e24" in found["claim"]
    assert "modifies_another_model=yes" in found["claim"]


def test_that_a_base_model_that_is_not_known_is_nothing_to_file() -> None:
    done = run("landscape", "compute", "--run", "tuning=7e9*1e9", "--base-unknown")

    assert "between 2.10e19 and no known end" in done.out
    assert "base model 0, and what is not known" in done.out
    assert "undetermined  1e23" in done.out
    assert "undetermined  a third" in done.out
    assert "File it" not in done.out


@pytest.mark.parametrize(
    "words", [("--run", "x"), ("--run", "x=7/*2"), ("--run", "x=1e9"), ("--base-run", "=a*b"), ()]
)
def test_that_a_run_that_is_none_is_refused(words: tuple[str, ...]) -> None:
    assert run("landscape", "compute", *words).code == 4


def test_that_benchmarks_are_listed_with_the_hardest_first_and_their_vintage() -> None:
    done = run("landscape", "benchmarks")
    lines = done.out.partition("\n\n")[0].splitlines()
    figures = [float(line.split()[0]) for line in lines]

    assert len(lines) == 57
    assert figures == sorted(figures, reverse=True)
    assert done.flat.endswith(
        "Vintage 2026-08-11. Epoch AI, Epoch Capabilities Index,"
        " https://epoch.ai/data/edi_scores.csv, read 2026-08-11 (CC-BY-4.0)."
    )


def test_that_benchmarks_as_csv_and_json_name_their_rows() -> None:
    found = run("landscape", "benchmarks", "--json").json
    rows = list(csv.DictReader(io.StringIO(run("landscape", "benchmarks", "--csv").out)))

    assert (found["vintage"], {row["vintage"] for row in rows}) == ("2026-08-11", {"2026-08-11"})
    assert [row["benchmark"] for row in rows] == [each["name"] for each in found["benchmarks"]]
    for row, each in zip(rows, found["benchmarks"], strict=True):
        assert f", row {row['row'].rpartition('-')[2]} (" in each["source"]
        assert float(each["difficulty"]) == pytest.approx(float(row["difficulty"]), abs=0.051)


def test_that_figures_of_another_licence_are_not_called_cc_by(tmp_path: Path) -> None:
    folder = tmp_path / "vintage"
    shutil.copytree(FOLDER, folder)
    path = folder / "vintage.yaml"
    path.write_text(path.read_text().replace("licence: CC-BY-4.0", "licence: MIT", 1))

    assert run("landscape", "models", "--vintage", folder).flat.endswith("2026-08-11 (MIT).")


def test_that_no_number_is_no_lowest_index() -> None:
    assert run("landscape", "models", "--from", "nan").code == 2


def test_that_a_folder_that_is_no_vintage_is_refused(tmp_path: Path) -> None:
    done = run("landscape", "models", "--vintage", tmp_path)

    assert done.code == 4
    assert "no vintage.yaml" in done.err
