# SPDX-License-Identifier: Apache-2.0
"""``trust.yaml``: from the file that a verifier writes to whom they believe.

Every mistake is reported at once, with its line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from tiergate.attestation.keys import read_public
from tiergate.attestation.trust import Identity, Role, Trust, TrustedIdentity, TrustedKey
from tiergate.decision.strict_yaml import Location
from tiergate.decision.yaml_document import parse_yaml, read_yaml_file
from tiergate.errors import InputError
from tiergate.evidence.assurance import VOUCHING_ROLES, VOUCHING_WORDS
from tiergate.evidence.document_types import Flag, Name, Part, Text, UtcTime

_Item = TypeVar("_Item")


def _some(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    # Not a length of the field: an item with a mistake would then count as a missing one too.
    if not items:
        raise ValueError("expected at least one")
    return items


Roles = Annotated[tuple[Role, ...], AfterValidator(_some)]


_CALLED = "trust file"


class TrustedKeyPart(Part):
    """A key, whose it is, and what for and how long it is believed."""

    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Its id, as ``tiergate keys show`` prints it."""
    public_key: Annotated[str, Field(max_length=4000)]
    """The public key in PEM; the id must be its own."""
    person: Name
    """Whose it is: the same text for every key of one person, who counts once."""
    organisation: Name
    """Where that person belongs."""
    roles: Roles
    """As what they sign."""
    valid_from: UtcTime
    """From when on it counts."""
    valid_until: UtcTime
    """From when on it counts no more."""
    measures_here: Flag = False
    """Whether it is an instrument of your own: what it attests was measured here."""


class TrustedIdentityPart(Part):
    """An identity in place of a key, whose it is, and what for and how long it is believed."""

    identity: Name
    """E-mail address or URI, exactly as Sigstore's services write it."""
    issuer: Name
    """URL of the identity provider that vouches for it."""
    person: Name
    """Whose it is: the same text for every key and identity of one person, who counts once."""
    organisation: Name
    """Where that person belongs."""
    roles: Roles
    """As what they sign."""
    valid_from: UtcTime
    """From when on it counts."""
    valid_until: UtcTime
    """From when on it counts no more."""


class TrustFile(Part):
    """Whom a verifier believes, and whose signatures a record needs."""

    format: Literal["tiergate-trust/1"]
    """Format and version of this file."""
    signed_by: Roles
    """Roles whose signatures a record needs, each by a person of its own."""
    keys: tuple[TrustedKeyPart, ...] = ()
    """The keys."""
    developer: Text = ""
    """Organisation that develops the model: its evidence is never independent."""
    identities: tuple[TrustedIdentityPart, ...] = ()
    """Identities that sign records by way of Sigstore, without keys of their own."""


def load_trust(path: Path) -> Trust:
    """Read a trust file.

    Raises:
        MistakesError: there is no such file, or it has mistakes; all of them are in it.
    """
    return parse_trust(read_yaml_file(path, _CALLED), str(path))


def parse_trust(data: bytes, where: str) -> Trust:
    """Read the bytes of a trust file.

    Raises:
        MistakesError: with every mistake, its line and what was expected.
    """
    file = parse_yaml(data, where, TrustFile, called=_CALLED, root="trust", mistakes=_mistakes)
    return Trust(
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        keys=tuple(_trusted(part) for part in file.keys),
        needed=file.signed_by,
        developer=file.developer,
        identities=tuple(_trusted_identity(part) for part in file.identities),
    )


def _mistakes(file: TrustFile) -> Iterator[tuple[Location, str]]:
    if not file.keys and not file.identities:
        yield ("keys",), "expected at least one key, or an identity"
    given = {role for key in file.keys for role in key.roles}
    given |= {role for somebody in file.identities for role in somebody.roles}
    for index, role in enumerate(file.signed_by):
        if role not in given:
            yield ("signed_by", index), f"no key below has the role {role}"
    yield from _mistakes_of_keys(file)
    yield from _mistakes_of_identities(file)


def _mistakes_of_keys(file: TrustFile) -> Iterator[tuple[Location, str]]:
    seen: set[str] = set()
    for index, part in enumerate(file.keys):
        if part.key_id in seen:
            yield ("keys", index, "key_id"), "this key stands here twice"
        seen.add(part.key_id)
        start: datetime = part.valid_from
        if part.valid_until <= start:
            yield ("keys", index, "valid_until"), "is not after valid_from"
        if part.measures_here and VOUCHING_ROLES.isdisjoint(part.roles):
            yield ("keys", index, "measures_here"), f"expected {VOUCHING_WORDS} among its roles"
        problem = _key_problem(part)
        if problem:
            yield ("keys", index, "public_key"), problem


def _mistakes_of_identities(file: TrustFile) -> Iterator[tuple[Location, str]]:
    seen: set[tuple[str, str]] = set()
    for index, part in enumerate(file.identities):
        if (part.identity, part.issuer) in seen:
            yield ("identities", index, "identity"), "this identity stands here twice"
        seen.add((part.identity, part.issuer))
        start: datetime = part.valid_from
        if part.valid_until <= start:
            yield ("identities", index, "valid_until"), "is not after valid_from"


def _key_problem(part: TrustedKeyPart) -> str:
    try:
        found = read_public(part.public_key.encode(), "").key_id
    except InputError as error:
        return f"found {error.found}, expected {error.expected}"
    return "" if found == part.key_id else f"has the id {found}, expected that of key_id"


def _trusted(part: TrustedKeyPart) -> TrustedKey:
    return TrustedKey(
        key=read_public(part.public_key.encode(), part.key_id),
        person=part.person,
        organisation=part.organisation,
        roles=frozenset(part.roles),
        valid_from=part.valid_from,
        valid_until=part.valid_until,
        measures_here=part.measures_here,
    )


def _trusted_identity(part: TrustedIdentityPart) -> TrustedIdentity:
    return TrustedIdentity(
        identity=Identity(name=part.identity, issuer=part.issuer),
        person=part.person,
        organisation=part.organisation,
        roles=frozenset(part.roles),
        valid_from=part.valid_from,
        valid_until=part.valid_until,
    )
