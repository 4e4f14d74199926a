# SPDX-License-Identifier: Apache-2.0
"""In-toto statements, version 1: something is stated about things known by their digests.

Written as canonical JSON (RFC 8785), so that equal statements are equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import rfc8785

from tiergate.attestation.envelope import Envelope
from tiergate.attestation.strict_json import fields_of, first_repeated, read_object, text_of
from tiergate.errors import InputError, VerificationError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""The only kind of payload that is read."""
_LONGEST_NAME = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that a statement is about."""

    name: str
    """Its name; every name stands once in a statement."""
    digest: Mapping[str, str]
    """Digests of its content in hexadecimal, by algorithm; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is stated, and about what."""

    subjects: tuple[Subject, ...]
    """What it is about, sorted by name; never empty."""
    predicate_type: str
    """What kind of statement it is, as a URI."""
    predicate: Mapping[str, object]
    """What is stated, as a JSON object without floating-point numbers."""

    def to_bytes(self) -> bytes:
        """Return the payload.

        Raises:
            InputError: something in it cannot be written in canonical form.
        """
        document = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": s.name, "digest": dict(s.digest)} for s in self.subjects],
            "predicateType": self.predicate_type,
            "predicate": dict(self.predicate),
        }
        try:
            data: bytes = rfc8785.dumps(cast("dict[str, None]", document))
        except (rfc8785.CanonicalizationError, UnicodeError) as error:
            raise InputError("statement", str(error), "what canonical JSON can hold") from None
        return data


def read_statement(envelope: Envelope, where: str, *, whole_floats: bool = False) -> Statement:
    """Read the statement in an envelope, whoever signed it.

    Args:
        envelope: what was signed.
        where: how messages name it.
        whole_floats: take ``4.0`` for 4.

    Raises:
        VerificationError: the payload is of another kind, or is no such statement.
    """
    if envelope.payload_type != PAYLOAD_TYPE:
        found = f"a payload of type {envelope.payload_type!r}"
        raise VerificationError(where, found, PAYLOAD_TYPE)
    place = f"{where}: payload"
    try:
        document = read_object(envelope.payload, place, whole_floats=whole_floats)
    except InputError as error:
        raise VerificationError(error.where, error.found, error.expected) from None
    needed = frozenset(["_type", "subject", "predicateType", "predicate"])
    fields_of(document, place, needed)
    if document["_type"] != STATEMENT_TYPE:
        found = f"type {str(document['_type'])[:100]!r}"
        raise VerificationError(f"{place}._type", found, STATEMENT_TYPE)
    predicate = document["predicate"]
    if not isinstance(predicate, dict):
        raise VerificationError(f"{place}.predicate", "no object", "an object")
    return Statement(
        subjects=_subjects(document["subject"], f"{place}.subject"),
        predicate_type=text_of(document["predicateType"], f"{place}.predicateType", 400),
        predicate=predicate,
    )


def _subjects(value: object, where: str) -> tuple[Subject, ...]:
    if not isinstance(value, list) or not value:
        raise VerificationError(where, "nothing", "a list of what it is about")
    found = tuple(_subject(row, f"{where}.{index}") for index, row in enumerate(value))
    twice = first_repeated(subject.name for subject in found)
    if twice is not None:
        raise VerificationError(where, f"{twice!r} twice", "every name once")
    return found


def _subject(value: object, where: str) -> Subject:
    fields = fields_of(value, where, frozenset(["name", "digest"]))
    digests = fields["digest"]
    if not isinstance(digests, dict) or not digests:
        raise VerificationError(f"{where}.digest", "no digest", "digests by algorithm")
    return Subject(
        name=text_of(fields["name"], f"{where}.name", _LONGEST_NAME),
        digest={
            name: text_of(digest, f"{where}.digest.{name}", 200) for name, digest in digests.items()
        },
    )
