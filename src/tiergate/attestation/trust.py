# SPDX-License-Identifier: Apache-2.0
"""Whom a verifier believes: keys of people, with roles, organisations and dates.

A key counts between its dates alone, a person once however many keys are theirs, and a role
for those to whom it was given.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tiergate.attestation.keys import PublicKey


class Role(enum.StrEnum):
    """As what somebody signs."""

    EVALUATOR = "evaluator"
    SAFETY_LEAD = "safety lead"
    SECURITY_LEAD = "security lead"
    LEGAL = "legal"
    INDEPENDENT_REVIEWER = "independent reviewer"
    OVERSIGHT = "oversight"
    RELEASE_OWNER = "release owner"
    AUDITOR = "auditor"
    DATA_STEWARD = "data steward"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A key, whose it is, and what for and how long it is believed."""

    key: PublicKey
    """The key."""
    person: str
    """Whose it is; the same text for every key of one person."""
    organisation: str
    """Where that person belongs."""
    roles: frozenset[Role]
    """As what they sign; never empty."""
    valid_from: datetime
    """From when on it counts, in UTC."""
    valid_until: datetime
    """From when on it counts no more, in UTC."""
    measures_here: bool = False
    """Whether it is an instrument of the verifier, who believes it like their own eyes."""

    @property
    def holder(self) -> str:
        """The person as one person is told from another: case and spaces make no difference."""
        return " ".join(self.person.split()).casefold()

    def problem_at(self, time: datetime, called: str) -> str:
        """Say why the key does not count at ``time``; empty when it does."""
        if time < self.valid_from:
            return f"the key is valid from {self.valid_from:%Y-%m-%d} on, and {called} is before"
        if time >= self.valid_until:
            return f"the key was valid until {self.valid_until:%Y-%m-%d}, and {called} is later"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody, as an identity provider knows them."""

    name: str
    """E-mail address or URI, exactly as it stands in what Sigstore issued."""
    issuer: str
    """URL of the identity provider."""

    @property
    def words(self) -> str:
        """How messages name it."""
        return f"{self.name}, vouched for by {self.issuer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIdentity:
    """An identity in place of a key: every signature of it is of a new key."""

    identity: Identity
    """The identity."""
    person: str
    """Whose it is; the same text for every key and identity of one person."""
    organisation: str
    """Where that person belongs."""
    roles: frozenset[Role]
    """As what they sign; never empty."""
    valid_from: datetime
    """From when on it counts, in UTC."""
    valid_until: datetime
    """From when on it counts no more, in UTC."""

    def with_key(self, key: PublicKey) -> TrustedKey:
        """Return the key of one signature, believed as the identity is."""
        return TrustedKey(
            key=key,
            person=self.person,
            organisation=self.organisation,
            roles=self.roles,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What one verifier believes."""

    digest: str
    """Digest of the file it was read from."""
    keys: tuple[TrustedKey, ...]
    """Every key, each once."""
    needed: tuple[Role, ...]
    """Roles whose signatures a record needs, one person each; never empty."""
    developer: str = ""
    """Organisation that made what is signed about; empty when it is not named."""
    identities: tuple[TrustedIdentity, ...] = ()
    """Every identity, each once."""


def roles_without_a_person(
    needed: Sequence[Role], signers: Iterable[TrustedKey]
) -> tuple[Role, ...]:
    """Return the roles that are left when every person stands for one role at most."""
    roles_of: dict[str, frozenset[Role]] = {}
    for signer in signers:
        roles_of[signer.holder] = roles_of.get(signer.holder, frozenset()) | signer.roles
    return unfilled(needed, roles_of)


def unfilled(needed: Sequence[Role], roles_of: Mapping[str, frozenset[Role]]) -> tuple[Role, ...]:
    """Return the roles that nobody is left for, each person standing for one at most.

    As many roles as possible are filled, whoever has several of them (a matching in a
    bipartite graph, by augmenting paths).

    Args:
        needed: the roles; one that stands there twice needs two people.
        roles_of: the roles of every person.
    """
    place_of: dict[str, int] = {}
    left = [
        role
        for place, role in enumerate(needed)
        if not _placed(place, needed, roles_of, place_of, set())
    ]
    return tuple(left)


def _placed(
    place: int,
    needed: Sequence[Role],
    roles_of: Mapping[str, frozenset[Role]],
    place_of: dict[str, int],
    tried: set[str],
) -> bool:
    """Give ``place`` to somebody, moving others to another of their roles if need be."""
    for person in sorted(roles_of):
        if person in tried or needed[place] not in roles_of[person]:
            continue
        tried.add(person)
        other = place_of.get(person)
        if other is None or _placed(other, needed, roles_of, place_of, tried):
            place_of[person] = place
            return True
    return False
