# SPDX-License-Identifier: Apache-2.0
"""Records and the ledger: entering a decision, and approving the record in hand."""

from __future__ import annotations

import os
from pathlib import Path

from tiergate.cli.record_files import record_at
from tiergate.cli.release_acting import Desk, Given, Outcome
from tiergate.cli.release_bodies import newest
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy, policy_at, shipped_policies
from tiergate.errors import InputError
from tiergate.release.bodies import Approved, Body, Matter, Submitted
from tiergate.release.entering import decided_by, refuse_other
from tiergate.release.facts import Facts
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_store import is_postgresql
from tiergate.release.plan import load_plan
from tiergate.release.record import Record


def submit_record(
    given: Given, path: str, plan: str | None, policy: str | None, evaluators: tuple[str, ...]
) -> tuple[Outcome, ...]:
    """Enter a decision, and before it the submission when there is a plan.

    Raises:
        VerificationError: the record or the ledger does not hold.
        InputError: something is missing, or a mistake.
    """
    desk, record = Desk(given), record_at(Path(path))
    read = None if plan is None else load_plan(Path(plan))
    decided = decided_by(
        record, _policy(record, policy), desk.trust, evaluators=evaluators, at=desk.at
    )
    if read is None:
        return (desk.enter(lambda _: decided),)
    if not is_postgresql(desk.place) and not os.path.lexists(desk.place):
        desk.refuse_unusable_head_key()
        Ledger.create(desk.place).close()
    submitted = Submitted(
        subject_name=record.predicate.checkpoint.name,
        root_digest=decided.root_digest,
        plan=read,
    )
    first = desk.enter(lambda _: submitted, release=read.release)
    if first.refused:
        return (first,)
    return (first, desk.enter(lambda _: decided, release=read.release))


def approve_record(given: Given, path: str, policy: str | None) -> Outcome:
    """Approve the newest decision, which must be what the record and its policy say.

    Raises:
        VerificationError: the record does not hold, or the ledger keeps something else.
    """
    desk, record = Desk(given), record_at(Path(path))
    standard = _policy(record, policy)

    def body_of(facts: Facts) -> Body:
        digest, entered, event = newest(facts), facts.decided, facts.newest
        assert entered is not None  # noqa: S101 - newest() refuses it
        assert event is not None  # noqa: S101 - as above
        again = decided_by(record, standard, desk.trust, evaluators=entered.evaluators, at=desk.at)
        refuse_other(entered, record, again)
        return Approved(matter=Matter.RELEASE, target=event.sequence, decision=digest)

    return desk.enter(body_of)


def approve_target(given: Given, matter: Matter, target: int) -> Outcome:
    """Approve lifting a freeze or a hold."""
    return Desk(given).enter(
        lambda facts: Approved(matter=matter, target=max(target, 1), decision=newest(facts))
    )


def _policy(record: Record, name: str | None) -> Policy:
    decision = record.predicate.decision
    stated = decision.policy_id
    if name is None and stated not in shipped_policies():
        found = "none of that name among the policies that are shipped"
        remedy = "Give it with --policy."
        raise InputError(f"policy {stated}", found, "the file that was used", remedy)
    if name is None:
        return policy_at(stated, decision.policy_version)
    return load_policy(name, is_recorded=True)
