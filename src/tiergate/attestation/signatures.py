# SPDX-License-Identifier: Apache-2.0
"""Do the signatures of an envelope suffice? A value, not an exception.

Steps, in order:

1. Each signature is held against the key that it names, and against every trusted key when
   it names none of them: the name is a hint that nothing vouches for (DSSE, section 4).
2. A signature of an unknown key counts for nothing and against nothing. One that names a
   trusted key and does not hold is a failure.
3. A key counts once, and only if it is valid at the time of signing and now.
4. Every role that is needed is filled by a person of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tiergate.attestation.envelope import Envelope, Signature
from tiergate.attestation.trust import Role, Trust, TrustedKey, roles_without_a_person


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFinding:
    """What became of one signature."""

    key_id: str
    """Key that made it; what it names when that is not known."""
    signer: TrustedKey | None
    """Who made it; None when no trusted key did."""
    note: str
    """Why it does not count; empty when it does."""
    is_failure: bool
    """Whether it speaks against the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReport:
    """What became of all of them."""

    findings: tuple[SignatureFinding, ...]
    """One for each signature, in their order."""
    missing: tuple[Role, ...]
    """Roles that nobody fills."""

    @property
    def holds(self) -> bool:
        """Whether they suffice."""
        return not self.missing and not any(found.is_failure for found in self.findings)


def examine(
    envelope: Envelope, trust: Trust, *, signed_at: datetime, now: datetime
) -> SignatureReport:
    """Hold the signatures of ``envelope`` against what a verifier believes.

    Args:
        envelope: the payload and its signatures.
        trust: keys, roles, and which roles are needed.
        signed_at: when it was signed, as the payload says.
        now: the verifier's time.
    """
    findings = tuple(_findings(envelope, trust, signed_at, now))
    counted = [f.signer for f in findings if f.signer is not None and not f.note]
    return SignatureReport(findings=findings, missing=roles_without_a_person(trust.needed, counted))


def _findings(
    envelope: Envelope, trust: Trust, signed_at: datetime, now: datetime
) -> Iterator[SignatureFinding]:
    seen: set[str] = set()
    data = envelope.signed_bytes
    for signature in envelope.signatures:
        signer = _signer(signature, trust, data)
        if signer is None:
            yield _not_held(signature, trust)
            continue
        note = (
            signer.problem_at(signed_at, "the time of signing")
            or signer.problem_at(now, "now")
            or ("the same key has signed already" if signer.key.key_id in seen else "")
        )
        seen.add(signer.key.key_id)
        yield SignatureFinding(key_id=signer.key.key_id, signer=signer, note=note, is_failure=False)


def _signer(signature: Signature, trust: Trust, data: bytes) -> TrustedKey | None:
    named = [known for known in trust.keys if known.key.key_id == signature.key_id]
    for known in named or trust.keys:
        if known.key.verifies(signature.value, data):
            return known
    return None


def _not_held(signature: Signature, trust: Trust) -> SignatureFinding:
    named = next((k for k in trust.keys if k.key.key_id == signature.key_id), None)
    return SignatureFinding(
        key_id=signature.key_id,
        signer=None,
        note="no key of the trust file made it"
        if named is None
        else f"it names the key of {named.person} and does not hold",
        is_failure=named is not None,
    )
