# SPDX-License-Identifier: Apache-2.0
"""Evidence in words: measurements, claims, documents, and what each was held against."""

from __future__ import annotations

import dataclasses
import string
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from builders import AT, a_claim, a_document, a_measurement, a_subject, an_attack
from builders_default import POLICY
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Scale
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import (
    Collection,
    EvidenceDocument,
    RegisteredDocument,
    collect,
)
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    AttackClass,
    Controls,
    Counts,
    Measurement,
    Quantity,
    Variant,
)
from tiergate.evidence.provenance import ProducerRelation, SourceFile
from tiergate.report import documents, held, measured, wording
from tiergate.report.escaping import breakable, is_link, shown

EXPLOITS = "cyber.end_to_end_exploits"


def given_documents(*found: EvidenceDocument) -> tuple[Decision, Collection]:
    evidence = collect(a_subject(), found)
    return evaluate(POLICY, evidence, at=AT, asked=Tier.T5), evidence


def one_row(found: Measurement) -> measured.MeasurementRow:
    (row,) = measured.measurement_rows(*given_documents(a_document(measurements=[found])))
    return row


def test_measurements_are_numbered_by_domain_metric_and_worst_case_first() -> None:
    decision, evidence = given_documents(
        a_document(
            measurements=[
                a_measurement("safeguard.attack_success"),
                a_measurement(EXPLOITS),
                a_measurement(EXPLOITS, variant=Variant.WORST_CASE),
                a_measurement("cyber.code_execution"),
                a_measurement("cbrn.tacit_knowledge"),
            ]
        )
    )

    rows = measured.measurement_rows(decision, evidence)

    assert [
        (1, "cbrn.tacit_knowledge", "as released"),
        (2, "cyber.code_execution", "as released"),
        (3, EXPLOITS, "worst case"),
        (4, EXPLOITS, "as released"),
        (5, "safeguard.attack_success", "as released"),
    ] == [(row.number, row.metric, row.variant) for row in rows]


def test_every_denominator_is_kept() -> None:
    counts = Counts.of([(1, 2, 1), (0, 3, 0)], planned=9, errored=1, limited=2, superseded=4)

    row = one_row(a_measurement(value=counts))

    assert ("1", "5", "9", "4") == (row.successes, row.scored, row.planned, row.unscored)
    assert dict(row.details)["attempts"] == (
        "3 never made, 1 ended in an error, 2 cut short by a limit, 4 replaced by a re-run"
    )
    assert "2" == dict(row.details)["behaviours"]


def test_a_quantity_has_no_counts_and_names_its_method() -> None:
    value = Quantity(lower=Decimal("1.0"), upper=Decimal(30), unit="hours", method="bootstrap")

    row = one_row(a_measurement("loss_of_control.task_horizon", value=value))

    assert ("", "", "", "", "") == (
        row.successes,
        row.scored,
        row.planned,
        row.unscored,
        row.bounds,
    )
    assert "1 to 30 hours" == row.quantity
    assert "bootstrap" == dict(row.details)["interval"]
    assert "behaviours" not in dict(row.details)


def test_bounds_are_rounded_outwards() -> None:
    assert "9.6 % to 15.3 %" == wording.range_words(Decimal("0.0969"), Decimal("0.1521"))


def test_what_nobody_stated_is_said_to_be_not_stated() -> None:
    found = dataclasses.replace(a_measurement(samples_kept=0), grader="", dataset="")

    details = dict(one_row(found).details)

    assert ("not stated", "not stated") == (details["grader"], details["data set"])
    assert "none kept" == details["raw samples"]
    assert "baseline" not in details


def test_a_baseline_is_named_with_its_counts() -> None:
    found = a_measurement(baseline=Counts.simple(20, 60), samples_kept=7)

    details = dict(one_row(found).details)

    assert "a-public-model (downloadable): 20 of 60" == details["baseline"]
    assert "7 kept" == details["raw samples"]


def test_a_baseline_that_nobody_can_download_says_so() -> None:
    comparison = a_measurement(baseline=Counts.simple(1, 2)).comparison
    assert comparison is not None

    closed = dataclasses.replace(comparison, downloadable=False)

    assert "a-public-model (not downloadable): 1 of 2" == wording.baseline_words(closed)


def test_a_void_run_is_set_aside() -> None:
    attack = an_attack(AttackClass.PREFILL, controls=Controls.FAILED)

    row = one_row(a_measurement("safeguard.attack_success", 0, 400, attack=attack))

    assert "void: controls failed" in row.set_aside
    assert "an attack by prefill (prefill); 10000 USD; controls failed" == row.attack


def test_old_evidence_is_set_aside_and_fresh_evidence_is_not() -> None:
    fresh = a_measurement(EXPLOITS, variant=Variant.WORST_CASE)
    old = a_measurement(EXPLOITS, variant=Variant.WORST_CASE, finished_at=AT - timedelta(days=999))

    rows = measured.measurement_rows(
        *given_documents(a_document(measurements=[fresh, old], by=ProducerRelation.INDEPENDENT))
    )

    # The default policy asks for signed evidence at this tier, and nobody signed either of them.
    assert ["assurance"] == [reason.split()[0] for reason in rows[0].set_aside]
    assert any("older than" in reason for reason in rows[1].set_aside)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (AttackBudget(), "cost not stated"),
        (AttackBudget(usd=Decimal(0)), "0 USD"),
        (AttackBudget(usd=Decimal(4400), gpu_hours=Decimal(2200)), "4400 USD, 2200 GPU-hours"),
        (AttackBudget(steps=5, examples=7), "5 steps, 7 examples"),
        (AttackBudget(attempts=16, flop=10**20), f"16 answers to each prompt, {10**20} FLOP"),
    ],
)
def test_a_budget_is_written_in_the_currencies_that_are_known(
    budget: AttackBudget, expected: str
) -> None:
    assert expected == wording.budget_words(budget)


def test_what_an_attack_cost_is_written_without_the_search_and_with_it() -> None:
    alone, search = AttackBudget(usd=Decimal(60)), AttackBudget(usd=Decimal(1500), steps=9)
    attack = Attack(
        name="ablation",
        attack_class=AttackClass.ABLATION,
        budget=alone,
        controls=Controls.PASSED,
        search_budget=search,
    )

    assert (
        "ablation (directional ablation); 60 USD; with the search 1500 USD, 9 steps; "
        "controls passed"
    ) == wording.attack_words(attack)
    for same in (None, alone):
        only = dataclasses.replace(attack, search_budget=same)
        assert "directional ablation); 60 USD; controls" in wording.attack_words(only)


def test_a_day_is_a_day_in_utc() -> None:
    east = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=9)))

    assert "2026-01-01" == wording.day(east)
    assert "2026-01-02" == wording.day(datetime(2026, 1, 2, tzinfo=UTC))


def test_limits_are_grouped_by_the_tiers_where_they_came_out_alike() -> None:
    decision, _ = given_documents(
        a_document(measurements=[a_measurement(EXPLOITS, 50, 410, variant=Variant.WORST_CASE)])
    )

    ((item, rows),) = held.held(decision).items()

    assert {item} == {row.reading.item for row in rows}
    keys = [(r.reading.scale, r.reading.limit, r.reading.side, r.reading.outcome) for r in rows]
    assert len(keys) == len(set(keys))
    read_at = {
        verdict.tier for verdict in decision.tiers if any(True for _ in held.readings_of(verdict))
    }
    assert read_at == {tier for row in rows for tier in row.tiers}
    assert all(row.tiers == tuple(sorted(set(row.tiers))) for row in rows)


def test_the_same_limit_with_another_outcome_is_not_grouped() -> None:
    found = a_measurement(EXPLOITS, 50, 410, variant=Variant.WORST_CASE)
    decision, _ = given_documents(a_document(measurements=[found]))
    verdict = decision.verdict(Tier.T5)
    reading = next(held.readings_of(verdict))
    rows = tuple(
        dataclasses.replace(
            verdict.requirements[0],
            readings=(dataclasses.replace(reading, outcome=outcome),),
            children=(),
        )
        for outcome in (Outcome.MET, Outcome.UNDETERMINED, Outcome.MET)
    )
    alone = dataclasses.replace(verdict, requirements=rows, fast_path=())

    (grouped,) = held.held(dataclasses.replace(decision, tiers=(alone,))).values()

    assert [Outcome.MET, Outcome.UNDETERMINED] == [row.reading.outcome for row in grouped]
    assert [(Tier.T5,), (Tier.T5,)] == [row.tiers for row in grouped]


def test_a_margin_is_held_apart_from_the_rate() -> None:
    found = a_measurement(
        "cbrn.novice_uplift", 3, 60, baseline=Counts.simple(3, 60), variant=Variant.WORST_CASE
    )
    decision, _ = given_documents(a_document(measurements=[found]))

    (rows,) = held.held(decision).values()

    assert Scale.MARGIN in {row.reading.scale for row in rows}


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        ((), ""),
        ((Tier.T4,), "T4"),
        ((Tier.T1, Tier.T2), "T1, T2"),
        ((Tier.T1, Tier.T2, Tier.T3), "T1 to T3"),
        ((Tier.T0, Tier.T2, Tier.T3, Tier.T4, Tier.T6), "T0, T2 to T4, T6"),
    ],
)
def test_runs_of_tiers_are_written_short(tiers: tuple[Tier, ...], expected: str) -> None:
    assert expected == held.tier_words(tiers)


def test_claims_are_numbered_by_item_with_their_fields_in_words() -> None:
    claims = [a_claim("E02", holds=False), a_claim("E01", done=True, left=False, n=3, empty="")]
    _, evidence = given_documents(a_document(claims=claims))

    first, second = documents.claim_rows(evidence)

    assert ((1, "E01", True), (2, "E02", False)) == (
        (first.number, first.item, first.holds),
        (second.number, second.item, second.holds),
    )
    assert (
        ("done", "yes"),
        ("empty", "(nothing stated)"),
        ("left", "no"),
        ("n", "3"),
    ) == first.fields
    assert "separate team; primary" == first.standing


def test_a_document_says_what_it_holds_and_what_it_was_read_from() -> None:
    source = SourceFile(
        file_name="run.eval", sha256=f"sha256:{'7' * 64}", size_bytes=12, format="inspect-eval/2",
        reader="inspect_ai/1", tool="", url="https://example.org/run.eval",
    )  # fmt: skip
    both = a_document(
        measurements=[a_measurement(), a_measurement(EXPLOITS)], claims=[a_claim("E01")]
    )

    (row,) = documents.document_rows((dataclasses.replace(both, source=source),))

    facts = dict(row.facts)
    assert "2 measurements, 1 claim" == row.holds
    assert "run.eval (12 bytes)" == facts["file"]
    assert source.sha256 == facts["digest of the file"]
    assert "not stated" == facts["tool"]
    assert "https://example.org/run.eval" == row.url


def test_a_document_written_by_hand_names_no_file_and_its_own_address_comes_first() -> None:
    plain = a_document(claims=[a_claim("E01")], root="", organisation="", source=None)
    named = dataclasses.replace(plain, source_url="https://example.org/card")

    (row,) = documents.document_rows((named,))

    facts = dict(row.facts)
    assert "file" not in facts
    assert "safety team (separate team; primary)" == facts["made by"]
    assert "no digest named" == facts["checkpoint"]
    assert "weights that ran" not in facts
    assert "https://example.org/card" == row.url


def test_a_document_that_holds_nothing_says_so() -> None:
    plain = a_document(claims=[a_claim("E01")])

    (row,) = documents.document_rows((dataclasses.replace(plain, claims=()),))

    assert "nothing" == row.holds


def test_references_number_what_the_tables_number() -> None:
    decision, evidence = given_documents(
        a_document(measurements=[a_measurement(), a_measurement("cbrn.tacit_knowledge")]),
        a_document(claims=[a_claim("E02"), a_claim("E01")]),
    )

    found = documents.references(evidence)

    for row in measured.measurement_rows(decision, evidence):
        assert (f"measurement-{row.number}", f"measurement {row.number}") == found[row.item]
    for claim in documents.claim_rows(evidence):
        assert (f"claim-{claim.number}", f"claim {claim.number}") == found[claim.id]
    assert 4 == len(found)


def test_what_was_looked_at_is_listed_in_the_order_of_the_page() -> None:
    places = {"b#m0": ("measurement-1", "measurement 1"), "a#m0": ("measurement-2", "two")}

    assert (
        ("measurement-1", "measurement 1"),
        ("measurement-2", "two"),
        ("", "z"),
    ) == documents.looked_at(("z", "a#m0", "b#m0", "a#m0"), places)
    assert () == documents.looked_at((), places)


def test_how_much_evidence_there_is_is_said_in_one_line() -> None:
    gone = RegisteredDocument(
        digest=f"sha256:{'9' * 64}", root_digest=a_subject().root_digest, topics=frozenset("ba")
    )
    other = a_document(claims=[a_claim("E01")], root=f"sha256:{'4' * 64}")
    own = a_document(measurements=[a_measurement()])
    evidence = collect(a_subject(), (own, other), [gone])
    decision = evaluate(POLICY, evidence, at=AT)

    assert (
        "1 document, 1 measurement, 0 claims, 1 about other checkpoints, 1 gone"
        == documents.evidence_counts(decision, evidence)
    )
    assert ["a, b"] == [row.topics for row in documents.missing_rows(evidence)]


@given(st.text())
def test_whatever_is_shown_can_be_seen_and_written(text: str) -> None:
    found = shown(text)

    assert isinstance(found, str)
    assert found.isprintable()
    assert found == found.encode().decode()


@given(st.text(alphabet=string.printable[:95]))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert text == shown(text)


@pytest.mark.parametrize("value", [None, 3, Markup("<b>\n</b>")])
def test_what_is_no_text_is_left_alone(value: object) -> None:
    assert value is shown(value)


@given(st.text())
def test_a_name_that_may_be_broken_is_still_escaped(name: str) -> None:
    found = str(breakable(name)).replace("<wbr>", "")

    assert not set("<>\"'") & set(found)
    assert Markup(found).unescape() == shown(name)  # noqa: S704 - escaped by the function


LINKS: dict[str, bool] = {
    "https://example.org/a": True,
    "http://example.org": True,
    "HTTPS://example.org": True,
    "javascript:alert(1)": False,
    "data:text/html,x": False,
    "file:///etc/passwd": False,
    "//example.org": False,
    "https:": False,
    "https://[": False,
    "": False,
    "https://example.org/\u202e": False,
    "java\nscript:x": False,
}


@pytest.mark.parametrize("address", LINKS)
def test_only_web_addresses_are_offered_as_links(address: str) -> None:
    assert LINKS[address] is is_link(address)
