# SPDX-License-Identifier: Apache-2.0
"""Keys that sign: ECDSA on P-256 and Ed25519, known by the digest of the public key.

Model signatures also know ECDSA on P-384 and P-521. Private keys are PKCS#8 in PEM, with a
passphrase or without; public keys are SubjectPublicKeyInfo in PEM (RFC 5208, RFC 5280). Both
are what ``openssl`` reads and writes.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tiergate.errors import InputError

LARGEST_PEM_BYTES = 16 * 1024
"""Longer files are no keys of these kinds."""

_PrivateHandle = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_PublicHandle = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class Algorithm(enum.StrEnum):
    """How a key signs."""

    ECDSA_P256 = "ecdsa-p256"
    """ECDSA on P-256 with SHA-256; signatures in DER."""
    ECDSA_P384 = "ecdsa-p384"
    """ECDSA on P-384 with SHA-384; signatures in DER."""
    ECDSA_P521 = "ecdsa-p521"
    """ECDSA on P-521 with SHA-512; signatures in DER."""
    ED25519 = "ed25519"
    """Ed25519 over the bytes themselves."""

    @property
    def words(self) -> str:
        """How messages name it."""
        return "Ed25519" if self is Algorithm.ED25519 else f"ECDSA on P-{self.value[-3:]}"


RECORD_ALGORITHMS = (Algorithm.ECDSA_P256, Algorithm.ED25519)
"""What records, approvals and evidence are signed with."""
MODEL_ALGORITHMS = (Algorithm.ECDSA_P256, Algorithm.ECDSA_P384, Algorithm.ECDSA_P521)
"""What model signatures are made with (OMS 1.0, section 4.2)."""

_BY_CURVE: dict[str, tuple[Algorithm, hashes.HashAlgorithm]] = {
    "secp256r1": (Algorithm.ECDSA_P256, hashes.SHA256()),
    "secp384r1": (Algorithm.ECDSA_P384, hashes.SHA384()),
    "secp521r1": (Algorithm.ECDSA_P521, hashes.SHA512()),
}
_CURVES: dict[Algorithm, ec.EllipticCurve] = {
    Algorithm.ECDSA_P256: ec.SECP256R1(),
    Algorithm.ECDSA_P384: ec.SECP384R1(),
    Algorithm.ECDSA_P521: ec.SECP521R1(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that can tell whether a signature holds."""

    algorithm: Algorithm
    """How it signs."""
    key_id: str
    """SHA-256 of the DER form of the public key, 64 hexadecimal digits."""
    pem: str
    """The key as ``openssl`` reads it, with a line break at its end."""
    handle: _PublicHandle = field(repr=False, compare=False)
    """The key for the library that computes."""

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Tell whether ``signature`` is one of this key over ``data``."""
        try:
            if isinstance(self.handle, ed25519.Ed25519PublicKey):
                self.handle.verify(signature, data)
            else:
                self.handle.verify(signature, data, _ecdsa(self.handle.curve))
        except InvalidSignature:
            return False
        return True


class Signer(Protocol):
    """Whatever can sign: a key from a file, or one that never leaves its device."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return a signature over ``data``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """A key that signs, held in memory."""

    public: PublicKey
    """The key that verifies."""
    handle: _PrivateHandle = field(repr=False, compare=False)
    """The key for the library that computes."""

    def sign(self, data: bytes) -> bytes:
        """Return a signature over ``data``."""
        if isinstance(self.handle, ed25519.Ed25519PrivateKey):
            return self.handle.sign(data)
        return self.handle.sign(data, _ecdsa(self.handle.curve))

    def to_pem(self, passphrase: bytes | None) -> bytes:
        """Return the key as PKCS#8 in PEM, encrypted unless ``passphrase`` is None."""
        return self.handle.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()
            if passphrase is None
            else serialization.BestAvailableEncryption(passphrase),
        )


def generate(algorithm: Algorithm) -> PrivateKey:
    """Make a new key from the system's source of randomness."""
    if algorithm is Algorithm.ED25519:
        return _private(ed25519.Ed25519PrivateKey.generate(), "key", (algorithm,))
    return _private(ec.generate_private_key(_CURVES[algorithm]), "key", (algorithm,))


def is_encrypted(pem: bytes) -> bool:
    """Tell whether a private key needs a passphrase."""
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem


def is_private(pem: bytes) -> bool:
    """Tell whether a file holds a private key of any kind."""
    return b"PRIVATE KEY-----" in pem


def read_private(
    pem: bytes,
    where: str,
    passphrase: bytes | None = None,
    accepted: tuple[Algorithm, ...] = RECORD_ALGORITHMS,
) -> PrivateKey:
    """Read a private key.

    Args:
        pem: PKCS#8 in PEM.
        where: how messages name the file.
        passphrase: needed for an encrypted key; not looked at for any other.
        accepted: what it may sign with.

    Raises:
        InputError: no such key, of another kind, or the passphrase is not its own.
    """
    _one_block(pem, where, (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY"), "a private key in PKCS#8")
    encrypted = is_encrypted(pem)
    if encrypted and not passphrase:
        remedy = "Set TIERGATE_KEY_PASSPHRASE, or run where it can be typed."
        raise InputError(where, "an encrypted key and no passphrase", "its passphrase", remedy)
    try:
        found = serialization.load_pem_private_key(pem, passphrase if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        problem = "a passphrase that does not open it" if encrypted else "no readable key"
        raise InputError(where, problem, "a private key in PKCS#8") from None
    if not isinstance(found, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise _other_kind(where, found, accepted)
    return _private(found, where, accepted)


def read_public(
    pem: bytes, where: str, accepted: tuple[Algorithm, ...] = RECORD_ALGORITHMS
) -> PublicKey:
    """Read a public key: SubjectPublicKeyInfo in PEM, and nothing beside it.

    Raises:
        InputError: no such key, or one of another kind.
    """
    _one_block(pem, where, (b"PUBLIC KEY",), "a public key in PEM")
    try:
        found = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(where, "no readable key", "a public key in PEM") from None
    return public_key(found, where, accepted)


def public_key(
    handle: object, where: str, accepted: tuple[Algorithm, ...] = RECORD_ALGORITHMS
) -> PublicKey:
    """Take a public key of the library that computes.

    Raises:
        InputError: it is of another kind than is accepted.
    """
    if not isinstance(handle, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise _other_kind(where, handle, accepted)
    return _public(handle, where, accepted)


def _one_block(pem: bytes, where: str, kinds: tuple[bytes, ...], expected: str) -> None:
    """Refuse a file of several keys: readers would take the first, people might mean another."""
    blocks = pem.count(b"-----BEGIN ")
    if blocks != 1:
        raise InputError(where, f"{blocks or 'no'} blocks of PEM", expected)
    if not any(b"-----BEGIN " + kind + b"-----" in pem for kind in kinds):
        kind = pem.partition(b"-----BEGIN ")[2].partition(b"-----")[0].decode("ascii", "replace")
        remedy = "Convert a private key with: openssl pkcs8 -topk8 -in OLD -out NEW"
        raise InputError(where, f"a PEM block that is called {kind[:40]!r}", expected, remedy)


def _ecdsa(curve: ec.EllipticCurve) -> ec.ECDSA:
    return ec.ECDSA(_BY_CURVE[curve.name][1])


def _private(handle: _PrivateHandle, where: str, accepted: tuple[Algorithm, ...]) -> PrivateKey:
    return PrivateKey(public=_public(handle.public_key(), where, accepted), handle=handle)


def _public(handle: _PublicHandle, where: str, accepted: tuple[Algorithm, ...]) -> PublicKey:
    algorithm = _algorithm(handle)
    if algorithm is None or algorithm not in accepted:
        raise _other_kind(where, handle, accepted)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return PublicKey(
        algorithm=algorithm,
        key_id=hashlib.sha256(handle.public_bytes(serialization.Encoding.DER, form)).hexdigest(),
        pem=handle.public_bytes(serialization.Encoding.PEM, form).decode("ascii"),
        handle=handle,
    )


def _algorithm(handle: _PublicHandle) -> Algorithm | None:
    if isinstance(handle, ed25519.Ed25519PublicKey):
        return Algorithm.ED25519
    known = _BY_CURVE.get(handle.curve.name)
    return None if known is None else known[0]


def _other_kind(where: str, found: object, accepted: tuple[Algorithm, ...]) -> InputError:
    if isinstance(found, ec.EllipticCurvePublicKey):
        kind = f"a key on {found.curve.name}"
    else:
        kind = f"a key of another kind ({type(found).__name__.strip('_')})"
    *others, last = (algorithm.words for algorithm in accepted)
    return InputError(where, kind, f"{', '.join(others)} or {last}")
