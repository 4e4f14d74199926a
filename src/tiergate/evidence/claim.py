# SPDX-License-Identifier: Apache-2.0
"""Claims: statements by someone about a checkpoint.

A claim is not a measurement. It answers an evidence item of a policy (as in ``E01``)
with named fields, and it can also say that something does *not* hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimField:
    """One named statement of a claim."""

    name: str
    """Field name, as the policy asks for it."""
    value: str | int | bool
    """What is stated; a decimal number is text. An empty string states nothing."""

    @property
    def number(self) -> Decimal | None:
        """The value as a finite number; None when it is not one."""
        if isinstance(self.value, bool) or not _NUMBER.fullmatch(str(self.value)):
            return None
        return Decimal(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement by someone about a checkpoint."""

    item: str
    """Evidence item or finding that this answers, as in ``E01``."""
    holds: bool
    """Whether the claimant says that it holds; False is an adverse or negative statement."""
    statement: str
    """The claim in one sentence."""
    fields: tuple[ClaimField, ...]
    """Named details, sorted by name."""
    made_at: datetime
    """When it was made, in UTC."""

    def field(self, name: str) -> ClaimField | None:
        """Return the field called ``name``, or None."""
        return next((f for f in self.fields if f.name == name), None)
