# SPDX-License-Identifier: Apache-2.0
"""Keys that sign: ECDSA on P-256 and Ed25519, known by the digest of the public key.

Private keys are PKCS#8 in PEM, with a passphrase or without; public keys are
SubjectPublicKeyInfo in PEM (RFC 5208, RFC 5280). Both are what ``openssl`` reads and writes.
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
    ED25519 = "ed25519"
    """Ed25519 over the bytes themselves."""


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
                self.handle.verify(signature, data, ec.ECDSA(hashes.SHA256()))
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
        return self.handle.sign(data, ec.ECDSA(hashes.SHA256()))

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
        return _private(ed25519.Ed25519PrivateKey.generate())
    return _private(ec.generate_private_key(ec.SECP256R1()))


def is_encrypted(pem: bytes) -> bool:
    """Tell whether a private key needs a passphrase."""
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem


def is_private(pem: bytes) -> bool:
    """Tell whether a file holds a private key of any kind."""
    return b"PRIVATE KEY-----" in pem


def read_private(pem: bytes, where: str, passphrase: bytes | None = None) -> PrivateKey:
    """Read a private key.

    Args:
        pem: PKCS#8 in PEM.
        where: how messages name the file.
        passphrase: needed for an encrypted key; not looked at for any other.

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
        raise _other_kind(where, found)
    return _private(found, where)


def read_public(pem: bytes, where: str) -> PublicKey:
    """Read a public key: SubjectPublicKeyInfo in PEM, and nothing beside it.

    Raises:
        InputError: no such key, or one of another kind.
    """
    _one_block(pem, where, (b"PUBLIC KEY",), "a public key in PEM")
    try:
        found = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(where, "no readable key", "a public key in PEM") from None
    if not isinstance(found, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise _other_kind(where, found)
    return _public(found, where)


def _one_block(pem: bytes, where: str, kinds: tuple[bytes, ...], expected: str) -> None:
    """Refuse a file of several keys: readers would take the first, people might mean another."""
    blocks = pem.count(b"-----BEGIN ")
    if blocks != 1:
        raise InputError(where, f"{blocks or 'no'} blocks of PEM", expected)
    if not any(b"-----BEGIN " + kind + b"-----" in pem for kind in kinds):
        kind = pem.partition(b"-----BEGIN ")[2].partition(b"-----")[0].decode("ascii", "replace")
        remedy = "Convert a private key with: openssl pkcs8 -topk8 -in OLD -out NEW"
        raise InputError(where, f"a PEM block that is called {kind[:40]!r}", expected, remedy)


def _other_kind(where: str, found: object) -> InputError:
    kind = type(found).__name__.strip("_")
    return InputError(where, f"a key of another kind ({kind})", "ECDSA on P-256 or Ed25519")


def _private(handle: _PrivateHandle, where: str = "key") -> PrivateKey:
    return PrivateKey(public=_public(handle.public_key(), where), handle=handle)


def _public(handle: _PublicHandle, where: str) -> PublicKey:
    is_edwards = isinstance(handle, ed25519.Ed25519PublicKey)
    if isinstance(handle, ec.EllipticCurvePublicKey) and handle.curve.name != "secp256r1":
        raise InputError(where, f"a key on {handle.curve.name}", "ECDSA on P-256 or Ed25519")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return PublicKey(
        algorithm=Algorithm.ED25519 if is_edwards else Algorithm.ECDSA_P256,
        key_id=hashlib.sha256(handle.public_bytes(serialization.Encoding.DER, form)).hexdigest(),
        pem=handle.public_bytes(serialization.Encoding.PEM, form).decode("ascii"),
        handle=handle,
    )
