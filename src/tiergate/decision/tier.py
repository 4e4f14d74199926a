# SPDX-License-Identifier: Apache-2.0
"""Release tiers, capability bands and tamper-resistance levels: the three ladders.

A tier says how open a release may be. It is not a stage, which says where a rollout is
in time.
"""

from __future__ import annotations

import enum


class _Ladder(enum.StrEnum):
    @property
    def rank(self) -> int:
        """Position on the ladder, from 0."""
        return list(type(self)).index(self)


class Tier(_Ladder):
    """How open a release may be, most closed first."""

    T0 = "T0"
    T1 = "T1"
    T2 = "T2"
    T3 = "T3"
    T4 = "T4"
    T5 = "T5"
    T6 = "T6"

    @property
    def hands_out_weights(self) -> bool:
        """Whether anybody outside receives the weights."""
        return self.rank >= Tier.T4.rank

    @property
    def is_irreversible(self) -> bool:
        """Whether the release cannot be undone once it was made."""
        return self.rank >= Tier.T5.rank


class Band(_Ladder):
    """How far a domain's capability has come, least first."""

    B0 = "B0"
    B1 = "B1"
    B2 = "B2"
    B3 = "B3"


class TamperLevel(_Ladder):
    """The attacker budget that a safeguard was measured to survive, least first."""

    TR0 = "TR0"
    TR1 = "TR1"
    TR2 = "TR2"
    TR3 = "TR3"
    TR4 = "TR4"
