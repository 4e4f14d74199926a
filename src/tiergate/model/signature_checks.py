# SPDX-License-Identifier: Apache-2.0
"""Does a model signature hold, for a verifier who believes a key or some certificates?

Steps, in order:

1. What vouches for the key is of the kind that the verifier asks for: a bare key is not taken
   for a certificate, nor the other way round (OMS 1.0, section 4.1).
2. The key is the verifier's own, or a path of certificates leads from it to one of theirs.
3. The one signature is of that key, over type and bytes of the payload (section 8.2).

What stands beside the payload, the hint at a key among it, is signed by nobody and changes no
answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.attestation.keyless import problem_of_identity
from tiergate.attestation.keys import PublicKey
from tiergate.attestation.trust import Identity
from tiergate.errors import InputError
from tiergate.model.signature_bundle import ModelSignature

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerReport:
    """What became of the signature itself."""

    signer: str
    """Who is said to have signed, in words."""
    problem: str
    """Why the signature does not hold; empty when it does."""


def examine_with_key(signature: ModelSignature, key: PublicKey) -> SignerReport:
    """Hold a signature against a key that the verifier believes."""
    signer = f"key {key.key_id}"
    if signature.chain:
        kind = "an identity, by way of Sigstore" if signature.is_keyless else "a certificate"
        return SignerReport(signer=signer, problem=f"it was made with {kind}, not a bare key")
    return SignerReport(signer=signer, problem=_problem_of_value(signature, key))


def examine_with_certificates(
    signature: ModelSignature, roots: Sequence[x509.Certificate], *, at: datetime
) -> SignerReport:
    """Hold a signature against certificates that the verifier believes.

    Args:
        signature: the signature.
        roots: certificates that may vouch for a signer; never empty.
        at: the verifier's time.
    """
    # Slow to load, and not needed for bare keys.
    from tiergate.attestation.certificates import called, key_of, problem_of_chain

    if signature.is_keyless:
        problem = "it was made with an identity, by way of Sigstore, not with a certificate chain"
        return SignerReport(signer=called(signature.chain[0]), problem=problem)
    if not signature.chain:
        problem = "it was made with a bare key, not with a certificate"
        return SignerReport(signer="a bare key", problem=problem)
    signer = called(signature.chain[0])
    problem = problem_of_chain(signature.chain, roots, at=at)
    if problem:
        return SignerReport(signer=signer, problem=problem)
    try:
        key = key_of(signature.chain[0], f"the certificate of {signer}")
    except InputError as error:
        return SignerReport(signer=signer, problem=f"{error.where} has {error.found}")
    return SignerReport(signer=signer, problem=_problem_of_value(signature, key))


def examine_with_identity(
    signature: ModelSignature, identity: Identity, trusted_root: Path
) -> SignerReport:
    """Hold a signature against an identity that the verifier believes.

    Args:
        signature: the signature.
        identity: who is to have signed.
        trusted_root: authorities and logs that the verifier believes, in Sigstore's format.

    Raises:
        InputError: there is no such trusted root.
        ExtensionError: the extra is missing.
    """
    if not signature.is_keyless:
        kind = "a certificate chain" if signature.chain else "a bare key"
        problem = f"it was made with {kind}, not with an identity, by way of Sigstore"
    else:
        problem = problem_of_identity(signature.data, signature.envelope, identity, trusted_root)
    return SignerReport(signer=identity.words, problem=problem)


def _problem_of_value(signature: ModelSignature, key: PublicKey) -> str:
    envelope = signature.envelope
    if key.verifies(envelope.signatures[0].value, envelope.signed_bytes):
        return ""
    return "the signature is not one of this key over these bytes"
