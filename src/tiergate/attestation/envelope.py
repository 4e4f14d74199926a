# SPDX-License-Identifier: Apache-2.0
"""DSSE envelopes: bytes, what kind they are, and signatures over both.

The bytes that were signed are the bytes that are kept. What is signed is their
pre-authentication encoding (DSSE 1.0.2, ``PAE``), so that nobody can pass one kind of
payload off as another.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from tiergate.attestation.keys import Signer
from tiergate.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature."""

    key_id: str
    """What the envelope says which key it is of; a hint that nothing vouches for."""
    value: bytes
    """The signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload with signatures that nobody has verified yet."""

    payload: bytes
    """The bytes that were signed."""
    payload_type: str
    """What kind they are."""
    signatures: tuple[Signature, ...]
    """In the order in which they were made; never empty."""
    identity_bundle: bytes | None = field(default=None, repr=False, compare=False)
    """The file that it was read from when an identity signed it; None for keys."""

    @property
    def signed_bytes(self) -> bytes:
        """What every signature is over."""
        return pre_authentication_encoding(self.payload_type, self.payload)


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return type and payload with their lengths, so that they can be cut in one way only.

    >>> pre_authentication_encoding("text", b"hello")
    b'DSSEv1 4 text 5 hello'
    """
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, payload_type: str, signer: Signer) -> Envelope:
    """Put ``payload`` into an envelope and sign it."""
    made = _signature(pre_authentication_encoding(payload_type, payload), signer)
    return Envelope(payload=payload, payload_type=payload_type, signatures=(made,))


def also_signed(envelope: Envelope, signer: Signer) -> Envelope:
    """Return the same payload with one more signature.

    Raises:
        InputError: this key has signed it already, or an identity has.
    """
    if envelope.identity_bundle is not None:
        found = "a signature of an identity, which no other can stand beside"
        raise InputError("envelope", found, "signatures of keys")
    signer_id, data = signer.public.key_id, envelope.signed_bytes
    if any(signer.public.verifies(known.value, data) for known in envelope.signatures):
        raise InputError(f"key {signer_id}", "a signature of this key already", "another key")
    added = _signature(data, signer)
    return dataclasses.replace(envelope, signatures=(*envelope.signatures, added))


def _signature(data: bytes, signer: Signer) -> Signature:
    return Signature(key_id=signer.public.key_id, value=signer.sign(data))
