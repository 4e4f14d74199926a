# SPDX-License-Identifier: Apache-2.0
"""What a finding of the watch becomes in a ledger, and which triggers of the policy it fires."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_FLOOR

from pydantic import ValidationError

from tiergate.decision.policy import Policy
from tiergate.errors import InputError
from tiergate.landscape.watch.findings import Finding
from tiergate.landscape.watch.kinds import MatchKind, Strength
from tiergate.release.bodies import DerivativeSeen, ReviewPart


def fired(policy: Policy, what: MatchKind, strength: Strength) -> ReviewPart | None:
    """Return what a finding fires: every trigger that names its kind and strength.

    The review is due after the shortest of their times. None when no trigger names them:
    word evidence, like any other, counts only as the policy says.
    """
    found = [
        (trigger.id, trigger.watch)
        for trigger in policy.triggers
        if trigger.watch is not None
        and what in trigger.watch.findings
        and strength in trigger.watch.strengths
    ]
    if not found:
        return None
    days = min(watch.review_days.value for _, watch in found)
    return ReviewPart(
        triggers=tuple(id_ for id_, _ in found),
        days=int(days.to_integral_value(ROUND_FLOOR)),
    )


def seen(
    finding: Finding, policy: Policy, *, source: str, first_seen_at: datetime
) -> DerivativeSeen:
    """Return what the ledger keeps of a finding.

    Args:
        finding: as a pass found it.
        policy: the one of the newest decision; says what it fires.
        source: the feed that showed it.
        first_seen_at: when it was first seen there, in UTC.

    Raises:
        InputError: it is a lead, which enters no ledger, or a field is too long for an event.
    """
    if finding.kind.is_lead:
        raise InputError(finding.repository, f"a {finding.kind}", "a match; a lead is none")
    what = MatchKind(finding.kind.value)
    try:
        return DerivativeSeen(
            finding=finding.id,
            what=what,
            strength=finding.strength,
            repository=finding.repository,
            revision=finding.revision or "",
            source=source,
            first_seen_at=first_seen_at,
            created_at=finding.created_at,
            digest=finding.digest,
            evidence=finding.evidence,
            review=fired(policy, what, finding.strength),
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in (finding.repository, *first["loc"]))
        raise InputError(place, first["msg"], "what an event can hold") from None
