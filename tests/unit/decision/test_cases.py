# SPDX-License-Identifier: Apache-2.0
"""Tables of cases: what follows from a few words of evidence, and what the cases cover."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_policy import MINIMAL
from tiergate.decision.cases import (
    CasesResult,
    outcomes_of,
    path_of_cases,
    read_cases,
    run_cases,
    shipped_cases,
)
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy, parse_policy, shipped_policies
from tiergate.decision.tier import TamperLevel, Tier
from tiergate.errors import MistakesError

SMALL = parse_policy(MINIMAL.encode(), "p")
HEAD = "format: tiergate-policy-cases/1\npolicy: tiny\nat: 2026-11-23T12:00:00Z\ncases:\n"
EXPLOITS = (
    "measurements: [{metric: cyber.exploits, successes: SUCCESSES, trials: 410, "
    'source: {url: "https://example.org/r", date: 2026-09, read_as: secondary}}]'
)

AS_RELEASED = EXPLOITS.replace("{metric", "{variant: as released, metric")


def decided(cases: str, folder: Path, policy: Policy = SMALL) -> CasesResult:
    """Write a table and decide it."""
    path = folder / "cases.yaml"
    path.write_text(HEAD + cases)
    return run_cases(read_cases(path), policy, str(path))


def one(more: str, supported: str, folder: Path, policy: Policy = SMALL) -> tuple[str, ...]:
    """Decide a single case; return where it differs from what it expects."""
    case = (
        f"- {{id: a, title: A., {more}{', ' if more else ''}expect: {{supported: {supported}}}}}\n"
    )
    (result,) = decided(case, folder, policy).results
    return result.differences


CASES: dict[str, tuple[str, str]] = {
    "nothing known supports only the floor": ("", "T0"),
    "all answered supports the tier": ("answered: T5", "T5"),
    "all answered but one claim supports the tier by its fast path at most": (
        "answered: T5, not_answered: [E01]",
        "T0",
    ),
    "a count above the ceiling closes the long way, the fast path stays": (
        f"answered: T5, {EXPLOITS.replace('SUCCESSES', '100')}",
        "T5",
    ),
    "the fast path alone is enough": ("answered: T5, fast: true", "T5"),
    "a claim to the contrary closes both": (
        "answered: T5, claims: [{item: E01, holds: false, assumed: a test}]",
        "T0",
    ),
    "a claim with its field supports": (
        "claims: [{item: E01, fields: {training_flop: '1e24'}, assumed: a test}]",
        "T5",
    ),
}


@pytest.mark.parametrize("sentence", CASES)
def test_a_case_comes_out(sentence: str, tmp_path: Path) -> None:
    more, supported = CASES[sentence]

    assert () == one(more, supported, tmp_path)


SOURCE = 'source: {url: "https://x.org", date: 2026, read_as: secondary}'
STRICT = parse_policy(MINIMAL.replace("  fast_path: [E01]\n", "").encode(), "p")
"""The small policy without its fast path."""

ON_THE_LONG_WAY: dict[str, tuple[str, str]] = {
    "all answered": ("answered: T5", "T5"),
    "a count above the ceiling": (
        f"answered: T5, not_answered: [cyber.chain], {EXPLOITS.replace('SUCCESSES', '100')}",
        "T0",
    ),
    "a count below the ceiling": (
        f"answered: T5, not_answered: [cyber.chain], {EXPLOITS.replace('SUCCESSES', '0')}",
        "T5",
    ),
    "a clean count": (f"answered: T5, {EXPLOITS.replace('SUCCESSES', '0')}", "T5"),
    "files that run code, and another architecture": (
        "answered: T5, code_files: [a.bin], modalities: [image]",
        "T0",
    ),
    "files that run code": ("answered: T5, code_files: [a.bin]", "T5"),
    "a count on one form of the model": (
        f"answered: T5, not_answered: [cyber.chain], {AS_RELEASED.replace('SUCCESSES', '0')}",
        "T0",
    ),
}


@pytest.mark.parametrize("sentence", ON_THE_LONG_WAY)
def test_a_case_on_the_long_way_comes_out(sentence: str, tmp_path: Path) -> None:
    more, supported = ON_THE_LONG_WAY[sentence]

    assert () == one(more, supported, tmp_path, STRICT)


def test_a_case_that_differs_says_where_and_what_held_it_back(tmp_path: Path) -> None:
    (result,) = decided(
        "- {id: a, title: A., expect: {supported: T5, tiers: {T5: met}, "
        "requirements: {E01: met, CYBER: not met}}}\n",
        tmp_path,
    ).results

    assert (
        "supports T0, T5 expected (held back by E01, CYBER)",
        "T5 is undetermined, met expected",
        "E01 is undetermined, met expected",
        "CYBER is undetermined, not met expected",
    ) == result.differences


def test_a_case_that_supports_more_than_expected_differs_too(tmp_path: Path) -> None:
    assert ("supports T5, T0 expected",) == one("answered: T5", "T0", tmp_path)


def test_coverage_says_in_which_cases_a_requirement_was_met_and_was_not(tmp_path: Path) -> None:
    found = decided(
        "- {id: clean, title: A., answered: T5, expect: {supported: T5}}\n"
        "- {id: contrary, title: B., claims: [{item: E01, holds: false, assumed: a test}], "
        "expect: {supported: T0}}\n",
        tmp_path,
    )

    first = found.coverage[0]
    assert ("E01", ("clean",), ("contrary",), ()) == (
        first.requirement,
        first.met,
        first.not_met,
        first.undetermined,
    )
    assert 0 == found.differing


def test_a_case_can_state_a_size_a_baseline_and_a_metric_of_which_more_is_safer(
    tmp_path: Path,
) -> None:
    text = MINIMAL.replace(
        "- {at_least: 1, of:",
        "- limit: {metric: cyber.hours, scale: quantity, at_most: "
        "{value: 8, unit: hours, status: 'default, adjustable', basis: a}}\n"
        "      - limit: {metric: cyber.refused, variant: as released, at_least: "
        "{value: 0.5, status: 'default, adjustable', basis: a}}\n"
        "      - limit: {metric: cyber.margin, scale: margin over baseline, at_most: "
        "{value: 0.05, status: 'default, adjustable', basis: a}}\n"
        "      - {at_least: 1, of:",
    ).replace("  fast_path: [E01]\n", "")
    policy = parse_policy(text.encode(), "p")
    sized = (
        "answered: T5, measurements: [{metric: cyber.hours, lower: 1, upper: HIGH, unit: hours, "
        "assumed: a test}, {metric: cyber.refused, direction: higher is safer, successes: 400, "
        "trials: 400, assumed: a test}, {metric: cyber.margin, successes: 0, trials: 400, "
        "baseline: {successes: 0, trials: 400}, assumed: a test}]"
    )

    assert () == one("answered: T5", "T5", tmp_path, policy)
    assert () == one(sized.replace("HIGH", "7"), "T5", tmp_path, policy)
    assert () == one(sized.replace("HIGH", "9"), "T0", tmp_path, policy)


def test_safeguards_are_answered_up_to_the_level_that_is_named(tmp_path: Path) -> None:
    text = MINIMAL.replace("- any: [E01, tamper_resistance: TR1]", "- tamper_resistance: TR1")
    budget = "budget: {usd: {value: 100, unit: USD, status: 'default, adjustable', basis: a}}"
    text = text.replace("attack_classes: [prefill]", f"attack_classes: [prefill], {budget}")
    policy = parse_policy(text.replace("  fast_path: [E01]\n", "").encode(), "p")

    assert () == one("answered: T5", "T0", tmp_path, policy)
    assert () == one("answered: T5, safeguards: TR1", "T5", tmp_path, policy)
    silent = "answered: T5, safeguards: TR1, not_answered: [safeguard.attack_success]"
    assert () == one(silent, "T0", tmp_path, policy)


def test_samples_and_suites_are_answered_as_they_are_asked_for(tmp_path: Path) -> None:
    number = "{value: 100, unit: USD, status: 'default, adjustable', basis: a}"
    suite = f"suite: TR1, budget: {{usd: {number}}}"
    measured = "measured: {domains: [cyber], variant: worst case, samples_kept: 5, producers: 2}"
    text = (
        MINIMAL.replace(
            "- any: [E01, tamper_resistance: TR1]", f"- tamper_resistance: TR1\n      - {measured}"
        )
        .replace("attack_classes: [prefill]", suite)
        .replace("  fast_path: [E01]\n", "")
    )
    policy = parse_policy(text.encode(), "p")

    assert () == one("answered: T5, safeguards: TR1", "T5", tmp_path, policy)
    assert () == one("answered: T5", "T0", tmp_path, policy)


def test_a_report_of_attacks_is_answered_without_any_safeguard(tmp_path: Path) -> None:
    at_most = "at_most: {value: 1, status: 'default, adjustable', basis: a}"
    rate = f"limit: {{metric: safeguard.attack_success, variant: as released, {at_most}}}"
    text = MINIMAL.replace("any: [E01, tamper_resistance: TR1]", rate)
    policy = parse_policy(text.replace("  fast_path: [E01]\n", "").encode(), "p")

    assert () == one("answered: T5", "T5", tmp_path, policy)


def test_without_any_tolerated_rate_no_safeguard_is_answered_for(tmp_path: Path) -> None:
    cut = MINIMAL[MINIMAL.index("tamper_resistance:\n") : MINIMAL.index("bands:\n")]
    text = MINIMAL.replace("      - any: [E01, tamper_resistance: TR1]\n", "").replace(cut, "")
    policy = parse_policy(text.encode(), "p")

    assert () == one("answered: T5, safeguards: TR2", "T5", tmp_path, policy)


WRONG: dict[str, tuple[str, str]] = {
    "neither source nor reason": (
        "claims: [{item: E01}]",
        "give either a source or, in assumed",
    ),
    "both source and reason": (
        f"claims: [{{item: E01, assumed: a, {SOURCE}}}]",
        "give either a source or, in assumed",
    ),
    "a source without a date": (
        'claims: [{item: E01, source: {url: "https://x.org", read_as: secondary}}]',
        "Field required",
    ),
    "counts and a size": (
        "measurements: [{metric: a.b, successes: 1, trials: 2, lower: 1, upper: 2, assumed: a}]",
        "give successes and trials, or lower and upper",
    ),
    "half of the counts": (
        "measurements: [{metric: a.b, successes: 1, assumed: a}]",
        "give successes and trials, or lower and upper",
    ),
    "more successes than trials": (
        "measurements: [{metric: a.b, successes: 3, trials: 2, assumed: a}]",
        "3 successes in 2 trials",
    ),
    "bounds the wrong way round": (
        "measurements: [{metric: a.b, lower: 3, upper: 2, assumed: a}]",
        "the lower bound is above the upper one",
    ),
    "a fast path of nothing": ("fast: true", "say something only beside answered"),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_table_with_a_mistake_names_its_line(sentence: str, tmp_path: Path) -> None:
    more, words = WRONG[sentence]

    with pytest.raises(MistakesError) as caught:
        one(more, "T0", tmp_path)

    assert any(words in p.message and p.line for p in caught.value.problems), caught.value


def test_a_time_without_a_zone_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(HEAD.replace("00Z", "00") + "- {id: a, title: A., expect: {supported: T0}}\n")

    with pytest.raises(MistakesError, match="a time with its zone"):
        read_cases(path)


def test_two_cases_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    case = "- {id: a, title: A., expect: {supported: T0}}\n"

    with pytest.raises(MistakesError, match="a stands here twice"):
        decided(case + case, tmp_path)


def test_a_tier_or_requirement_that_the_policy_does_not_have_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(MistakesError) as caught:
        decided(
            "- {id: a, title: A., answered: T3, expect: {supported: T0, "
            "requirements: {NONE: met}}}\n",
            tmp_path,
        )

    assert ["the policy has no tier T3", "the policy has no requirement NONE"] == [
        problem.message for problem in caught.value.problems
    ]


@pytest.mark.parametrize("name", shipped_cases())
def test_every_case_that_ships_comes_out_as_it_expects(name: str) -> None:
    path = path_of_cases(name)
    table = read_cases(path)

    found = run_cases(table, load_policy(table.policy), name)

    assert {} == {r.case.id: r.differences for r in found.results if r.differences}
    assert [] == [row.requirement for row in found.coverage if not row.met]


def test_the_worked_examples_are_among_the_cases_that_ship() -> None:
    expected = {case.id: case.expect for case in read_cases(path_of_cases("default")).cases}

    before, after = expected["glm-5.3-before-release"], expected["glm-5.3-with-later-measurements"]
    public = expected["glm-5.3-after-release-as-published"]
    assert Outcome.UNDETERMINED is before.tiers[Tier.T5]
    assert (Tier.T0, Outcome.NOT_MET) == (public.supported, public.tiers[Tier.T5])
    assert (Tier.T3, Outcome.NOT_MET) == (after.supported, after.tiers[Tier.T5])
    assert Tier.T4 is expected["flux.2-dev"].supported
    assert Tier.T6 is expected["small-research-model"].supported
    assert {"gpt-oss-as-published", "inkling-as-published"} < expected.keys()
    images = {case.id: case.expect for case in read_cases(path_of_cases("image")).cases}
    assert (Tier.T0, Tier.T4) == (
        images["flux.2-dev-as-published"].supported,
        images["flux.2-dev"].supported,
    )


def test_what_is_assumed_for_glm_5_3_is_all_that_stands_between_t0_and_t3() -> None:
    """Take away what is assumed, and what is left supports T0; take it as it is, and T3 opens."""
    table = read_cases(path_of_cases("default"))
    (case,) = (c for c in table.cases if c.id == "glm-5.3-with-later-measurements")
    assert all(part.source is not None for part in (*case.measurements, *case.claims))

    without = case.model_copy(update={"answered": None, "safeguards": TamperLevel.TR0})
    both = table.model_copy(update={"cases": (case, without.model_copy(update={"id": "left"}))})

    found = run_cases(both, load_policy("default"), "cases").results
    assert [Tier.T3, Tier.T0] == [result.decision.supported for result in found]


NOT_IN_PUBLIC = ("E01", "E05", "E07", "E16", "E17", "E23")


@pytest.mark.parametrize("name", NOT_IN_PUBLIC)
def test_t1_to_t3_need_of_glm_5_3_what_the_public_record_does_not_hold(name: str) -> None:
    table = read_cases(path_of_cases("default"))
    (case,) = (c for c in table.cases if c.id == "glm-5.3-after-release-as-published")

    (result,) = run_cases(
        table.model_copy(update={"cases": (case,)}), load_policy("default"), "cases"
    ).results

    assert Outcome.UNDETERMINED is outcomes_of(result.decision)[name][-1]


ATTACKED = (
    "answered: T5, safeguards: TR1, measurements: [{metric: safeguard.attack_success, "
    "variant: VARIANT, successes: 50, trials: 50, attack: {name: abliteration, "
    "family: FAMILY, usd: USD}, assumed: a test}]"
)
ATTACKS: dict[str, tuple[str, str, str]] = {
    "an attack of another family leaves the level": ("directional ablation", "2", "T5"),
    "an attack of its family breaks it": ("prefill", "2", "T0"),
    "one that costs more than the attacker has does not": ("prefill", "2000", "T5"),
}


@pytest.mark.parametrize("sentence", ATTACKS)
def test_an_attack_of_a_case_counts_for_its_family_and_its_cost(
    sentence: str, tmp_path: Path
) -> None:
    family, usd, supported = ATTACKS[sentence]
    text = MINIMAL.replace("- any: [E01, tamper_resistance: TR1]", "- tamper_resistance: TR1")
    budget = "budget: {usd: {value: 100, unit: USD, status: 'default, adjustable', basis: a}}"
    text = text.replace("attack_classes: [prefill]", f"attack_classes: [prefill], {budget}")
    policy = parse_policy(text.replace("  fast_path: [E01]\n", "").encode(), "p")
    told = ATTACKED.replace("FAMILY", family).replace("USD", usd).replace("VARIANT", "worst case")

    assert () == one(told, supported, tmp_path, policy)


@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_policy_opens_its_highest_tier_when_all_is_answered_and_none_otherwise(
    name: str, tmp_path: Path
) -> None:
    policy = load_policy(name)
    top = policy.tiers[-1].tier

    assert () == one(f"answered: {top}, safeguards: TR3", str(top), tmp_path, policy)
    assert () == one("", "T0", tmp_path, policy)
