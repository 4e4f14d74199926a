# SPDX-License-Identifier: Apache-2.0
"""What pieces of evidence cost, in hours and money: from a file that anybody can edit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from tiergate.decision import strict_yaml
from tiergate.decision.analysis.pieces import Attacks, Piece, Rate, Statement
from tiergate.decision.policy_schema import Part
from tiergate.errors import InputError
from tiergate.evidence.grades import Dimension
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import ProducerRelation
from tiergate.evidence.small_file import read_small_file

SHIPPED = Path(__file__).parent / "plan_prices.yaml"
_LARGEST_BYTES = 100_000
_OUTSIDE = frozenset({ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT})

Amount = Annotated[Decimal, Field(ge=0, le=10**12)]


class CostPart(Part):
    """What something costs."""

    hours: Amount
    """Hours of people."""
    usd: Amount
    """Money beside their hours."""


class ClaimPrices(Part):
    """What a claim costs, by who has to make it."""

    own: CostPart
    """By anybody."""
    outside: CostPart
    """By somebody from outside."""


class MeasurementPrices(Part):
    """What a measurement costs."""

    setup: CostPart
    """Once."""
    behaviour: CostPart
    """For each behaviour."""
    outside_factor: Annotated[Decimal, Field(ge=1, le=1000)]
    """How many times as much it costs from outside."""
    worst_case: CostPart
    """For the tampered variant."""


class PriceFile(Part):
    """Prices of evidence."""

    format: Literal["tiergate-prices/1"]
    """Format and version of this file."""
    currency: Literal["USD"]
    """Of all money here."""
    hour_usd: Amount
    """What an hour is worth when hours and money are added up."""
    claim: ClaimPrices
    """A claim."""
    measurement: MeasurementPrices
    """A measurement."""
    attack: CostPart
    """One attack on a safeguard."""
    signature: CostPart
    """A signature on a document."""
    approval: CostPart
    """An approval by one person."""
    conversion: CostPart
    """Making the files load without code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Hours and money."""

    hours: Decimal = Decimal(0)
    usd: Decimal = Decimal(0)

    def plus(self, other: Cost) -> Cost:
        """Add two costs."""
        return Cost(hours=self.hours + other.hours, usd=self.usd + other.usd)

    def times(self, factor: Decimal) -> Cost:
        """Multiply a cost."""
        return Cost(hours=self.hours * factor, usd=self.usd * factor)


def load_prices(path: Path = SHIPPED) -> PriceFile:
    """Read a price file.

    Raises:
        InputError: it cannot be read or has mistakes.
    """
    try:
        data = read_small_file(path, _LARGEST_BYTES)
    except OSError as error:
        raise InputError(str(path), f"no price file ({error.strerror})", "a price file") from None
    content, lines, problems = strict_yaml.load(data)
    if problems or content is None:
        raise InputError(str(path), problems[0].message if problems else "nothing", "YAML")
    try:
        return PriceFile.model_validate(content)
    except ValidationError as error:
        found = "; ".join(
            f"{strict_yaml.problem_at(m['loc'], m['msg'], lines, 'prices').field}: {m['msg']}"
            for m in error.errors()
        )
        raise InputError(str(path), found, "a price file, as the shipped one") from None


def total(cost: Cost, prices: PriceFile) -> Decimal:
    """Return hours and money as one number of money."""
    return cost.usd + cost.hours * prices.hour_usd


def price_of(piece: Piece, prices: PriceFile) -> Cost:
    """Return what it costs to have a piece of evidence made, by every house that makes it."""
    outside = piece.quality.relation in _OUTSIDE
    signed = piece.quality.grade(Dimension.ASSURANCE) > 1
    signature = _cost(prices.signature) if signed else Cost()
    found = piece.found
    if isinstance(found, Statement):
        made = _cost(prices.claim.outside if outside else prices.claim.own)
        return made.plus(signature)
    if isinstance(found, Attacks):
        many = len(found.attacks) * found.trials
        made = _cost(prices.attack).times(Decimal(len(found.attacks)))
    else:
        many = found.trials if isinstance(found, Rate) else 0
        many += found.baseline[1] if isinstance(found, Rate) and found.baseline else 0
        made = _cost(prices.measurement.setup)
    made = made.plus(_cost(prices.measurement.behaviour).times(Decimal(many)))
    if piece.variant is Variant.WORST_CASE:
        made = made.plus(_cost(prices.measurement.worst_case))
    factor = prices.measurement.outside_factor if outside else Decimal(1)
    return made.times(factor).plus(signature).times(Decimal(piece.houses))


def _cost(part: CostPart) -> Cost:
    return Cost(hours=part.hours, usd=part.usd)
