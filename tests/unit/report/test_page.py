# SPDX-License-Identifier: Apache-2.0
"""The report says what the decision says, escapes what it is given, and asks for nothing."""

from __future__ import annotations

import dataclasses
import html
import itertools
import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from builders import AT, a_claim, a_document, a_measurement, a_subject, an_attack, full_evidence
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.collection import Collection, EvidenceDocument, RegisteredDocument, collect
from tiergate.evidence.measurement import AttackBudget, AttackClass, Counts, Quantity, Variant
from tiergate.evidence.provenance import Remark, SourceFile
from tiergate.report import forest, view
from tiergate.report.facts import FileFact, ReportFacts
from tiergate.report.page import render_report

FACTS = ReportFacts(
    rows=(("size", "16.6 kB"),),
    notes=("The card says one licence and the file another.",),
    files=(FileFact(path="model.safetensors", role="weights", size="8 bytes", sha256="sha256:ab"),),
)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy("default")


def some_evidence() -> tuple[EvidenceDocument, ...]:
    measured = a_measurement("cyber.end_to_end_exploits", 50, 410)
    attacked = a_measurement(
        "safeguard.attack_success", 46, 50, attack=an_attack(AttackClass.PREFILL, usd=0)
    )
    return (
        a_document(measurements=(measured, attacked)),
        a_document(claims=(a_claim("E01", training_flop=1000),), producer="release team"),
    )


def a_page(
    policy: Policy,
    evidence: Collection | None = None,
    *,
    tier: Tier | None = Tier.T5,
    waivers: tuple[Waiver, ...] = (),
    facts: ReportFacts = FACTS,
) -> str:
    found = evidence or collect(a_subject(), some_evidence())
    decision = evaluate(policy, found, at=AT, asked=tier, waivers=waivers)
    return render_report(decision, found, facts=facts, commands=("tiergate check MODEL",))


def words(page: str) -> str:
    without_style = re.sub(r"<style>.*?</style>|<script.*?</script>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without_style)).split())


def test_the_decision_and_what_was_not_assessed_come_first(policy: Policy) -> None:
    page = words(a_page(policy))

    assert "T5 Open weights: not met" in page
    assert page.index("Not assessed") < page.index("Release tiers") < page.index("What blocks T5")
    assert "Weights that were published cannot be called back." in page


def test_the_ladder_counts_what_the_decision_counts(policy: Policy) -> None:
    found = collect(a_subject(), some_evidence())
    decision = evaluate(policy, found, at=AT, asked=Tier.T5)

    page = words(a_page(policy, found))

    for verdict in decision.tiers:
        met = sum(row.outcome.value == "met" for row in verdict.requirements)
        assert f"{verdict.definition.name} {met} of {len(verdict.requirements)} met" in page


def test_measurements_are_shown_with_counts_bounds_and_limits(policy: Policy) -> None:
    page = words(a_page(policy))

    assert "50 of 410 · 9.6 % to 15.2 % · limits 1 %, 10 %" in page
    assert "an attack by prefill (prefill; 0 USD; controls passed)" in page
    assert "safety team, A Lab (developer; primary)" in page


def test_the_numbers_of_the_plot_are_those_of_the_evidence(policy: Policy) -> None:
    page = a_page(policy)

    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found.group(1))["datasets"]
    first, second = data["measured"]
    assert (50, 410, 46, 50) == (
        first["successes"], first["trials"], second["successes"], second["trials"]
    )  # fmt: skip
    assert [0.01, 0.1] == [row["limit"] for row in data["limits"]][:2]
    assert first["lower"] < 50 / 410 < first["upper"]


def test_the_same_input_gives_the_same_bytes(policy: Policy) -> None:
    assert a_page(policy) == a_page(policy)


def test_a_supported_tier_shows_its_conditions_and_no_blocker(policy: Policy) -> None:
    evidence = collect(a_subject(), full_evidence(policy, Tier.T1))

    page = words(a_page(policy, evidence, tier=Tier.T1))

    assert "The evidence supports T1" in page
    assert "Nothing. Its conditions are below." in page
    assert "Conditions of T1" in page


def test_a_page_without_evidence_says_so(policy: Policy) -> None:
    page = words(a_page(policy, collect(a_subject(), ()), tier=None))

    assert "Nothing was counted." in page
    assert "No measurement." in page
    assert "No claim." in page
    assert "(nobody asked; the next tier)" in page
    assert "It supports nothing above the floor, T0." in page


def test_waivers_and_missing_evidence_are_loud(policy: Policy) -> None:
    waiver = Waiver(
        requirement="E01",
        root_digest=a_subject().root_digest,
        highest_tier=Tier.T1,
        issued_at=AT,
        expires_at=AT.replace(month=12),
        by="Ada",
        reason="ledger follows",
    )
    gone = RegisteredDocument(
        digest=f"sha256:{'9' * 64}",
        root_digest=a_subject().root_digest,
        topics=frozenset({"cyber.end_to_end_exploits"}),
    )
    evidence = collect(a_subject(), some_evidence()[:1], [gone])

    page = words(a_page(policy, evidence, tier=Tier.T1, waivers=(waiver,)))

    assert "Waivers in effect E01 up to T1, by Ada" in page
    assert "1 registered and no longer there" in page


def test_where_a_measurement_comes_from_is_shown(policy: Policy) -> None:
    source = SourceFile(
        file_name="run.eval", sha256=f"sha256:{'7' * 64}", size_bytes=1, format="inspect-eval/2",
        reader="inspect_ai/1", tool="",
    )  # fmt: skip
    hours = Quantity(lower=Decimal(1), upper=Decimal(3), unit="hours", method="bootstrap")
    lossy = a_measurement(value=Counts.of([(0, 1, 1)], planned=3), variant=Variant.WORST_CASE)
    quantity = a_measurement("loss_of_control.task_horizon", value=hours)
    document = dataclasses.replace(
        a_document(measurements=(lossy, quantity)),
        source=source,
        remarks=(Remark(code="limited", message="2 of 100"),),
        unmapped=("task / scorer",),
    )
    other = a_document(measurements=(a_measurement(),), root=f"sha256:{'4' * 64}")

    page = words(a_page(policy, collect(a_subject(), (document, other))))

    assert "inspect-eval/2: run.eval, sha256:777" in page
    assert "2 without a score" in page
    assert "1 to 3 hours" in page
    assert "limited 2 of 100" in page
    assert "Not mapped, so not used task / scorer" in page
    assert "About other checkpoints, left out" in page


HOSTILE: dict[str, str] = {
    "a script element": "<script>alert(1)</script>",
    "an attribute that breaks out": '" onload="alert(1)',
    "the end of the page's own script": "</script><script>alert(1)</script>",
    "an escape sequence": "\x1b[2J",
    "letters that run the other way": "\u202eedoc",
}


@pytest.mark.parametrize("sentence", HOSTILE)
def test_names_from_outside_are_harmless(sentence: str, policy: Policy) -> None:
    hostile = HOSTILE[sentence]
    subject = dataclasses.replace(a_subject(), name=hostile)
    measured = dataclasses.replace(a_measurement(), success_means=hostile, task=hostile)
    document = a_document(measurements=(measured,), producer=hostile, organisation=hostile)
    facts = ReportFacts(rows=((hostile, hostile),), notes=(hostile,), files=())

    page = a_page(policy, collect(subject, (document,)), facts=facts)

    parser = _Elements()
    parser.feed(page)
    assert 1 == parser.names.count("script")
    assert not any(name.startswith("on") for name in parser.attributes)
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_page_asks_nobody_for_anything(policy: Policy) -> None:
    page = a_page(policy)
    parser = _Elements()
    parser.feed(page)

    assert not {"src", "href", "xlink:href", "action"} & set(parser.attributes)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_every_table_header_has_a_scope_and_headings_are_in_order(policy: Policy) -> None:
    page = a_page(policy)
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]

    assert 'lang="en"' in page
    assert not re.findall(r"<th(?![^>]*scope)[ >]", page)
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (AttackBudget(), "cost not stated"),
        (AttackBudget(usd=Decimal(4400), gpu_hours=Decimal(2200)), "4400 USD, 2200 GPU-hours"),
        (AttackBudget(steps=5, examples=7), "5 steps, 7 examples"),
    ],
)
def test_a_budget_is_written_in_the_currencies_that_are_known(
    budget: AttackBudget, expected: str
) -> None:
    assert expected == view.budget_words(budget)


def test_a_measurement_without_attempts_has_a_bar_over_everything_and_no_dot(
    policy: Policy,
) -> None:
    empty = a_measurement(value=Counts.of([]))
    evidence = collect(a_subject(), (a_document(measurements=(empty,)),))
    decision = evaluate(policy, evidence, at=AT)

    (row,) = forest.forest_rows(decision, evidence)
    (data,) = forest.specification((row,))["datasets"]["measured"]  # type: ignore[index]

    assert (0, 1, None) == (data["lower"], data["upper"], data["rate"])


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.extend(name for name, _ in attrs)
