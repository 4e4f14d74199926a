# SPDX-License-Identifier: Apache-2.0
"""The reader of HELM runs against HELM's own classes, and against what was put in."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.helm import HelmReader
from tools.foreign import run_tool

pytestmark = pytest.mark.foreign

READER = HelmReader()
PARTS = ("test", "valid")
Key = tuple[object, bool, object]
Values = dict[object, int]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What was put into a run: how often each value of exact_match occurs, and how it ran."""

    test: Values
    """On the part ``test``."""
    valid: Values
    """On the part ``valid``."""
    remarks: frozenset[str] = frozenset()
    """Codes of the remarks, besides those that every run has."""


# Six questions, of which four and two have the two parts of the data; three and one are right.
KNOWN: dict[str, Known] = {
    "plain": Known(test={1: 3, 0: 1}, valid={1: 1, 0: 1}),
    "limited": Known(
        test={1: 2, 0: 1}, valid={0: 1}, remarks=frozenset({"cached-responses", "limited"})
    ),
    "trials": Known(test={1: 6, 0: 2}, valid={1: 2, 0: 2}, remarks=frozenset({"cached-responses"})),
    "changed": Known(
        test={1: 3, 0: 4}, valid={1: 1, 0: 2}, remarks=frozenset({"cached-responses"})
    ),
    "fragile": Known(
        test={1: 2, 0: 1, None: 1},
        valid={1: 1, 0: 1},
        remarks=frozenset({"no-date", "request-errors"}),
    ),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("helm")
    run_tool("helm", Path(__file__).with_name("run_helm.py"), folder)
    return folder


def log_of(runs: Path, name: str) -> ForeignLog:
    [folder] = (runs / "runs" / "toy").glob(f"{name}:*")
    assert READER.recognises(folder)
    return READER.read(folder)


def truth_of(runs: Path, name: str) -> dict[str, list[dict[str, object]]]:
    found = json.loads((runs / f"{name}.truth").read_text("utf-8"), parse_float=Decimal)
    assert isinstance(found, dict)
    return found


def series_of(log: ForeignLog, scorer: str) -> Series:
    return next(series for series in log.series if series.scorer == scorer)


@pytest.mark.parametrize("name", KNOWN)
def test_the_counts_are_those_that_were_put_in(name: str, runs: Path) -> None:
    log = log_of(runs, name)

    for part, expected in (("test", KNOWN[name].test), ("valid", KNOWN[name].valid)):
        series = series_of(log, f"exact_match,{part}")
        assert expected == Counter(row.value for row in series.rows)
        assert sum(expected.values()) == series.planned == series.samples_kept
    codes = {remark.code for remark in log.remarks}
    assert codes - {"read-with", "not-per-sample"} == KNOWN[name].remarks


@pytest.mark.parametrize("name", KNOWN)
def test_every_row_is_that_of_the_tool(name: str, runs: Path) -> None:
    truth = truth_of(runs, name)

    log = log_of(runs, name)

    names = {s.scorer for s in log.series}
    assert names == {f"{m},{p}" for m in ("exact_match", "length", "never") for p in PARTS}
    for series in log.series:
        metric, _, part = series.scorer.partition(",")
        stats = {
            _key(stat): Decimal(str(stat["sum"])) if stat["count"] == 1 else None
            for stat in truth["stats"]
            if stat["metric"] == metric
        }
        by_hand = Counter(
            (
                _key(request),
                stats[_key(request)] if request["success"] else None,
                not request["success"],
                request["limited"],
            )
            for request in truth["requests"]
            if request["split"] == part
        )
        assert by_hand == Counter(_identity(row) for row in series.rows)


def _key(entry: dict[str, object]) -> Key:
    return entry["instance"], bool(entry["changed"]), entry["trial"]


def _identity(row: Row) -> tuple[Key, object, bool, bool]:
    changed = "+" in row.sample
    assert changed == (row.cluster != "")
    return (row.behaviour, changed, row.attempt - 1), row.value, row.errored, row.limited


@pytest.mark.parametrize("name", ["plain", "limited", "trials"])
def test_the_average_of_the_rows_is_the_one_that_the_tool_computed(name: str, runs: Path) -> None:
    means = {(m["metric"], m["split"]): m["mean"] for m in truth_of(runs, name)["means"]}

    log = log_of(runs, name)

    for series in (s for s in log.series if not s.scorer.startswith("never")):
        metric, _, part = series.scorer.partition(",")
        total = sum(row.value for row in series.rows if isinstance(row.value, Decimal))
        stated = means[metric, part]
        assert isinstance(stated, int | Decimal)
        assert float(total) / len(series.rows) == pytest.approx(float(stated))


def test_nothing_that_the_tool_states_disagrees(runs: Path) -> None:
    found = [r for name in KNOWN for r in log_of(runs, name).remarks if "disagree" in r.code]

    assert found == []


def test_a_metric_of_several_numbers_and_one_of_the_whole_run_are_left_out(runs: Path) -> None:
    messages = {r.message for r in log_of(runs, "plain").remarks if r.code == "not-per-sample"}

    assert messages == {
        "Metric letters,test keeps more than one number for an input; it is left out.",
        "Metric letters,valid keeps more than one number for an input; it is left out.",
        (
            "1 metrics of stats.json have no score for single instances; nothing of them counts: "
            "of_all."
        ),
    }


def test_the_run_is_as_old_as_its_oldest_answer(runs: Path) -> None:
    times = [request["asked_at"] for request in truth_of(runs, "plain")["requests"]]

    series = log_of(runs, "plain").series[0]

    oldest = min(time for time in times if isinstance(time, int))
    assert series.finished_at == datetime.fromtimestamp(oldest, tz=UTC)


def test_the_run_is_told_in_words_and_bound_by_name(runs: Path) -> None:
    log = log_of(runs, "changed")

    assert (log.binding.level, log.binding.name) == (BindingLevel.NAME, "simple/model1")
    assert {series.task for series in log.series} == {"changed:kind=toy"}
    assert log.series[0].elicitation == (
        "generation; up to 1 examples in the prompt; instructions of 18 characters; "
        "inputs also changed by LowerCasePerturbation"
    )
    assert log.series[0].dataset == "colours __main__.Colours"
