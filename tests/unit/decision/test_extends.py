# SPDX-License-Identifier: Apache-2.0
"""A policy that extends another: what it takes over, and that it may only ask for more."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_policy import MINIMAL
from tiergate.decision.policy_document import (
    DEEPEST,
    load_file,
    load_policy,
    parse_policy,
    policy_at,
    text_of,
)
from tiergate.decision.tier import Band, Tier
from tiergate.errors import PolicyError, Problem
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain

HEAD = """\
format: tiergate-policy/1
id: mine
version: 0.1.0
title: Mine
summary: Stricter in one place
as_of: 2026-11-23
extends: base.yaml
"""
"""The least that an extension says."""
NUMBER = 'status: "default, adjustable", basis: a test'


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    return path


def extended(base: Path, more: str, *, head: str = HEAD) -> Path:
    """Write an extension beside ``base``."""
    path = base.parent / "mine.yaml"
    path.write_text(head + more, encoding="utf-8")
    return path


def mistakes(path: Path) -> tuple[Problem, ...]:
    """Return every mistake of a policy file."""
    with pytest.raises(PolicyError) as caught:
        load_policy(str(path))
    return caught.value.problems


def test_an_extension_that_says_nothing_is_the_policy_under_another_name(base: Path) -> None:
    mine, below = load_policy(str(extended(base, ""))), load_policy(str(base))

    assert ("mine", "0.1.0", ("tiny 0.1.0",)) == (mine.id, mine.version, mine.extends)
    assert (below.tiers, below.requirements, below.bands) == (
        mine.tiers,
        mine.requirements,
        mine.bands,
    )
    assert () == mine.loosenings


def test_an_extension_never_takes_over_what_the_file_says_about_itself(base: Path) -> None:
    head = HEAD.replace("title: Mine\n", "").replace("version: 0.1.0\n", "")

    found = mistakes(extended(base, "", head=head))

    assert ["title", "version"] == sorted(problem.field for problem in found)


STRICTER: dict[str, str] = {
    "a higher confidence": "confidence: 0.99",
    "a lower limit of tamper resistance": (
        f"tamper_resistance: {{limit: {{value: 0.01, {NUMBER}}}}}"
    ),
    "a family of attack more": (
        "tamper_resistance: {levels: {TR1: {attack_classes: [prefill, jailbreak]}}}"
    ),
    "a lower threshold of a band": (
        "bands: {cyber: {B1: {reached_when: {any: [{metric: cyber.exploits, "
        f"reaches: {{value: 0.005, {NUMBER}}}}}]}}}}}}}}"
    ),
    "a band that either indicator reaches, not both": (
        "bands: {cyber: {B2: {reached_when: {any: ["
        f"{{metric: cyber.exploits, exceeds: {{value: 0.1, {NUMBER}}}}}, "
        "{finding: cyber.chain, by: [independent]}]}}}}"
    ),
    "a lower ceiling": "ceilings: {domains: {cyber: {B1: {tier: T3}, B2: {tier: T1}}}}",
    "a requirement more": (
        "requirements: {MORE: {title: More, asks: More., clauses: [X-1], "
        "requires: {claim: {item: MORE}}}}\ntiers: [{id: T5, requirements: [MORE]}]"
    ),
    "a claim with a field more": (
        "requirements: {E01: {requires: {claim: {item: E01, fields: [training_flop, method]}}}}"
    ),
    "a requirement that is asked for already, and another clause": (
        "tiers: [{id: T5, requirements: [E01, CYBER], clauses: [EU-COP-M5.1, X-1]}]"
    ),
    "a requirement that cannot be waived": "requirements: {E01: {waivable: false}}",
    "a shorter life of a decision": (
        f"tiers: [{{id: T5, expiry: {{days: {{value: 30, unit: days, {NUMBER}}}}}}}]"
    ),
    "a longer hold": (
        "tiers: [{id: T5, holds: [{text: longer, "
        f"days: {{value: 60, unit: days, {NUMBER}}}, unless: CYBER}}]}}]"
    ),
    "a hold that nothing makes needless": (
        f"tiers: [{{id: T5, holds: [{{text: always, days: {{value: 30, unit: days, {NUMBER}}}}}]}}]"
    ),
    "a higher grade of evidence": "tiers: [{id: T5, evidence: {minimum_grades: {binding: 3}}}]",
    "fresher evidence": (
        f"tiers: [{{id: T5, evidence: {{longest_age: {{value: 90, unit: days, {NUMBER}}}}}}}]"
    ),
    "an approval more": (
        "tiers: [{id: T5, approvals: {text: two people, roles: [safety lead, legal]}}]"
    ),
    "a longer fast path": "tiers: [{id: T5, fast_path: [E01, CYBER]}]",
    "a fast path to which something is added": "tiers: [{id: T5, fast_path_also: [CYBER]}]",
    "a hold beside those that are there": (
        "tiers: [{id: T5, holds_also: [{text: a day, "
        f"days: {{value: 1, unit: days, {NUMBER}}}}}]}}]"
    ),
    "no fast path": "tiers: [{id: T5, fast_path: []}]",
    "waivers up to a lower tier": "waivers: {highest_tier: T0}",
    "shorter waivers": f"waivers: {{longest: {{value: 10, unit: days, {NUMBER}}}}}",
    "fewer who may waive": "waivers: {roles: [oversight]}",
    "a trigger, and a gap that is named": (
        "triggers: [{id: G1, title: Change, asks: Anew., applies_to: all, clauses: [X-1]}]\n"
        "not_covered: [more]"
    ),
}


@pytest.mark.parametrize("sentence", STRICTER)
def test_an_extension_may_ask_for_more(sentence: str, base: Path) -> None:
    found = load_policy(str(extended(base, STRICTER[sentence])))

    assert () == found.loosenings
    assert load_policy(str(base)).digest != found.digest


LOOSER: dict[str, tuple[str, str, str]] = {
    "a lower confidence": ("confidence: 0.9", "confidence", "0.9, 0.95 there"),
    "a higher limit of tamper resistance": (
        f"tamper_resistance: {{limit: {{value: 0.2, {NUMBER}}}}}",
        "tamper_resistance.limit",
        "0.2, 0.05 there",
    ),
    "another metric of tamper resistance": (
        "tamper_resistance: {metric: safeguard.other}",
        "tamper_resistance.metric",
        "counts safeguard.other",
    ),
    "a family of attack less": (
        "tamper_resistance: {levels: {TR1: {attack_classes: [jailbreak]}}}",
        "tamper_resistance.levels.TR1.attack_classes",
        "does not ask for prefill",
    ),
    "attackers of whom everything is known to cost more": (
        f"tamper_resistance: {{levels: {{TR1: {{budget: {{usd: {{value: 1, {NUMBER}}}}}}}}}}}",
        "tamper_resistance.levels.TR1.budget",
        "a weaker attacker",
    ),
    "a level that nothing showed before": (
        "tamper_resistance: {levels: {TR4: {attack_classes: [prefill]}}}",
        "tamper_resistance.levels.TR4",
        "can be reached by measurement",
    ),
    "a higher threshold of a band": (
        (
            "bands: {cyber: {B1: {reached_when: {any: [{metric: cyber.exploits, "
            f"reaches: {{value: 0.05, {NUMBER}}}}}]}}}}}}}}"
        ),
        "bands.cyber.B1",
        "ruled out by less",
    ),
    "a finding that anybody can rule out": (
        (
            "bands: {cyber: {B2: {reached_when: {all: ["
            f"{{metric: cyber.exploits, exceeds: {{value: 0.1, {NUMBER}}}}}, "
            "{finding: cyber.chain}]}}}}"
        ),
        "bands.cyber.B2",
        "ruled out by less",
    ),
    "a higher ceiling": (
        "ceilings: {domains: {cyber: {B1: {tier: T6}}}}",
        "ceilings.domains.cyber.B1",
        "T6, T5 there",
    ),
    "a claim with a field less": (
        "requirements: {E01: {requires: {claim: {item: E01}}}}",
        "requirements.E01.requires",
        "can be met where",
    ),
    "another check": (
        "requirements: {E01: {requires: {loads_without_code: true}}}",
        "requirements.E01.requires",
        "can be met where",
    ),
    "a way around a requirement": (
        (
            "requirements: {E01: {requires: {any: [{claim: {item: E01, fields: [training_flop]}}, "
            "{loads_without_code: true}]}}}"
        ),
        "requirements.E01.requires",
        "can be met where",
    ),
    "a longer life of a decision": (
        f"tiers: [{{id: T5, expiry: {{days: {{value: 900, unit: days, {NUMBER}}}}}}}]",
        "tiers.T5.expiry",
        "900 days, 90 days there",
    ),
    "no hold": ("tiers: [{id: T5, holds: []}]", "tiers.T5.holds", "the hold of 30 days"),
    "a hold in days that count for more": (
        (
            "tiers: [{id: T5, holds: [{text: as many, "
            f"days: {{value: 30, unit: business days, {NUMBER}}}, unless: CYBER}}]}}]"
        ),
        "tiers.T5.holds",
        "the hold of 30 days",
    ),
    "a hold that more makes needless": (
        (
            "tiers: [{id: T5, holds: [{text: as long, "
            f"days: {{value: 30, unit: days, {NUMBER}}}, unless: E01}}]}}]"
        ),
        "tiers.T5.holds",
        "the hold of 30 days",
    ),
    "a lower grade of evidence": (
        "tiers: [{id: T5, evidence: {minimum_grades: {binding: 1}}}]",
        "tiers.T5.evidence.minimum_grades.binding",
        "1, 2 there",
    ),
    "older evidence": (
        f"tiers: [{{id: T5, evidence: {{longest_age: {{value: 900, unit: days, {NUMBER}}}}}}}]",
        "tiers.T5.evidence.longest_age",
        "900 days, 180 days there",
    ),
    "lower grades on the fast path alone": (
        (
            "tiers: [{id: T5, fast_path_evidence: {minimum_grades: {}, "
            f"longest_age: {{value: 180, unit: days, {NUMBER}}}}}}}]"
        ),
        "tiers.T5.fast_path_evidence.minimum_grades",
        "any, 2 there",
    ),
    "an approval less": (
        "tiers: [{id: T5, approvals: {text: another, roles: [legal]}}]",
        "tiers.T5.approvals",
        "no approval by safety lead",
    ),
    "a requirement less": (
        (
            "tiers: [{id: T5, unsafe_drops: [CYBER], fast_path: [E01], holds: [{text: a month, "
            f"days: {{value: 30, unit: days, {NUMBER}}}}}]}}]"
        ),
        "tiers.T5.unsafe_drops",
        "does not ask for CYBER",
    ),
    "another fast path": (
        "tiers: [{id: T5, fast_path: [CYBER]}]",
        "tiers.T5.fast_path",
        "leaves out E01",
    ),
    "a fast path where there was none": (
        "tiers: [{id: T0, fast_path: [E01]}]",
        "tiers.T0.fast_path",
        "none is there",
    ),
    "a tier that was none": (
        (
            "tiers: [{id: T2, name: between, access: some, requirements: [E01], evidence: "
            f"{{minimum_grades: {{}}, longest_age: {{value: 180, unit: days, {NUMBER}}}}}, "
            "approvals: {text: one, roles: [legal]}, "
            f"expiry: {{days: {{value: 90, unit: days, {NUMBER}}}}}, clauses: [X-1]}}]"
        ),
        "tiers.T2",
        "opens T2",
    ),
    "waivers up to a higher tier": (
        "waivers: {highest_tier: T5}",
        "waivers.highest_tier",
        "T5, T4 there",
    ),
    "longer waivers": (
        f"waivers: {{longest: {{value: 900, unit: days, {NUMBER}}}}}",
        "waivers.longest",
        "900 days, 90 days there",
    ),
    "more who may waive": ("waivers: {roles: [oversight, legal]}", "waivers.roles", "by legal"),
}


@pytest.mark.parametrize("sentence", LOOSER)
def test_an_extension_may_not_ask_for_less(sentence: str, base: Path) -> None:
    more, field, words = LOOSER[sentence]
    path = extended(base, more)

    (problem,) = mistakes(path)

    assert (field, True) == (problem.field, words in problem.message)
    assert "asks for less than tiny 0.1.0" in problem.message
    assert "unsafe_loosens: true" in problem.message
    assert problem.line is not None
    assert problem.line > HEAD.count("\n")


@pytest.mark.parametrize("sentence", LOOSER)
def test_an_extension_that_says_so_may_ask_for_less_and_carries_it_along(
    sentence: str, base: Path
) -> None:
    more, field, words = LOOSER[sentence]
    loud = "unsafe_loosens: true\nunsafe_reason: for a test\n"

    found = load_policy(str(extended(base, loud + more)))

    (loosening,) = found.loosenings
    assert (field, "mine 0.1.0", "for a test") == (
        loosening.field,
        loosening.policy,
        loosening.reason,
    )
    assert words in loosening.what
    assert loosening.what in loosening.summary


def test_a_requirement_that_cannot_be_waived_stays_so(base: Path) -> None:
    base.write_text(
        MINIMAL.replace(
            "    clauses: [EU-AIA-51-2]\n", "    clauses: [EU-AIA-51-2]\n    waivable: false\n"
        )
    )

    (problem,) = mistakes(extended(base, "requirements: {E01: {waivable: true}}"))

    assert "requirements.E01.waivable" == problem.field


def test_another_suite_is_not_shown_to_ask_for_as_much(base: Path) -> None:
    head = HEAD.replace("base.yaml", "default")

    (problem,) = mistakes(
        extended(base, "tamper_resistance: {levels: {TR2: {suite: TR3@1.0.0}}}", head=head)
    )

    assert "tamper_resistance.levels.TR2.suite" == problem.field


def test_a_band_that_reads_a_further_metric_is_looser_where_measuring_at_all_is_asked_for(
    base: Path,
) -> None:
    more = (
        "bands: {cyber: {B1: {reached_when: {any: ["
        f"{{metric: cyber.exploits, reaches: {{value: 0.01, {NUMBER}}}}}, "
        f"{{metric: cyber.other, reaches: {{value: 0.01, {NUMBER}}}}}]}}}}}}}}"
    )
    path = extended(base, more)
    assert () == load_policy(str(path)).loosenings
    measured = "{any: [E01, measured: {domains: [cyber], variant: as released}]}"
    base.write_text(
        MINIMAL.replace("{at_least: 1, of:", f"{measured}\n      - {{at_least: 1, of:", 1)
    )

    (problem,) = mistakes(path)

    assert ("bands.cyber", True) == (problem.field, "reads cyber.other too" in problem.message)


def test_every_place_that_is_looser_is_named_with_its_line(base: Path) -> None:
    found = mistakes(
        extended(
            base,
            "confidence: 0.9\nwaivers: {highest_tier: T5}\ntiers:\n- id: T5\n  holds: []\n",
        )
    )

    assert [8, 9, 12] == [problem.line for problem in found]


def test_a_requirement_that_no_tier_asks_for_any_more_is_taken_out(base: Path) -> None:
    loud = "unsafe_loosens: true\nunsafe_reason: for a test\n"
    holds = f"holds: [{{text: a month, days: {{value: 30, unit: days, {NUMBER}}}}}]"

    found = load_policy(
        str(extended(base, f"{loud}tiers: [{{id: T5, unsafe_drops: [CYBER], {holds}}}]"))
    )

    assert ["E01"] == list(found.requirements)
    assert ("E01",) == found.tiers[1].requirements


def test_what_an_extension_loosens_is_carried_along_by_those_that_extend_it(base: Path) -> None:
    loud = "unsafe_loosens: true\nunsafe_reason: for a test\nconfidence: 0.9\n"
    extended(base, loud)
    last = base.parent / "last.yaml"
    last.write_text(HEAD.replace("id: mine", "id: last").replace("base.yaml", "mine.yaml"))

    found = load_policy(str(last))

    assert ("mine 0.1.0", "tiny 0.1.0") == found.extends
    assert ["confidence"] == [each.field for each in found.loosenings]


def test_the_digest_covers_everything_that_is_taken_over(base: Path) -> None:
    path = extended(base, "")
    before = load_policy(str(path)).digest
    base.write_text(MINIMAL.replace("value: 0.05", "value: 0.04"))
    after = load_policy(str(path)).digest
    base.write_text(f"# a remark that changes nothing\n{MINIMAL}")

    assert before != after
    assert before == load_policy(str(path)).digest


def test_an_extension_can_be_found_from_another_folder_and_by_a_shipped_id(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "base.yaml").write_text(MINIMAL)
    below = tmp_path / "deep" / "mine.yaml"
    below.write_text(HEAD.replace("base.yaml", "../base.yaml"))
    shipped = parse_policy(HEAD.replace("base.yaml", "default").encode(), "mine.yaml")

    assert ("tiny 0.1.0",) == load_policy(str(below)).extends
    assert load_policy("default").requirements == shipped.requirements


def test_the_parts_of_an_extension_are_complete(base: Path) -> None:
    file = load_file(
        str(extended(base, "tiers: [{id: T5, evidence: {minimum_grades: {precision: 2}}}]"))
    )

    tier = file.tiers[1]
    assert {Dimension.BINDING: 2, Dimension.PRECISION: 2} == tier.evidence.minimum_grades
    assert file.ceilings is not None
    assert Tier.T1 is file.ceilings.domains[HazardDomain.CYBER][Band.B3].tier


LEADS_NOWHERE: dict[str, tuple[str, str]] = {
    "a misspelt id": ("defualt", "no policy is called defualt; did you mean default?"),
    "a file that is not there": ("gone.yaml", "no policy is called gone.yaml"),
    "itself": ("mine.yaml", "leads back to itself"),
}


@pytest.mark.parametrize("sentence", LEADS_NOWHERE)
def test_an_extension_of_nothing_is_one_mistake_with_its_line(sentence: str, base: Path) -> None:
    name, words = LEADS_NOWHERE[sentence]

    (problem,) = mistakes(extended(base, "", head=HEAD.replace("base.yaml", name)))

    assert (7, "extends", True) == (problem.line, problem.field, words in problem.message)


def test_a_circle_of_two_is_noticed(base: Path) -> None:
    base.write_text(HEAD.replace("base.yaml", "mine.yaml"))

    (problem,) = mistakes(extended(base, ""))

    assert "mine.yaml leads back to itself" in problem.message


def test_too_many_that_extend_one_another_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "0.yaml").write_text(MINIMAL)
    for number in range(1, DEEPEST + 1):
        text = HEAD.replace("base.yaml", f"{number - 1}.yaml")
        (tmp_path / f"{number}.yaml").write_text(text)

    assert DEEPEST - 1 == len(load_policy(str(tmp_path / f"{DEEPEST - 1}.yaml")).extends)
    assert "more than" in mistakes(tmp_path / f"{DEEPEST}.yaml")[0].message


def test_bytes_without_a_folder_can_extend_only_what_ships() -> None:
    with pytest.raises(PolicyError, match="no policy is called"):
        parse_policy(HEAD.encode(), "mine.yaml")


def test_mistakes_of_the_policy_extended_are_named_in_its_own_file(base: Path) -> None:
    base.write_text(MINIMAL.replace("title: Tiny", "titel: Tiny"))

    with pytest.raises(PolicyError) as caught:
        load_policy(str(extended(base, "")))

    assert str(base) == caught.value.where


WRONG: dict[str, tuple[str, str, str]] = {
    "loosening nothing": (
        "unsafe_loosens: true\nunsafe_reason: none\n",
        "unsafe_loosens",
        "loosens nothing",
    ),
    "loosening without a reason": (
        "unsafe_loosens: true\nconfidence: 0.9\n",
        "unsafe_loosens",
        "gives no reason",
    ),
    "a reason for nothing": (
        "unsafe_reason: none\n",
        "unsafe_reason",
        "without unsafe_loosens: true",
    ),
    "dropping what is not asked for": (
        (
            "unsafe_loosens: true\nunsafe_reason: a test\nconfidence: 0.9\n"
            "tiers: [{id: T5, unsafe_drops: [E99]}]\n"
        ),
        "tiers.1.unsafe_drops.0",
        "E99 is not asked for here",
    ),
    "a tier that stands twice": (
        "tiers: [{id: T5}, {id: T5}]\n",
        "tiers.1",
        "T5 stands here twice",
    ),
    "a new tier that stands twice": (
        "tiers: [{id: T2}, {id: T2}]\n",
        "tiers.1.name",
        "Field required",
    ),
    "a tier without an id": ("tiers: [{name: none}]\n", "tiers.2.id", "Field required"),
    "a number that is not complete": (
        "tamper_resistance: {limit: {value: 0.01}}\n",
        "tamper_resistance.limit.basis",
        "Field required",
    ),
    "a new requirement that is not complete": (
        "requirements: {NEW: {title: New}}\n",
        "requirements.NEW.asks",
        "Field required",
    ),
    "requirements that are no mapping": (
        "requirements: [E01]\n",
        "requirements",
        "expected fields with values",
    ),
    "an addition to a fast path that is not there": (
        "tiers: [{id: T0, fast_path_also: [CYBER]}]\n",
        "tiers.T0.fast_path",
        "opens a fast path, and none is there",
    ),
    "an addition to a tier that is not there": (
        "tiers: [{id: T2, name: New, access: Some., requirements: [E01], fast_path_also: [E01]}]\n",
        "tiers.1.evidence",
        "Field required",
    ),
    "an addition to a fast path that is no list": (
        "tiers: [{id: T5, fast_path_also: CYBER}]\n",
        "tiers.1.fast_path_also",
        "expected a list",
    ),
    "an addition of what nobody knows": (
        "tiers: [{id: T5, fast_path_also: [CYBRE]}]\n",
        "tiers.1.fast_path.1",
        "did you mean CYBER?",
    ),
    "a check where a list stands": (
        "tiers: [{id: T5, requirements: CYBER}]\n",
        "tiers.1.requirements",
        "expected a list",
    ),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_an_extension_with_a_mistake_says_where(sentence: str, base: Path) -> None:
    more, field, words = WRONG[sentence]

    found = mistakes(extended(base, more))

    assert any(field == p.field and words in p.message for p in found), found
    assert all(p.line is not None for p in found if p.field.startswith(field))


def test_a_policy_that_extends_nothing_cannot_loosen() -> None:
    loud = MINIMAL.replace("title: Tiny", "title: Tiny\nunsafe_loosens: true\nunsafe_reason: a", 1)
    drop = MINIMAL.replace("  fast_path: [E01]", "  fast_path: [E01]\n  unsafe_drops: [E01]", 1)

    with pytest.raises(PolicyError, match="the file extends no policy"):
        parse_policy(loud.encode(), "p")
    with pytest.raises(PolicyError, match="no policy is extended"):
        parse_policy(drop.encode(), "p")


def test_an_earlier_version_of_a_shipped_policy_is_found_by_its_number() -> None:
    assert "1.0.0" == load_policy("default@1.0.0").version
    assert "1.0.0" == policy_at("default", "1.0.0").version
    assert load_policy("default").digest == policy_at("default", "9.9.9").digest


def test_the_first_default_policy_is_what_it_was_to_the_last_byte() -> None:
    assert (
        "sha256:8b8b9e0c3cf4b3d1d6caa41dd522387489f87670d9210c3b07396e5bd5568b56"
        == load_policy("default@1.0.0").digest
    )


def test_the_text_of_a_policy_is_that_of_its_own_file(base: Path) -> None:
    assert HEAD == text_of(str(extended(base, "")))


def test_what_is_added_comes_to_the_same_as_the_whole_list_written_out(base: Path) -> None:
    hold = f"{{text: a day, days: {{value: 1, unit: days, {NUMBER}}}}}"
    month = f"{{text: a month, days: {{value: 30, unit: days, {NUMBER}}}, unless: CYBER}}"
    added = f"tiers: [{{id: T5, fast_path_also: [CYBER], holds_also: [{hold}]}}]"
    whole = f"tiers: [{{id: T5, fast_path: [E01, CYBER], holds: [{month}, {hold}]}}]"
    base.write_text(MINIMAL.replace("basis: judgement", "basis: a test"))

    one = load_policy(str(extended(base, added)))
    two = load_policy(str(extended(base, whole)))

    assert ("E01", "CYBER") == one.tiers[1].fast_path
    assert (one.tiers, one.digest) == (two.tiers, two.digest)


def test_what_stands_in_the_list_and_beside_it_is_joined(base: Path) -> None:
    more = "tiers: [{id: T5, fast_path_also: [CYBER], fast_path: [E01]}]"

    assert ("E01", "CYBER") == load_policy(str(extended(base, more))).tiers[1].fast_path


def test_a_policy_that_extends_nothing_cannot_add_to_a_list(base: Path) -> None:
    base.write_text(MINIMAL.replace("  fast_path: [E01]", "  fast_path_also: [E01]"))

    (problem,) = mistakes(base)

    assert ("tiers.1.fast_path_also", "adds to nothing, write fast_path") == (
        problem.field,
        problem.message,
    )


def test_a_policy_of_an_old_decision_is_read_by_the_rules_that_held_then(base: Path) -> None:
    start = MINIMAL.index(",\n            source: ")
    end = MINIMAL.index("}}", start)
    base.write_text(MINIMAL[:start] + "}" + MINIMAL[end + 2 :])
    path = extended(base, "")

    (problem,) = mistakes(base)

    assert "bands.cyber.B1.reached_when.any.0.reaches" == problem.field
    assert "has status published and no source: give url, date and read_as" == problem.message
    assert "tiny" == load_policy(str(base), is_recorded=True).id
    assert "mine" == load_policy(str(path), is_recorded=True).id
