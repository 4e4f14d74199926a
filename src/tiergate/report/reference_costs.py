# SPDX-License-Identifier: Apache-2.0
"""Published costs of attacks on other models, as ticks beside our own measurements."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources

import yaml

from tiergate.evidence.tampering.adversary import Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCost:
    """One published cost."""

    label: str
    """Model and attack, in a few words."""
    as_published: str
    """The cost in the words of its source."""
    source: str
    """Address of the source."""
    as_of: str
    """When it was published, as a date or a month."""
    usd: Decimal | None = None
    """Money; one of this and the next two is given."""
    gpu_hours: Decimal | None = None
    """Accelerator hours, of whatever accelerator the source used."""
    flop: Decimal | None = None
    """Floating-point operations."""

    def flop_at(self, prices: Prices) -> int:
        """Return the operations that this buys at these prices, for its place on the axis."""
        if self.flop is not None:
            return int(self.flop)
        hours = self.gpu_hours
        if hours is None:
            hours = (self.usd or Decimal(0)) / prices.usd_per_hour
        return int(hours * 3600 * prices.flop_per_second)


@cache
def reference_costs() -> tuple[ReferenceCost, ...]:
    """Return the published costs that ship, in the order of the file."""
    text = resources.files(__package__).joinpath("reference_costs.yaml").read_text("utf-8")
    return tuple(_reference(row) for row in yaml.safe_load(text))


def _reference(row: dict[str, object]) -> ReferenceCost:
    def amount(unit: str) -> Decimal | None:
        return Decimal(str(row[unit])) if unit in row else None

    return ReferenceCost(
        label=str(row["label"]),
        as_published=str(row["as_published"]),
        source=str(row["source"]),
        as_of=str(row["as_of"]),
        usd=amount("usd"),
        gpu_hours=amount("gpu_hours"),
        flop=amount("flop"),
    )
