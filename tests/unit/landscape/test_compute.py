# SPDX-License-Identifier: Apache-2.0
"""Training compute as laws count it."""

from __future__ import annotations

import pytest

from tiergate.errors import InputError
from tiergate.landscape.compute import Above, Run, count


def run(flop: float, *, is_own: bool = True) -> Run:
    """Return a run of that many operations."""
    return Run(name="run", parameters=1e9, tokens=flop / 6e9, is_own=is_own)


def flags(*runs: Run, error: float = 2.0) -> dict[str, Above]:
    """Return how the sum stands to each threshold."""
    return {flag.obligation.id: flag.above for flag in count(runs, error).flags}


def test_that_six_operations_are_counted_for_each_parameter_and_token() -> None:
    ledger = count([Run(name="pretraining", parameters=37e9, tokens=14.8e12)], 2.0)

    assert ledger.total.flop == pytest.approx(3.2856e24)


@pytest.mark.parametrize(
    ("flop", "expected"),
    [
        (4e22, Above.NO),
        (5e22, Above.NO),
        (5.1e22, Above.UNDETERMINED),
        (1.9e23, Above.UNDETERMINED),
        (2.1e23, Above.YES),
    ],
)
def test_that_a_threshold_is_passed_only_when_the_error_lets_it(
    flop: float, expected: Above
) -> None:
    assert flags(run(flop))["EU-GL-1E23"] is expected


def test_that_the_base_model_counts_for_the_total() -> None:
    found = flags(run(1e24), run(9e25, is_own=False), error=1.0)

    assert found["EU-AIA-51-2"] is Above.YES
    assert found["CA-SB53-11-FM"] is Above.NO
    assert flags(run(2e25), run(9e25, is_own=False), error=1.0)["NY-RAISE-1420"] is Above.YES


@pytest.mark.parametrize(
    ("own", "error", "expected"),
    [
        (0.34, 1.0, Above.YES),
        (0.33, 1.0, Above.NO),
        (0.34, 1.5, Above.UNDETERMINED),
        (0.1, 1.5, Above.NO),
        (0.8, 1.5, Above.YES),
    ],
)
def test_that_a_third_of_the_base_model_makes_a_provider(
    own: float, error: float, expected: Above
) -> None:
    ledger = count([run(own * 1e24), run(1e24, is_own=False)], error)

    assert ledger.modifier is expected
    assert "third" in ledger.modifier_obligation.asks


def test_that_without_a_base_model_nobody_modifies() -> None:
    ledger = count([run(1e24)], 2.0)

    assert ledger.modifier is None
    assert ledger.own_to_base is None


def test_that_of_a_mixture_of_experts_the_active_parameters_are_counted() -> None:
    mixture = Run(name="x", parameters=37e9, tokens=1e12, total_parameters=671e9)
    dense = Run(name="x", parameters=37e9, tokens=1e12)

    assert (mixture.is_mixture, dense.is_mixture) == (True, False)
    assert count([mixture], 2.0).total == count([dense], 2.0).total


def test_that_what_a_base_model_took_is_said_as_a_share() -> None:
    ledger = count([run(1e23), run(4e23, is_own=False)], 2.0)

    assert ledger.own_to_base == pytest.approx(0.25)


@pytest.mark.parametrize("base", [(), (run(4e22, is_own=False),)], ids=["none", "a part"])
def test_that_a_base_model_that_is_not_known_leaves_nothing_below(base: tuple[Run, ...]) -> None:
    ledger = count([run(4e23), *base], 2.0, base_is_unknown=True)

    found = {flag.obligation.id: flag.above for flag in ledger.flags}
    assert found["EU-GL-1E23"] is Above.YES
    assert found["EU-AIA-51-2"] is Above.UNDETERMINED
    assert found["KR-AIBA-32"] is Above.UNDETERMINED
    assert ledger.modifier is Above.UNDETERMINED
    assert ledger.own_to_base is None


def test_that_every_flag_names_its_jurisdiction_and_its_source() -> None:
    places = {flag.obligation.place: flag.threshold for flag in count([run(1e24)], 2.0).flags}

    assert places == {"EU": 1e25, "California": 1e26, "New York": 1e26, "Korea": 1e26}
    for flag in count([run(1e24)], 2.0).flags:
        assert "https://" in flag.obligation.source


@pytest.mark.parametrize(
    ("runs", "error", "said"),
    [
        ([], 2.0, "at least one"),
        ([run(1e24)], 0.5, "at least 1"),
        ([run(1e24)], float("nan"), "at least 1"),
        ([run(0.0)], 2.0, "0.0 tokens"),
        ([Run(name="x", parameters=-1.0, tokens=1.0)], 2.0, "-1.0 parameters"),
        (
            [Run(name="x", parameters=3.0, tokens=1.0, total_parameters=2.0)],
            2.0,
            "3 active parameters of 2",
        ),
        (
            [Run(name="x", parameters=3.0, tokens=1.0, total_parameters=float("inf"))],
            2.0,
            "active parameters of inf",
        ),
        ([Run(name=" ", parameters=1.0, tokens=1.0)], 2.0, "one without a name"),
        ([Run(name="x", parameters=1e30, tokens=1e30)], 2.0, "6e.60 FLOP"),
        ([Run(name="x", parameters=1e300, tokens=1e300)], 2.0, "inf FLOP"),
    ],
)
def test_that_it_is_refused(runs: list[Run], error: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        count(runs, error)
