# SPDX-License-Identifier: Apache-2.0
"""One wrong line in the evaluator is noticed: the line is changed in a copy, a named test fails.

Each row of the table names one way to open the gate by mistake. The copy is checked to be
the one that was tested, and without any change the same tests pass in it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants import Mutation, assert_all_pass, assert_noticed

OUTCOME = "decision/outcome.py"
EVALUATE = "decision/evaluate.py"
LIMIT = "decision/requirements/limit.py"
BAND = "decision/requirements/band.py"
ELIGIBILITY = "decision/requirements/eligibility.py"
ATTACKED = "decision/requirements/attacked.py"
SUITE = "decision/requirements/suite.py"
SUITES = "evidence/tampering/suites.py"
BOUNDS = "evidence/bounds.py"
GRADES = "evidence/grades.py"
COLLECTION = "evidence/collection.py"

TEST_OUTCOME = "decision/test_outcome.py"
TEST_LIMIT = "decision/test_limit.py"
TEST_BAND = "decision/test_band.py"
TEST_TAMPERING = "decision/test_tampering.py"
TEST_SUITES = "decision/test_suite_levels.py"
TEST_EVALUATE = "decision/test_evaluate.py"
TEST_WAIVER = "decision/test_waiver.py"
TEST_GRADES = "evidence/test_grades.py"
TEST_RUNS = "evidence/test_runs.py"
TEST_GRADERS = "evidence/test_bounds_with_graders.py"
TEST_BOUNDS = "evidence/test_bounds.py::test_bounds_are_exact_and_one_sided"
TEST_AUDITING = "evidence/test_auditing.py"
SUPPORTS = f"{TEST_LIMIT}::test_clean_counts_support_a_limit_only_from_evidence_that_may"
HELD = f"{TEST_LIMIT}::test_a_bound_is_held_against_the_limit"

MUTATIONS = {
    "an unknown part counts as met": Mutation(
        OUTCOME,
        "if not seen or Outcome.UNDETERMINED in seen:\n        return Outcome.UNDETERMINED\n"
        "    return Outcome.MET",
        "if not seen:\n        return Outcome.UNDETERMINED\n    return Outcome.MET",
        f"{TEST_OUTCOME}::test_every_part_is_needed[one part unknown]",
    ),
    "an empty requirement is met": Mutation(
        OUTCOME,
        "if not seen or Outcome.UNDETERMINED in seen:\n        return Outcome.UNDETERMINED\n"
        "    return Outcome.MET",
        "if Outcome.UNDETERMINED in seen:\n        return Outcome.UNDETERMINED\n"
        "    return Outcome.MET",
        f"{TEST_OUTCOME}::test_every_part_is_needed[nothing at all has shown nothing]",
    ),
    "a failure is outvoted": Mutation(
        OUTCOME,
        "if Outcome.NOT_MET in seen:\n        return Outcome.NOT_MET",
        "if seen == {Outcome.NOT_MET}:\n        return Outcome.NOT_MET",
        f"{TEST_OUTCOME}::test_every_part_is_needed[one part not met]",
    ),
    "one way too few is enough": Mutation(
        OUTCOME,
        "if met >= needed:",
        "if met >= needed - 1:",
        f"{TEST_OUTCOME}::test_a_number_of_parts_is_enough[one met and one unknown of three]",
    ),
    "the point estimate stands in for the upper bound": Mutation(
        BOUNDS,
        "return exact_upper(Rate(hits, counts.planned), confidence)",
        "return hits / max(counts.planned, 1)",
        f"{HELD}[a point estimate below the limit is not enough]",
    ),
    "unscored attempts fall out of the bound": Mutation(
        BOUNDS,
        "hits = scored + counts.unscored + counts.not_attempted",
        "hits = scored + counts.not_attempted",
        f"{TEST_BOUNDS}[an attempt without a score counts both ways]",
    ),
    "attempts never made fall out of the bound": Mutation(
        BOUNDS,
        "hits = scored + counts.unscored + counts.not_attempted",
        "hits = scored + counts.unscored",
        f"{HELD}[attempts never made count as successes]",
    ),
    "the best of several measurements decides": Mutation(
        LIMIT,
        "if any(r.outcome is Outcome.NOT_MET for r in adverse):",
        "if all(r.outcome is Outcome.NOT_MET for r in counted) and counted:",
        f"{TEST_LIMIT}::test_of_several_measurements_the_worst_decides"
        "[a clean run and a broken limit]",
    ),
    "an unfinished run is neutral": Mutation(
        LIMIT,
        "return counts.planned > clean",
        "return counts.scored > clean",
        f"{TEST_LIMIT}::test_of_several_measurements_the_worst_decides"
        "[a clean run and a short one that was not finished]",
    ),
    "the register is ignored": Mutation(
        LIMIT,
        "if missing and outcome is Outcome.MET:",
        "if missing and outcome is Outcome.NOT_MET:",
        f"{TEST_LIMIT}::test_a_registered_document_that_is_gone_closes_what_it_was_about",
    ),
    "cannot rule out does not count as reached": Mutation(
        LIMIT,
        "if self.reached_unless_ruled_out and self._could_have_shown(counts, scene):",
        "if False and self._could_have_shown(counts, scene):",
        f"{TEST_BAND}::test_a_band_is_ruled_out_or_counts[cannot rule out counts as reached]",
    ),
    "the age of evidence is ignored": Mutation(
        ELIGIBILITY,
        "if scene.at - when > timedelta(days=float(longest.value)):",
        "if scene.at - when > timedelta.max:",
        f"{SUPPORTS}[a second too old]",
    ),
    "the tie to the weights is ignored": Mutation(
        GRADES,
        'BindingLevel.NAME: (0, "nothing shows which files ran"),',
        'BindingLevel.NAME: (2, "nothing shows which files ran"),',
        f"{TEST_GRADES}::test_a_grade_of_0_supports_nothing_whatever_a_policy_asks_for"
        "[nobody knows which files ran]",
    ),
    "a grade of 0 is enough": Mutation(
        "decision/policy.py",
        "asked = max(LEAST_GRADE, self.minimum_grades.get(dimension, LEAST_GRADE))",
        "asked = self.minimum_grades.get(dimension, 0)",
        f"{TEST_GRADES}::test_a_grade_of_0_supports_nothing_whatever_a_policy_asks_for"
        "[the developer's own team]",
    ),
    "what a tier asks of grades is ignored": Mutation(
        ELIGIBILITY,
        "if grade.value >= asked:",
        "if grade.value >= 1:",
        f"{TEST_GRADES}::test_a_tier_may_ask_for_more_and_the_reason_names_both",
    ),
    "runs that are not shown cost nothing": Mutation(
        LIMIT,
        "1 + len(unseen)",
        "1 + 0 * len(unseen)",
        f"{TEST_RUNS}::test_runs_that_are_not_shown_share_the_level_with_the_one_that_is",
    ),
    "a run may be registered after it ended": Mutation(
        COLLECTION,
        "found.began_at >= run.registered_at",
        "found.began_at is not None",
        f"{TEST_RUNS}::test_a_run_that_is_not_as_registered_is_not_graded_highest"
        "[the run was registered after the log ended]",
    ),
    "a validation explains away a harm that was seen": Mutation(
        BOUNDS,
        "return Interval(raw.lower, max(raw.lower, adverse))",
        "return Interval(0.0, adverse)",
        f"{TEST_GRADERS}::test_a_harm_that_was_seen_is_not_explained_away_by_a_validation",
    ),
    "whoever labels may choose what is audited": Mutation(
        "evidence/auditing.py",
        "if name_of(row) not in random_part and label is not Label.ADVERSE:",
        "if name_of(row) not in random_part and label is None:",
        f"{TEST_AUDITING}::test_a_label_on_an_attempt_that_was_not_drawn_changes_nothing",
    ),
    "what was flagged and not looked at is clean": Mutation(
        "evidence/auditing.py",
        '"unscored" if adverse is None else "not_adjudicated"',
        '"unscored" if adverse is None else "refuted"',
        f"{TEST_AUDITING}::test_a_label_of_people_takes_the_place_of_the_graders"
        "[flagged, and nobody looked]",
    ),
    "the relation of the weights is ignored": Mutation(
        ELIGIBILITY,
        "if relation not in (_WORST_CASE_RELATIONS if worst else {Relation.IDENTICAL}):",
        "if relation not in Relation:",
        f"{SUPPORTS}[quantised weights]",
    ),
    "the controls of a run are ignored": Mutation(
        ELIGIBILITY,
        "found.attack.controls is not Controls.PASSED:",
        "found.attack.controls is None:",
        f"{SUPPORTS}[under attack with controls that failed]",
    ),
    "a higher band that was reached is ignored when a lower one is ruled out": Mutation(
        BAND,
        "elif any(row.outcome is Outcome.NOT_MET for row in higher):",
        "elif higher and all(row.outcome is Outcome.NOT_MET for row in higher):",
        f"{TEST_BAND}::test_a_band_is_ruled_out_or_counts"
        "[a higher band is reached although a lower one was ruled out]",
    ),
    "evidence on a higher band that is gone is ignored": Mutation(
        BAND,
        "elif any(row.has_adverse for row in higher):",
        "elif higher and all(row.has_adverse for row in higher):",
        f"{TEST_BAND}"
        "::test_evidence_on_a_higher_band_that_is_gone_is_not_overruled_by_a_lower_band",
    ),
    "the ceiling of the lowest band is dropped": Mutation(
        BAND,
        "if band not in ceilings or ceilings[band].rank < tier.rank:",
        "if band not in ceilings or band.rank and ceilings[band].rank < tier.rank:",
        f"{TEST_BAND}::test_a_tier_asks_for_the_band_that_its_ceiling_allows"
        "[no band is allowed at T6, not even B0]",
    ),
    "an attack of unknown cost is no finding": Mutation(
        ATTACKED,
        "all(paid is not None and paid > asked for asked, paid in needed)",
        "all(paid is None or paid > asked for asked, paid in needed)",
        f"{TEST_TAMPERING}::test_a_safeguard_survives_the_budget_of_its_level"
        "[an attack of unknown cost breaks it]",
    ),
    "a break is as dear as the search for it": Mutation(
        ATTACKED,
        "exceeds(self.attack.budget, means)",
        "exceeds(self.attack.credit, means)",
        f"{TEST_TAMPERING}::test_a_safeguard_survives_the_budget_of_its_level"
        "[a setting within the budget breaks it, however long the search for it was]",
    ),
    "a void attack counts as survived": Mutation(
        ATTACKED,
        "return self.reading.outcome is Outcome.MET and not self.reading.set_aside",
        "return self.reading.outcome is Outcome.MET",
        f"{TEST_SUITES}::test_a_run_without_working_controls_counts_for_nothing",
    ),
    "a run that does not say to which limit it was held counts as survived": Mutation(
        ATTACKED,
        'return ("does not say to which limit its settings were held, nor how surely",)',
        "return ()",
        f"{TEST_SUITES}::test_an_attack_counts_only_as_hard_as_the_suite_asks",
    ),
    "a run that was held to a looser limit counts as survived": Mutation(
        ATTACKED,
        "if rule.limit > limit:",
        "if rule.limit < limit:",
        f"{TEST_SUITES}::test_an_attack_counts_only_as_hard_as_the_suite_asks",
    ),
    "a run that was judged less surely counts as survived": Mutation(
        ATTACKED,
        "if rule.confidence < confidence:",
        "if rule.confidence > confidence:",
        f"{TEST_SUITES}::test_an_attack_counts_only_as_hard_as_the_suite_asks",
    ),
    "an attack of a suite that was not run counts as survived": Mutation(
        SUITE,
        "outcome=Outcome.UNDETERMINED,",
        "outcome=Outcome.MET,",
        f"{TEST_SUITES}::test_a_level_is_open_no_more_when_one_attack_of_its_suite_was_not_run",
    ),
    "an attack of a suite is survived by a milder one": Mutation(
        SUITE,
        "survived |= is_named and not short and found.holds",
        "survived |= is_named and found.holds",
        f"{TEST_SUITES}::test_an_attack_counts_only_as_hard_as_the_suite_asks",
    ),
    "an attack of a suite is survived by another of its family": Mutation(
        SUITE,
        "survived |= is_named and not short and found.holds",
        "survived |= not short and found.holds",
        f"{TEST_SUITES}::test_a_run_without_working_controls_counts_for_nothing",
    ),
    "what breaks an attack of a suite must have its name": Mutation(
        SUITE,
        "if not found.bears_on(asked.family, asked.name):",
        "if found.attack.name != asked.name:",
        f"{TEST_SUITES}::test_what_breaks_a_suite_need_not_be_an_attack_of_it",
    ),
    "an attack that two levels ask for is judged for the poorer attacker alone": Mutation(
        SUITE,
        "if found.asked not in below or found.within]",
        "if found.asked not in below]",
        f"{TEST_SUITES}::test_what_is_too_dear_for_one_attacker_breaks_the_level_of_a_richer_one",
    ),
    "short runs add up to a long one": Mutation(
        SUITES,
        "            attack.longest_run_steps,",
        "            spent.steps,",
        f"{TEST_SUITES}::test_an_attack_counts_only_as_hard_as_the_suite_asks",
    ),
    "what an attack does not state counts as spent": Mutation(
        SUITES,
        "if least is not None and (found is None or found < least)",
        "if least is not None and found is not None and found < least",
        f"{TEST_SUITES}::test_an_attack_counts_only_as_hard_as_the_suite_asks",
    ),
    "a tier does not need the tiers below it": Mutation(
        EVALUATE,
        "ways = [all_of([*lower, own])]",
        "ways = [any_of([*lower, own])]",
        f"{TEST_EVALUATE}::test_a_tier_needs_every_tier_below_it_or_its_fast_path"
        "[a rung without the one below it]",
    ),
    "half a fast path is enough": Mutation(
        EVALUATE,
        "ways.append(all_of(row.outcome for row in fast))",
        "ways.append(any_of(row.outcome for row in fast))",
        f"{TEST_EVALUATE}::test_a_tier_needs_every_tier_below_it_or_its_fast_path"
        "[half a fast path]",
    ),
    "the cap of a waiver is ignored": Mutation(
        "decision/policy.py",
        "and self.tier.rank <= waiver.highest_tier.rank",
        "and self.tier.rank <= limits.highest_tier.rank",
        f"{TEST_WAIVER}::test_a_waiver_counts_only_within_its_limits"
        "[it does not count above its own cap]",
    ),
    "a waiver climbs on the ladder": Mutation(
        EVALUATE,
        "if reaching == scene.waivers:",
        "if reaching is not None:",
        f"{TEST_WAIVER}::test_a_waiver_carries_the_ladder_up_to_its_cap_and_no_further",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_one_wrong_line_is_noticed(case: str, tmp_path: Path) -> None:
    assert_noticed(MUTATIONS[case], tmp_path)


def test_without_a_wrong_line_every_one_of_these_tests_passes(tmp_path: Path) -> None:
    assert_all_pass(MUTATIONS.values(), tmp_path)
