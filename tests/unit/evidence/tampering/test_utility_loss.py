# SPDX-License-Identifier: Apache-2.0
"""How much an attack destroyed, as a bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest

from tiergate.evidence.tampering.utility_loss import UtilityLoss
from tiergate.stats.rates import Rate

LEVEL = Decimal("0.95")


@dataclass(frozen=True)
class Measured:
    """A capability measurement."""

    likelihood: tuple[float, ...]
    correct: int = 30
    asked: int = 50
    repeated: int = 1
    answered: int = 20


def test_that_losses_are_differences_item_by_item() -> None:
    loss = UtilityLoss.between(Measured((0.5, 2.0)), Measured((0.75, 1.5), correct=20, repeated=7))

    assert loss.losses == (0.25, -0.5)
    assert (loss.solved_before, loss.solved) == (Rate(30, 50), Rate(20, 50))
    assert loss.repeated == Rate(7, 20)
    assert loss.mean_nats == -0.125


@pytest.mark.parametrize("other", [Measured((0.5,)), Measured((0.5, 2.0), asked=49)])
def test_that_other_items_cannot_be_compared(other: Measured) -> None:
    with pytest.raises(ValueError, match="other items"):
        UtilityLoss.between(Measured((0.5, 2.0)), other)


def test_that_no_item_shows_no_loss() -> None:
    loss = UtilityLoss.between(Measured((), asked=0, correct=0), Measured((), asked=0, correct=0))

    assert loss.nats_at_least(LEVEL) == -math.inf
    assert loss.accuracy_drop_at_least(LEVEL) == -1.0
    assert loss.mean_nats == 0.0


def test_that_one_ruined_item_among_many_shows_nothing() -> None:
    before = Measured((0.5,) * 50)
    after = Measured((200.0, *(0.5,) * 49))

    assert UtilityLoss.between(before, after).nats_at_least(LEVEL) < 0.1


@pytest.mark.parametrize("nats", [math.nan, math.inf])
def test_that_a_likelihood_that_is_no_number_is_noticed(nats: float) -> None:
    assert not UtilityLoss.between(Measured((0.5,)), Measured((nats,))).is_finite


@pytest.mark.parametrize("true_loss", [0.1, 0.25, 0.6])
@pytest.mark.parametrize("items", [8, 48])
def test_that_the_bound_lies_above_the_true_loss_at_most_as_often_as_stated(
    true_loss: float, items: int
) -> None:
    generator = np.random.default_rng([items, round(100 * true_loss)])
    before = generator.gamma(2, 0.25, (400, items))
    # A loss that most items do not have at all and some have much of.
    after = before + generator.gamma(0.3, true_loss / 0.3, (400, items))

    too_high = [
        UtilityLoss.between(Measured(tuple(early)), Measured(tuple(late))).nats_at_least(LEVEL)
        > true_loss
        for early, late in zip(before.tolist(), after.tolist(), strict=True)
    ]

    assert np.mean(too_high) <= 0.05
