# SPDX-License-Identifier: Apache-2.0
"""Model signatures as files: Sigstore bundles as OMS 1.0 uses them, of any writer.

What vouches for the key stands beside the envelope and is not signed: a hint at a key, a
chain of certificates, or what Sigstore issued. Older writers left out fields and put others;
what the specification allows is read (section 11), and nothing is believed because of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tiergate.attestation.bundle import (
    LARGEST_BYTES,
    MEDIA_TYPE,
    from_base64,
    read_envelope,
    to_base64,
)
from tiergate.attestation.envelope import Envelope
from tiergate.attestation.keys import PublicKey
from tiergate.attestation.statement import read_statement
from tiergate.attestation.strict_json import fields_of, read_object, text_of
from tiergate.errors import InputError, VerificationError
from tiergate.model.signature import SignedModel, read_signed_model

if TYPE_CHECKING:
    from cryptography import x509

MOST_CERTIFICATES = 16
"""A longer chain in a signature is refused."""
_EXPECTED = "a model signature: a Sigstore bundle 0.3 with one signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSignature:
    """A model signature that nobody has verified yet."""

    envelope: Envelope
    """What was signed, and the one signature."""
    model: SignedModel
    """What it says."""
    hint: str | None
    """What the signer calls the key; None when something else vouches for it, or nothing."""
    chain: tuple[x509.Certificate, ...]
    """Certificate of the signer, then others that lead to a root; empty for a bare key."""
    is_keyless: bool
    """Whether it was signed with an identity by way of Sigstore."""
    data: bytes = field(repr=False)
    """The file as it stands."""


def key_hint(key: PublicKey) -> str:
    """Return what ``model_signing`` calls a key: SHA-256 of its PEM, in hexadecimal."""
    return hashlib.sha256(key.pem.encode()).hexdigest()


def write_model_signature(
    envelope: Envelope, key: PublicKey, chain: Sequence[x509.Certificate] = ()
) -> bytes:
    """Return the file: with the chain if there is one, else with the hint of the key."""
    material: dict[str, object] = {"publicKey": {"hint": key_hint(key)}}
    if chain:
        from cryptography.hazmat.primitives.serialization import Encoding

        rows = [{"rawBytes": to_base64(one.public_bytes(Encoding.DER))} for one in chain]
        material = {"x509CertificateChain": {"certificates": rows}}
    document = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {**material, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": to_base64(envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": [{"sig": to_base64(envelope.signatures[0].value), "keyid": ""}],
        },
    }
    return json.dumps(document).encode("ascii") + b"\n"


def read_model_signature(data: bytes, where: str) -> ModelSignature:
    """Read a model signature. Nothing about it is known to be true afterwards.

    Raises:
        VerificationError: it is none, or more than one thing could be read from it.
    """
    document = _document(data, where)
    if document.get("mediaType") != MEDIA_TYPE:
        found = f"media type {str(document.get('mediaType', 'none'))[:100]!r}"
        raise VerificationError(where, found, _EXPECTED)
    fields_of(document, where, frozenset(["mediaType", "verificationMaterial", "dsseEnvelope"]))
    envelope = _envelope(document["dsseEnvelope"], f"{where}: dsseEnvelope")
    statement = read_statement(envelope, where, whole_floats=True)
    hint, chain, is_keyless = _material(
        document["verificationMaterial"], f"{where}: verificationMaterial"
    )
    return ModelSignature(
        envelope=envelope,
        model=read_signed_model(statement, f"{where}: payload"),
        hint=hint,
        chain=chain,
        is_keyless=is_keyless,
        data=data,
    )


def _document(data: bytes, where: str) -> dict[str, object]:
    if len(data) > LARGEST_BYTES:
        raise VerificationError(where, f"{len(data)} bytes", f"at most {LARGEST_BYTES}")
    try:
        return read_object(data, where)
    except InputError as error:
        raise VerificationError(error.where, error.found, _EXPECTED) from None


def _envelope(value: object, where: str) -> Envelope:
    if isinstance(value, dict) and isinstance(rows := value.get("signatures"), list):
        # The id of the key may be null (section 4.1); it is not looked at.
        kept = [
            {k: v for k, v in row.items() if (k, v) != ("keyid", None)}
            if isinstance(row, dict)
            else row
            for row in rows
        ]
        value = {**value, "signatures": kept}
    envelope = read_envelope(value, where)
    if len(envelope.signatures) != 1:
        found = f"{len(envelope.signatures)} signatures"
        raise VerificationError(f"{where}.signatures", found, "one")
    return envelope


def _material(value: object, where: str) -> tuple[str | None, tuple[x509.Certificate, ...], bool]:
    kinds = frozenset(["publicKey", "x509CertificateChain", "certificate"])
    beside = frozenset(["tlogEntries", "timestampVerificationData"])
    fields = fields_of(value, where, frozenset(), kinds | beside)
    given = sorted(kinds & fields.keys())
    if len(given) != 1:
        found = " and ".join(given) or "nothing"
        raise VerificationError(where, found, f"one of {', '.join(sorted(kinds))}")
    place = f"{where}.{given[0]}"
    match given[0]:
        case "certificate":
            return None, (_certificate(fields["certificate"], place),), True
        case "x509CertificateChain":
            return None, _chain(fields["x509CertificateChain"], place), False
        case _:
            return _hint(fields["publicKey"], place), (), False


def _hint(value: object, where: str) -> str | None:
    fields = fields_of(value, where, frozenset(), frozenset(["hint", "rawBytes", "keyDetails"]))
    # Writers before version 1.1 put the key itself there. Whoever made the file put it there
    # too, so it is no reason to believe in that key.
    hint = fields.get("hint")
    return None if hint is None else text_of(hint, f"{where}.hint", 200)


def _chain(value: object, where: str) -> tuple[x509.Certificate, ...]:
    fields = fields_of(value, where, frozenset(["certificates"]))
    rows = fields["certificates"]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_CERTIFICATES:
        expected = f"a list of 1 to {MOST_CERTIFICATES} certificates"
        raise VerificationError(f"{where}.certificates", "none or too many", expected)
    return tuple(_certificate(row, f"{where}.certificates.{i}") for i, row in enumerate(rows))


def _certificate(value: object, where: str) -> x509.Certificate:
    # Slow to load, and not needed for bare keys.
    from tiergate.attestation.certificates import LARGEST_CERTIFICATE_BYTES, read_der_certificate

    fields = fields_of(value, where, frozenset(["rawBytes"]))
    data = from_base64(fields["rawBytes"], f"{where}.rawBytes", LARGEST_CERTIFICATE_BYTES)
    return read_der_certificate(data, where)
