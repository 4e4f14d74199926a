# SPDX-License-Identifier: Apache-2.0
"""Keys, people and envelopes for tests, made on the spot."""

from __future__ import annotations

import datetime as dt
import functools

from tiergate.attestation.envelope import Envelope, also_signed, sign
from tiergate.attestation.keys import Algorithm, PrivateKey, generate
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.attestation.trust import Role, Trust, TrustedKey

SIGNED_AT = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)
FROM = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
UNTIL = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

PAYLOAD = b'{"what":"is signed"}'


@functools.cache
def key(name: str) -> PrivateKey:
    """Return the key of that name, the same one whenever it is asked for."""
    return generate(Algorithm.ED25519 if name.endswith("ed25519") else Algorithm.ECDSA_P256)


def trusted(
    name: str,
    *roles: Role,
    person: str = "",
    valid_from: dt.datetime = FROM,
    valid_until: dt.datetime = UNTIL,
    organisation: str = "Lab",
    measures_here: bool = False,
) -> TrustedKey:
    """Return the key of that name as a verifier believes it."""
    return TrustedKey(
        key=key(name).public,
        person=person or name,
        organisation=organisation,
        roles=frozenset(roles),
        valid_from=valid_from,
        valid_until=valid_until,
        measures_here=measures_here,
    )


def trust(
    *keys: TrustedKey, needed: tuple[Role, ...] = (Role.RELEASE_OWNER,), developer: str = ""
) -> Trust:
    """Return what a verifier believes."""
    return Trust(digest="sha256:00", keys=keys, needed=needed, developer=developer)


def envelope(*names: str, payload: bytes = PAYLOAD, kind: str = PAYLOAD_TYPE) -> Envelope:
    """Return a payload that the keys of these names have signed, in that order."""
    first, *others = names
    made = sign(payload, kind, key(first))
    for name in others:
        made = also_signed(made, key(name))
    return made
