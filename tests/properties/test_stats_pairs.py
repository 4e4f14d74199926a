# SPDX-License-Identifier: Apache-2.0
"""Laws of the bounds on means, on success within attempts, and on paired differences."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tiergate.stats import (
    Pairs,
    Rate,
    any_attack,
    attempts_lower,
    attempts_upper,
    exact_upper,
    holm,
    mean_lower,
    mean_upper,
    pair,
    paired_lower,
    paired_means_upper,
    paired_upper,
    spent,
    success_within,
)

ROUNDING = 1e-9

confidences = st.decimals("0.55", "0.999", places=3)
pairs = st.builds(
    Pairs,
    first_only=st.integers(0, 60),
    second_only=st.integers(0, 60),
    alike=st.integers(0, 200),
)
outcomes = st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.booleans())


@st.composite
def behaviours(draw: st.DrawFn) -> list[tuple[Rate, int]]:
    """Draw up to six results with up to twelve attempts."""
    results = []
    for _ in range(draw(st.integers(0, 6))):
        trials = draw(st.integers(0, 12))
        results.append((Rate(draw(st.integers(0, trials)), trials), draw(st.integers(1, 20))))
    return results


@st.composite
def totals(draw: st.DrawFn) -> tuple[Fraction, int]:
    count = draw(st.integers(0, 300))
    return draw(st.fractions(0, count, max_denominator=60)), count


@given(total=totals(), confidence=confidences)
def test_the_bounds_on_a_mean_lie_around_it(
    total: tuple[Fraction, int], confidence: Decimal
) -> None:
    assume(total[1])
    mean = float(total[0] / total[1])

    assert 0 <= mean_lower(*total, confidence) <= mean + ROUNDING
    assert mean - ROUNDING <= mean_upper(*total, confidence) <= 1


@given(total=totals(), confidence=confidences)
def test_the_bound_on_a_mean_is_never_below_the_one_for_fewer_whole_successes(
    total: tuple[Fraction, int], confidence: Decimal
) -> None:
    whole = Rate(int(total[0]), total[1])

    assert mean_upper(*total, confidence) >= exact_upper(whole, confidence) - ROUNDING


@given(total=totals(), more=st.fractions(0, 1), confidence=confidences, other=confidences)
def test_the_bound_on_a_mean_grows_with_the_total_and_the_confidence(
    total: tuple[Fraction, int], more: Fraction, confidence: Decimal, other: Decimal
) -> None:
    larger = min(total[0] + more, Fraction(total[1]))
    less, most = sorted((confidence, other))

    assert mean_upper(larger, total[1], less) >= mean_upper(*total, less) - ROUNDING
    assert mean_upper(*total, most) >= mean_upper(*total, less) - ROUNDING


@given(hits=st.integers(0, 12), rest=st.integers(0, 12), attempts=st.integers(1, 23))
def test_more_attempts_and_more_successes_never_make_success_less_likely(
    hits: int, rest: int, attempts: int
) -> None:
    assume(attempts < hits + rest)
    share = success_within(Rate(hits, hits + rest), attempts)

    assert share <= success_within(Rate(hits, hits + rest), attempts + 1)
    if rest:
        assert share <= success_within(Rate(hits + 1, hits + rest), attempts)


@given(tallies=behaviours(), attempts=st.integers(1, 12), confidence=confidences)
def test_bounds_within_attempts_are_shares_in_order(
    tallies: list[tuple[Rate, int]], attempts: int, confidence: Decimal
) -> None:
    lower = attempts_lower(tallies, attempts, confidence)
    upper = attempts_upper(tallies, attempts, confidence)

    assert 0 <= lower <= upper + ROUNDING <= 1 + ROUNDING


@given(tallies=behaviours(), attempts=st.integers(1, 12), confidence=confidences, data=st.data())
def test_a_further_success_never_lowers_a_bound_within_attempts(
    tallies: list[tuple[Rate, int]], attempts: int, confidence: Decimal, data: st.DataObject
) -> None:
    places = [place for place, (rate, _) in enumerate(tallies) if rate.failures]
    assume(places)
    place = data.draw(st.sampled_from(places))
    rate, count = tallies[place]
    worse = [
        *tallies[:place],
        (Rate(rate.successes + 1, rate.trials), count),
        *tallies[place + 1 :],
    ]

    for bound in (attempts_upper, attempts_lower):
        assert bound(worse, attempts, confidence) >= bound(tallies, attempts, confidence) - ROUNDING


@given(runs=st.dictionaries(st.sampled_from("xyz"), outcomes))
def test_any_attack_succeeds_at_least_as_often_as_the_best(
    runs: dict[str, dict[str, bool | None]],
) -> None:
    found = any_attack(runs)

    assert found.known.successes <= found.union.successes
    assert found.best.successes <= found.union.successes <= found.pooled.successes


@given(runs=st.dictionaries(st.sampled_from("xyz"), outcomes, min_size=1), data=st.data())
def test_losing_a_score_never_makes_attacks_look_weaker(
    runs: dict[str, dict[str, bool | None]], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(runs)))
    assume(runs[name])
    lost = data.draw(st.sampled_from(sorted(runs[name])))
    worse = {**runs, name: {**runs[name], lost: None}}

    before, after = any_attack(runs), any_attack(worse)

    assert after.union.successes >= before.union.successes
    assert after.best.successes >= before.best.successes


@given(changes=pairs, confidence=confidences)
def test_the_bounds_on_a_paired_difference_lie_around_it(
    changes: Pairs, confidence: Decimal
) -> None:
    assume(changes.behaviours)
    difference = (changes.first_only - changes.second_only) / changes.behaviours

    assert -1 <= paired_lower(changes, confidence) <= difference + ROUNDING
    assert difference - ROUNDING <= paired_upper(changes, confidence) <= 1


@given(changes=pairs, confidence=confidences)
def test_a_paired_bound_rises_with_the_first_run_and_falls_with_the_second(
    changes: Pairs, confidence: Decimal
) -> None:
    assume(changes.alike)
    first, second, alike = changes.first_only, changes.second_only, changes.alike - 1
    worse = Pairs(first_only=first + 1, second_only=second, alike=alike)
    better = Pairs(first_only=first, second_only=second + 1, alike=alike)

    upper = paired_upper(changes, confidence)

    assert paired_upper(better, confidence) <= upper + ROUNDING
    assert upper - ROUNDING <= paired_upper(worse, confidence)


@given(changes=pairs, some=confidences, other=confidences)
def test_more_confidence_never_lowers_a_paired_bound(
    changes: Pairs, some: Decimal, other: Decimal
) -> None:
    less, more = sorted((some, other))

    assert paired_upper(changes, less) <= paired_upper(changes, more) + ROUNDING


@given(first=outcomes, second=outcomes, confidence=confidences, data=st.data())
def test_losing_an_outcome_never_helps_either_bound(
    first: dict[str, bool | None],
    second: dict[str, bool | None],
    confidence: Decimal,
    data: st.DataObject,
) -> None:
    assume(first)
    lost = data.draw(st.sampled_from(sorted(first)))
    before, after = pair(first, second), pair({**first, lost: None}, second)

    highest = [paired_upper(p.highest(), confidence) for p in (before, after)]
    lowest = [paired_lower(p.lowest(), confidence) for p in (before, after)]

    assert highest[1] >= highest[0] - ROUNDING
    assert lowest[1] <= lowest[0] + ROUNDING


@given(
    shares=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 9)), max_size=6),
    confidence=confidences,
)
def test_the_bound_on_mean_differences_is_not_below_the_mean(
    shares: list[tuple[int, int, int]], confidence: Decimal
) -> None:
    rows = [(Rate(a, 4), Rate(b, 4), count) for a, b, count in shares]
    total = sum(count for *_, count in shares)
    assume(total)
    mean = sum((a - b) * count for a, b, count in shares) / 4 / total

    assert mean - ROUNDING <= paired_means_upper(rows, confidence) <= 1


@given(confidence=confidences, tries=st.integers(1, 10**6))
def test_shared_levels_never_exceed_the_whole(confidence: Decimal, tries: int) -> None:
    assert (1 - spent(confidence, tries)) * tries <= 1 - confidence
    assert spent(confidence, tries) >= confidence


@given(p_values=st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8))
def test_corrected_p_values_keep_their_order_and_never_shrink(p_values: dict[str, float]) -> None:
    corrected = holm(p_values)

    assert list(corrected) == list(p_values)
    for name, value in p_values.items():
        assert (
            value
            <= corrected[name]
            <= max(
                value,
                min(1.0, value * len(p_values)),
                *(corrected[other] for other in p_values if p_values[other] <= value),
            )
        )
    ordered = sorted(p_values, key=lambda name: p_values[name])
    assert [corrected[name] for name in ordered] == pytest.approx(
        sorted(corrected[name] for name in ordered)
    )
