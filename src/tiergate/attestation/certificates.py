# SPDX-License-Identifier: Apache-2.0
"""X.509 certificates that vouch for a key that signs.

Paths are built and checked by ``cryptography`` (RFC 5280 as web browsers read it). Besides,
the certificate of the signer must be meant for signing. Nothing is fetched: no revocation
list is asked, and no issuer looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from tiergate.attestation.keys import MODEL_ALGORITHMS, PublicKey, public_key
from tiergate.errors import InputError, VerificationError

LARGEST_PEM_BYTES = 1024 * 1024
"""A longer file of certificates is refused."""
LARGEST_CERTIFICATE_BYTES = 64 * 1024
"""A longer certificate is refused."""


def read_pem_certificates(data: bytes, where: str) -> tuple[x509.Certificate, ...]:
    """Read every certificate of a file in PEM.

    Raises:
        InputError: there is none, or one cannot be read.
    """
    if len(data) > LARGEST_PEM_BYTES:
        raise InputError(where, "a longer file", f"at most {LARGEST_PEM_BYTES} bytes")
    try:
        return tuple(x509.load_pem_x509_certificates(data))
    except ValueError:
        raise InputError(where, "no readable certificate", "certificates in PEM") from None


def read_der_certificate(data: bytes, where: str) -> x509.Certificate:
    """Read one certificate out of a signature.

    Raises:
        VerificationError: it cannot be read.
    """
    try:
        return x509.load_der_x509_certificate(data)
    except ValueError:
        raise VerificationError(where, "no readable certificate", "X.509 in DER") from None


def key_of(certificate: x509.Certificate, where: str) -> PublicKey:
    """Return the key that a certificate is about.

    Raises:
        InputError: it is of a kind that signs no models.
    """
    return public_key(certificate.public_key(), where, MODEL_ALGORITHMS)


def called(certificate: x509.Certificate) -> str:
    """Return how people know whom a certificate is about."""
    return certificate.subject.rfc4514_string() or "no name"


def problem_of_chain(
    chain: Sequence[x509.Certificate], roots: Iterable[x509.Certificate], *, at: datetime
) -> str:
    """Say why the first certificate is not to be believed; empty when it is.

    Steps: 1. a path leads from it over the others to a root, every certificate on it valid at
    that time; 2. it is meant for signing.

    Args:
        chain: the certificate of the signer, then any that lead to a root.
        roots: what the verifier believes, whether self-signed or not.
        at: the verifier's time: a signature proves no time of its own.
    """
    signer, *others = chain
    if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        span = f"{signer.not_valid_before_utc:%Y-%m-%d} to {signer.not_valid_after_utc:%Y-%m-%d}"
        return f"the certificate of {called(signer)} is valid from {span}, and now is not within"
    policy = verification.ExtensionPolicy
    builder = (
        verification.PolicyBuilder()
        .store(verification.Store(list(roots)))
        .time(at)
        .extension_policies(ca_policy=policy.webpki_defaults_ca(), ee_policy=policy.permit_all())
    )
    try:
        builder.build_client_verifier().verify(signer, others)
    except verification.VerificationError as error:
        return f"no path leads from {called(signer)} to a certificate that is trusted ({error})"
    return "" if _may_sign(signer) else f"the certificate of {called(signer)} is not for signing"


def _may_sign(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate says that it signs, and nothing against signing code."""
    uses: list[bool] = []
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.KeyUsage):
            uses.append(extension.value.digital_signature)
        elif isinstance(extension.value, x509.ExtendedKeyUsage):
            allowed = {
                ExtendedKeyUsageOID.CODE_SIGNING,
                ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
            }
            uses.append(not allowed.isdisjoint(extension.value))
    return bool(uses) and all(uses)
