# SPDX-License-Identifier: Apache-2.0
"""The report says what the decision says, escapes what it is given, and asks for nothing."""

from __future__ import annotations

import dataclasses
import functools
import html
import itertools
import re
from datetime import timedelta, timezone
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from builders import (
    AT,
    SOURCE,
    a_claim,
    a_document,
    a_measurement,
    a_subject,
    all_signed,
    an_attack,
    full_evidence,
)
from builders_default import POLICY
from tiergate.decision.evaluate import evaluate
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.decision.words import limit_words, reading_words
from tiergate.evidence.collection import Collection, EvidenceDocument, RegisteredDocument, collect
from tiergate.evidence.conduct import Audit
from tiergate.evidence.measurement import AttackClass, BehaviourResult, Counts, Quantity, Variant
from tiergate.evidence.provenance import Remark, SourceFile
from tiergate.evidence.runs import PlannedRun
from tiergate.report.facts import FileFact, LogPlace, ReportFacts
from tiergate.report.held import readings_of
from tiergate.report.inspect_view import ADDRESS
from tiergate.report.page import render_report
from tiergate.report.vega import ACCENT
from tiergate.report.view import count_words
from tiergate.stats.audit import Adjudication

FACTS = ReportFacts(
    rows=(("size", "16.6 kB"),),
    notes=("The card says one licence and the file another.",),
    files=(FileFact(path="model.safetensors", role="weights", size="8 bytes", sha256="sha256:ab"),),
)
NOTHING = ReportFacts(rows=(), notes=(), files=())


def some_evidence() -> tuple[EvidenceDocument, ...]:
    measured = a_measurement("cyber.end_to_end_exploits", 50, 410)
    attacked = a_measurement(
        "safeguard.attack_success", 46, 50, attack=an_attack(AttackClass.PREFILL, usd=0)
    )
    return (
        a_document(measurements=(measured, attacked)),
        a_document(claims=(a_claim("E01", training_flop=1000),), producer="release team"),
    )


@functools.cache
def a_page(
    evidence: Collection | None = None,
    *,
    tier: Tier | None = Tier.T5,
    waivers: tuple[Waiver, ...] = (),
    facts: ReportFacts = FACTS,
) -> str:
    found = evidence or collect(a_subject(), some_evidence())
    decision = evaluate(POLICY, found, at=AT, asked=tier, waivers=waivers)
    return render_report(decision, found, facts=facts, commands=("tiergate check MODEL",))


def words(page: str) -> str:
    without_style = re.sub(r"<style>.*?</style>", " ", page, flags=re.DOTALL)
    without_breaks = without_style.replace("<wbr>", "")
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without_breaks)).split())


def test_the_sections_stand_in_the_order_in_which_they_are_asked_for() -> None:
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", a_page())

    assert [
        "T5 Open weights: not met",
        "Not assessed",
        "Release tiers",
        "What blocks T5",
        "Requirements and the evidence behind them",
        "Capability bands, worst case",
        "Evidence",
        "Grades",
        "Behaviour by behaviour",
        "Measurements against their limits",
        "Conditions",
        "The model",
        "Reproduce",
        "Words",
    ] == headings


def test_the_strip_names_the_model_the_policy_and_the_time() -> None:
    found = collect(a_subject(), some_evidence())
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)

    page = words(a_page(found))

    assert page.startswith("a-model: T5 not met")
    assert f"root digest sha256:000000000000…0000 {decision.root_digest}" in page
    assert f"policy default@{POLICY.version} {POLICY.digest}" in page
    assert "decided 2026-11-23 12:00 UTC, by tiergate" in page
    assert "evidence 2 documents, 2 measurements, 1 claim" in page


def test_times_are_written_in_utc_whatever_zone_they_are_given_in() -> None:
    found = collect(a_subject(), some_evidence())
    late = AT.replace(hour=23).astimezone(timezone(timedelta(hours=9)))
    decision = evaluate(POLICY, found, at=late, asked=Tier.T5)

    page = render_report(decision, found, facts=FACTS, commands=())

    assert "2026-11-23 23:00 UTC" in page
    assert "anything after 2026-11-23" in page


def test_what_was_not_assessed_is_all_there() -> None:
    found = collect(a_subject(), some_evidence())
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)

    page = words(a_page(found))

    assert decision.not_assessed
    assert [] == [gap for gap in decision.not_assessed if gap not in page]


@pytest.mark.parametrize("tier", Tier)
def test_the_ladder_counts_what_the_decision_counts(tier: Tier) -> None:
    found = collect(a_subject(), some_evidence())
    verdict = evaluate(POLICY, found, at=AT, asked=Tier.T5).verdict(tier)

    ladder = words(a_page(found).partition('id="ladder"')[2].partition("</section>")[0])

    met, total = verdict.count(Outcome.MET), len(verdict.requirements)
    row = ladder.partition(f" {tier} {verdict.definition.name} ")[2]
    asked = "asked for " if tier is Tier.T5 else ""
    floor = "supported, as the floor " if tier is Tier.T0 else ""
    assert row.startswith(f"{asked}{floor}{met} of {total} met")
    for outcome in (Outcome.UNDETERMINED, Outcome.NOT_MET):
        if verdict.count(outcome):
            assert f"{verdict.count(outcome)} {outcome}" in row[:120]


def test_a_fast_path_is_counted_beside_the_ladder_where_there_is_one() -> None:
    found = collect(a_subject(), some_evidence())
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)

    ladder = words(a_page(found).partition('id="ladder"')[2].partition("</section>")[0])

    paths = [verdict.fast_path for verdict in decision.tiers if verdict.fast_path]
    assert paths
    assert len(paths) == ladder.count("or its fast path:")
    assert [] == [p for p in paths if f"or its fast path: {count_words(p)}" not in ladder]


def test_every_blocker_is_named_with_its_title() -> None:
    found = collect(a_subject(), some_evidence())
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)

    blocking = a_page(found).partition('id="blocking"')[2].partition("</section>")[0]

    assert decision.blocking()
    for row in decision.blocking():
        assert f"{row.outcome} {row.id} {row.title}" in words(blocking)


def test_every_reading_of_the_tier_asked_for_is_written_out() -> None:
    found = collect(a_subject(), some_evidence())
    verdict = evaluate(POLICY, found, at=AT, asked=Tier.T5).verdict(Tier.T5)

    page = words(a_page(found))

    readings = list(readings_of(verdict))
    assert readings
    assert [] == [r for r in readings if f"{reading_words(r)} ({r.variant})" not in page]
    assert [] == [r for r in readings if limit_words(r) not in page]


def test_every_requirement_of_every_tier_has_its_own_place() -> None:
    found = collect(a_subject(), some_evidence())
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)

    page = a_page(found)

    for verdict in decision.tiers:
        for row in verdict.requirements:
            assert 1 == page.count(f'id="{verdict.tier}-{row.id}"')


def test_clauses_and_evidence_stand_with_the_requirement() -> None:
    page = words(a_page())

    assert f"answers {', '.join(POLICY.requirements['E01'].clauses)}" in page
    assert "looked at claim 1" in page
    assert "looked at measurement 1" in page


def test_every_link_within_the_page_leads_somewhere_and_no_place_is_named_twice() -> None:
    page = a_page(all_signed(full_evidence(POLICY, Tier.T5)))

    places = re.findall(r'\sid="([^"]+)"', page)
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets
    assert set() == targets - set(places)
    assert len(places) == len(set(places))


def test_measurements_are_shown_with_all_their_counts() -> None:
    lossy = a_measurement(value=Counts.of([(1, 2, 1), (0, 3, 0)], planned=9, errored=1))
    evidence = collect(a_subject(), (a_document(measurements=(lossy,)),))

    page = words(a_page(evidence))

    assert "1 5 9 4 " in page.partition("the attempt did what the task asks")[2][:12]
    assert "attempts 3 never made, 1 ended in an error" in page


def test_an_attack_and_who_made_it_are_shown() -> None:
    page = words(a_page())

    assert "an attack by prefill (prefill); 0 USD; controls passed" in page
    assert "safety team, A Lab separate team; primary 2026-11-22" in page
    assert "digest at load; identical" in page


def test_why_a_measurement_was_set_aside_is_shown() -> None:
    page = words(a_page())

    assert "measured as released, and the worst-case variant is asked for" in page
    assert "Set aside at T5" in page


def test_the_same_input_gives_the_same_bytes() -> None:
    first = a_page()
    a_page.cache_clear()

    assert first == a_page()


def test_the_order_in_which_evidence_arrives_changes_nothing() -> None:
    documents = some_evidence()

    forward = a_page(collect(a_subject(), documents))

    assert forward == a_page(collect(a_subject(), reversed(documents)))


def test_a_supported_tier_shows_its_conditions_and_no_blocker() -> None:
    evidence = collect(a_subject(), full_evidence(POLICY, Tier.T1))

    page = words(a_page(evidence, tier=Tier.T1))

    assert "The evidence supports T1" in page
    assert "Nothing. Its conditions are below." in page
    assert "asked for and supported" in page


def test_conditions_carry_their_numbers_with_status_and_basis() -> None:
    expiry = POLICY.tiers[5].expiry

    page = words(a_page())

    assert f"{expiry.value} {expiry.unit}: {expiry.status}; {expiry.basis}" in page
    assert "T5 Open weights, asked for" in page
    assert "T0 Withheld / internal only, supported" in page


def test_a_page_without_evidence_says_so() -> None:
    page = words(a_page(collect(a_subject(root=""), ()), tier=None, facts=NOTHING))

    assert "Nothing was counted." in page
    assert "No measurement." in page
    assert "No claim." in page
    assert "No document about this checkpoint." in page
    assert "(nobody asked; the next tier)" in page
    assert "root digest no weights were read" in page


def test_waivers_are_loud() -> None:
    waiver = Waiver(
        requirement="E01",
        root_digest=a_subject().root_digest,
        highest_tier=Tier.T1,
        issued_at=AT,
        expires_at=AT + timedelta(days=30),
        by="Ada",
        reason="ledger follows",
    )

    page = words(a_page(tier=Tier.T1, waivers=(waiver,)))

    assert "Waivers in effect" in page
    assert "E01 up to T1, by Ada, until 2026-12-23: ledger follows (unsigned)" in page
    assert "Waived by Ada, until 2026-12-23: ledger follows" in page
    assert page.index("Waivers in effect") < page.index("Release tiers")


def test_evidence_that_is_gone_is_loud() -> None:
    gone = RegisteredDocument(
        digest=f"sha256:{'9' * 64}",
        root_digest=a_subject().root_digest,
        topics=frozenset({"cyber.end_to_end_exploits"}),
    )

    page = words(a_page(collect(a_subject(), some_evidence(), [gone])))

    assert "1 registered and no longer there" in page
    assert f"about cyber.end_to_end_exploits {gone.digest}" in page


def test_where_evidence_comes_from_is_shown() -> None:
    source = SourceFile(
        file_name="run.eval", sha256=f"sha256:{'7' * 64}", size_bytes=1, format="inspect-eval/2",
        reader="inspect_ai/1", tool="", url="https://example.org/run.eval",
    )  # fmt: skip
    hours = Quantity(lower=Decimal(1), upper=Decimal("3.50"), unit="hours", method="bootstrap")
    quantity = a_measurement(
        "loss_of_control.task_horizon", value=hours, variant=Variant.WORST_CASE
    )
    document = dataclasses.replace(
        a_document(measurements=(quantity,)),
        source=source,
        remarks=(Remark(code="limited", message="2 of 100"),),
        unmapped=("task / scorer",),
    )
    other = a_document(measurements=(a_measurement(),), root=f"sha256:{'4' * 64}")

    page = a_page(collect(a_subject(), (document, other)))

    assert f"run.eval, {source.sha256}" in words(page)
    assert "1 to 3.5 hours" in words(page)
    assert "interval bootstrap" in words(page)
    assert "read by inspect_ai/1 as inspect-eval/2" in words(page)
    assert "limited 2 of 100" in words(page)
    assert "Not mapped, so not used task / scorer" in words(page)
    assert "About other checkpoints, left out (1)" in words(page)
    assert '<a href="https://example.org/run.eval" rel="noreferrer noopener">' in page


def test_the_commands_and_digests_to_reproduce_it_are_given() -> None:
    found = collect(a_subject(), some_evidence())

    reproduce = words(a_page(found).partition('id="reproduce"')[2].partition("</section>")[0])

    assert "tiergate check MODEL" in reproduce
    assert [] == [d.digest for d in found.documents if d.digest not in reproduce]


HOSTILE: dict[str, str] = {
    "a script element": "<script>alert(1)</script>",
    "an attribute that breaks out": '" onload="alert(1)',
    "a single quote that breaks out": "' onload='alert(1)",
    "the end of the style": "</style><script>alert(1)</script>",
    "the end of the code that holds the plot": "</code></pre><script>alert(1)</script>",
    "an address that runs": "javascript:alert(1)",
    "an address that carries a page": "data:text/html,<script>alert(1)</script>",
    "a template": "{{ 7 * 7 }}{% raw %}",
    "an escape sequence": "\x1b[2J",
    "line breaks": "first\nsecond\r\u2028third",
    "letters that run the other way": "\u202eedoc",
    "letters that do not show": "a\u200bb\ufeff",
    "half a letter": "\ud800",
}


@pytest.mark.parametrize("sentence", HOSTILE)
def test_names_from_outside_are_harmless(sentence: str) -> None:
    hostile = HOSTILE[sentence]
    subject = dataclasses.replace(a_subject(), name=hostile)
    attack = dataclasses.replace(an_attack(AttackClass.PREFILL), name=hostile)
    measured = dataclasses.replace(
        a_measurement(value=Counts.simple(1, 1), attack=attack),
        metric=hostile,
        success_means=hostile,
        task=hostile,
        dataset=hostile,
        grader_models=(hostile,),
        behaviours=(BehaviourResult(behaviour=hostile, successes=1, scored=1, unscored=0),),
        audit=Audit(tallies=(Adjudication(confirmed=1),), seed=hostile, labelled_by=hostile),
    )
    source = dataclasses.replace(SOURCE, file_name=f"{hostile}.eval", read=(hostile,))
    run = PlannedRun(
        id="0123456789abcdef",
        root_digest=subject.root_digest,
        metric=hostile,
        variant=Variant.AS_RELEASED,
        task=hostile,
        behaviours=1,
        plan=hostile,
        registered_at=AT,
    )
    claim = dataclasses.replace(a_claim("E01", method="x"), statement=hostile)
    plain = a_document(claims=(a_claim("E01"),))
    document = dataclasses.replace(
        plain,
        producer=dataclasses.replace(plain.producer, name=hostile, organisation=hostile),
        binding=dataclasses.replace(plain.binding, name=hostile, revision=hostile),
        measurements=(measured,),
        claims=(claim,),
        remarks=(Remark(code=hostile, message=hostile),),
        unmapped=(hostile,),
        source_url=hostile,
        source=source,
    )
    files = (FileFact(path=hostile, role=hostile, size=hostile, sha256=hostile),)
    logs = (LogPlace(sha256=SOURCE.sha256, path=hostile),)
    facts = ReportFacts(rows=((hostile, hostile),), notes=(hostile,), files=files, logs=logs)

    page = a_page(collect(subject, (document,), runs=(run,)), facts=facts)

    parser = _Elements()
    parser.feed(page)
    assert "script" not in parser.names
    assert not any(name.startswith("on") for _, name, _ in parser.attributes)
    links = {value for _, name, value in parser.attributes if name == "href"}
    assert not [link for link in links if not link.startswith(("#", "./", f"{ADDRESS}/#/logs/"))]
    assert 1 == parser.names.count("style")
    assert not [c for c in page if not c.isprintable() and c != "\n"]
    assert page.encode()


def test_what_does_not_show_is_written_as_an_escape() -> None:
    subject = dataclasses.replace(a_subject(), name="a\n\u202eb")

    page = a_page(collect(subject, ()))

    assert r"<h1>a\n\u202eb</h1>" in page


def test_the_page_asks_nobody_for_anything() -> None:
    page = a_page()
    parser = _Elements()
    parser.feed(page)

    assert not [found for found in parser.attributes if found[1] in {"src", "action", "srcset"}]
    assert {"a"} == {tag for tag, name, _ in parser.attributes if name.endswith("href")}
    assert not {"script", "link", "img", "iframe", "object"} & set(parser.names)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page


def test_every_table_header_has_a_scope_and_headings_are_in_order() -> None:
    page = a_page(collect(a_subject(), full_evidence(POLICY, Tier.T1)))
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]

    assert 'lang="en"' in page
    assert not re.findall(r"<th(?![^>]*scope)[ >]", page)
    assert 1 == levels.count(1) == levels[0]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("landmark", ["header", "main", "footer"])
def test_the_page_has_its_landmarks(landmark: str) -> None:
    parser = _Elements()
    parser.feed(a_page())

    assert 1 == parser.names.count(landmark)


def test_every_section_is_named_by_its_heading() -> None:
    page = a_page()

    named = re.findall(r'<section[^>]*aria-labelledby="([^"]+)"', page)
    assert page.count("<section") == len(named)
    assert [] == [name for name in named if f'<h2 id="{name}">' not in page]


def test_every_element_that_is_opened_is_closed() -> None:
    parser = _Elements()
    parser.feed(a_page())

    assert [] == parser.open


@pytest.mark.parametrize("tier", [Tier.T1, Tier.T5])
def test_a_page_stays_small(tier: Tier) -> None:
    evidence = all_signed(full_evidence(POLICY, tier))

    assert 500_000 > len(a_page(evidence, tier=tier).encode())


class _Elements(HTMLParser):
    _VOID = frozenset({"meta", "br", "wbr", "link", "img", "hr", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self._VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    pairs = [digits[i : i + 2] for i in (0, 2, 4)] if len(digits) == 6 else [d * 2 for d in digits]
    parts = [int(pair, 16) / 255 for pair in pairs]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _palettes() -> list[dict[str, str]]:
    return [
        dict(re.findall(r"--(\w+):(#\w+)", block))
        for block in re.findall(r":root\{([^}]*)\}", a_page())
    ]


@pytest.mark.parametrize("ground", ["paper", "tint"])
@pytest.mark.parametrize("ink", ["ink", "soft", "met", "not", "und", "link"])
def test_text_stands_out_from_its_ground_in_light_and_in_dark(ink: str, ground: str) -> None:
    light, dark = _palettes()

    # WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1.
    assert 4.5 <= _contrast(light[ink], light[ground])
    assert 4.5 <= _contrast(dark[ink], dark[ground])


def test_the_tick_of_a_limit_stands_out_in_light_and_in_dark() -> None:
    light, dark = _palettes()

    # WCAG 2.2, success criterion 1.4.11: at least 3 to 1 for what is drawn.
    assert 3 <= _contrast(ACCENT, light["paper"])
    assert 3 <= _contrast(ACCENT, dark["paper"])
