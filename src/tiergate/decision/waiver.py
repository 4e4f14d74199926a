# SPDX-License-Identifier: Apache-2.0
"""Waivers: scoped, expiring human exceptions, capped at a tier.

A waiver stands in for one requirement on one checkpoint. It weakens the gate, so it is
named in the decision and in the report, and the policy bounds how far it reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tiergate.decision.tier import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A human exception from one requirement."""

    requirement: str
    """Id of the requirement."""
    root_digest: str
    """The one checkpoint that it is for."""
    highest_tier: Tier
    """It counts up to this tier, if the policy allows so much."""
    issued_at: datetime
    """When it was given, in UTC."""
    expires_at: datetime
    """When it ends, in UTC."""
    by: str
    """Who gave it."""
    reason: str
    """Why."""
    signed_by: str = ""
    """Whose signature on it counts, and as what; empty when it is unsigned."""
    signature: str = ""
    """Digest of the signed file that it stands in; empty when it is unsigned."""

    @property
    def summary(self) -> str:
        """The waiver in one line."""
        return f"{self.by}, until {self.expires_at:%Y-%m-%d}: {self.reason}"

    @property
    def signing(self) -> str:
        """Whether it is signed, and by whom, in words."""
        return f"signed by {self.signed_by}" if self.signed_by else "unsigned"
