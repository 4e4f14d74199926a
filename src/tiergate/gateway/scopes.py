# SPDX-License-Identifier: Apache-2.0
"""What a token counts for: never for more than its holder may do, and often for less."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tiergate.gateway.roles import Right


class Scope(enum.StrEnum):
    """One thing that a token counts for."""

    READ = "read"
    """To see and download what its holder may."""
    REQUEST = "request"
    """To ask for access in their name."""
    PUBLISH = "publish"
    """To upload, where they may."""
    APPROVE = "approve"
    """To decide who gets access, if they may."""
    AUDIT = "audit"
    """To read the log, if they may."""


EVERY_SCOPE = frozenset(Scope)
"""What a login counts for, and a token that was made without scopes."""
USUAL = (Scope.READ, Scope.REQUEST)
"""What a token is offered to count for, where nothing else is said."""
_OF: Mapping[Right, Scope | None] = MappingProxyType(
    {
        Right.SEE_RELEASES: Scope.READ,
        Right.SEE_REQUESTS: Scope.APPROVE,
        Right.DECIDE: Scope.APPROVE,
        Right.STOP: None,
        Right.LIFT: None,
        Right.READ_LOG: Scope.AUDIT,
        Right.MANAGE: None,
    }
)
"""Which scope a right needs; None for every one."""


def rights_within(rights: Iterable[Right], scopes: frozenset[Scope]) -> frozenset[Right]:
    """Return those rights that are left of somebody's who asks with a token.

    >>> rights_within([Right.DECIDE, Right.READ_LOG], frozenset({Scope.AUDIT}))
    frozenset({<Right.READ_LOG: 'read the log'>})
    """
    if scopes == EVERY_SCOPE:
        return frozenset(rights)
    return frozenset(right for right in rights if _OF.get(right) in scopes)


def read_scopes(text: str) -> frozenset[Scope]:
    """Return scopes as they are kept, with blanks between.

    >>> sorted(read_scopes("request read"))
    [<Scope.READ: 'read'>, <Scope.REQUEST: 'request'>]
    """
    return frozenset(map(Scope, text.split()))


def scope_words(scopes: Iterable[Scope]) -> str:
    """Return scopes as one text, always in one order.

    >>> scope_words({Scope.REQUEST, Scope.READ})
    'read request'
    """
    given = frozenset(scopes)
    return " ".join(scope.value for scope in Scope if scope in given)
