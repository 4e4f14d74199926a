# SPDX-License-Identifier: Apache-2.0
"""One wrong line in the rules of a release, or in its ledger, is noticed by a named test.

Each row names one way in which weights would get out, or an event be forged, by mistake.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants import Mutation, assert_all_pass, assert_noticed

EVENTS = "release/events.py"
FACTS = "release/facts.py"
GATES = "release/gates.py"
HEADS = "release/head_files.py"
ENTRY = "release/ledger_entry.py"
LEDGER = "release/ledger.py"
QUORUM = "release/quorum.py"
STATE = "release/state.py"
TRANSITIONS = "release/transitions.py"

REFUSED = "release/test_state.py::test_is_refused_by_its_rule_and_changes_nothing"
STANDS = "release/test_state.py::test_a_release_stands_where_its_events_put_it"
READ = "release/test_events.py::test_is_refused_as_it_is_read"
TEST_LEDGER = "release/test_ledger.py"

MUTATIONS = {
    "nobody has to approve": Mutation(
        GATES,
        "yield Gate(rule=Rule.QUORUM, passes=quorum.is_there, text=words)",
        "yield Gate(rule=Rule.QUORUM, passes=True, text=words)",
        f"{REFUSED}[opening without an approval]",
    ),
    "enough people of any role are enough": Mutation(
        QUORUM,
        "return not self.missing and self.count >= self.people",
        "return self.count >= self.people",
        f"{REFUSED}[people of the wrong roles]",
    ),
    "the roles are enough, however few the people": Mutation(
        QUORUM,
        "return not self.missing and self.count >= self.people",
        "return not self.missing",
        f"{REFUSED}[more people than the roles when the plan asks for them]",
    ),
    "a person counts as often as they approve": Mutation(
        QUORUM,
        "return len({event.holder for event in self.approved_by})",
        "return len(self.approved_by)",
        f"{REFUSED}[one person who is two of three people]",
    ),
    "one person fills two roles": Mutation(
        QUORUM,
        "roles_of[event.holder] = roles_of.get(event.holder, frozenset()) | {event.role}",
        "roles_of[event.holder + event.role] = frozenset({event.role})",
        f"{REFUSED}[one person who approves as both, of a plan that counts no people]",
    ),
    "a person is as many as their keys": Mutation(
        EVENTS,
        "holder=signer.holder,",
        "holder=signer.key.key_id,",
        "release/test_events.py::test_two_keys_of_one_person_are_one_person",
    ),
    "a role that only the plan asks for is forgotten": Mutation(
        QUORUM,
        "needed = (*terms.roles, *extra)",
        "needed = terms.roles",
        f"{REFUSED}[a role that only the plan asks for]",
    ),
    "an approval counts for whatever else": Mutation(
        QUORUM,
        "and body.target == target",
        "and body.target <= target",
        f"{REFUSED}[thawing a second freeze with the approvals of the first]",
    ),
    "an approval of another event than the decision is taken": Mutation(
        TRANSITIONS,
        "if body.target != newest:",
        "if body.target > newest:",
        f"{REFUSED}[approving another event than the newest decision]",
    ),
    "whoever evaluated may approve": Mutation(
        TRANSITIONS,
        "if facts.decided is not None and evaluated(facts.decided, event.holder):",
        "if facts.decided is None:",
        f"{REFUSED}[approving one's own evaluation]",
    ),
    "whoever evaluated since still counts": Mutation(
        QUORUM,
        "\n        and not evaluated(decided, event.holder)",
        "",
        f"{REFUSED}[thawing with the approval of somebody who evaluated since]",
    ),
    "a veto is heard and not heeded": Mutation(
        GATES,
        "return Gate(rule=Rule.VETO, passes=not who, text=text)",
        "return Gate(rule=Rule.VETO, passes=True, text=text)",
        f"{REFUSED}[a veto]",
    ),
    "anybody may open": Mutation(
        TRANSITIONS,
        "if needed is not None and event.role not in needed:",
        "if needed is not None and not event.role:",
        f"{REFUSED}[opening without being the release owner]",
    ),
    "the time lock is always open": Mutation(
        GATES,
        "return Gate(rule=Rule.TIME_LOCK, passes=at >= unlocks, text=text)",
        "return Gate(rule=Rule.TIME_LOCK, passes=True, text=text)",
        f"{REFUSED}[advancing before the days of the plan]",
    ),
    "the days of the plan are not waited for": Mutation(
        GATES,
        "before.at + timedelta(days=stage.minimum_days),",
        "before.at,",
        f"{REFUSED}[advancing before the days of the plan]",
    ),
    "the date of the plan is not waited for": Mutation(
        GATES,
        "times.append(stage.not_before)",
        "times.append(before.at)",
        f"{REFUSED}[opening before the date of the plan]",
    ),
    "the wait of the policy is not waited for": Mutation(
        GATES,
        "newest.at + timedelta(days=terms.hold_days),",
        "newest.at,",
        f"{REFUSED}[opening before the wait of the policy]",
    ),
    "a decision never lapses": Mutation(
        GATES,
        "if at >= decided.valid_until:",
        "if at > decided.valid_until:",
        f"{REFUSED}[opening under a decision that lapsed]",
    ),
    "a decision that was declared lapsed goes on": Mutation(
        GATES,
        "if decided.decision in facts.lapsed:",
        "if decided.decision not in facts.lapsed and at > decided.valid_until:",
        f"{REFUSED}[opening under a decision that was declared lapsed]",
    ),
    "a review that is overdue changes nothing": Mutation(
        GATES,
        "if due is not None and at >= due:",
        "if due is not None and at < due:",
        "release/test_state.py::test_a_release_of_which_the_review_is_overdue_serves_nothing",
    ),
    "a policy that was replaced goes on": Mutation(
        GATES,
        "facts.superseded.get(decided.policy_digest)",
        "facts.superseded.get(decided.decision)",
        f"{REFUSED}[opening under a policy that was replaced since the decision]",
    ),
    "a decision under a policy that was replaced is entered": Mutation(
        TRANSITIONS,
        "    yield from _replaced(facts, body)\n",
        "",
        f"{REFUSED}[a decision under a policy that was replaced]",
    ),
    "a stage opens above what is supported": Mutation(
        GATES,
        "passes=stage.tier.rank <= supported.rank,",
        "passes=stage.tier.rank <= supported.rank + 1,",
        f"{REFUSED}[opening above the tier that is supported]",
    ),
    "what is served is not bound by the newest decision": Mutation(
        STATE,
        "if tier.rank <= decided.supported.rank]",
        "if tier.rank or decided.supported]",
        "release/test_state.py::test_a_newer_decision_of_a_lower_tier_narrows_what_is_served",
    ),
    "the first decision counts": Mutation(
        FACTS,
        "return self.decisions[-1] if self.decisions else None",
        "return self.decisions[0] if self.decisions else None",
        "release/test_state.py::test_a_newer_decision_of_a_lower_tier_narrows_what_is_served",
    ),
    "a stage opens under a decision that was replaced": Mutation(
        TRANSITIONS,
        "elif facts.decided.decision != digest:",
        "elif not digest:",
        f"{REFUSED}[opening under a superseded decision]",
    ),
    "an older decision replaces a newer one": Mutation(
        TRANSITIONS,
        "if before is not None and body.decided_at <= before.decided_at:",
        "if before is not None and body.decided_at == before.decided_at:",
        f"{REFUSED}[an older decision after a newer one]",
    ),
    "a freeze stops no stage": Mutation(
        GATES,
        'yield _standing(Rule.FREEZE, facts.freezes, "frozen")',
        'yield _standing(Rule.FREEZE, {}, "frozen")',
        f"{REFUSED}[opening while it is frozen]",
    ),
    "a freeze stops no download": Mutation(
        STATE,
        "if decided is None or facts.freezes or facts.withdrawal or decision_problem(facts, at):",
        "if decided is None or facts.withdrawal or decision_problem(facts, at):",
        f"{STANDS}[frozen]",
    ),
    "a hold stops no stage": Mutation(
        GATES,
        'yield _standing(Rule.HOLD, facts.holds, "held")',
        'yield _standing(Rule.HOLD, {}, "held")',
        f"{REFUSED}[opening while it is held]",
    ),
    "a freeze is lifted by one person": Mutation(
        TRANSITIONS,
        "if placed is None or (matter is Matter.RESUME and placed.holder == event.holder):",
        "if placed is None or matter is Matter.THAW:",
        f"{REFUSED}[thawing without approvals]",
    ),
    "a withdrawn release goes on": Mutation(
        TRANSITIONS,
        "if facts.withdrawal is not None and not isinstance(",
        "if facts.withdrawal is None and not isinstance(",
        f"{REFUSED}[anything after the release was withdrawn]",
    ),
    "the clock may go back": Mutation(
        TRANSITIONS,
        "if facts.last_at is not None and event.at < facts.last_at:",
        "if facts.last_at is not None and event.at > facts.last_at:",
        f"{REFUSED}[a clock that was set back]",
    ),
    "a signature is there and not verified": Mutation(
        EVENTS,
        "if not signer.key.verifies(made.value, envelope.signed_bytes):",
        "if not made.value:",
        f"{READ}[an edited payload]",
    ),
    "a person acts in any role": Mutation(
        EVENTS,
        "if role not in signer.roles:",
        "if not signer.roles:",
        f"{READ}[a role that its person has not]",
    ),
    "a key is valid for ever": Mutation(
        EVENTS,
        'problem = signer.problem_at(at, "the event")',
        'problem = ""',
        f"{READ}[a time after the key was valid]",
    ),
    "an event is good for every place": Mutation(
        EVENTS,
        "if signed_for != (origin, entry.sequence, entry.previous.hex()):",
        "if signed_for[0] != origin:",
        "release/test_events.py::test_an_event_that_is_put_in_again_is_refused",
    ),
    "an event is good for every ledger": Mutation(
        EVENTS,
        "signed_for = (part.ledger, part.sequence, part.previous)",
        "signed_for = (origin, part.sequence, part.previous)",
        f"{READ}[an event of another ledger]",
    ),
    "an entry need not be what was chained": Mutation(
        ENTRY,
        "if entry.chain != chained(last, leaf):",
        "if not entry.chain:",
        f"{TEST_LEDGER}::test_nothing_is_appended_to_a_broken_chain[edited]",
    ),
    "an entry need not follow the one before": Mutation(
        ENTRY,
        "if entry.previous != last:",
        "if not entry.previous:",
        f"{TEST_LEDGER}::test_nothing_is_appended_to_a_broken_chain"
        "[an event chained to another one]",
    ),
    "a head that disagrees stops nothing": Mutation(
        HEADS,
        "if root != stated.root:",
        "if root is None and not stated.root:",
        f"{TEST_LEDGER}::test_nothing_is_appended_to_a_ledger_that_a_head_disagrees_with"
        "[edited, and the chain made anew]",
    ),
    "a ledger in the place of another is taken": Mutation(
        HEADS,
        "if stated.origin != origin:",
        "if not stated.origin:",
        f"{TEST_LEDGER}::test_nothing_is_appended_to_a_ledger_that_a_head_disagrees_with"
        "[another ledger in its place]",
    ),
    "what is read is not held against the newest head": Mutation(
        LEDGER,
        "            refuse_disagreeing(head, roots.get, self.origin)\n",
        "            pass\n",
        f"{TEST_LEDGER}::test_reading_with_the_newest_head_shows_what_was_done[cut off at the end]",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_one_wrong_line_is_noticed(case: str, tmp_path: Path) -> None:
    assert_noticed(MUTATIONS[case], tmp_path)


def test_without_a_wrong_line_every_one_of_these_tests_passes(tmp_path: Path) -> None:
    assert_all_pass(MUTATIONS.values(), tmp_path)
