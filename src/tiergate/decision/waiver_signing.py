# SPDX-License-Identifier: Apache-2.0
"""Which waivers count where signatures are asked for, and why the others do not.

Steps for each signed file, in order:

1. It is a bundle that states waivers, about the checkpoints that they name.
2. A trusted key signed it, valid when it signed and at the decision, and not after that.
3. Its holder has a role that the policy lets waive, and none that vouches for evidence:
   whoever may have made the evidence does not decide that it is not needed. That is asked of
   the trust file and not of the evidence, so that leaving evidence out lets nobody waive.
4. The person who signed is the one who the waiver says gave it.

What the policy allows a waiver besides, such as how long and up to which tier, is judged with
the requirement. Nothing here is an error: what does not count has no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tiergate.attestation.bundle import read_bundle
from tiergate.attestation.signatures import examine
from tiergate.attestation.trust import Role, Trust, TrustedIdentity, TrustedKey
from tiergate.decision.waiver import Waiver
from tiergate.decision.waiver_statement import (
    WaiverPart,
    WaiverPredicate,
    read_waiver_statement,
)
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.assurance import VOUCHING_ROLES
from tiergate.evidence.document import digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenWaivers:
    """A file that may hold signed waivers. Nothing about it is known."""

    where: str
    """How messages name it."""
    data: bytes
    """Its bytes."""

    @property
    def digest(self) -> str:
        """Return its identity: ``sha256:<hex>`` of its bytes."""
        return digest_of(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedWaiver:
    """A waiver without effect, or a file of which nothing has any."""

    where: str
    """The file."""
    requirement: str
    """Requirement that it was to stand in for; empty where the file holds no waivers."""
    reason: str
    """Why it has no effect."""


def counted(
    given: Iterable[GivenWaivers], trust: Trust, roles: tuple[Role, ...], *, at: datetime
) -> tuple[tuple[Waiver, ...], tuple[RefusedWaiver, ...]]:
    """Return the waivers that a trusted person signed, and why the others have no effect.

    Args:
        given: signed files.
        trust: whom the verifier believes.
        roles: whom the policy lets waive.
        at: the time of the decision.
    """
    found = [one for file in given for one in _of_file(file, trust, roles, at)]
    waivers = tuple(one for one in found if isinstance(one, Waiver))
    return waivers, tuple(one for one in found if isinstance(one, RefusedWaiver))


def _of_file(
    file: GivenWaivers, trust: Trust, roles: tuple[Role, ...], at: datetime
) -> Iterator[Waiver | RefusedWaiver]:
    try:
        envelope = read_bundle(file.data, file.where)
        stated = read_waiver_statement(envelope, file.where)
    except (InputError, VerificationError) as error:
        yield RefusedWaiver(where=file.where, requirement="", reason=str(error))
        return
    signers, problems = [], []
    for finding in examine(envelope, trust, signed_at=stated.signed_at, now=at).findings:
        signer = finding.signer
        problem = finding.note if signer is None else _problem(signer, stated, trust, roles, at)
        if signer is None or problem:
            problems.append(problem)
        else:
            signers.append(signer)
    for part in stated.waivers:
        own = next((signer for signer in signers if _is_by(part, signer)), None)
        if own is not None:
            yield _waiver(part, own, file.digest)
            continue
        others = [f"signed by {signer.person}, and given by {part.by}" for signer in signers]
        reason = "; ".join(dict.fromkeys((*others, *problems)))
        yield RefusedWaiver(where=file.where, requirement=part.requirement, reason=reason)


def _problem(
    signer: TrustedKey,
    stated: WaiverPredicate,
    trust: Trust,
    roles: tuple[Role, ...],
    at: datetime,
) -> str:
    """Say why the signature of somebody known counts for nothing; empty when it counts."""
    signed_at: datetime = stated.signed_at
    if signed_at > at:
        return f"signed on {signed_at:%Y-%m-%d}, after the time of the decision"
    wrong_time = signer.problem_at(signed_at, "the time of signing") or signer.problem_at(
        at, "the time of the decision"
    )
    if wrong_time:
        return f"signed by {signer.person}: {wrong_time}"
    if signer.roles.isdisjoint(roles):
        has = ", ".join(sorted(signer.roles))
        return f"signed by {signer.person}, who is {has}, and {' or '.join(roles)} may waive"
    known: tuple[TrustedKey | TrustedIdentity, ...] = (*trust.keys, *trust.identities)
    everything = {role for k in known if _told(k.person) == signer.holder for role in k.roles}
    vouching = sorted(everything & VOUCHING_ROLES)
    if vouching:
        return f"signed by {signer.person}, who as {vouching[0]} vouches for evidence"
    return ""


def _told(person: str) -> str:
    """Return a person as one is told from another, as ``TrustedKey.holder`` does."""
    return " ".join(person.split()).casefold()


def _is_by(part: WaiverPart, signer: TrustedKey) -> bool:
    return _told(part.by) == signer.holder


def _waiver(part: WaiverPart, signer: TrustedKey, digest: str) -> Waiver:
    signed_by = f"{signer.person} of {signer.organisation} ({', '.join(sorted(signer.roles))})"
    return Waiver(**dict(part), signed_by=signed_by, signature=digest)
