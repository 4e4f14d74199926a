# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape``: every figure with its vintage and its source."""

from __future__ import annotations

import json
import random
from pathlib import Path

import jsonschema
import pytest

from cli_runner import run
from tiergate.cli.commands.schema import schema
from tiergate.landscape.vintage import shipped

SCORES = ("GPQA diamond=0.71", "MMLU=0.8", "WeirdML=0.4")
COMPUTE = ("landscape", "compute", "--run", "pretraining=37e9*14.8e12")
PLACE = ("landscape", "place", *(word for score in SCORES for word in ("--score", score)))


def test_that_a_placement_says_its_band_its_vintage_and_what_it_is_not() -> None:
    done = run(*PLACE, "--score", "Nobody's test=0.5", "--at", "2026-08-11")

    assert done.code == 0
    assert "General capability 141.8, between 137.4 and 150.0" in done.out
    assert "left out: Nobody's test" in done.flat
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

    assert "Training compute 3.29e24 FLOP, between 1.64e24 and 6.57e24" in done.out
    assert "above         1e23  " in done.out
    assert "below         1e25  " in done.out
    assert "[read second-hand]" in done.flat
    assert max(len(line) for line in done.out.splitlines()) <= 80


@pytest.mark.parametrize("words", [("--run", "x"), ("--run", "x=1e9"), ("--base-run", "=a*b"), ()])
def test_that_a_run_that_is_none_is_refused(words: tuple[str, ...]) -> None:
    assert run("landscape", "compute", *words).code == 4


def test_that_benchmarks_are_listed_with_the_hardest_first() -> None:
    lines = run("landscape", "benchmarks").out.splitlines()
    figures = [float(line.split()[0]) for line in lines]

    assert len(lines) == 57
    assert figures == sorted(figures, reverse=True)


def test_that_a_folder_that_is_no_vintage_is_refused(tmp_path: Path) -> None:
    done = run("landscape", "models", "--vintage", tmp_path)

    assert done.code == 4
    assert "no vintage.yaml" in done.err
