# SPDX-License-Identifier: Apache-2.0
"""Summaries of a decision record for other people's tools, each naming the record's digest.

A SLSA Verification Summary (VSA, version 1) and an in-toto Simple Verification Result (SVR,
version 0.2). Neither can say undetermined, conditions or waivers: the record is the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tiergate.attestation.statement import Statement
from tiergate.decision.document import DecisionPart, ExplanationPart
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.release.record import PREDICATE_TYPE, Record

VSA_TYPE = "https://slsa.dev/verification_summary/v1"
SVR_TYPE = "https://in-toto.io/attestation/svr/v0.2"
VERIFIER = "https://tiergate.dev/engine"
VALID_UNTIL = "https://tiergate.dev/valid-until"
RECORD = "https://tiergate.dev/record"
WAIVED = "https://tiergate.dev/waived"


def verification_summary(record: Record, record_digest: str) -> Statement:
    """Make the VSA of a record.

    PASSED when the tier that was asked for is met; when nobody asked, when any tier above
    the floor is supported.

    Args:
        record: the record.
        record_digest: ``sha256:<64 hex>`` of its file.
    """
    decision, stated = record.predicate.decision, _times(record)
    inputs = [{"uri": PREDICATE_TYPE, "digest": _digest(record_digest)}]
    inputs += [
        {"uri": f"urn:tiergate:evidence:{used}", "digest": _digest(used)} for used in decision.used
    ]
    passed = has_passed(decision)
    predicate = {
        "verifier": {"id": VERIFIER, "version": {"tiergate": decision.engine_version}},
        "timeVerified": stated["at"],
        "resourceUri": f"urn:tiergate:checkpoint:{record.predicate.checkpoint.root_digest}",
        "policy": _policy(decision),
        "inputAttestations": inputs,
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": [_level(decision.supported)] if passed else ["FAILED"],
        VALID_UNTIL: stated["valid_until"],
        WAIVED: sorted({waiver.requirement for waiver in decision.waivers}),
    }
    return _about(record, VSA_TYPE, predicate)


def verification_result(record: Record, record_digest: str) -> Statement:
    """Make the SVR of a record: the tiers that are supported, and what is met in them.

    A requirement that is met only by a waiver is not among them.

    Args:
        record: the record.
        record_digest: ``sha256:<64 hex>`` of its file.
    """
    decision, stated = record.predicate.decision, _times(record)
    supported = [tier for tier in decision.tiers if tier.tier.rank <= decision.supported.rank]
    levels = {
        _level(tier.tier)
        for tier in supported
        if tier.outcome is Outcome.MET and tier.tier is not Tier.T0
    }
    met = {
        f"TIERGATE_MET_{row.id}"
        for tier in supported
        for row in (*tier.requirements, *tier.fast_path)
        if row.outcome is Outcome.MET and not _is_waived(row)
    }
    predicate = {
        "verifier": {
            "id": f"{VERIFIER}/{decision.engine_version}",
            "policies": [_policy(decision)],
        },
        "timeCreated": stated["at"],
        "properties": sorted(levels | met),
        VALID_UNTIL: stated["valid_until"],
        WAIVED: sorted({waiver.requirement for waiver in decision.waivers}),
        RECORD: {"digest": _digest(record_digest)},
    }
    return _about(record, SVR_TYPE, predicate)


DERIVED: Mapping[str, Callable[[Record, str], Statement]] = MappingProxyType(
    {"vsa": verification_summary, "svr": verification_result}
)
"""What can be derived, by its short name."""


def has_passed(decision: DecisionPart) -> bool:
    """Tell whether a tool that knows two outcomes may take the decision for a yes."""
    if decision.asked_by_default:
        return decision.supported is not Tier.T0
    return decision.outcome is Outcome.MET


def _about(record: Record, kind: str, predicate: Mapping[str, object]) -> Statement:
    return Statement(subjects=record.statement.subjects, predicate_type=kind, predicate=predicate)


def _times(record: Record) -> dict[str, str]:
    predicate = record.predicate.model_dump(mode="json", include={"valid_until", "decision"})
    return {"at": predicate["decision"]["at"], "valid_until": predicate["valid_until"]}


def _policy(decision: DecisionPart) -> dict[str, object]:
    uri = f"urn:tiergate:policy:{decision.policy_id}:{decision.policy_version}"
    return {"uri": uri, "digest": _digest(decision.policy_digest)}


def _digest(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix("sha256:")}


def _level(tier: Tier) -> str:
    return f"TIERGATE_TIER_{tier}"


def _is_waived(row: ExplanationPart) -> bool:
    return bool(row.waived) or any(_is_waived(child) for child in row.children)
