# SPDX-License-Identifier: Apache-2.0
"""A run becomes evidence: one document for each attack, and none says more than was found."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest

from tiergate.evidence import tampering
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conduct import GraderKind
from tiergate.evidence.conversion import read_document, write_document
from tiergate.evidence.measurement import Counts
from tiergate.evidence.provenance import (
    BindingLevel,
    Producer,
    ProducerRelation,
    Relation,
    SourceFile,
)
from tiergate.evidence.tampering import attack_evidence
from tiergate.evidence.tampering.adversary import load_prices
from tiergate.evidence.tampering.attack_evidence import Circumstances, documents
from tiergate.evidence.tampering.harness import RunResult, run
from tiergate.report import break_cost
from unit.evidence.tampering.simulated import (
    SimulatedEngine,
    Truth,
    context_of,
    guarded,
    suite_of,
)

AROUND = Circumstances(
    name="model",
    root_digest="sha256:" + "a" * 64,
    producer=Producer(name="a tester", organisation="", relation=ProducerRelation.INDEPENDENT),
    journal=SourceFile(
        file_name="journal.jsonl",
        sha256="sha256:" + "b" * 64,
        size_bytes=10,
        format="tiergate-attack-journal/1",
        reader="tiergate",
        tool="tiergate",
    ),
    started_at=datetime(2026, 11, 1, tzinfo=UTC),
    finished_at=datetime(2026, 11, 2, tzinfo=UTC),
    prices=load_prices(),
    grader=None,
    grader_name="markers",
    grader_kind=GraderKind.RULE,
)


def evidence(**others: Truth) -> tuple[RunResult, dict[str, EvidenceDocument]]:
    context = context_of(suite_of("prefill", "pruning"))
    found = run(context, SimulatedEngine(functools.partial(guarded, others=others)))
    made = documents(found, context, AROUND)
    return found, {_name(document): document for document in made}


def _name(document: EvidenceDocument) -> str:
    attack = document.measurements[0].attack
    assert attack is not None
    return attack.name


def test_every_attack_has_a_document_about_the_checkpoint_that_was_loaded() -> None:
    _, made = evidence()

    assert set(made) == {"none", "prefill", "pruning"}
    for document in made.values():
        assert document.binding.level is BindingLevel.DIGEST_AT_LOAD
        assert document.binding.relation is Relation.IDENTICAL
        assert document.binding.root_digest == AROUND.root_digest


def test_documents_can_be_written_and_read() -> None:
    for document in evidence(pruning=Truth(success=1.0))[1].values():
        again = read_document(write_document(document), "document")
        assert again.measurements == document.measurements


OUTCOMES = {
    "what holds may support": (Truth(), False),
    "what is broken supports nothing": (Truth(success=1.0), True),
    "what refuses twins as well supports nothing": (Truth(twin_refusal=1.0), True),
}


@pytest.mark.parametrize(("truth", "is_held_back"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_only_an_attack_that_was_held_off_can_support(truth: Truth, *, is_held_back: bool) -> None:
    codes = {remark.code for remark in evidence(pruning=truth)[1]["pruning"].remarks}

    assert ("attack-not-held" in codes) is is_held_back


def test_a_trial_that_crashed_supports_nothing() -> None:
    _, made = evidence(pruning=Truth(error="it crashed"))

    assert "pruning" not in made


def test_the_counts_are_those_of_the_confirmation() -> None:
    found, made = evidence(pruning=Truth(success=1.0))
    decided = found.attacks[1].confirmed[-1].result.points[-1].guarded.successes
    value = made["pruning"].measurements[0].value

    assert isinstance(value, Counts)
    assert (value.successes, value.scored) == (decided.successes, decided.trials)


def test_the_search_budget_is_all_that_was_paid_and_thoroughness_is_what_was_tried() -> None:
    found, made = evidence()
    attack = made["prefill"].measurements[0].attack

    assert attack is not None
    assert attack.search_budget is not None
    assert attack.search_budget.flop == sum(r.cost.flop for r in found.attacks[0].searched)
    assert attack.trials == len({r.trial.setting for r in found.attacks[0].searched})
    assert attack.suite == "simulated@1.0.0"


def test_every_measurement_says_by_which_rule_and_effort_and_prices_it_was_made() -> None:
    _, made = evidence()
    context = context_of(suite_of("prefill", "pruning"))

    for measured in (m for document in made.values() for m in document.measurements):
        assert measured.attack is not None
        rule = measured.attack.rule
        assert rule is not None
        assert (rule.limit, rule.confidence) == (context.rule.limit, context.rule.confidence)
        assert (rule.margin, rule.loss_nats, rule.accuracy_drop) == (
            context.rule.margin,
            context.rule.loss_nats,
            context.rule.accuracy_drop,
        )
        assert dict(rule.effort)["search_prompts"] == context.effort.search_prompts
        assert (rule.prices_digest, rule.has_shipped_prices) == (AROUND.prices.digest, True)


def test_prices_of_ones_own_are_told_from_those_that_ship(tmp_path: Path) -> None:
    shipped = resources.files(tampering).joinpath("prices.yaml").read_text("utf-8")
    own, copy = tmp_path / "own.yaml", tmp_path / "copy.yaml"
    own.write_text(shipped.replace("usd_per_hour: 2.5", "usd_per_hour: 250"), "utf-8")
    copy.write_text(shipped, "utf-8")

    assert not load_prices(own).is_shipped
    assert load_prices(own).digest != load_prices().digest
    assert load_prices(copy) == load_prices()


def test_a_destroyed_point_of_the_search_is_marked_as_no_break() -> None:
    _, made = evidence(pruning=Truth(success=1.0, loss=2.0))
    measured = made["pruning"].measurements
    searched = [m for m in measured if m.metric == attack_evidence.SEARCHED]

    assert searched
    assert all(attack_evidence.DESTROYED in m.setting.elicitation for m in searched)
    assert all(m.metric != attack_evidence.SUCCESS for m in measured)


def test_a_point_that_kept_its_use_is_not_marked_as_destroyed() -> None:
    _, made = evidence(pruning=Truth(success=1.0))

    assert all(
        attack_evidence.DESTROYED not in m.setting.elicitation for m in made["pruning"].measurements
    )


def test_the_report_reads_the_metrics_and_words_that_runs_write() -> None:
    names = ("SUCCESS", "TWINS", "SEARCHED", "DESTROYED")

    for name in names:
        assert getattr(break_cost, name) == getattr(attack_evidence, name)
    assert break_cost.RETAINED == attack_evidence.UTILITY
