# SPDX-License-Identifier: Apache-2.0
"""From a decision record to what a ledger keeps of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_CEILING

from tiergate.attestation.signatures import examine
from tiergate.attestation.trust import Role, Trust
from tiergate.decision.document import DecisionPart
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.errors import DigestMismatchError, InputError, VerificationError
from tiergate.release.bodies import Decided, TierTerms
from tiergate.release.record import Record
from tiergate.release.record_checks import examine_record

_OTHER_NAMES = {"oversight body": Role.OVERSIGHT}
"""Roles that policies call otherwise than trust files."""


def payload_digest(record: Record) -> str:
    """Return the digest of what was signed: the same however many signatures there are."""
    return f"sha256:{hashlib.sha256(record.envelope.payload).hexdigest()}"


def decided_by(
    record: Record, policy: Policy, trust: Trust, *, evaluators: Iterable[str], at: datetime
) -> Decided:
    """Return what the ledger keeps of a record.

    Args:
        record: as it was read.
        policy: the one that decided; it says who approves.
        trust: whose signatures the record needs.
        evaluators: who evaluated, besides those who signed the record as evaluators.
        at: the time of entering.

    Raises:
        VerificationError: the record does not hold.
        DigestMismatchError: the policy is another one.
        InputError: the policy names a role that no trust file can give.
    """
    report = examine_record(record, trust, now=at, found=None, weights=None)
    problems = [problem for check in report.checks for problem in check.problems]
    if problems:
        raise VerificationError("record", "; ".join(problems), "a record that holds")
    decision = record.predicate.decision
    if policy.digest != decision.policy_digest:
        remedy = "Give the file that was used with --policy."
        where = f"policy {policy.id} {policy.version}"
        raise DigestMismatchError(where, policy.digest, decision.policy_digest, remedy)
    return Decided(
        decision=payload_digest(record),
        root_digest=decision.root_digest,
        policy_digest=decision.policy_digest,
        decided_at=decision.at,
        valid_until=record.predicate.valid_until,
        supported=decision.supported,
        terms=tuple(_terms(decision, policy)),
        evaluators=tuple(sorted({*evaluators, *_signing_evaluators(record, trust, at)})),
    )


def refuse_other(entered: Decided, record: Record, again: Decided) -> None:
    """Refuse to approve what the record in hand does not say.

    Args:
        entered: the newest decision of the ledger.
        record: what the person has in hand.
        again: what should have been entered for it.

    Raises:
        VerificationError: the ledger keeps something else.
    """
    found = payload_digest(record)
    if found != entered.decision:
        expected = f"the newest decision of the ledger, {entered.decision}"
        raise VerificationError("record", found, expected, "Ask for the newest record.")
    for name in Decided.model_fields:
        if getattr(entered, name) != getattr(again, name):
            where, found = f"ledger: decided.{name}", "other than the record and the policy say"
            raise VerificationError(where, found, "the same", "Do not approve; freeze and ask.")


def _terms(decision: DecisionPart, policy: Policy) -> Iterator[TierTerms]:
    roles = {definition.tier: definition.approval_roles for definition in policy.tiers}
    for part in decision.tiers:
        if part.tier is Tier.T0:
            continue
        holds = [c.number for c in part.conditions if c.kind == "hold" and c.number is not None]
        days = {"days": 0, "business days": 0}
        for number in holds:
            if number.unit not in days:
                raise InputError("policy", f"a hold in {number.unit!r}", "days or business days")
            whole = int(number.value.to_integral_value(ROUND_CEILING))
            days[number.unit] = max(days[number.unit], whole)
        yield TierTerms(
            tier=part.tier,
            roles=tuple(_role(name) for name in roles[part.tier]),
            hold_days=days["days"],
            hold_business_days=days["business days"],
        )


def _role(name: str) -> Role:
    known = _OTHER_NAMES.get(name)
    try:
        return known or Role(name)
    except ValueError:
        expected = f"one of: {', '.join(Role)}"
        raise InputError("policy: approvals", f"the role {name!r}", expected) from None


def _signing_evaluators(record: Record, trust: Trust, at: datetime) -> Iterator[str]:
    made_at: datetime = record.predicate.made_at
    for finding in examine(record.envelope, trust, signed_at=made_at, now=at).findings:
        if finding.signer is not None and Role.EVALUATOR in finding.signer.roles:
            yield finding.signer.person
