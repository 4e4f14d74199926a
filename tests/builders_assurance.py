# SPDX-License-Identifier: Apache-2.0
"""Signed evidence and signed waivers, with whatever a test wants to be wrong about them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from builders_attestation import key, trust, trusted
from builders_decision import AT, MEASURED_AT, ROOT
from tiergate.attestation.bundle import write_bundle
from tiergate.attestation.envelope import Envelope, also_signed, sign
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.attestation.trust import Role, Trust
from tiergate.decision.tier import Tier
from tiergate.decision.waiver_signing import GivenWaivers
from tiergate.decision.waiver_statement import WaiverPart, waiver_statement
from tiergate.evidence.attestation_statement import attestation_of
from tiergate.evidence.attestations import GivenAttestation
from tiergate.evidence.collection import EvidenceDocument

DAY = dt.timedelta(days=1)
SIGNED_AT = MEASURED_AT + DAY
"""When evidence and waivers are signed unless a test says otherwise."""
HOUSE = "institute"
"""Who made the documents of ``builders_decision``, and where eve belongs."""
Change = Callable[[Any], object]


def nothing(statement: object) -> None:
    """Change nothing."""
    del statement


def envelope_of(
    document: EvidenceDocument,
    *names: str,
    at: dt.datetime = SIGNED_AT,
    change: Change = nothing,
    kind: str = PAYLOAD_TYPE,
) -> Envelope:
    """Sign for ``document`` with the keys of these names, after a change of the statement."""
    statement = json.loads(attestation_of(document, signed_at=MEASURED_AT + 99 * DAY).to_bytes())
    statement["predicate"]["signed_at"] = at.isoformat().replace("+00:00", "Z")
    change(statement)
    first, *others = names or ("eve",)
    made = sign(json.dumps(statement).encode(), kind, key(first))
    for name in others:
        made = also_signed(made, key(name))
    return made


def given(envelope: Envelope, where: str = "a.json") -> GivenAttestation:
    """Put an envelope into a file."""
    return GivenAttestation(where=where, data=write_bundle(envelope))


def attestation(document: EvidenceDocument, *names: str, **how: Any) -> GivenAttestation:  # noqa: ANN401
    """Return a file in which the keys of these names vouch for ``document``."""
    return given(envelope_of(document, *names, **how))


def believing_eve(*roles: Role, developer: str = "", **how: Any) -> Trust:  # noqa: ANN401
    """Return a trust file in which eve of the institute has these roles, or is an evaluator."""
    entry: dict[str, Any] = {
        "organisation": HOUSE,
        "valid_from": MEASURED_AT - 99 * DAY,
        "valid_until": AT + 99 * DAY,
    }
    eve = trusted("eve", *(roles or (Role.EVALUATOR,)), **(entry | how))
    return trust(eve, developer=developer)


def waiver_part(requirement: str = "E01", *, by: str = "bob") -> WaiverPart:
    """Return a waiver that bob gives, valid at the time of the tests."""
    return WaiverPart(
        requirement=requirement,
        root_digest=ROOT,
        highest_tier=Tier.T1,
        issued_at=AT - DAY,
        expires_at=AT + 30 * DAY,
        by=by,
        reason="late",
    )


def signed_waivers(
    *parts: WaiverPart,
    by: tuple[str, ...] = ("bob",),
    at: dt.datetime = AT - DAY,
    change: Change = nothing,
    kind: str = PAYLOAD_TYPE,
) -> GivenWaivers:
    """Return a file of waivers, signed with the keys of these names."""
    statement = json.loads(waiver_statement(parts or (waiver_part(),), signed_at=at).to_bytes())
    change(statement)
    first, *others = by
    made = sign(json.dumps(statement).encode(), kind, key(first))
    for name in others:
        made = also_signed(made, key(name))
    return GivenWaivers(where="w.json", data=write_bundle(made))


def believing_bob(*roles: Role, **how: Any) -> Trust:  # noqa: ANN401
    """Return a trust file in which bob has these roles, or leads safety."""
    entry: dict[str, Any] = {"valid_from": AT - 99 * DAY, "valid_until": AT + 99 * DAY}
    return trust(trusted("bob", *(roles or (Role.SAFETY_LEAD,)), **(entry | how)))
