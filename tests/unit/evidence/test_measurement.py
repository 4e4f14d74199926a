# SPDX-License-Identifier: Apache-2.0
"""Counts, quantities and claims: every denominator kept, impossible numbers refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from builders_decision import claim, quantity
from tiergate.evidence.claim import ClaimField
from tiergate.evidence.hazards import PUBLIC_TAXONOMIES, HazardDomain
from tiergate.evidence.measurement import Counts, Tally
from tiergate.evidence.provenance import BindingLevel

IMPOSSIBLE: dict[str, tuple[Callable[[], object], str]] = {
    "more successes than scores": (
        lambda: Tally(successes=2, scored=1, unscored=0, behaviours=1),
        "impossible tally",
    ),
    "fewer than no successes": (
        lambda: Tally(successes=-1, scored=1, unscored=0, behaviours=1),
        "impossible tally",
    ),
    "fewer than none unscored": (
        lambda: Tally(successes=0, scored=2, unscored=-1, behaviours=1),
        "impossible tally",
    ),
    "a bar of no behaviours": (
        lambda: Tally(successes=0, scored=1, unscored=0, behaviours=0),
        "impossible tally",
    ),
    "a behaviour never attempted": (
        lambda: Tally(successes=0, scored=0, unscored=0, behaviours=1),
        "a tally without attempts",
    ),
    "tallies out of order": (
        lambda: Counts(
            tallies=(
                Tally(successes=1, scored=1, unscored=0, behaviours=1),
                Tally(successes=0, scored=1, unscored=0, behaviours=1),
            ),
            planned=2,
        ),
        "not sorted",
    ),
    "a result that comes twice": (
        lambda: Counts(
            tallies=(
                Tally(successes=0, scored=1, unscored=0, behaviours=1),
                Tally(successes=0, scored=1, unscored=0, behaviours=2),
            ),
            planned=3,
        ),
        "repeat a result",
    ),
    "more attempted than planned": (
        lambda: Counts.of([(0, 2, 0)], planned=1),
        "planned 1 but attempted 2",
    ),
    "fewer than no errors": (lambda: Counts.of([(0, 0, 1)], errored=-1), "planned 1"),
    "more errors than unscored attempts": (
        lambda: Counts.of([(0, 1, 1)], errored=2),
        "more errors or limits than attempts",
    ),
    "more cut short than attempted": (
        lambda: Counts.of([(0, 1, 1)], limited=3),
        "more errors or limits than attempts",
    ),
    "fewer than none superseded": (lambda: Counts.of([(0, 1, 0)], superseded=-1), "planned 1"),
    "an interval upside down": (lambda: quantity("2", "1"), "impossible interval"),
    "an interval without an end": (lambda: quantity("0", "Infinity"), "impossible interval"),
    "an interval that is no number": (lambda: quantity("NaN", "1"), "impossible interval"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_numbers_that_cannot_be_are_refused(case: str) -> None:
    make, message = IMPOSSIBLE[case]

    with pytest.raises(ValueError, match=message):
        make()


def test_counts_add_up_over_behaviours() -> None:
    counts = Counts.of(
        [(1, 2, 1), (0, 3, 0), (1, 2, 1)], planned=12, errored=2, limited=1, superseded=4
    )

    assert (2, 7, 2, 9) == (counts.successes, counts.scored, counts.unscored, counts.attempted)
    assert (3, 3) == (counts.behaviours, counts.not_attempted)
    assert (2, 1, 4) == (counts.errored, counts.limited, counts.superseded)
    assert [(0, 3, 0, 1), (1, 2, 1, 2)] == [
        (t.successes, t.scored, t.unscored, t.behaviours) for t in counts.tallies
    ]


def test_simple_counts_are_one_attempt_each() -> None:
    assert Counts.of([(1, 1, 0)] * 3 + [(0, 1, 0)] * 7) == Counts.simple(3, 10)


def test_nothing_attempted_counts_nothing() -> None:
    counts = Counts.of([])

    assert (0, 0, 0, 0) == (counts.successes, counts.scored, counts.behaviours, counts.planned)


NUMBERS: dict[str, tuple[str | int | bool, Decimal | None]] = {
    "a decimal in text": ("0.5", Decimal("0.5")),
    "a whole number": (7, Decimal(7)),
    "a negative one": ("-3", Decimal(-3)),
    "true is no number": (True, None),
    "words": ("about five", None),
    "nothing": ("", None),
    "not a number": ("NaN", None),
    "a signalling one": ("sNaN", None),
    "infinity": ("-Infinity", None),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_a_field_of_a_claim_is_a_number_only_when_it_is_finite(case: str) -> None:
    value, expected = NUMBERS[case]

    assert expected == ClaimField(name="x", value=value).number


def test_a_claim_gives_its_fields_by_name() -> None:
    found = claim("E01", who="a person", days="3")

    assert ClaimField(name="days", value="3") == found.field("days")
    assert found.field("when") is None


def test_every_hazard_domain_has_a_name_for_people_and_a_public_place() -> None:
    assert set(HazardDomain) == set(PUBLIC_TAXONOMIES)
    assert all(domain.label and PUBLIC_TAXONOMIES[domain] for domain in HazardDomain)
    assert len({domain.label for domain in HazardDomain}) == len(HazardDomain)


def test_binding_levels_count_from_a_bare_name_to_a_re_run() -> None:
    assert [0, 1, 2, 3, 4, 5] == [level.rank for level in BindingLevel]
    assert BindingLevel.NAME.rank < BindingLevel.IMMUTABLE_REVISION.rank < BindingLevel.RERUN.rank
