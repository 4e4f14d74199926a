# SPDX-License-Identifier: Apache-2.0
"""What a decision found about the requirement that answers each clause of a jurisdiction.

The policy says which of its parts answers a clause; the decision says what the evidence showed.
Nothing is judged anew, and what nothing answers is said to be open, never met.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tiergate.decision.outcome import Outcome, all_of
from tiergate.decision.safety_case_judged import JudgedTier
from tiergate.decision.trace import Answer, Kind, answers_of
from tiergate.landscape.obligations import Obligation


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyState:
    """How a clause stands in the light of a decision."""

    outcome: Outcome | None
    """What was found; None where no requirement of the tier answers the clause."""
    words: str
    """That, in words."""
    answered_by: tuple[str, ...]
    """Ids of the parts of the policy that answer it."""


def duty_states(judged: JudgedTier, asked: Iterable[Obligation]) -> Mapping[str, DutyState]:
    """Return the state of every clause, by its id. The worst of several requirements decides."""
    answers = answers_of(judged.policy)
    found: dict[str, list[Outcome]] = {}
    waived: set[str] = set()
    for _, row in judged.rows:
        found.setdefault(row.id, []).append(row.outcome)
        if row.waived:
            waived.add(row.id)
    return {
        one.id: _state(judged, [a for a in answers if one.id in a.clauses], one, found, waived)
        for one in asked
    }


def _state(
    judged: JudgedTier,
    answers: list[Answer],
    asked: Obligation,
    found: Mapping[str, list[Outcome]],
    waived: set[str],
) -> DutyState:
    names = tuple(answer.id for answer in answers)
    required = [answer.id for answer in answers if answer.kind is Kind.REQUIREMENT]
    outcomes = [outcome for name in required for outcome in found.get(name, ())]
    if outcomes:
        outcome = all_of(outcomes)
        by_waiver = " by waiver" if waived.intersection(required) else ""
        return DutyState(outcome=outcome, words=f"{outcome}{by_waiver}", answered_by=names)
    if required:
        words = f"not asked for at {judged.tier}"
    elif answers:
        words = "a matter of conditions and triggers, not of evidence"
    elif asked.not_required:
        words = f"no requirement of a release: {asked.not_required}"
    else:
        words = f"open: nothing in {judged.policy.id} answers it"
    return DutyState(outcome=None, words=words, answered_by=names)


def state_counts(states: Iterable[DutyState]) -> Mapping[str, int]:
    """Count states by outcome; those without one are ``no evidence asked for``."""
    counted = Counter(
        "no evidence asked for" if state.outcome is None else str(state.outcome) for state in states
    )
    return dict(sorted(counted.items()))
