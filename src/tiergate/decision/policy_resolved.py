# SPDX-License-Identifier: Apache-2.0
"""A policy file that was read: its parts, the policy, and where each part stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.decision.policy import Policy
from tiergate.decision.policy_file import PolicyFile
from tiergate.decision.strict_yaml import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A policy file with everything that it extends laid under it."""

    file: PolicyFile
    """Its parts, complete."""
    policy: Policy
    """The policy."""
    content: Mapping[str, object]
    """The same as it would be written."""
    lines: Mapping[Location, int]
    """Line of each location that the file itself states, in its complete form."""
    below: Resolved | None = None
    """What it extends; None when it stands alone."""


def by_name(field: str, file: PolicyFile) -> str:
    """Return a dotted path in which tiers stand by their name: nobody counts them."""
    first, _, rest = field.partition(".")
    index, dot, rest = rest.partition(".")
    is_tier = first == "tiers" and index.isdecimal()
    return f"tiers.{file.tiers[int(index)].id}{dot}{rest}" if is_tier else field
