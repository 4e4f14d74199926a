# SPDX-License-Identifier: Apache-2.0
"""The axis of attacker budgets: operations on a logarithmic scale, linked to time and money.

Places are decimal logarithms of operations. An attack without computing has no logarithm and
stands at the left end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from tiergate.evidence.tampering.adversary import Prices

_BEFORE, _LEAST_DECADES = 0.5, 1.5
_CENT = Decimal("0.01")
_TIMES = (
    ("1 ms", "0.001"), ("10 ms", "0.01"), ("0.1 s", "0.1"), ("1 s", "1"), ("10 s", "10"),
    ("1 min", "60"), ("10 min", "600"), ("1 h", "3600"), ("10 h", "36000"),
    ("100 h", "360000"), ("1,000 h", "3600000"), ("10,000 h", "36000000"),
)  # fmt: skip
_SUMS = (
    ("$0.0001", "0.0001"), ("$0.001", "0.001"), ("$0.01", "0.01"), ("$0.10", "0.1"), ("$1", "1"),
    ("$10", "10"), ("$100", "100"), ("$1,000", "1000"), ("$10,000", "10000"),
    ("$100,000", "100000"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One label under the axis."""

    at: float
    """Place."""
    text: str
    """Label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetScale:
    """Where budgets stand on the axis."""

    low: float
    """Left end."""
    tested: float
    """Where knowledge ends."""
    high: float
    """Right end."""
    width: int
    """Width of the axis in pixels."""
    prices: Prices
    """What operations cost."""

    @classmethod
    def over(
        cls, flops: Iterable[int], *, width: int, unknown: float, prices: Prices
    ) -> BudgetScale:
        """Fit the axis to tested budgets and keep a share of its width for what is unknown."""
        orders = [math.log10(flop) for flop in flops if flop > 0] or [0.0]
        tested = max(orders)
        low = min(min(orders) - _BEFORE, tested - _LEAST_DECADES)
        high = tested + (tested - low) * unknown / (1 - unknown)
        return cls(low=low, tested=tested, high=high, width=width, prices=prices)

    def place(self, flop: int) -> float:
        """Return the place of a budget, the left end for none."""
        return max(self.low, math.log10(flop)) if flop > 0 else self.low

    def pixels(self, place: float) -> float:
        """Return the distance of a place from the left end, in pixels."""
        return (place - self.low) / (self.high - self.low) * self.width

    def operations(self, room: int) -> tuple[Tick, ...]:
        """Return powers of ten, ``room`` pixels or more apart."""
        first, last = math.ceil(self.low), math.floor(self.high)
        ticks = [Tick(at=at, text=f"1e{at}") for at in range(first, last + 1)]
        return self._apart(ticks, room)

    def times(self, room: int) -> tuple[Tick, ...]:
        """Return round times on the accelerator of the price file."""
        return self._linked(_TIMES, self.prices.flop_per_second, room)

    @property
    def is_under_a_cent(self) -> bool:
        """Whether all that was tested costs less than the smallest coin."""
        return self.prices.usd(int(10**self.tested)) < _CENT

    def sums(self, room: int) -> tuple[Tick, ...]:
        """Return round sums of money."""
        flop_per_usd = self.prices.flop_per_second * 3600 / self.prices.usd_per_hour
        return self._linked(_SUMS, flop_per_usd, room)

    def _linked(
        self, marks: Iterable[tuple[str, str]], flop_each: Decimal, room: int
    ) -> tuple[Tick, ...]:
        ticks = [
            Tick(at=math.log10(float(Decimal(amount) * flop_each)), text=text)
            for text, amount in marks
        ]
        return self._apart(ticks, room)

    def _apart(self, ticks: list[Tick], room: int) -> tuple[Tick, ...]:
        """Keep every n-th tick that has room, so that labels do not touch and steps look alike."""
        half = room / 2 - 6
        ticks = [t for t in ticks if half <= self.pixels(t.at) <= self.width - half]
        if len(ticks) < 2:
            return tuple(ticks)
        step = min(self.pixels(b.at) - self.pixels(a.at) for a, b in pairwise(ticks))
        return tuple(ticks[:: math.ceil(room / step)])
