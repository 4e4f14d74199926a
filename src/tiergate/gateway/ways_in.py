# SPDX-License-Identifier: Apache-2.0
"""Every way in which somebody can show who they are."""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.gateway.accounts import Accounts
from tiergate.gateway.attempts import Attempts
from tiergate.gateway.database import Database
from tiergate.gateway.devices import Devices
from tiergate.gateway.exchange import Exchange
from tiergate.gateway.identities import Identities
from tiergate.gateway.issuers import Issuers
from tiergate.gateway.login_file import LoginRules
from tiergate.gateway.login_links import LoginLinks
from tiergate.gateway.logins_elsewhere import LoginsElsewhere
from tiergate.gateway.oidc import Oidc
from tiergate.gateway.passwords import Passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysIn:
    """The ways that a gateway has."""

    rules: LoginRules
    """Which of them count."""
    attempts: Attempts
    """How often each failed."""
    passwords: Passwords
    """Of local accounts."""
    links: LoginLinks
    """With which people choose one."""
    oidc: Oidc
    """At providers."""
    identities: Identities
    """Who is who there."""
    devices: Devices
    """For programs without a browser."""
    exchange: Exchange
    """For jobs of a CI."""


def ways_in(
    database: Database, accounts: Accounts, secret: bytes, rules: LoginRules | None = None
) -> WaysIn:
    """Return the ways in to a gateway.

    Args:
        database: where all that is kept is.
        accounts: who is known.
        secret: from which keys are made.
        rules: of a login file; None for passwords alone.
    """
    known, issuers = rules or LoginRules(), Issuers()
    attempts = Attempts(database, secret)
    links, identities = LoginLinks(database, accounts, secret), Identities(database, accounts)
    return WaysIn(
        rules=known,
        attempts=attempts,
        passwords=Passwords(database, accounts, attempts),
        links=links,
        oidc=Oidc(
            rules=known,
            issuers=issuers,
            begun=LoginsElsewhere(database, secret),
            identities=identities,
            links=links,
            accounts=accounts,
        ),
        identities=identities,
        devices=Devices(database, accounts, secret),
        exchange=Exchange(known, issuers, accounts),
    )
