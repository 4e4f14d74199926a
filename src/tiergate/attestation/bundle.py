# SPDX-License-Identifier: Apache-2.0
"""Envelopes as files: the Sigstore bundle, version 0.3, as JSON.

Read strictly: one payload, every field known, base64 in its one canonical form. A bundle of
a bare key has no proof of time and of publication; those that have one are refused, because
nothing here looks at it. A bundle of an identity has, and is read where it is asked for:
``keyless`` has it verified.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json

from tiergate.attestation.envelope import Envelope, Signature
from tiergate.attestation.strict_json import fields_of, read_object, text_of
from tiergate.errors import InputError, VerificationError

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
LARGEST_BYTES = 64 * 1024 * 1024
"""A longer file is refused."""
MOST_SIGNATURES = 64
"""An envelope of more is refused."""
_LONGEST_HINT = 200
_LONGEST_SIGNATURE = 1024


def write_bundle(envelope: Envelope) -> bytes:
    """Return the file of an envelope; the key named first is the hint."""
    document = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {
            "publicKey": {"hint": envelope.signatures[0].key_id},
            "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": to_base64(envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": [
                {"sig": to_base64(made.value), "keyid": made.key_id} for made in envelope.signatures
            ],
        },
    }
    return json.dumps(document, indent=2).encode("ascii") + b"\n"


def read_bundle(data: bytes, where: str, *, identities: bool = False) -> Envelope:
    """Read the envelope of a bundle. Nothing about its signatures is known afterwards.

    Args:
        data: the file.
        where: how messages name it.
        identities: whether a bundle is read that an identity signed, by way of Sigstore.

    Raises:
        InputError: the file is too long, is no JSON object or no bundle of this version.
        VerificationError: it is one, and more than one thing could be read from it.
    """
    if len(data) > LARGEST_BYTES:
        raise InputError(where, f"{len(data)} bytes", f"at most {LARGEST_BYTES}")
    document = read_object(data, where)
    if document.get("mediaType") != MEDIA_TYPE:
        found = f"media type {str(document.get('mediaType', 'none'))[:100]!r}"
        raise InputError(where, found, f"a record: {MEDIA_TYPE}")
    fields_of(document, where, frozenset(["mediaType", "verificationMaterial", "dsseEnvelope"]))
    envelope = read_envelope(document["dsseEnvelope"], f"{where}: dsseEnvelope")
    material, place = document["verificationMaterial"], f"{where}: verificationMaterial"
    if identities and isinstance(material, dict) and "certificate" in material:
        if len(envelope.signatures) != 1:
            found = f"{len(envelope.signatures)} signatures"
            raise VerificationError(where, found, "one, as an identity makes")
        return dataclasses.replace(envelope, identity_bundle=data)
    _check_material(material, place)
    return envelope


def _check_material(value: object, where: str) -> None:
    material = fields_of(value, where, frozenset(["publicKey"]), frozenset(["tlogEntries"]))
    key = fields_of(material["publicKey"], f"{where}.publicKey", frozenset(["hint"]))
    text_of(key["hint"], f"{where}.publicKey.hint", _LONGEST_HINT)
    if material.get("tlogEntries", []) != []:
        found = "entries of a transparency log, which nothing here verifies"
        raise VerificationError(f"{where}.tlogEntries", found, "an empty list")


def read_envelope(value: object, where: str) -> Envelope:
    """Read the envelope out of the field of a bundle.

    Raises:
        VerificationError: it is no envelope, or more than one thing could be read from it.
    """
    fields = fields_of(value, where, frozenset(["payload", "payloadType", "signatures"]))
    rows = fields["signatures"]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_SIGNATURES:
        expected = f"a list of 1 to {MOST_SIGNATURES} signatures"
        raise VerificationError(f"{where}.signatures", "none or too many", expected)
    return Envelope(
        payload=from_base64(fields["payload"], f"{where}.payload", LARGEST_BYTES),
        payload_type=text_of(fields["payloadType"], f"{where}.payloadType", _LONGEST_HINT),
        signatures=tuple(
            _signature(row, f"{where}.signatures.{index}") for index, row in enumerate(rows)
        ),
    )


def _signature(value: object, where: str) -> Signature:
    fields = fields_of(value, where, frozenset(["sig"]), frozenset(["keyid"]))
    return Signature(
        key_id=text_of(fields.get("keyid", ""), f"{where}.keyid", _LONGEST_HINT),
        value=from_base64(fields["sig"], f"{where}.sig", _LONGEST_SIGNATURE),
    )


def from_base64(value: object, where: str, longest: int) -> bytes:
    """Return the bytes of base64 in its one canonical form.

    Raises:
        VerificationError: it is no such text, or holds more than ``longest`` bytes.
    """
    text = text_of(value, where, longest * 4 // 3 + 4)
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeError, binascii.Error):
        raise VerificationError(where, "no base64", "base64 of RFC 4648, padded") from None
    # Unused bits of the last character may hold anything; two texts must not be one content.
    if to_base64(data) != text:
        found = "base64 that is not in canonical form"
        raise VerificationError(where, found, "base64 of RFC 4648, padded")
    return data


def to_base64(data: bytes) -> str:
    """Return the base64 that ``from_base64`` reads."""
    return base64.b64encode(data).decode("ascii")
