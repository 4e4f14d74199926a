# SPDX-License-Identifier: Apache-2.0
"""A placement from counts in evidence: what was counted, and a band that holds its error too."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from builders import ROOT, a_document, a_measurement
from cli_runner import Run, run
from tiergate.cli.commands.schema import schema
from tiergate.evidence.conversion import write_document
from tiergate.evidence.measurement import Counts, Quantity
from tiergate.evidence.store import EvidenceStore

NAMES = ("utility.gpqa=GPQA diamond", "utility.mmlu=MMLU", "utility.weird=WeirdML")
OTHER_ROOT = f"sha256:{'7' * 64}"


def _write(folder: Path, trials: int = 1000, *, root: str = ROOT, **other: Counts) -> Path:
    """Write counts of three benchmarks: 71, 80 and 40 in a hundred unless told otherwise."""
    usual = {"gpqa": 0.71, "mmlu": 0.8, "weird": 0.4}
    values = {
        name: other.get(name, Counts.simple(round(share * trials), trials))
        for name, share in usual.items()
    }
    measured = [a_measurement(f"utility.{name}", value=value) for name, value in values.items()]
    path = folder / f"evidence-{len(list(folder.iterdir()))}.json"
    path.write_bytes(write_document(a_document(measurements=measured, root=root)))
    return path


def _place(*evidence: Path, names: tuple[str, ...] = NAMES, more: tuple[str, ...] = ()) -> Run:
    words = [word for path in evidence for word in ("--evidence", path)]
    words += [word for name in names for word in ("--measured", name)]
    return run("landscape", "place", *words, *more, "--at", "2026-08-11")


def _ends(done: Run) -> tuple[float, float, float]:
    found = done.json
    return float(found["lowest"]), float(found["index"]), float(found["highest"])


def test_that_counts_place_a_model_where_their_shares_do_in_a_wider_band(tmp_path: Path) -> None:
    given = ("GPQA diamond=0.71", "MMLU=0.8", "WeirdML=0.4")
    plain = run("landscape", "place", *(w for s in given for w in ("--score", s)), "--json")
    low, at, high = _ends(plain)

    few_low, few_at, few_high = _ends(_place(_write(tmp_path, 100), more=("--json",)))
    many_low, many_at, many_high = _ends(_place(_write(tmp_path, 10_000), more=("--json",)))

    assert few_at == many_at == at
    assert few_low < many_low < low
    assert high < many_high < few_high


def test_that_it_is_said_what_was_counted(tmp_path: Path) -> None:
    evidence = _write(tmp_path)

    done, found = _place(evidence), _place(evidence, more=("--json",)).json

    jsonschema.validate(found, schema("place"))
    assert "GPQA diamond 0.710: 710 of 1000 (utility.gpqa: the attempt did" in done.flat
    assert "holds the sampling error of these counts too, with 95 % confidence" in done.flat
    assert max(len(line) for line in done.out.splitlines()) <= 80
    first = found["measured"][0]
    assert (first["successes"], first["scored"], first["guessing"]) == (710, 1000, "0")
    assert first["lowest"] < first["score"] < first["highest"]
    assert first["item"].startswith("sha256:")


def test_that_what_guessing_gets_right_is_taken_off(tmp_path: Path) -> None:
    done = _place(_write(tmp_path), more=("--guessing", "MMLU=0.25", "--json"))

    mmlu = done.json["measured"][1]
    assert (mmlu["guessing"], mmlu["score"]) == ("0.25", "0.733")


def test_that_what_was_not_scored_widens_the_band(tmp_path: Path) -> None:
    scored = [(1, 1, 0)] * 400 + [(0, 1, 0)] * 600
    whole, part = Counts.of(scored), Counts.of([*scored, *[(0, 0, 1)] * 300])

    low, at, high = _ends(_place(_write(tmp_path, weird=whole), more=("--json",)))
    part_low, part_at, part_high = _ends(_place(_write(tmp_path, weird=part), more=("--json",)))

    assert part_at == at
    assert part_low < low
    assert part_high > high


def test_that_of_several_measurements_the_best_counts(tmp_path: Path) -> None:
    weak = _write(tmp_path, gpqa=Counts.simple(300, 1000))
    strong = _write(tmp_path, gpqa=Counts.simple(710, 1000))

    for order in ((weak, strong), (strong, weak)):
        assert _place(*order, more=("--json",)).json["measured"][0]["successes"] == 710


def test_that_a_band_that_a_handful_of_attempts_leaves_open_says_so(tmp_path: Path) -> None:
    two = Counts.simple(2, 3)

    done = _place(_write(tmp_path, gpqa=two, mmlu=two, weird=two))

    assert "General capability" in done.out
    assert "So few attempts do not bound it from above." in done.out
    assert "harder than the band" not in done.out


def test_that_scores_may_be_given_beside_those_that_were_counted(tmp_path: Path) -> None:
    evidence = _write(tmp_path)

    done = _place(evidence, names=NAMES[:2], more=("--score", "WeirdML=0.4"))
    twice = _place(evidence, more=("--score", "MMLU=0.8"))

    assert done.code == 0
    assert "General capability 141.8" in done.out
    assert (twice.code, "MMLU in --score too" in twice.err) == (4, True)


@pytest.mark.parametrize(
    ("names", "more", "said"),
    [
        (("utility.gpqa",), (), "which is no METRIC=BENCHMARK"),
        (("utility.gpqa=gpqa",), (), "did you mean 'GPQA diamond'?"),
        (("utility.gpqa=MMLU", "utility.mmlu=MMLU"), (), "stands here twice"),
        (("utility.gpqa=MMLU", "utility.gpqa=WeirdML"), (), "stands here twice"),
        (("utility.hellaswag=HellaSwag",), (), "no counts of utility.hellaswag"),
        (NAMES, ("--guessing", "MMLU=1"), "'MMLU=1'"),
        (NAMES, ("--guessing", "MMLU=nan"), "'MMLU=nan'"),
        (NAMES, ("--guessing", "HellaSwag=0.25"), "'HellaSwag=0.25'"),
        (NAMES[:2], (), "at least 3"),
    ],
)
def test_that_names_and_shares_that_are_none_are_refused(
    names: tuple[str, ...], more: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = _place(_write(tmp_path), names=names, more=more)

    assert done.code == 4
    assert said in done.err


def test_that_counts_of_two_checkpoints_place_neither(tmp_path: Path) -> None:
    one = _write(tmp_path)
    other = _write(tmp_path, root=OTHER_ROOT, gpqa=Counts.simple(900, 1000))

    done = _place(one, other)

    assert done.code == 4
    assert "expected one checkpoint" in done.err


def test_that_a_store_is_evidence_too(tmp_path: Path) -> None:
    store = tmp_path / "store"
    document = _write(tmp_path)
    EvidenceStore(store).add(document.read_bytes())

    assert _place(store, more=("--json",)).json == _place(document, more=("--json",)).json


def test_that_a_size_is_no_share(tmp_path: Path) -> None:
    hours = Quantity(lower=Decimal(0), upper=Decimal(1), unit="hours", method="a test")
    measured = dataclasses.replace(a_measurement("utility.gpqa"), value=hours)
    path = tmp_path / "evidence.json"
    path.write_bytes(write_document(a_document(measurements=[measured])))

    done = _place(path, names=NAMES[:1])

    assert (done.code, "no counts of utility.gpqa" in done.err) == (4, True)


@pytest.mark.parametrize(
    "words",
    [(), ("--measured", NAMES[0]), ("--evidence", "x"), ("--score", "MMLU=1", "--guessing", "x=0")],
)
def test_that_half_of_what_belongs_together_is_a_usage_error(words: tuple[str, ...]) -> None:
    assert run("landscape", "place", *words).code == 2


def test_that_evidence_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = _place(tmp_path / "nothing.json")

    assert done.code == 4
    assert "nothing.json" in done.err
