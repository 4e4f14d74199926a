# SPDX-License-Identifier: Apache-2.0
"""Laws of Gaffke's bound, the floor of the bound for clusters."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from tiergate.stats import Rate, korn_graubard_lower, korn_graubard_upper
from tiergate.stats.cluster_floor import gaffke_upper
from tiergate.stats.quantiles import error_rate

ROUNDING = 1e-9

confidences = st.decimals("0.55", "0.999", places=3)
values = st.integers(0, 20).map(lambda n: n / 20) | st.floats(0, 1)
samples = st.lists(values, min_size=1, max_size=12)


def bound(shares: list[float], confidence: Decimal) -> float:
    return gaffke_upper(Counter(shares), error_rate(confidence))


@given(shares=samples, confidence=confidences)
def test_the_bound_is_a_share_above_the_least_value(
    shares: list[float], confidence: Decimal
) -> None:
    assert min(shares) <= bound(shares, confidence) <= 1


@given(shares=samples, higher=values, confidence=confidences, data=st.data())
def test_a_higher_value_never_lowers_the_bound(
    shares: list[float], higher: float, confidence: Decimal, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(shares) - 1))
    assume(higher >= shares[place])
    worse = [*shares[:place], higher, *shares[place + 1 :]]

    assert bound(worse, confidence) >= bound(shares, confidence) - ROUNDING


@given(shares=samples, further=st.integers(1, 1000), confidence=confidences)
def test_further_values_without_a_success_never_raise_the_bound(
    shares: list[float], further: int, confidence: Decimal
) -> None:
    longer = Counter(shares)
    longer[0.0] += further

    assert gaffke_upper(longer, error_rate(confidence)) <= bound(shares, confidence) + ROUNDING


@given(shares=samples, some=confidences, other=confidences)
def test_more_confidence_never_lowers_the_bound(
    shares: list[float], some: Decimal, other: Decimal
) -> None:
    less, more = sorted((some, other))

    assert bound(shares, less) <= bound(shares, more) + ROUNDING


@given(shares=samples, least=values, confidence=confidences)
def test_what_is_asked_at_least_changes_nothing_but_the_least(
    shares: list[float], least: float, confidence: Decimal
) -> None:
    found = gaffke_upper(Counter(shares), error_rate(confidence), least)

    assert abs(found - max(least, bound(shares, confidence))) <= ROUNDING


@given(shares=samples, confidence=confidences, data=st.data())
def test_the_order_of_values_does_not_matter(
    shares: list[float], confidence: Decimal, data: st.DataObject
) -> None:
    assert bound(data.draw(st.permutations(shares)), confidence) == bound(shares, confidence)


@given(
    hits=st.lists(st.integers(0, 10), min_size=2, max_size=30),
    longer=st.booleans(),
    confidence=confidences,
)
def test_the_bounds_for_clusters_are_never_inside_those_for_the_mean_of_their_shares(
    hits: list[int],
    longer: bool,  # noqa: FBT001 - drawn by the test
    confidence: Decimal,
) -> None:
    sizes = [20 if longer and place % 3 else 10 for place in range(len(hits))]
    clusters = [Rate(n * (size // 10), size) for n, size in zip(hits, sizes, strict=True)]
    shares = [n / 10 for n in hits]
    failures = [1 - share for share in shares]

    assert korn_graubard_upper(clusters, confidence) >= bound(shares, confidence) - ROUNDING
    assert korn_graubard_lower(clusters, confidence) <= 1 - bound(failures, confidence) + ROUNDING
