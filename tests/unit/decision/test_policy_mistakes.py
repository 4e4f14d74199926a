# SPDX-License-Identifier: Apache-2.0
"""Policy files with mistakes: every mistake is listed, with its line and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_policy import MINIMAL, edited, line_of, problems
from tiergate.decision.policy_document import load_policy, parse_policy
from tiergate.errors import InputError, PolicyError

TEN_MISTAKES = {
    "format: tiergate-policy/1": ("format: tiergate-policy/9", "tiergate-policy/1"),
    "version: 0.1.0": ("version: one", "expected three numbers, as in 1.0.0"),
    "title: Tiny": ("titel: Tiny", "did you mean title?"),
    "as_of: 2026-11-23": ("as_of: 2026-02-31", "a day of the calendar"),
    "confidence: 0.95": ("confidence: 95", "less than 1"),
    "  highest_tier: T4": ("  highest_tier: T9", "expected one of T0, T1"),
    "  limit: {value: 0.05": ("  limit: {value: 5", "between 0 and 1"),
    "    TR2: {means: small edits}": ("    TR2: {mean: small edits}", "did you mean means?"),
    "  basis: judgement": ("  basis: ''", "is empty"),
    "    requires: {claim: {item: E01,": (
        "    requires: {claims: {item: E01,",
        "is no check: expected a requirement id or one of",
    ),
}


def test_a_policy_with_ten_mistakes_lists_all_ten_with_their_lines() -> None:
    text = MINIMAL
    for right, (wrong, _) in TEN_MISTAKES.items():
        # The line that begins like this, not the same words elsewhere.
        text = f"\n{text}".replace(f"\n{right}", f"\n{wrong}", 1)[1:]

    found = problems(text)

    for wrong, words in TEN_MISTAKES.values():
        line = line_of(text, wrong)
        assert [words for p in found if p.line == line and words in p.message] == [words], wrong
    assert sorted(p.line or 0 for p in found) == [p.line or 0 for p in found]


def test_the_error_names_file_line_field_and_mistake() -> None:
    text = edited("    asks: State the compute.", "    ask: State the compute.")

    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode(), "policy.yaml")

    line = line_of(text, "    ask: ")
    first, *rest = str(caught.value).splitlines()
    assert first == "policy.yaml: found 2 mistakes, expected a policy that follows the schema."
    assert [
        f"policy.yaml:{line - 2}: requirements.E01.asks: Field required",
        f"policy.yaml:{line}: requirements.E01.ask: is no field here; did you mean asks?",
    ] == rest


ONE_MISTAKE: dict[str, tuple[str, str, str]] = {
    "a field that resembles none": ("title: Tiny", "title: Tiny\nqqqq: 1", "is no field here"),
    "a key that stands twice": ("title: Tiny", "title: Tiny\ntitle: Huge", "stands twice here"),
    "a misspelt requirement": (
        "requirements: [E01, CYBER]",
        "requirements: [E01, CYBER, CYBRE]",
        "no requirement is called CYBRE; did you mean CYBER?",
    ),
    "an unknown requirement within a check": (
        "any: [E01, tamper_resistance: TR1]",
        "any: [ZZZ, tamper_resistance: TR1]",
        "no requirement is called ZZZ",
    ),
    "an unknown requirement in the fast path": (
        "fast_path: [E01]",
        "fast_path: [E99]",
        "no requirement is called E99",
    ),
    "an unknown requirement that would lift a hold": (
        "unless: CYBER",
        "unless: {all: [SAFE]}",
        "no requirement is called SAFE",
    ),
    "a requirement that leads back to itself": (
        "requires: {claim: {item: E01, fields: [training_flop]}}",
        "requires: {any: [CYBER]}",
        "leads back to itself",
    ),
    "a requirement that stands twice in a tier": (
        "requirements: [E01, CYBER]",
        "requirements: [E01, CYBER, E01]",
        "E01 stands here twice",
    ),
    "a tier without requirements": (
        "  requirements: [E01]\n",
        "  requirements: []\n",
        "is empty",
    ),
    "tiers in the wrong order": ("- id: T5", "- id: T0", "from T0 upward"),
    "a ladder that does not begin at T0": ("- id: T0", "- id: T1", "from T0 upward"),
    "a list where a check is expected": (
        "requires: {claim: {item: E01, fields: [training_flop]}}",
        "requires: [E01]",
        "is no check",
    ),
    "nothing where a check is expected": (
        "requires: {claim: {item: E01, fields: [training_flop]}}",
        "requires:",
        "is no check",
    ),
    "a list where an indicator is expected": (
        "reached_when: {finding: cyber.chain}",
        "reached_when: [cyber.chain]",
        "is no indicator",
    ),
    "a negation, which the grammar does not have": (
        "requires: {claim: {item: E01, fields: [training_flop]}}",
        "requires: {not: E01}",
        "is no check",
    ),
    "more parts asked for than there are": (
        "at_least: 1, of:",
        "at_least: 3, of:",
        "asks for 3 of 2",
    ),
    "no clause": ("clauses: [EU-AIA-51-2]", "clauses: []", "is empty"),
    "an empty clause": ("clauses: [EU-AIA-51-2]", "clauses: ['']", "is empty"),
    "a number without a basis": (
        "status: published, basis: a report",
        "status: published",
        "Field required",
    ),
    "a number of no known standing": ("status: published", "status: rumour", "expected one of law"),
    "a number that is a word": ("value: 0.01", "value: little", "'little' is not a number"),
    "a number that is none": ("value: 0.01", "value: .nan", "is not a number"),
    "a number beyond all measure": ("value: 90, unit", "value: 1e99, unit", "at most"),
    "a truth value for a number": ("value: 0.01", "value: true", "a number, as in 0.05"),
    "a rate given in per cent": ("value: 0.01", "value: 1", "lies between 0 and 1"),
    "both reaches and exceeds": (
        "          reaches:",
        "          exceeds: {value: 0.01, status: published, basis: a}\n          reaches:",
        "exactly one of reaches, exceeds",
    ),
    "a hold of a negative time": ("value: 30", "value: -30", "a number of days from 0"),
    "evidence that never grows old": ("value: 180", "value: 1e30", "a number of days from 0"),
    "a budget of half a step": (
        "TR2: {means: small edits}",
        "TR2: {means: small edits, budget: {steps: {value: 0.5, status: law, basis: a}}}",
        "a whole number from 1 up",
    ),
    "a band that is missing": ("    B3:\n      means", "    B0:\n      means", "B1, B2 and B3"),
    "a ceiling that is missing": (", B3: {tier: T1}", "", "each of B0 to B3"),
    "a ceiling that rises with the band": ("B2: {tier: T3}", "B2: {tier: T6}", "more open ceiling"),
    "a ceiling for a domain without bands": (
        "domains: {cyber:",
        "domains: {cbrn: {B0: {tier: T6}, B1: {tier: T5}, B2: {tier: T3}, B3: {tier: T1}}, cyber:",
        "a domain without bands",
    ),
    "a tamper level that is missing": ("    TR4: {means: absent}\n", "", "TR1, TR2, TR3 and TR4"),
    "a check of a domain without bands": (
        "within_ceiling: {domain: cyber}",
        "within_ceiling: {domain: cbrn}",
        "the domain cbrn has no bands",
    ),
    "a check that every model passes": (
        "within_ceiling: {domain: cyber}",
        "band: {domain: cyber, at_most: B3}",
        "asks for nothing",
    ),
    "a suite that nobody ships": (
        "attack_classes: [prefill]",
        "suite: TR11",
        "no suite is called TR11; did you mean TR1?",
    ),
    "a suite that resembles none": (
        "attack_classes: [prefill]",
        "suite: everything",
        "no suite is called everything",
    ),
    "a suite in another version": (
        "attack_classes: [prefill]",
        "suite: TR1@9.0.0",
        "version 9.0.0 of TR1 is not here, expected TR1@1.0.0",
    ),
    "a suite that only demonstrates": (
        "attack_classes: [prefill]",
        "suite: quick",
        "quick is a demonstration, expected one of TR1, TR2, TR3",
    ),
    "a suite of a user's own": (
        "attack_classes: [prefill]",
        "suite: 'file:0123456789ab'",
        "expected a suite that ships, as in TR1",
    ),
    "a suite and families": (
        "attack_classes: [prefill]",
        "suite: TR1, attack_classes: [prefill]",
        "give a suite or attack_classes, not both",
    ),
    "a tamper level that every model reaches": (
        "tamper_resistance: TR1",
        "tamper_resistance: TR0",
        "asks for nothing",
    ),
    "a condition of a hold that every model passes": (
        "unless: CYBER",
        "unless: {band: {domain: cyber, at_most: B3}}",
        "asks for nothing",
    ),
    "an alias": ("title: Tiny", "title: &t Tiny\nsummary: *t", "an alias"),
    "a check that is nearly one": (
        "requires: {claim: {item: E01, fields: [training_flop]}}",
        "requires: {claims: {item: E01}}",
        "; did you mean claim?",
    ),
    "a check that is nearly none": (
        "requires: {claim: {item: E01, fields: [training_flop]}}",
        "requires: {qqqq: {item: E01}}",
        "is no check: expected",
    ),
    "a word of a list that is nearly right": (
        "status: published",
        "status: publishd",
        "; did you mean published?",
    ),
    "a date that people write": ("as_of: 2026-11-23", "as_of: 23.11.2026", "of the calendar"),
    "a date that is a number": ("as_of: 2026-11-23", "as_of: 20261123", "of the calendar"),
    "a source without an address": (
        'url: "https://example.org"',
        "url: 'http://example.org'",
        "expected an address that begins with https://; did you mean https://example.org?",
    ),
    "a source with a date in another form": (
        "date: 2026, read_as",
        "date: 1/2/26, read_as",
        "of the calendar",
    ),
    "a margin in per cent at which a band begins": (
        "reaches: {value: 0.01,",
        "scale: margin over baseline\n          reaches: {value: 5,",
        "lies between -1 and 1",
    ),
    "a tamper level where none is defined": (
        MINIMAL[MINIMAL.index("tamper_resistance:\n") : MINIMAL.index("bands:\n")],
        "",
        "the file has no tamper_resistance",
    ),
    "bands without any ceilings": (
        MINIMAL[MINIMAL.index("ceilings:\n") : MINIMAL.index("requirements:\n")],
        "",
        "a ceiling for each of B0 to B3",
    ),
}


@pytest.mark.parametrize("sentence", ONE_MISTAKE)
def test_a_mistake_is_named(sentence: str) -> None:
    right, wrong, words = ONE_MISTAKE[sentence]

    found = problems(edited(right, wrong))

    assert [words for problem in found if words in problem.message][:1] == [words]
    assert all(problem.line is not None for problem in found)


LIMITS: dict[str, tuple[str, str]] = {
    "a limit without a side": ("limit: {metric: cyber.exploits}", "exactly one of at_most, below"),
    "a limit with two sides": (
        (
            "limit: {metric: cyber.exploits, at_most: {value: 0.1, status: law, basis: a}, "
            "at_least: {value: 0.1, status: law, basis: a}}"
        ),
        "exactly one of at_most, below",
    ),
    "a limit in per cent": (
        "limit: {metric: cyber.exploits, at_most: {value: 5, status: law, basis: a}}",
        "a proportion from 0 to 1",
    ),
    "a margin in per cent": (
        (
            "limit: {metric: cyber.exploits, scale: margin over baseline, "
            "at_most: {value: 5, status: law, basis: a}}"
        ),
        "a difference of proportions",
    ),
    "a metric without a domain": (
        "limit: {metric: exploits, at_most: {value: 0.1, status: law, basis: a}}",
        "expected a metric, as domain.name in small letters",
    ),
    "a minimum of no behaviours": (
        (
            "limit: {metric: cyber.exploits, at_most: {value: 0.1, status: law, basis: a}, "
            "minimum_behaviours: {value: 0, status: law, basis: a}}"
        ),
        "a whole number from 1 up",
    ),
    "a claim's number without a side": (
        "claim: {item: E01, limits: [{field: days}]}",
        "exactly one of at_most, at_least",
    ),
}


@pytest.mark.parametrize("sentence", LIMITS)
def test_a_limit_that_says_nothing_clear_is_a_mistake(sentence: str) -> None:
    check, words = LIMITS[sentence]

    found = problems(edited("within_ceiling: {domain: cyber}", check))

    assert any(words in problem.message for problem in found)


def test_a_requirement_that_no_tier_asks_for_is_a_mistake() -> None:
    text = edited(
        "tiers:\n",
        "  LOST: {title: a, asks: b, clauses: [C], requires: {loads_without_code: true}}\ntiers:\n",
    )

    (found,) = problems(text)

    assert ("requirements.LOST", "no tier asks for this requirement") == (
        found.field,
        found.message,
    )


UNREADABLE = {
    "an empty file": (b"", "an empty file"),
    "no UTF-8": (b"title: \xff", "utf-8"),
    "a list": (b"- 1\n", "expected fields with values"),
    "a sentence": (b"just words\n", "expected fields with values"),
}


@pytest.mark.parametrize("sentence", UNREADABLE)
def test_a_file_that_is_no_policy_at_all_is_one_problem(sentence: str) -> None:
    data, words = UNREADABLE[sentence]

    with pytest.raises(PolicyError) as caught:
        parse_policy(data, "policy.yaml")

    (problem,) = caught.value.problems
    assert words in problem.message


def test_triggers_of_one_id_are_a_mistake_each() -> None:
    trigger = "{id: G1, title: Change, asks: Anew., applies_to: all, clauses: [X-1]}"

    found = problems(f"{MINIMAL}triggers: [{trigger}, {trigger}]\n")

    assert ["triggers.0.id", "triggers.1.id"] == [problem.field for problem in found]


def test_ten_megabytes_are_refused_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"# " + b"x" * 10_000_000)

    with pytest.raises(InputError, match="a smaller file"):
        load_policy(str(path))


def test_aliases_that_would_expand_without_end_are_refused_at_once() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )

    assert any("an alias" in problem.message for problem in problems(bomb))


def test_a_policy_that_leaves_out_what_no_check_asks_for_is_complete() -> None:
    text = (
        MINIMAL.replace("      - any: [E01, tamper_resistance: TR1]\n", "")
        .replace("      - within_ceiling: {domain: cyber}\n", "")
        .replace(
            MINIMAL[MINIMAL.index("tamper_resistance:\n") : MINIMAL.index("requirements:\n")], ""
        )
    )

    found = parse_policy(text.encode(), "policy.yaml")

    assert ({}, {}, {}) == (found.bands, found.ceilings, found.tamper.levels)
    assert 0 == found.tamper.limit.value
