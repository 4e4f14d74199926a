# SPDX-License-Identifier: Apache-2.0
"""What people may do here beside asking for access: rights, and the roles that give them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType


class GatewayRole(enum.StrEnum):
    """What somebody is here."""

    OWNER = "owner"
    """Runs the gateway: makes accounts, and may do what the others do."""
    EVALUATOR = "evaluator"
    """Reads decisions and releases, those that are not known of outside too."""
    APPROVER = "approver"
    """Decides who gets access."""
    OPERATOR = "operator"
    """Is on duty: sees what is going on, and stops downloads."""
    AUDITOR = "auditor"
    """Reads the log of downloads, and changes nothing."""
    PUBLISHER = "publisher"
    """Uploads to repositories in the namespaces given to them; the owner does in all of them."""


class Right(enum.StrEnum):
    """One thing that not everybody may do."""

    SEE_RELEASES = "see every release"
    """Also those that are hidden, with their decisions."""
    SEE_REQUESTS = "see requests"
    """Who asked for access, and what they stated."""
    DECIDE = "decide on requests"
    """Give and revoke grants."""
    STOP = "stop downloads"
    """At once, of one model or all."""
    LIFT = "lift a stop"
    """Which somebody else made."""
    READ_LOG = "read the log"
    """What left, and the acts of people here."""
    MANAGE = "manage accounts"
    """Make and disable accounts, and say who is what."""


_OF: Mapping[GatewayRole, frozenset[Right]] = MappingProxyType(
    {
        GatewayRole.OWNER: frozenset(Right),
        GatewayRole.EVALUATOR: frozenset({Right.SEE_RELEASES}),
        GatewayRole.APPROVER: frozenset(
            {Right.SEE_RELEASES, Right.SEE_REQUESTS, Right.DECIDE, Right.LIFT}
        ),
        GatewayRole.OPERATOR: frozenset({Right.SEE_RELEASES, Right.SEE_REQUESTS, Right.STOP}),
        GatewayRole.AUDITOR: frozenset({Right.SEE_RELEASES, Right.SEE_REQUESTS, Right.READ_LOG}),
        GatewayRole.PUBLISHER: frozenset(),
    }
)


def rights_of(roles: Iterable[GatewayRole]) -> frozenset[Right]:
    """Return what somebody with these roles may do.

    >>> rights_of([GatewayRole.EVALUATOR, GatewayRole.PUBLISHER])
    frozenset({<Right.SEE_RELEASES: 'see every release'>})
    """
    return frozenset[Right]().union(*(_OF[role] for role in roles))
