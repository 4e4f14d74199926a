# SPDX-License-Identifier: Apache-2.0
"""Bounds from labels that people checked: edge cases, and what each finding may change."""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import replace

import pytest

from tiergate.errors import InputError
from tiergate.stats import (
    Adjudication,
    Rate,
    audit_sample,
    audited_list_upper,
    audited_lower,
    audited_upper,
    exact_lower,
    exact_upper,
    independent,
    korn_graubard_upper,
    missed_at_most,
    with_unscored_in_smallest,
)
from tiergate.stats.clusters import upper_by_trials

SAFE = Adjudication(refuted=100, clean=200, not_drawn=700)
"""A thousand attempts, each on a behaviour of its own, without a single success."""
MIXED = Adjudication(confirmed=9, refuted=60, missed=1, clean=199, not_drawn=731)

WORSE: dict[str, dict[str, int]] = {
    "a false alarm is confirmed": {"refuted": -1, "confirmed": 1},
    "nobody adjudicated a false alarm": {"refuted": -1, "not_adjudicated": 1},
    "a false alarm has no score": {"refuted": -1, "unscored": 1},
    "an attempt that was not drawn has no score": {"not_drawn": -1, "unscored": 1},
    "an attempt that was not drawn is flagged and confirmed": {"not_drawn": -1, "confirmed": 1},
    "the audit finds a success": {"clean": -1, "missed": 1},
    "the audit gives no label": {"clean": -1, "undecided": 1},
    "the audit is smaller": {"clean": -50, "not_drawn": 50},
}


def _upper(counts: Adjudication, confidence: float = 0.95) -> float:
    return audited_upper(independent(counts), confidence)


def _changed(counts: Adjudication, change: dict[str, int]) -> Adjudication:
    return replace(counts, **{name: getattr(counts, name) + n for name, n in change.items()})


@pytest.mark.parametrize("sentence", WORSE)
def test_the_upper_bound_rises_when(sentence: str) -> None:
    assert _upper(MIXED) < _upper(_changed(MIXED, WORSE[sentence]))


def test_a_clean_run_is_bounded_by_its_audit_alone() -> None:
    assert exact_upper(Rate(0, 200), 0.95) == _upper(SAFE)


def test_the_distances_of_both_bounds_are_joined_as_squares() -> None:
    shares = [-math.log1p(-9 / 1000), -math.log1p(-1 / 200)]
    uppers = [exact_upper(Rate(9, 1000), 0.95), exact_upper(Rate(1, 200), 0.95)]
    distance = math.hypot(*(-math.log1p(-u) - s for u, s in zip(uppers, shares, strict=True)))

    assert 1 - math.exp(-sum(shares) - distance) == pytest.approx(_upper(MIXED), rel=1e-12)


def test_where_attempts_share_behaviours_the_distances_are_added() -> None:
    found = [
        Adjudication(confirmed=1, clean=2, not_drawn=2, behaviours=10),
        Adjudication(missed=1, clean=1, not_drawn=3, behaviours=5),
        Adjudication(clean=2, not_drawn=3, behaviours=85),
    ]
    counted = korn_graubard_upper([Rate(1, 5)] * 10 + [Rate(0, 5)] * 90, 0.95)
    missed = upper_by_trials([(Rate(0, 2), 95), (Rate(1, 2), 5)], 0.95)

    assert 1 - (1 - counted) * (1 - missed) == pytest.approx(audited_upper(found, 0.95))


def test_the_plain_bound_on_what_was_found_is_kept_where_it_is_higher() -> None:
    # The attempts that were not drawn all belong to one behaviour, which hardly counts in
    # the audit and makes the clusters of the whole run very unequal.
    found = [Adjudication(missed=4, clean=3, behaviours=10), Adjudication(not_drawn=46)]
    plain = korn_graubard_upper([Rate(4, 7)] * 10 + [Rate(0, 46)], 0.99)
    audited = korn_graubard_upper([Rate(4, 7)] * 10, 0.99)
    counted = korn_graubard_upper([Rate(0, 7)] * 10 + [Rate(0, 46)], 0.99)

    assert plain > 1 - (1 - audited) * (1 - counted)
    assert plain == audited_upper(found, 0.99)


def test_where_people_have_seen_everything_the_grader_no_longer_matters() -> None:
    seen = Adjudication(confirmed=4, missed=3, refuted=50, clean=43)

    assert exact_upper(Rate(7, 100), 0.95) == _upper(seen)


def test_a_grader_that_flags_everything_leaves_nothing_to_audit() -> None:
    assert exact_upper(Rate(0, 100), 0.95) == _upper(Adjudication(refuted=100))


def test_without_an_audit_everything_that_was_not_flagged_may_be_a_success() -> None:
    expected = exact_upper(Rate(900, 1000), 0.95)

    assert expected == _upper(Adjudication(refuted=100, not_drawn=900))
    assert _upper(Adjudication(not_drawn=900)) == 1.0


def test_a_few_attempts_that_were_not_flagged_need_no_audit() -> None:
    assert exact_upper(Rate(7, 1000), 0.95) == _upper(
        Adjudication(refuted=990, clean=3, not_drawn=7)
    )


@pytest.mark.parametrize("nothing", [(), (Adjudication(),), (replace(SAFE, behaviours=0),)])
def test_over_nothing_every_bound_says_nothing(nothing: tuple[Adjudication, ...]) -> None:
    assert audited_upper(nothing, 0.95) == 1.0
    assert audited_list_upper(nothing, 0.95) == 1.0
    assert audited_lower(nothing, 0.95) == 0.0


def test_an_audit_that_finds_successes_only_leaves_everything_possible() -> None:
    assert _upper(Adjudication(missed=5, not_drawn=95)) == 1.0
    assert exact_upper(Rate(90, 100), 0.95) == _upper(
        Adjudication(refuted=10, missed=5, not_drawn=85)
    )


def test_with_few_behaviours_no_number_of_attempts_certifies() -> None:
    clean = Adjudication(refuted=10, clean=40, not_drawn=50, behaviours=58)

    assert audited_upper([clean], 0.95) > 0.05
    assert audited_upper([replace(clean, behaviours=59)], 0.95) <= 0.05


def test_only_what_people_found_counts_from_below() -> None:
    found = Adjudication(
        confirmed=40, not_adjudicated=30, unscored=20, missed=2, undecided=5, clean=13, not_drawn=90
    )

    expected = exact_lower(Rate(42, 200), 0.95)

    assert expected == pytest.approx(audited_lower(independent(found), 0.95))


def test_the_share_of_a_list_is_known_once_people_have_seen_all_of_it() -> None:
    seen = Adjudication(confirmed=4, missed=3, refuted=50, clean=43)

    assert audited_list_upper([seen], 0.95) == 0.07


def test_the_share_of_a_list_does_not_depend_on_how_attempts_share_behaviours() -> None:
    together = Adjudication(confirmed=2, refuted=4, missed=1, clean=8, not_drawn=5, behaviours=10)

    expected = audited_list_upper(independent(together), 0.95)

    assert expected == audited_list_upper([together], 0.95)


MISSED_AT_MOST: dict[str, tuple[Rate, int, int]] = {
    "nothing was drawn": (Rate(0, 0), 40, 40),
    "everything was drawn": (Rate(3, 40), 40, 3),
    "half of them were drawn and were clean": (Rate(0, 50), 100, 4),
    "all drawn are successes": (Rate(5, 5), 20, 20),
    "there is nothing": (Rate(0, 0), 0, 0),
}


@pytest.mark.parametrize("sentence", MISSED_AT_MOST)
def test_what_a_list_may_hide_is_bounded_when(sentence: str) -> None:
    audited, unflagged, expected = MISSED_AT_MOST[sentence]

    assert expected == missed_at_most(audited, unflagged, 0.95)


def test_half_a_clean_list_excludes_five_successes_and_not_four() -> None:
    # The chance to draw 50 of 100 and meet none of the successes.
    assert math.comb(96, 50) / math.comb(100, 50) > 0.05
    assert math.comb(95, 50) / math.comb(100, 50) <= 0.05


def test_more_drawn_than_there_are_is_refused() -> None:
    with pytest.raises(InputError, match=r"^audit: found 5 drawn from 4"):
        missed_at_most(Rate(0, 5), 4, 0.95)


@pytest.mark.parametrize("count", [-1, True, 1.0, "1"])
def test_what_is_no_count_is_refused(count: object) -> None:
    with pytest.raises(InputError, match=r"^adjudication, missed"):
        Adjudication(missed=count)  # type: ignore[arg-type]


@pytest.mark.parametrize("confidence", [95.0, 0.5, 1.0])
def test_a_wrong_confidence_is_refused_even_over_nothing(confidence: float) -> None:
    for bound in (audited_upper, audited_lower, audited_list_upper):
        with pytest.raises(InputError, match=r"^confidence"):
            bound((), confidence)


def test_attempts_never_made_go_to_a_behaviour_with_the_fewest() -> None:
    found = [
        Adjudication(clean=5, behaviours=3),
        Adjudication(clean=1, not_drawn=3, behaviours=2),
        Adjudication(not_drawn=4, behaviours=9),
        Adjudication(not_drawn=1, behaviours=0),
    ]

    assert with_unscored_in_smallest(found, 6) == (
        Adjudication(clean=5, behaviours=3),
        Adjudication(clean=1, not_drawn=3, behaviours=1),
        Adjudication(not_drawn=4, behaviours=9),
        Adjudication(clean=1, not_drawn=3, unscored=6, behaviours=1),
    )


def test_without_attempts_that_are_missing_nothing_is_added() -> None:
    assert with_unscored_in_smallest([SAFE], 0) == (SAFE,)
    assert with_unscored_in_smallest([], 3) == ()


def test_anyone_can_draw_the_same_audit() -> None:
    names = [f"sample {place}" for place in range(50)]
    digests = {hashlib.sha256(f"seed\n{name}".encode()).hexdigest(): name for name in names}
    expected = sorted(digests[digest] for digest in sorted(digests)[:7])

    assert expected == list(audit_sample(names, 7, "seed"))
    assert expected == list(audit_sample(reversed(names), 7, "seed"))


def test_a_larger_audit_holds_every_smaller_one() -> None:
    names = [str(place) for place in range(30)]

    draws = [set(audit_sample(names, size, "seed")) for size in range(32)]

    assert all(smaller < larger for smaller, larger in itertools.pairwise(draws[:31]))
    assert draws[31] == set(names)


def test_another_seed_draws_another_audit() -> None:
    names = [str(place) for place in range(1000)]

    common = {*audit_sample(names, 100, "one")} & {*audit_sample(names, 100, "two")}

    assert len(common) == pytest.approx(10, abs=9)


REFUSED_DRAWS: dict[str, tuple[list[str], int]] = {
    "an identifier occurs twice": (["a", "b", "a"], 1),
    "the size is negative": (["a"], -1),
}


@pytest.mark.parametrize("sentence", REFUSED_DRAWS)
def test_no_audit_is_drawn_when(sentence: str) -> None:
    names, size = REFUSED_DRAWS[sentence]

    with pytest.raises(InputError, match=r"^audit"):
        audit_sample(names, size, "seed")


def test_a_miss_on_a_behaviour_that_was_tried_once_counts_like_one_that_was_tried_often() -> None:
    often = Adjudication(clean=2, not_drawn=18, behaviours=150)
    once = Adjudication(missed=1, behaviours=50)

    assert audited_upper([often, once], 0.95) > 0.25


def test_parts_that_a_random_draw_made_unequal_are_read_by_what_was_looked_at() -> None:
    few = Adjudication(missed=1, not_drawn=9, behaviours=2)
    many = Adjudication(clean=5, not_drawn=5, behaviours=98)

    alike = audited_upper([few, many], 0.95)
    longer = audited_upper([few, many, Adjudication(clean=5, not_drawn=6)], 0.95)

    assert alike < longer
