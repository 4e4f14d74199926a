# SPDX-License-Identifier: Apache-2.0
"""Entries of a ledger as bytes: DSSE envelopes in canonical JSON (RFC 8785), with one signature.

Bytes that are exactly what would be written for what they say are read quickly. All others
are read once more, step by step, to say what is wrong with them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import cast

import rfc8785

from tiergate.attestation.envelope import Envelope, Signature
from tiergate.attestation.strict_json import fields_of, read_object, text_of
from tiergate.errors import InputError, VerificationError

PAYLOAD_TYPE = "application/vnd.tiergate.release-event+json"
_LONGEST = 2 * 1024 * 1024
_BASE64 = rb"([A-Za-z0-9+/]+={0,2})"
# Fields in their order, and texts that nothing in has to be escaped: one way to write them.
_WRITTEN = re.compile(
    rb'\{"payload":"' + _BASE64 + rb'","payloadType":"' + re.escape(PAYLOAD_TYPE.encode()) + rb'",'
    rb'"signatures":\[\{"keyid":"([0-9a-f]{64})","sig":"' + _BASE64 + rb'"\}\]\}'
)
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def write_entry(made: Envelope) -> bytes:
    """Return an envelope as an entry."""
    return canonical(
        {
            "payload": base64.b64encode(made.payload).decode("ascii"),
            "payloadType": made.payload_type,
            "signatures": [
                {"keyid": each.key_id, "sig": base64.b64encode(each.value).decode("ascii")}
                for each in made.signatures
            ],
        }
    )


def read_entry(data: bytes, where: str) -> Envelope:
    """Read an entry. Nothing about its signature is known afterwards.

    Raises:
        VerificationError: it is no envelope of an event, or could be written in another way.
    """
    written = _WRITTEN.fullmatch(data)
    if written is None:
        return _step_by_step(data, where)
    payload, key_id, value = written.groups()
    made = Signature(key_id=key_id.decode("ascii"), value=_decoded(value, where))
    return Envelope(payload=_decoded(payload, where), payload_type=PAYLOAD_TYPE, signatures=(made,))


def canonical(document: object) -> bytes:
    """Return any document in canonical form, for which the order of names takes some time."""
    # Texts, whole numbers and nothing else: all of it can be written in canonical form.
    data: bytes = rfc8785.dumps(cast("dict[str, None]", document))
    return data


def canonical_of_plain_names(document: object) -> bytes:
    """Return the same of a document whose names are all in ASCII, quickly.

    RFC 8785 sorts names by their UTF-16 code units, which for ASCII is the order of Python,
    escapes in texts what Python escapes, and differs in how it writes floating-point numbers.

    Args:
        document: without floating-point numbers.

    Raises:
        UnicodeEncodeError: a text that is not Unicode.
    """
    return _encode(document).encode("utf-8")


def _step_by_step(data: bytes, where: str) -> Envelope:
    try:
        document = read_object(data, where)
    except InputError as error:
        raise VerificationError(error.where, error.found, error.expected) from None
    fields = fields_of(document, where, frozenset(["payload", "payloadType", "signatures"]))
    rows = fields["signatures"]
    if not isinstance(rows, list) or len(rows) != 1:
        raise VerificationError(where, "no signature, or more than one", "one signature")
    row = fields_of(rows[0], where, frozenset(["keyid", "sig"]))
    kind = text_of(fields["payloadType"], where, 200)
    if kind != PAYLOAD_TYPE:
        raise VerificationError(where, f"a payload of type {kind!r}", PAYLOAD_TYPE)
    if canonical(document) != data:
        raise VerificationError(where, "an envelope that is not in canonical form", "RFC 8785")
    made = Signature(key_id=text_of(row["keyid"], where, 64), value=_bytes(row["sig"], where))
    payload = _bytes(fields["payload"], where)
    return Envelope(payload=payload, payload_type=kind, signatures=(made,))


def _bytes(value: object, where: str) -> bytes:
    text = text_of(value, where, _LONGEST)
    try:
        data = text.encode("ascii")
    except UnicodeError:
        raise _no_base64(where) from None
    return _decoded(data, where)


def _decoded(text: bytes, where: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _no_base64(where) from None
    # Unused bits of the last character may hold anything; two texts must not be one content.
    if base64.b64encode(data) != text:
        raise VerificationError(where, "base64 that is not in canonical form", "RFC 4648")
    return data


def _no_base64(where: str) -> VerificationError:
    return VerificationError(where, "no base64", "base64 of RFC 4648, padded")
