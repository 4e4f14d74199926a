# SPDX-License-Identifier: Apache-2.0
"""``tiergate watch enter``: what was seen becomes signed events, each once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tiergate.cli.release_acting import Desk, Given, Outcome, read_ledger, release_name
from tiergate.cli.release_bodies import newest
from tiergate.cli.watch_session import read_released
from tiergate.cli.watch_state import Seen, WatchState
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy
from tiergate.errors import DigestMismatchError, InputError
from tiergate.release.bodies import Body
from tiergate.release.derivatives import seen
from tiergate.release.facts import Facts, Rule
from tiergate.release.state import facts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What came of entering."""

    outcomes: tuple[Outcome, ...]
    """Events that were entered, or why one was not; the first that is not ends it."""
    known: int
    """Findings that the ledger had already."""
    leads: int
    """Leads, which enter no ledger."""


def enter_seen(given: Given, state: Path, released: Path, policy: str) -> Entered:
    """Enter what a state has about one release into its ledger.

    Args:
        given: what every act is given.
        state: what the watch kept.
        released: file of released models; says which are of this release.
        policy: the one of the newest decision: a shipped id, or a path.

    Raises:
        VerificationError: the ledger does not hold.
        DigestMismatchError: the newest decision is of another policy.
        InputError: a file cannot be used, or no released model is of this release.
    """
    standard = load_policy(policy, is_recorded=True)
    events = read_ledger(given.ledger, given.trust, given.heads)
    name = release_name(events, given.release)
    facts = facts_of(event for event in events if event.release == name)
    _refuse_other_policy(facts, standard)
    models = {
        model.name
        for model in read_released(released).models
        if model.release is None or model.release == name
    }
    if not models:
        raise InputError(str(released), f"no model of the release {name}", "one, by its `release`")
    if not state.exists():
        raise InputError(str(state), "no such file", "a state that `tiergate watch run` keeps")
    with WatchState(state) as kept:
        found = [each for each in kept.findings() if each.finding.released in models]
    leads = [each for each in found if each.finding.kind.is_lead]
    matches = [each for each in found if not each.finding.kind.is_lead]
    new = [each for each in matches if each.finding.id not in facts.derivatives]
    desk = Desk(dataclasses.replace(given, release=name))
    outcomes = []
    known = len(matches) - len(new)
    for each in sorted(new, key=lambda each: (each.first_seen_at, each.finding.order)):
        outcome = desk.enter(_body(each, standard))
        if any(refusal.rule is Rule.SEEN for refusal in outcome.refused):
            # Somebody else entered it in the meantime.
            known += 1
            continue
        outcomes.append(outcome)
        if outcome.refused:
            break
    return Entered(outcomes=tuple(outcomes), known=known, leads=len(leads))


def _body(each: Seen, policy: Policy) -> Callable[[Facts], Body]:
    def body_of(facts: Facts) -> Body:
        # Asked anew under the lock of the ledger: the newest decision may be another by now.
        _refuse_other_policy(facts, policy)
        return seen(each.finding, policy, source=each.source, first_seen_at=each.first_seen_at)

    return body_of


def _refuse_other_policy(facts: Facts, policy: Policy) -> None:
    newest(facts)
    decided = facts.decided
    assert decided is not None  # noqa: S101 - newest() refuses it
    if decided.policy_digest != policy.digest:
        remedy = "Give the policy of the newest decision with --policy: its triggers count."
        where = f"policy {policy.id} {policy.version}"
        raise DigestMismatchError(where, policy.digest, decided.policy_digest, remedy)
