# SPDX-License-Identifier: Apache-2.0
"""Clauses beside a decision: the worst requirement decides, and silence is never met."""

from __future__ import annotations

import dataclasses
import json

import pytest

from cli_fixtures import a_folder, claim, policy
from cli_runner import run
from tiergate.cli.judged_input import judged_in
from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case_judged import JudgedTier
from tiergate.landscape.obligations import by_id, shipped_files
from tiergate.report.duty_states import duty_states, state_counts

KNOWN = by_id(shipped_files())


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> JudgedTier:
    """Judge a model with a ledger of compute and nothing else."""
    folder = tmp_path_factory.mktemp("judged")
    model, standard = a_folder(folder / "model"), policy(folder / "small.yaml")
    claim(model, standard, "E01", "training_flop=1e22")
    decision = folder / "decision.json"
    done = run("check", model, "--policy", standard, "--tier", "T5", "--json")
    decision.write_text(json.dumps(done.json))
    return judged_in(str(decision), str(standard), None)


@pytest.mark.parametrize(
    ("clause", "outcome", "words", "by"),
    [
        ("EU-COP-A4", Outcome.MET, "met", ("FILES",)),
        ("EU-COP-M4.1", Outcome.UNDETERMINED, "undetermined", ("CYBER",)),
        ("EU-COP-M5.1", None, "a matter of conditions and triggers, not of evidence", ("T1", "T5")),
        ("EU-COP-M7.6", None, "a matter of conditions and triggers, not of evidence", ("G01",)),
        ("EU-COP-M9.3", None, "open: nothing in small answers it", ()),
    ],
)
def test_that_a_clause_stands(
    clause: str, outcome: Outcome | None, words: str, by: tuple[str, ...], judged: JudgedTier
) -> None:
    found = duty_states(judged, [KNOWN[clause]])[clause]

    assert (found.outcome, found.words, found.answered_by) == (outcome, words, by)


def test_that_a_clause_that_is_no_requirement_says_why(judged: JudgedTier) -> None:
    found = duty_states(judged, [KNOWN["UK-R4GB"]])["UK-R4GB"]

    assert found.outcome is None
    assert found.words == f"no requirement of a release: {KNOWN['UK-R4GB'].not_required}"


def test_that_what_the_tier_does_not_ask_for_is_not_met(judged: JudgedTier) -> None:
    lower = dataclasses.replace(judged, ladder=judged.ladder[:1])
    found = duty_states(lower, [KNOWN["EU-COP-A4"]])["EU-COP-A4"]

    assert (found.outcome, found.words) == (None, "not asked for at T5")


def test_that_the_worst_of_several_tiers_decides(judged: JudgedTier) -> None:
    ((tier, rows), *rest) = judged.ladder
    worse = tuple(dataclasses.replace(row, outcome=Outcome.NOT_MET) for row in rows)
    found = duty_states(
        dataclasses.replace(judged, ladder=((tier, worse), *rest)), [KNOWN["EU-AIA-51-2"]]
    )

    assert found["EU-AIA-51-2"].outcome is Outcome.NOT_MET


def test_that_a_waiver_shows(judged: JudgedTier) -> None:
    ladder = tuple(
        (tier, tuple(dataclasses.replace(row, waived="Ann") for row in rows))
        for tier, rows in judged.ladder
    )
    found = duty_states(dataclasses.replace(judged, ladder=ladder), [KNOWN["EU-COP-A4"]])

    assert found["EU-COP-A4"].words == "met by waiver"


def test_that_states_are_counted_and_that_silence_is_counted_apart(judged: JudgedTier) -> None:
    asked = [KNOWN[name] for name in ("EU-COP-A4", "EU-COP-M4.1", "EU-COP-M9.3")]
    counts = state_counts(duty_states(judged, asked).values())

    assert counts == {"met": 1, "no evidence asked for": 1, "undetermined": 1}
