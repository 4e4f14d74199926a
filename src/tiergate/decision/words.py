# SPDX-License-Identifier: Apache-2.0
"""Numbers in words: the first place where a count may become a percentage.

The terminal and the report say the same thing because both take it from here.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.decision.explanation import Reading, Scale, Side
from tiergate.decision.outcome import Outcome

_LONG = Decimal("1e12")
"""From here up digits are no longer counted by eye."""


def percent(proportion: Decimal, rounding: str) -> str:
    """Write a proportion with one decimal, rounded the way that claims less.

    >>> percent(Decimal("0.0291"), ROUND_CEILING)
    '3.0 %'
    """
    return f"{(proportion * 100).quantize(Decimal('0.1'), rounding)} %"


def plain(number: Decimal) -> str:
    """Write a number as people do: long ones with their power of ten.

    >>> plain(Decimal("1E+26")), plain(Decimal("6.50E24")), plain(Decimal("1e4"))
    ('1e26', '6.5e24', '10000')
    """
    if abs(number) < _LONG:
        return f"{number.normalize():f}"
    mantissa, _, power = f"{number.normalize():e}".partition("e")
    return f"{mantissa}e{int(power)}"


def limit_words(reading: Reading) -> str:
    """Write the limit of a reading, as in ``below 10 %``."""
    return side_words(reading.side, reading.limit, reading.scale, reading.unit)


def side_words(side: Side, limit: Decimal, scale: Scale, unit: str) -> str:
    """Write a limit on a scale, as in ``below 10 %``."""
    if scale is Scale.QUANTITY:
        return f"{side} {plain(limit)} {unit}".rstrip()
    return f"{side} {plain(limit * 100)} {'points' if scale is Scale.MARGIN else '%'}"


def bounds_words(reading: Reading) -> str:
    """Write the two one-sided bounds of a reading, as in ``[9.6 %, 15.3 %]``."""
    if reading.scale is Scale.QUANTITY:
        unit = f" {reading.unit}" if reading.unit else ""
        return f"[{plain(reading.lower)}, {plain(reading.upper)}]{unit}"
    low = percent(reading.lower, ROUND_FLOOR)
    return f"[{low}, {percent(reading.upper, ROUND_CEILING)}]"


def count_words(reading: Reading) -> str:
    """Write the counts of a reading, as in ``50 of 410``; empty for a quantity."""
    if reading.successes is None or reading.trials is None:
        return ""
    return f"{reading.successes} of {reading.trials}"


def reading_words(reading: Reading) -> str:
    """Write one measurement against its limit in one line."""
    counts = count_words(reading)
    shown = f"{counts} {bounds_words(reading)}" if counts else bounds_words(reading)
    line = f"{reading.label} {shown}, must be {limit_words(reading)}"
    if reading.outcome is Outcome.UNDETERMINED and reading.is_neutral:
        line += "; too few to say"
    if reading.outcome is Outcome.NOT_MET and reading.set_aside:
        line += "; counts against it, however it is tied to the weights"
    elif reading.set_aside:
        line += f"; set aside: {'; '.join(reading.set_aside)}"
    return line


def outcome_word(outcome: Outcome) -> str:
    """Write an outcome in capitals, as the first word of a line."""
    return outcome.value.upper()
