# SPDX-License-Identifier: Apache-2.0
"""Several tests, or several tries of one: what each may still conclude, and at what level.

Which rule applies depends on the claim. A claim that needs *every* test to succeed takes the
worst of them and corrects nothing. A claim about whichever test succeeded is Holm's. A
ladder is climbed from its strictest rung. A claim that was tried before shares its level
among the tries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal, localcontext

from tiergate.errors import InputError
from tiergate.stats.quantiles import binomial_at_most, error_rate
from tiergate.stats.rates import Rate

_FINEST = Decimal("1E-28")
"""Errors are rounded down to this many places, so that the level is never exceeded."""


def spent(confidence: Decimal | float, tries: int) -> Decimal:
    """Give the confidence for each of ``tries`` bounds that hold together at ``confidence``.

    The error that is allowed is shared equally. Computed in decimals; where the share has
    no end it is rounded down, so the answer may ask for a little more and never for less.

        >>> spent(Decimal("0.95"), 1), spent(Decimal("0.95"), 5)
        (Decimal('0.95'), Decimal('0.99'))

    Raises:
        InputError: ``tries`` is not a whole number, 1 or more, or there are so many that
            nothing is left for each.

    Source: C. E. Bonferroni's inequality; O. J. Dunn, Journal of the American Statistical
    Association 56 (1961) 52-64.
    """
    error_rate(confidence)
    if isinstance(tries, bool) or not isinstance(tries, int) or tries < 1:
        raise InputError(
            where="tries",
            found=repr(tries),
            expected="a whole number, 1 or more",
            remedy="Count the try that is decided now as well.",
        )
    with localcontext() as context:
        context.prec = 60
        error = ((1 - Decimal(str(confidence))) / tries).quantize(_FINEST, rounding=ROUND_FLOOR)
        if not error:
            raise InputError(
                where="tries", found=str(tries), expected="few enough that some error is left"
            )
        return (1 - error).normalize()


def p_value_at_least(rate: Rate, limit: Decimal | float) -> float:
    """Give the probability of so few successes if the true rate were ``limit`` or more.

    At or below the error that is allowed exactly when ``exact_upper`` is at or below
    ``limit``. Over no trials it is 1.

        >>> round(p_value_at_least(Rate(0, 59), 0.05), 4)
        0.0485

    Raises:
        InputError: ``limit`` is not a share.
    """
    _require_shares([float(limit)], where="limit")
    return binomial_at_most(rate.successes, rate.trials, float(limit))


def intersection_union(values: Iterable[float]) -> float:
    """Give the p-value, or the upper bound, of the claim that needs every one of several.

    The largest: each test is made at the full level and nothing is corrected, because the
    claim is false as soon as one of its parts is, and that part alone is then a sound
    test. Without any part nothing is shown, and the answer is 1.

        >>> intersection_union([0.01, 0.04, 0.002]), intersection_union([])
        (0.04, 1.0)

    Raises:
        InputError: a value is not a share from 0 to 1.

    Source: R. L. Berger, Technometrics 24 (1982) 295-300.
    """
    return max(_require_shares(values, where="p-value or bound"), default=1.0)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct p-values of separate claims so that any of them may be made on its own.

    A claim holds if its corrected value is at or below the error allowed; the probability
    that any false claim is among those is then at most that error, however the tests
    depend on each other.

        >>> holm({"cyber": 0.01, "biology": 0.04, "fraud": 0.03})
        {'cyber': 0.03, 'biology': 0.06, 'fraud': 0.06}

    Raises:
        InputError: a value is not a share from 0 to 1.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.
    """
    _require_shares(p_values.values(), where="p-value")
    worst = 0.0
    corrected: dict[str, float] = {}
    for place, name in enumerate(sorted(p_values, key=lambda name: (p_values[name], name))):
        worst = max(worst, min(1.0, p_values[name] * (len(p_values) - place)))
        corrected[name] = worst
    return {name: corrected[name] for name in p_values}


def holm_supported(
    claims: Mapping[str, Callable[[Decimal], bool]], confidence: Decimal | float
) -> tuple[str, ...]:
    """Say which of several separate claims hold, where there are bounds and no p-values.

    Each claim says whether it holds at a confidence; it must not hold at a higher one and
    fail at a lower one. As in ``holm``, those that hold at the error shared among all make
    room for the rest:

        >>> holm_supported({"a": lambda c: c <= Decimal("0.98"),
        ...                 "b": lambda c: c <= Decimal("0.95")}, 0.95)
        ('a', 'b')

    Returns:
        The names of the claims that hold, in the order given.
    """
    error_rate(confidence)
    held: set[str] = set()
    while len(held) < len(claims):
        level = spent(confidence, len(claims) - len(held))
        further = {name for name in claims if name not in held and claims[name](level)}
        if not further:
            break
        held |= further
    return tuple(name for name in claims if name in held)


def fixed_sequence(met: Iterable[bool]) -> int:
    """Give how many rungs of a ladder hold: all before the first that does not.

    Each rung is tested at the full level. The order must be fixed in advance, from the most
    restricted tier upward, and a rung above one that failed is not looked at.

        >>> fixed_sequence([True, True, False, True])
        2

    Source: W. Maurer, L. A. Hothorn and W. Lehmacher, in Biometrie in der
    chemisch-pharmazeutischen Industrie 6 (1995) 3-18.
    """
    rungs = 0
    for holds in met:
        if not holds:
            break
        rungs += 1
    return rungs


def _require_shares(values: Iterable[float], *, where: str) -> tuple[float, ...]:
    """Refuse numbers that are not shares from 0 to 1."""
    kept = tuple(values)
    for value in kept:
        if isinstance(value, bool) or math.isnan(value) or not 0 <= value <= 1:
            raise InputError(where=where, found=repr(value), expected="a share from 0 to 1")
    return kept
