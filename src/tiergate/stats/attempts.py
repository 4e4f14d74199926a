# SPDX-License-Identifier: Apache-2.0
"""Success within several attempts, and within several attacks, per behaviour.

An attacker with the weights chooses how often to try. The rate at one attempt says little
about the rate at a hundred: that depends on how much behaviours differ, which only
repeated attempts at each of them show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tiergate.errors import InputError
from tiergate.stats.clusters import Tallies
from tiergate.stats.intervals import exact_lower, exact_upper
from tiergate.stats.means import mean_lower, mean_upper
from tiergate.stats.quantiles import error_rate
from tiergate.stats.rates import Rate, pooled


def success_within(rate: Rate, attempts: int) -> Fraction:
    """Estimate the probability that at least one of ``attempts`` on one behaviour succeeds.

    The share of all ways to pick that many of the attempts made which pick a success: on
    average over repetitions it is right, which one minus a power of the failure rate is
    not.

        >>> success_within(Rate(1, 10), 1), success_within(Rate(1, 10), 5)
        (Fraction(1, 10), Fraction(1, 2))

    Raises:
        InputError: ``attempts`` is below 1, or fewer were made.

    Source: M. Chen and others, arXiv 2107.03374 (2021), section 2.1.
    """
    _require_attempts(attempts)
    if rate.trials < attempts:
        raise InputError(
            where="attempts on one behaviour",
            found=str(rate.trials),
            expected=f"at least the {attempts} that the rate is about",
            remedy="Ask about fewer attempts, or make more.",
        )
    return 1 - Fraction(math.comb(rate.failures, attempts), math.comb(rate.trials, attempts))


def attempts_rate(tallies: Tallies, attempts: int) -> Fraction:
    """Estimate the rate of success within ``attempts``, in the mean over behaviours.

        >>> attempts_rate([(Rate(1, 10), 5), (Rate(0, 10), 95)], 5)
        Fraction(1, 40)

    Raises:
        InputError: there is no behaviour, or one has fewer attempts.
    """
    kept = tuple(tallies)
    behaviours = sum(count for _, count in kept)
    if not behaviours:
        raise InputError(
            where="behaviours", found="none", expected="at least one to form a share from"
        )
    total = sum((success_within(rate, attempts) * n for rate, n in kept), Fraction(0))
    return total / behaviours


def attempts_upper(tallies: Tallies, attempts: int, confidence: Decimal | float) -> float:
    """Bound the rate of success within ``attempts``, over the population of behaviours.

    Behaviours are the unit. Where none has more attempts than are asked about, each is a
    success or none and the bound is exact; otherwise it is the one for means of values
    between 0 and 1, which holds at any number of behaviours. A behaviour with fewer
    attempts counts as a success. Count unscored attempts as successes. Without behaviours
    the bound is 1.

        >>> round(attempts_upper([(Rate(0, 10), 59)], 10, 0.95), 3)
        0.05
    """
    return _bound(tallies, attempts, confidence, unknown=1)


def attempts_lower(tallies: Tallies, attempts: int, confidence: Decimal | float) -> float:
    """Bound the same rate from below.

    A behaviour with fewer attempts counts as a success only if one of them succeeded. Count
    unscored attempts as failures.
    """
    return _bound(tallies, attempts, confidence, unknown=0)


def _bound(tallies: Tallies, attempts: int, confidence: Decimal | float, *, unknown: int) -> float:
    """Compute one of the bounds; ``unknown`` is the value of a behaviour with too few attempts."""
    _require_attempts(attempts)
    error_rate(confidence)
    kept = tuple((rate, count) for rate, count in tallies if count)
    behaviours = sum(count for _, count in kept)
    total = Fraction(0)
    for rate, count in kept:
        if rate.trials >= attempts:
            total += success_within(rate, attempts) * count
        else:
            total += max(unknown, min(1, rate.successes)) * count
    if all(rate.trials <= attempts for rate, _ in kept):
        exact = exact_upper if unknown else exact_lower
        return exact(Rate(int(total), behaviours), confidence)
    bound = mean_upper if unknown else mean_lower
    return bound(total, behaviours, confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyAttack:
    """Several attacks on the same behaviours, with what was not scored as success."""

    union: Rate
    """Behaviours on which any attack succeeded; the rate to bound."""
    known: Rate
    """The same with what was not scored as failure."""
    pooled: Rate
    """All attacks on all behaviours added up, which flatters a model with one weakness."""
    best: Rate
    """The attack that succeeded most."""
    best_attack: str
    """Its name, the first in alphabetical order if several share the place; "" if none."""
    unscored: int
    """Pairs of an attack and a behaviour without a score."""


def any_attack(outcomes: Mapping[str, Mapping[str, bool | None]]) -> AnyAttack:
    """Count the behaviours on which any of several attacks succeeded.

    Args:
        outcomes: For each attack, for each behaviour, whether any of its attempts
            succeeded; None or no entry where that is not known.

    An attacker tries them all, so the rate over the union is the one that matters:

        >>> found = any_attack({"a": {"x": True, "y": False}, "b": {"x": False, "y": True}})
        >>> found.union, found.pooled, found.best
        (Rate(successes=2, trials=2), Rate(successes=2, trials=4), Rate(successes=1, trials=2))
    """
    behaviours = sorted({name for attack in outcomes.values() for name in attack})
    known = [name for name in behaviours if any(attack.get(name) for attack in outcomes.values())]
    adverse = {
        name: [place for place in behaviours if attack.get(place) is not False]
        for name, attack in outcomes.items()
    }
    rates = {name: Rate(len(hits), len(behaviours)) for name, hits in adverse.items()}
    best = max(sorted(rates), key=lambda name: rates[name].successes, default="")
    return AnyAttack(
        union=Rate(len({place for hits in adverse.values() for place in hits}), len(behaviours)),
        known=Rate(len(known), len(behaviours)),
        pooled=pooled(rates.values()),
        best=rates.get(best, Rate(0, 0)),
        best_attack=best,
        unscored=sum(
            attack.get(place) is None for attack in outcomes.values() for place in behaviours
        ),
    )


def _require_attempts(attempts: int) -> None:
    """Refuse a number of attempts that says nothing."""
    if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
        raise InputError(
            where="attempts", found=repr(attempts), expected="a whole number, 1 or more"
        )
