# SPDX-License-Identifier: Apache-2.0
"""Outlines that others ask for: filled from what is known, marked where it is not."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping

import pytest
import yaml

from builders import a_claim, a_document, a_measurement, an_attack, full_evidence
from builders_default import POLICY
from builders_export import WAIVER, a_poor_source, a_source
from tiergate.decision.loosening import Loosening
from tiergate.decision.tier import Tier
from tiergate.errors import InputError
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import AttackClass, Variant
from tiergate.evidence.provenance import ProducerRelation
from tiergate.model.card import read_card
from tiergate.report.export_source import ExportSource, Standing
from tiergate.report.model_card import OWN, card_with
from tiergate.report.outline import Filled, Missing, Outline, Section, escaped, markdown
from tiergate.report.outline_fmti import ANSWERS
from tiergate.report.outline_fmti_indicators import INDICATORS
from tiergate.report.outline_source import OutlineSource
from tiergate.report.outlines import OUTLINES

CARD = b"""---
license: apache-2.0
language: [en, de]
base_model: acme/base
pipeline_tag: text-generation
tags: [tiny]
---
# What the author says
"""
ASSURANCES = re.compile(
    r"\b(safe|safely|acceptable|harmless|secure|trustworthy|compliant|complies|guarantee\w*|"
    r"mitigated|robust|no risk|low risk|approved for)\b",
    re.IGNORECASE,
)


def said_in(item: str, **fields: str) -> EvidenceDocument:
    """Return a document with one claim."""
    claim = Claim(
        item=item,
        holds=True,
        statement=f"{item} as stated",
        fields=tuple(ClaimField(name=name, value=fields[name]) for name in sorted(fields)),
        made_at=a_claim(item).made_at,
    )
    return a_document(claims=(claim,))


def source_of(
    *documents: EvidenceDocument,
    export: ExportSource | None = None,
    card: bytes | None = None,
) -> OutlineSource:
    """Return what outlines are filled from."""
    return OutlineSource(
        export=a_source(documents, gone=False) if export is None else export,
        policy=POLICY,
        documents=documents,
        not_at_hand=(),
        card=None if card is None else read_card(card),
        front_matter=card,
    )


@functools.cache
def poor() -> OutlineSource:
    """Return a source of which next to nothing is known."""
    return source_of(export=a_poor_source())


@functools.cache
def rich() -> OutlineSource:
    """Return a source of which much is known."""
    attack = an_attack(AttackClass.PREFILL)
    return source_of(
        a_document(measurements=(a_measurement("cyber.end_to_end_exploits", 50, 410),)),
        a_document(
            measurements=(
                a_measurement(
                    POLICY.tamper.metric, 3, 60, variant=Variant.AS_RELEASED, attack=attack
                ),
            )
        ),
        said_in("E13", argument="we looked", safety_margin="two bands", kill_conditions="x"),
        said_in("E18", intake_address="mail@example.org", clock_table="all"),
        said_in("E24", report="url", website="https://example.org"),
        card=CARD,
    )


@functools.cache
def full() -> OutlineSource:
    """Return a source with all evidence that open weights need."""
    return source_of(*full_evidence(POLICY, Tier.T5), card=CARD)


SOURCES: Mapping[str, Callable[[], OutlineSource]] = {
    "rich": rich,
    "poor": poor,
    "full": full,
}


@pytest.fixture(params=[(name, form) for name in SOURCES for form in OUTLINES])
def outline(request: pytest.FixtureRequest) -> Outline:
    name, form = request.param
    return OUTLINES[form](SOURCES[name]())


def sentences(outline: Outline) -> list[str]:
    """Return every sentence that is filled in."""
    return [each.sentence for section in outline.sections for each in section.filled]


def gaps(outline: Outline) -> list[str]:
    """Return everything that is missing."""
    return [each.what for section in outline.sections for each in section.missing]


# ---------------------------------------------------------------------- laws of every outline


def test_every_sentence_carries_what_it_rests_on(outline: Outline) -> None:
    for section in outline.sections:
        for each in section.filled:
            assert each.rests_on
            assert all(each.rests_on)


def test_no_sentence_assures_what_nobody_stated(outline: Outline) -> None:
    for text in sentences(outline):
        ours = re.sub("\u201c.*?\u201d", "", text, flags=re.DOTALL)
        from_the_policy = ours.startswith(("The policy wants", "Not assessed", "Risk thresholds"))
        assert from_the_policy or not ASSURANCES.search(ours), text


def test_everything_that_is_missing_says_what_to_do_about_it(outline: Outline) -> None:
    for section in outline.sections:
        for each in section.missing:
            assert each.what
            assert each.remedy


def test_no_section_is_empty(outline: Outline) -> None:
    for section in outline.sections:
        assert section.filled or section.missing, section.title


def test_the_markdown_marks_everything_that_is_missing(outline: Outline) -> None:
    text = markdown(outline)

    assert text.count("**Missing:**") == outline.missing == len(gaps(outline))
    assert text.count("rests on: ") == len(sentences(outline))
    assert f"Missing: {outline.missing}." in text


def test_the_same_source_gives_the_same_bytes(outline: Outline) -> None:
    assert markdown(outline) == markdown(outline)


def test_without_evidence_nothing_is_quoted_or_counted() -> None:
    for form in OUTLINES.values():
        text = " ".join(sentences(form(poor())))
        assert "\u201c" not in text
        assert not re.search(r"\d+ of \d+", text)


def test_more_evidence_leaves_less_missing() -> None:
    for form in OUTLINES.values():
        assert form(poor()).missing > form(full()).missing


# ---------------------------------------------------------------------- what is said, and how


def test_a_claim_is_quoted_with_who_stated_it_and_what_the_decision_made_of_it() -> None:
    outline = OUTLINES["eu-model-report"](rich())
    (said,) = [
        each
        for section in outline.sections
        for each in section.filled
        if each.sentence == "Argument: \u201cwe looked\u201d"
    ]

    assert said.rests_on[0].startswith("claim E13 (argument), sha256:")
    assert "stated by " in said.rests_on[1]
    assert said.rests_on[2] == "E13 at T5 met"


def test_a_claim_that_something_does_not_hold_is_quoted_as_that() -> None:
    denied = dataclasses.replace(a_claim("E13", argument="we did not look"), holds=False)
    outline = OUTLINES["eu-model-report"](source_of(a_document(claims=(denied,))))

    assert "Argument: stated not to hold: \u201cwe did not look\u201d" in sentences(outline)


def test_a_field_that_says_nothing_is_missing() -> None:
    outline = OUTLINES["eu-model-report"](source_of(said_in("E13", argument=" ")))

    assert "Argument" in gaps(outline)


def test_what_is_missing_names_every_field_that_the_policy_wants_with_it() -> None:
    outline = OUTLINES["eu-model-report"](poor())
    (gap,) = [
        each
        for section in outline.sections
        for each in section.missing
        if each.what == "Intended use"
    ]

    assert gap.remedy == (
        "tiergate evidence claim E03 --model MODEL --field documentation=... "
        "--field intended_use=..."
    )


def test_a_policy_that_does_not_read_a_claim_leaves_it_to_be_written() -> None:
    known = {name: found for name, found in POLICY.requirements.items() if name == "E01"}
    other = dataclasses.replace(POLICY, id="mine", requirements=known)
    source = dataclasses.replace(poor(), policy=other)
    remedies = {
        each.what: each.remedy
        for section in OUTLINES["eu-model-report"](source).sections
        for each in section.missing
    }

    assert remedies["Argument"] == "write it here; policy mine reads no claim E13"
    assert " --policy POLICY " in remedies["Training compute, FLOP"]


def test_a_measurement_is_given_as_counts_and_bounds_with_who_measured() -> None:
    outline = OUTLINES["eu-model-report"](rich())
    (said,) = [
        each
        for section in outline.sections
        for each in section.filled
        if each.sentence.startswith("cyber.end_to_end_exploits, as released: 50 of 410")
    ]

    assert "one-sided bounds [9.6 %," in said.sentence
    rests = "; ".join(said.rests_on)
    assert "measured by " in rests
    assert "raw samples kept" in rests
    assert re.search(r"held against [A-Z-]+ at T5", rests)
    assert rests.endswith("more")


def test_evidence_that_is_not_at_hand_is_said_to_be_missing() -> None:
    source = dataclasses.replace(rich(), documents=(), not_at_hand=("sha256:a", "sha256:b"))
    outline = OUTLINES["eu-model-report"](source)

    assert any(
        text.startswith("2 documents of evidence are not at hand") for text in outline.preface
    )
    assert not any(
        "measured by" in rest for s in outline.sections for f in s.filled for rest in f.rests_on
    )


@pytest.mark.parametrize("standing", Standing)
def test_whether_signatures_hold_is_said_first(standing: Standing) -> None:
    outline = OUTLINES["fmti"](source_of(export=a_source(standing=standing)))

    words = {
        Standing.UNSIGNED: "Nobody signed the decision.",
        Standing.NOT_VERIFIED: "its signatures were not verified here.",
        Standing.VERIFIED: "The signatures of the decision hold.",
    }
    assert outline.preface[0].endswith(words[standing])


def test_waivers_and_loosenings_are_said() -> None:
    source = source_of(export=a_source(tier=Tier.T1, waivers=(WAIVER,)))
    less = Loosening(policy="mine 1.0.0", field="confidence", what="0.9 for 0.95", reason="a try")
    decision = source.export.decision.model_copy(update={"loosenings": (less,)})
    source = dataclasses.replace(
        source, export=dataclasses.replace(source.export, decision=decision)
    )
    said = sentences(OUTLINES["eu-model-report"](source))

    assert "A waiver stands in for E03: \u201cthe audit is booked\u201d" in said
    assert "The policy asks for less: confidence: 0.9 for 0.95" in said


def test_those_outside_are_named_as_they_call_themselves() -> None:
    outside = a_document(
        measurements=(a_measurement("cyber.end_to_end_exploits", 0, 410),),
        by=ProducerRelation.COMMISSIONED,
    )
    said = sentences(OUTLINES["eu-model-report"](source_of(outside)))

    assert any("calls itself commissioned" in text for text in said)
    inside = dataclasses.replace(
        outside, producer=dataclasses.replace(outside.producer, relation=ProducerRelation.DEVELOPER)
    )
    assert "evaluations by somebody outside the developer" in gaps(
        OUTLINES["eu-model-report"](source_of(inside))
    )


# ---------------------------------------------------------------------- one by one


def test_a_measure_of_the_code_that_was_not_read_is_missing_and_says_so() -> None:
    assert "this part of the report" in gaps(OUTLINES["eu-model-report"](full()))


def test_clauses_whose_text_was_not_read_carry_their_mark() -> None:
    text = markdown(OUTLINES["sb53-transparency-report"](full()))

    assert "CA-SB53-12C1 \\[read second-hand\\]" in text
    assert "the text of the act itself was not read" in text
    code = markdown(OUTLINES["eu-model-report"](full()))
    assert "(EU-COP-M7.1)" in code


def test_contact_is_whichever_was_stated() -> None:
    said = sentences(OUTLINES["sb53-transparency-report"](rich()))

    assert "Contact for incidents: \u201cmail@example.org\u201d" in said
    assert "Website: \u201chttps://example.org\u201d" in said
    assert "Contact" in gaps(OUTLINES["sb53-transparency-report"](poor()))


def test_the_model_card_reads_back_as_the_card_that_it_was_made_from() -> None:
    before, text = read_card(CARD), markdown(OUTLINES["hf-model-card"](rich()))

    assert read_card(text.encode()) == before
    matter = yaml.safe_load(text.split("---\n")[1])
    assert matter[OWN]["tier"] == "T0"
    assert "What the author says" not in text


def test_the_front_matter_is_that_of_the_exported_card() -> None:
    source = rich()
    exported = card_with(source.export, CARD).data
    text = markdown(OUTLINES["hf-model-card"](source)).encode()

    assert text.split(b"---\n")[1] == exported.split(b"---\n")[1]
    assert read_card(text) == read_card(exported)


def test_without_a_card_there_is_front_matter_with_the_decision_alone() -> None:
    text = markdown(OUTLINES["hf-model-card"](poor()))

    assert list(yaml.safe_load(text.split("---\n")[1])) == [OWN]
    assert {"licence", "languages", "what it was derived from"} <= set(
        gaps(OUTLINES["hf-model-card"](poor()))
    )


def test_a_card_that_cannot_be_added_to_is_refused() -> None:
    with pytest.raises(InputError):
        OUTLINES["hf-model-card"](source_of(card=b"---\na: 1\na: 2\n---\n"))


def test_the_index_has_its_hundred_indicators_and_every_one_is_answered_or_missing() -> None:
    names = [name for _, below in INDICATORS for name in below]
    outline = OUTLINES["fmti"](full())
    said = {text.partition(":")[0] for text in (*sentences(outline), *gaps(outline))}

    assert len(names) == len(set(names)) == 100
    assert set(names) == said
    assert set(ANSWERS) <= set(names)


def test_a_policy_without_bands_has_no_thresholds_to_show() -> None:
    source = dataclasses.replace(rich(), policy=dataclasses.replace(POLICY, bands={}))
    outline = OUTLINES["fmti"](source)

    assert {"Risks taxonomy", "Risk thresholds: Thresholds"} <= set(gaps(outline))


def test_how_an_attack_can_be_tried_again_is_said_of_attacks_alone() -> None:
    said = sentences(OUTLINES["fmti"](rich()))
    attacks = [text for text in said if text.startswith("External reproducibility of mitigations")]
    risks = [text for text in said if text.startswith("External reproducibility of risks")]

    assert len(attacks) == len(risks) == 1
    assert POLICY.tamper.metric in attacks[0]
    assert "cyber.end_to_end_exploits" in risks[0]


# ---------------------------------------------------------------------- markdown


def test_what_is_quoted_can_neither_format_nor_link() -> None:
    rude = "](x) <b>bold</b> **b** `c` # h\n| t | ![i](y) \u202e"
    section = Section(
        title=rude,
        asks=rude,
        clauses=("NOT-A-CLAUSE",),
        filled=(Filled(sentence=rude, rests_on=(rude,)),),
        missing=(Missing(what=rude, remedy=rude),),
    )
    outline = Outline(id="x", title=rude, preface=(rude,), front_matter="", sections=(section,))
    text = markdown(outline).replace("**Missing:**", "")

    assert "<b>" not in text
    assert "\n|" not in text
    assert "\u202e" not in text
    plain = re.sub(r"\\.", "", text)
    assert "](" not in plain
    assert "`" not in plain
    assert "**" not in plain


def test_text_stays_on_one_line() -> None:
    assert escaped("a\n- b\t c") == "a - b c"


def test_a_section_without_clauses_and_without_a_question_has_no_line_for_them() -> None:
    section = Section(title="t", asks="", clauses=(), filled=(), missing=())
    outline = Outline(id="x", title="x", preface=(), front_matter="", sections=(section,))

    assert "Asked for" not in markdown(outline)
