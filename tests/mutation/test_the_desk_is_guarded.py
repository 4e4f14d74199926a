# SPDX-License-Identifier: Apache-2.0
"""One wrong line in the pages of those who work at a gateway is noticed by a named test."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants import Mutation, assert_all_pass, assert_noticed

DECISIONS = "gateway/desk/decisions.py"
DRILL = "gateway/drill.py"
LINES = "gateway/log_lines.py"
QUEUE = "gateway/desk/queue_of_requests.py"
RENDERING = "gateway/rendering.py"
ROWS = "gateway/request_rows.py"
STOPS = "gateway/stops.py"
TABLE = "gateway/desk/table.py"
TERMS = "gateway/terms.py"

LIVE = "../gateway"
ATTACKS = f"{LIVE}/test_desk_attacks.py"
RELEASES = f"{LIVE}/test_desk_releases.py"
REQUESTS = f"{LIVE}/test_desk_requests.py"
RIGHTS = f"{LIVE}/test_desk_rights.py"
STOPPED = f"{LIVE}/test_desk_stops.py"
AT_ONCE = "of_two_who_decide_at_once_the_second_is_told_what_the_first_did[accept-reject]"

MUTATIONS = {
    "whoever sees requests decides on them": Mutation(
        TABLE,
        "Page(\n            needs=Right.DECIDE, show=queue_of_requests.decide",
        "Page(\n            needs=Right.SEE_REQUESTS, show=queue_of_requests.decide",
        f"{RIGHTS}::test_that_only_these_may_have[POST requests/*]",
    ),
    "an old login revokes": Mutation(
        TABLE,
        "Page(needs=Right.DECIDE, show=grants.revoke, is_fresh=True)",
        "Page(needs=Right.DECIDE, show=grants.revoke)",
        f"{RIGHTS}::test_that_an_hour_after_the_login_it_is_asked_for_again[POST grants/*/revoke]",
    ),
    "an old login lifts": Mutation(
        TABLE,
        "Page(needs=Right.LIFT, show=stops.lift, is_fresh=True)",
        "Page(needs=Right.LIFT, show=stops.lift)",
        f"{ATTACKS}::test_that_nothing_is_done_an_hour_after_the_login_by[lift]",
    ),
    "everybody reads the log": Mutation(
        TABLE,
        '("GET", "log/export"): Page(needs=Right.READ_LOG',
        '("GET", "log/export"): Page(needs=Needs.LOGIN',
        f"{RIGHTS}::test_that_every_page_that_asks_for_such_a_right_is_in_the_table",
    ),
    "what people state is markup": Mutation(
        RENDERING,
        "autoescape=True",
        "autoescape=False",
        f"{ATTACKS}::test_that_what_people_state_is_shown_as_text_wherever_it_is_shown",
    ),
    "marks that turn writing are shown as they are": Mutation(
        RENDERING,
        "        finalize=_shown,\n",
        "",
        f"{ATTACKS}::test_that_what_people_state_is_shown_as_text_wherever_it_is_shown",
    ),
    "somebody accepts what they asked for": Mutation(
        QUEUE,
        "    if found.person == visit.person.name:\n        return _page(visit, _OWN, 403)\n",
        "",
        f"{ATTACKS}::test_that_nobody_decides_on_their_own_request",
    ),
    "who has an old page open decides over the others": Mutation(
        QUEUE,
        'if visit.text("seen", 60) != _version(found):',
        'if not visit.text("seen", 60):',
        f"{REQUESTS}::test_that_{AT_ONCE}",
    ),
    "two decide past each other within one moment": Mutation(
        ROWS,
        "    if as_read:\n",
        "    if as_read and not found:\n",
        "gateway/test_deciding.py::test_that_what_somebody_else_decided_meanwhile_stands[accepted]",
    ),
    "a reviewer gives more than the terms": Mutation(
        TERMS,
        "grant_days=min(terms.grant_days,",
        "grant_days=max(terms.grant_days,",
        "gateway/test_deciding.py::test_that_never_more_is_given_than_the_terms_say_by[more days]",
    ),
    "a rejection needs no words": Mutation(
        QUEUE,
        "if wanted is Status.REJECTED and not words:",
        "if wanted is Status.REJECTED and words is None:",
        f"{REQUESTS}::test_that_a_rejection_needs_words_and_whoever_asked_reads_them",
    ),
    "a record that was not made public is shown to everybody": Mutation(
        DECISIONS,
        "return visit.parts.records.is_public(digest) and any(",
        "return any(",
        f"{RELEASES}::test_that_nobody_can_tell_a_hidden_record_from_an_absent_one",
    ),
    "a public record tells of a hidden model": Mutation(
        DECISIONS,
        "_is_known(visit, each.name)\n",
        "bool(each.name)\n",
        f"{RELEASES}::test_that_a_public_record_of_a_model_that_nobody_may_know_of_is_hidden",
    ),
    "a record that nobody trusts is shown": Mutation(
        DECISIONS,
        "        problems=problems,\n",
        "        problems=[],\n",
        f"{RELEASES}::test_that_a_record_nobody_trusts_is_not_shown",
    ),
    "a drill tries nothing": Mutation(
        DRILL,
        "then = Guards(replace(parts, stops=_AsIf(parts.stops, thought)))",
        "then = Guards(replace(parts, stops=parts.stops))",
        f"{STOPPED}::test_that_a_drill_ends_nothing_and_shows_that_all_would_be_refused",
    ),
    "a drill stops": Mutation(
        STOPS,
        "            lifted_at=at,\n            is_drill=True,",
        "            lifted_at=None,\n            is_drill=True,",
        f"{STOPPED}::test_that_a_drill_ends_nothing_and_shows_that_all_would_be_refused",
    ),
    "whoever stopped lifts": Mutation(
        STOPS,
        "        if found.stopped_by == by:\n",
        "        if not by:\n",
        f"{STOPPED}::test_that_who_stopped_does_not_lift_and_somebody_else_does",
    ),
    "a list that says something else than the log stays": Mutation(
        LINES,
        "        if differs:\n",
        "        if not lines:\n",
        f"{LIVE}/test_desk_log.py::test_that_a_table_that_says_something_else_is_made_anew",
    ),
    "a log that does not hold is said to": Mutation(
        LINES,
        "        problems += [problem.found for problem in report.problems]\n",
        "",
        f"{LIVE}/test_desk_log.py::test_that_a_log_that_was_changed_does_not_hold",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_one_wrong_line_is_noticed(case: str, tmp_path: Path) -> None:
    assert_noticed(MUTATIONS[case], tmp_path)


def test_without_a_wrong_line_every_one_of_these_tests_passes(tmp_path: Path) -> None:
    assert_all_pass(MUTATIONS.values(), tmp_path)
