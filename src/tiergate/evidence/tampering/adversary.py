# SPDX-License-Identifier: Apache-2.0
"""Who attacks, and what it costs: steps, examples, floating-point operations, hours, money.

Operations are counted while an attack runs. Hours and money follow from them through a price
file that anyone may edit, because an attacker rents other machines than ours. What is spent on
failed trials and on the search for good settings is part of the price.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_EVEN, Decimal
from importlib import resources
from pathlib import Path

import yaml

from tiergate.errors import InputError
from tiergate.evidence.measurement import AttackBudget
from tiergate.model.digest import sha256_digest


class Access(enum.StrEnum):
    """What an attacker can touch, least first."""

    PROMPTS = "prompts only"
    TEMPLATE = "template and prefill"
    ACTIVATIONS = "activations"
    WEIGHTS = "weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an attack has spent so far; costs add up."""

    attempts: int = 0
    """Answers drawn from the model while attacking, search included."""
    steps: int = 0
    """Optimiser steps."""
    examples: int = 0
    """Training examples and direction prompts seen, repeats included."""
    flop: int = 0
    """Floating-point operations of matrix products, counted as they ran."""
    seconds: Decimal = Decimal(0)
    """Wall time on the machine that ran it."""

    def __add__(self, other: Cost) -> Cost:
        """Add two costs, item by item."""
        return Cost(
            **{
                item.name: getattr(self, item.name) + getattr(other, item.name)
                for item in fields(self)
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Adversary:
    """Who is assumed to attack."""

    access: Access
    """What the attacker can touch."""
    knowledge: str
    """What the attacker knows, in words."""
    data: str
    """What the attacker trains on or searches with, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What operations cost an attacker who rents a machine."""

    accelerator: str
    """The machine that is assumed."""
    flop_per_second: Decimal
    """Operations that it does in a second of such work, not its peak."""
    usd_per_hour: Decimal
    """Rent for an hour."""
    source: str
    """Where the two figures come from."""
    as_of: str
    """Day on which they were read."""
    digest: str = ""
    """Digest of the file; empty when it is from none."""
    is_shipped: bool = False
    """Whether it is, byte for byte, the file that ships."""

    def gpu_hours(self, flop: int) -> Decimal:
        """Return the hours for so many operations, to six significant digits."""
        return _rounded(Decimal(flop) / self.flop_per_second / 3600)

    def usd(self, flop: int) -> Decimal:
        """Return the money for so many operations, in US dollars, to six significant digits."""
        return _rounded(Decimal(flop) / self.flop_per_second / 3600 * self.usd_per_hour)

    def budget(self, cost: Cost) -> AttackBudget:
        """Return a cost as evidence states it."""
        return AttackBudget(
            usd=self.usd(cost.flop),
            gpu_hours=self.gpu_hours(cost.flop),
            steps=cost.steps,
            examples=cost.examples,
            flop=cost.flop,
        )


_IN_FILE = ("accelerator", "flop_per_second", "usd_per_hour", "source", "as_of")


def load_prices(path: Path | None = None) -> Prices:
    """Read a price file; the one that ships unless another is named.

    Raises:
        InputError: the file is missing or malformed, or a figure is not positive.
    """
    where = "prices.yaml" if path is None else str(path)
    shipped = resources.files(__package__).joinpath("prices.yaml").read_bytes()
    try:
        content = shipped if path is None else path.read_bytes()
        given = yaml.safe_load(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(where, f"no price file that can be read ({error})") from error
    if not isinstance(given, dict) or set(given) != set(_IN_FILE):
        raise InputError(where, "other fields", f"exactly {', '.join(_IN_FILE)}")
    texts = {name: str(given[name]) for name in ("accelerator", "source", "as_of")}
    return Prices(
        digest=sha256_digest(content),
        is_shipped=content == shipped,
        flop_per_second=_figure(given["flop_per_second"], f"{where}: flop_per_second"),
        usd_per_hour=_figure(given["usd_per_hour"], f"{where}: usd_per_hour"),
        **texts,
    )


def _figure(value: object, where: str) -> Decimal:
    try:
        figure = Decimal(str(value))
    except ArithmeticError as error:
        raise InputError(where, repr(value), "a number") from error
    if isinstance(value, bool) or not (figure.is_finite() and figure > 0):
        raise InputError(where, repr(value), "a number above 0")
    return figure


def _rounded(value: Decimal) -> Decimal:
    """Keep six significant digits, without an exponent."""
    if not value:
        return Decimal(0)
    place = Decimal(1).scaleb(value.adjusted() - 5)
    kept = value.quantize(place, rounding=ROUND_HALF_EVEN)
    return Decimal(format(kept.normalize(), "f"))
