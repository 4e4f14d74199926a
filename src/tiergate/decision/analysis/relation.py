# SPDX-License-Identifier: Apache-2.0
"""The words for how one policy stands to another, and how they are joined."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Relation(enum.StrEnum):
    """How the first policy stands to the second."""

    EQUIVALENT = "equivalent"
    STRICTER = "stricter"
    LOOSER = "looser"
    INCOMPARABLE = "incomparable"
    UNDECIDED = "undecided"


def relation_of(first_alone: bool | None, second_alone: bool | None) -> Relation:  # noqa: FBT001
    """Return the relation where the first alone opens something, or the second alone does.

    Args:
        first_alone: whether it does; None where that could not be decided.
        second_alone: the same for the second.
    """
    if first_alone is True and second_alone is True:
        return Relation.INCOMPARABLE
    if first_alone is None or second_alone is None:
        return Relation.UNDECIDED
    if first_alone:
        return Relation.LOOSER
    return Relation.STRICTER if second_alone else Relation.EQUIVALENT


def joined(found: Iterable[Relation]) -> Relation:
    """Return the relation in all respects together."""
    seen = set(found) - {Relation.EQUIVALENT}
    if Relation.INCOMPARABLE in seen or {Relation.STRICTER, Relation.LOOSER} <= seen:
        return Relation.INCOMPARABLE
    if Relation.UNDECIDED in seen:
        return Relation.UNDECIDED
    return seen.pop() if seen else Relation.EQUIVALENT
