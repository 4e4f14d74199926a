# SPDX-License-Identifier: Apache-2.0
"""Laws of the bounds that know of a grader's errors: worse findings never lower one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tiergate.stats import (
    Adjudication,
    Rate,
    audit_sample,
    audited_list_upper,
    audited_lower,
    audited_upper,
    corrected_upper,
    exact_upper,
    independent,
    informedness_lower,
    korn_graubard_upper_weighted,
    missed_at_most,
)

ROUNDING = 1e-9

WORSE: dict[str, tuple[str, str]] = {
    "a false alarm is confirmed": ("refuted", "confirmed"),
    "a false alarm is not adjudicated": ("refuted", "not_adjudicated"),
    "a false alarm is not scored": ("refuted", "unscored"),
    "an attempt that was not drawn is not scored": ("not_drawn", "unscored"),
    "an attempt that was not drawn is confirmed": ("not_drawn", "confirmed"),
    "the audit finds a success": ("clean", "missed"),
    "the audit gives no label": ("clean", "undecided"),
}

confidences = st.decimals("0.55", "0.999", places=3)
counts = st.integers(0, 4) | st.integers(0, 60)
rates = st.integers(0, 200).flatmap(
    lambda trials: st.integers(0, trials).map(lambda hits: Rate(hits, trials))
)


@st.composite
def adjudications(draw: st.DrawFn) -> tuple[Adjudication, ...]:
    """Draw findings on up to five kinds of behaviour, or on behaviours with one attempt."""
    names = ("confirmed", "refuted", "not_adjudicated", "unscored", "missed", "undecided", "clean")
    if draw(st.booleans()):
        found = {name: draw(counts) for name in (*names, "not_drawn")}
        return independent(Adjudication(**found))
    small = st.just(0) | st.integers(0, 4)
    return tuple(
        Adjudication(
            **{name: draw(small) for name in (*names, "not_drawn")},
            behaviours=draw(st.integers(1, 12)),
        )
        for _ in range(draw(st.integers(0, 5)))
    )


def changed(
    found: tuple[Adjudication, ...], place: int, source: str, target: str
) -> tuple[Adjudication, ...]:
    """Move one attempt of one behaviour from one count to another."""
    one = found[place]
    rest = replace(one, behaviours=one.behaviours - 1)
    moved = replace(
        one,
        behaviours=1,
        **{source: getattr(one, source) - 1, target: getattr(one, target) + 1},
    )
    return (*found[:place], rest, moved, *found[place + 1 :])


@pytest.mark.parametrize("sentence", WORSE)
@given(found=adjudications(), confidence=confidences, data=st.data())
def test_no_upper_bound_falls_when(
    sentence: str, found: tuple[Adjudication, ...], confidence: Decimal, data: st.DataObject
) -> None:
    source, target = WORSE[sentence]
    places = [i for i, one in enumerate(found) if getattr(one, source) and one.behaviours]
    assume(places)
    worse = changed(found, data.draw(st.sampled_from(places)), source, target)

    for bound in (audited_upper, audited_list_upper):
        assert bound(worse, confidence) >= bound(found, confidence) - ROUNDING


@given(found=adjudications(), confidence=confidences)
def test_without_an_audit_everything_that_was_not_flagged_may_be_a_success(
    found: tuple[Adjudication, ...], confidence: Decimal
) -> None:
    given_up = [
        replace(one, missed=0, undecided=0, clean=0, not_drawn=one.unflagged) for one in found
    ]
    worst = [(Rate(a.attempts - a.refuted, a.attempts), a.behaviours) for a in found]

    assert korn_graubard_upper_weighted(worst, confidence) == audited_upper(given_up, confidence)


@given(found=adjudications(), confidence=confidences)
def test_an_audited_bound_is_never_below_the_one_on_what_was_found(
    found: tuple[Adjudication, ...], confidence: Decimal
) -> None:
    plain = [(Rate(a.adverse + a.audited.successes, a.attempts), a.behaviours) for a in found]

    assert audited_upper(found, confidence) >= korn_graubard_upper_weighted(plain, confidence)


@given(found=adjudications(), confidence=confidences)
def test_bounds_are_shares_in_order(found: tuple[Adjudication, ...], confidence: Decimal) -> None:
    lower, upper = audited_lower(found, confidence), audited_upper(found, confidence)

    assert 0 <= lower <= upper + ROUNDING <= 1 + ROUNDING
    assert 0 <= audited_list_upper(found, confidence) <= 1


@given(found=adjudications(), some=confidences, other=confidences)
def test_more_confidence_never_lowers_an_audited_bound(
    found: tuple[Adjudication, ...], some: Decimal, other: Decimal
) -> None:
    less, more = sorted((some, other))

    for bound in (audited_upper, audited_list_upper):
        assert bound(found, less) <= bound(found, more) + ROUNDING
    assert audited_lower(found, less) >= audited_lower(found, more) - ROUNDING


@given(found=adjudications(), confidence=confidences, data=st.data())
def test_the_order_and_the_grouping_of_behaviours_do_not_matter(
    found: tuple[Adjudication, ...], confidence: Decimal, data: st.DataObject
) -> None:
    single = [replace(one, behaviours=1) for one in found for _ in range(one.behaviours)]
    shuffled = data.draw(st.permutations(single))

    assert audited_upper(found, confidence) == pytest.approx(
        audited_upper(shuffled, confidence), abs=ROUNDING
    )


@given(audited=rates, more=st.integers(0, 300), confidence=confidences, further=st.integers(0, 20))
def test_what_a_list_may_hide_grows_with_what_was_found_and_with_the_list(
    audited: Rate, more: int, confidence: Decimal, further: int
) -> None:
    unflagged = audited.trials + more
    most = missed_at_most(audited, unflagged, confidence)

    assert audited.successes <= most <= unflagged - audited.failures
    assert most <= missed_at_most(audited, unflagged + further, confidence)
    if audited.failures:
        worse = Rate(audited.successes + 1, audited.trials)
        assert most <= missed_at_most(worse, unflagged, confidence)


@given(flagged=rates, sensitivity=rates, specificity=rates, confidence=confidences)
def test_the_corrected_bound_rises_with_flags_and_falls_with_sensitivity(
    flagged: Rate, sensitivity: Rate, specificity: Rate, confidence: Decimal
) -> None:
    corrected = corrected_upper(flagged, sensitivity, specificity, confidence)

    assert exact_upper(Rate(0, flagged.trials), confidence) <= corrected <= 1
    if flagged.failures:
        more = Rate(flagged.successes + 1, flagged.trials)
        assert corrected_upper(more, sensitivity, specificity, confidence) >= corrected - ROUNDING
    if sensitivity.failures:
        better = Rate(sensitivity.successes + 1, sensitivity.trials)
        assert corrected_upper(flagged, better, specificity, confidence) <= corrected + ROUNDING


@given(flagged=rates, sensitivity=rates, specificity=rates, some=confidences, other=confidences)
def test_more_confidence_never_lowers_the_corrected_bound(
    flagged: Rate, sensitivity: Rate, specificity: Rate, some: Decimal, other: Decimal
) -> None:
    less, more = sorted((some, other))
    low = corrected_upper(flagged, sensitivity, specificity, less)

    assert low <= corrected_upper(flagged, sensitivity, specificity, more) + ROUNDING


@given(sensitivity=rates, specificity=rates, confidence=confidences)
def test_informedness_lies_below_what_was_observed(
    sensitivity: Rate, specificity: Rate, confidence: Decimal
) -> None:
    lower = informedness_lower(sensitivity, specificity, confidence)

    assert -1 <= lower <= 1
    if not (sensitivity.is_empty or specificity.is_empty):
        assert lower <= float(sensitivity.fraction + specificity.fraction) - 1 + ROUNDING


@given(names=st.sets(st.text(max_size=5), max_size=30), size=st.integers(0, 40), seed=st.text())
def test_an_audit_draws_as_many_as_it_is_asked_for(names: set[str], size: int, seed: str) -> None:
    drawn = audit_sample(names, size, seed)

    assert len(drawn) == min(size, len(names))
    assert set(drawn) <= names
    assert list(drawn) == sorted(set(drawn))
