# SPDX-License-Identifier: Apache-2.0
"""Where a policy asks for less than the policy that it extends.

An extension may only ask for more. One that says ``unsafe_loosens`` may ask for less too; what it
loosens is carried along with every decision, so that nobody takes it for the policy extended.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosening:
    """One place in which an extension asks for less."""

    policy: str
    """Id and version of the extension."""
    field: str
    """Dotted path of the field."""
    what: str
    """What it asks for, and what the policy extended does."""
    reason: str
    """Why, as the extension says."""

    @property
    def summary(self) -> str:
        """The same in one line."""
        return f"{self.field}: {self.what} ({self.policy}: {self.reason})"
