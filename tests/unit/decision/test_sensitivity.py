# SPDX-License-Identifier: Apache-2.0
"""Which single measurement decides, and until when evidence is young enough."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from builders_decision import (
    AT,
    claim,
    collection,
    counts,
    limit,
    measurement,
    policy,
    quantity,
    rung,
)
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.lapses import lapses
from tiergate.decision.policy import AllOf, AnyOf, Policy
from tiergate.decision.requirements.checkpoint_facts import LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.sensitivity import Change, changed, shifts
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf
from tiergate.evidence.conduct import Audit
from tiergate.evidence.measurement import Counts, Direction, Measurement
from tiergate.stats.audit import Adjudication

E01 = ClaimMade(item="E01")
E02 = ClaimMade(item="E02")
CLOSE = {"R1": limit(value="0.05")}


def found_for(asked: Policy, *evidence: Measurement) -> dict[Change, tuple[int, Tier]]:
    """Return the changes that move the tier, with how many behaviours and to where."""
    found = shifts(WhatIf(asked, collection(*evidence), AT))
    return {shift.change: (shift.count, shift.supported) for shift in found}


# 0 of 59 is the smallest clean sample that shows 5 % with 95 % confidence, 1 of 93 the next.
SHIFTS: dict[str, tuple[Counts, dict[Change, tuple[int, Tier]]]] = {
    "a clean sample that is just large enough falls with one": (
        counts(0, 59),
        {Change.MORE_ADVERSE: (1, Tier.T0), Change.FURTHER_ADVERSE: (1, Tier.T0)},
    ),
    "a larger one has room for one and no more": (
        counts(0, 93),
        {Change.MORE_ADVERSE: (2, Tier.T0), Change.FURTHER_ADVERSE: (2, Tier.T0)},
    ),
    "one adverse of 92 needs one clean more, or none adverse": (
        counts(1, 92),
        {Change.FURTHER_CLEAN: (1, Tier.T1), Change.FEWER_ADVERSE: (1, Tier.T1)},
    ),
    "nothing adverse in too few can only be more of the same": (
        counts(0, 10),
        {Change.FURTHER_CLEAN: (49, Tier.T1)},
    ),
    "an empty run can be filled": (Counts.of([]), {Change.FURTHER_CLEAN: (59, Tier.T1)}),
    "all adverse in a run that is too small for none to help": (
        counts(10, 10),
        {Change.FURTHER_CLEAN: (326, Tier.T1)},
    ),
}


@pytest.mark.parametrize(("value", "expected"), SHIFTS.values(), ids=SHIFTS.keys())
def test_the_fewest_behaviours_that_move_the_tier_are_found(
    value: Counts, expected: dict[Change, tuple[int, Tier]]
) -> None:
    assert expected == found_for(policy(CLOSE), measurement(value=value))


def test_what_is_measured_where_more_is_safer_is_changed_the_other_way() -> None:
    asked = policy({"R1": limit("utility.refusal", "0.9", side=Side.AT_LEAST)})
    refused = measurement("utility.refusal", counts(29, 29), direction=Direction.HIGHER_IS_SAFER)

    found = found_for(asked, refused)

    assert {Change.MORE_ADVERSE: (1, Tier.T0), Change.FURTHER_ADVERSE: (1, Tier.T0)} == found


def test_a_change_says_what_was_measured_and_by_whom() -> None:
    asked, evidence = policy(CLOSE), collection(measurement(value=counts(2, 40, attempts=3)))

    first = next(shifts(WhatIf(asked, evidence, AT)))

    assert (2, 40, "cbrn.uplift") == (first.adverse, first.behaviours, first.metric)
    assert first.item == f"{evidence.documents[0].digest}#m0"
    assert first.organisation == evidence.documents[0].producer.organisation


def test_sizes_and_what_people_went_over_are_left_alone() -> None:
    asked = policy(
        {"R1": limit("loss_of_control.horizon", "4", scale=Scale.QUANTITY, unit="hours"), **CLOSE}
    )
    audit = Audit(
        tallies=(Adjudication(clean=1, behaviours=200),), seed="s", labelled_by="two people"
    )
    seen = dataclasses.replace(measurement(value=counts(0, 200)), audit=audit)

    found = found_for(asked, measurement("loss_of_control.horizon", quantity("1", "3")), seen)

    assert {} == found


def test_where_two_measurements_are_short_neither_moves_the_tier_alone() -> None:
    asked = policy({"R1": limit(), "R2": limit("cyber.exploit", "0.05")})

    found = found_for(
        asked, measurement(value=counts(0, 20)), measurement("cyber.exploit", counts(0, 20))
    )

    assert {} == found


ROWS: dict[str, tuple[Counts, Change, int, Counts]] = {
    "the cleanest behaviours become adverse first": (
        Counts.of([(1, 2, 0), (0, 2, 1), (0, 1, 0)]),
        Change.MORE_ADVERSE,
        2,
        Counts.of([(1, 2, 0), (2, 2, 1), (1, 1, 0)]),
    ),
    "the most adverse become clean first": (
        Counts.of([(3, 3, 0), (1, 3, 0), (0, 3, 0)]),
        Change.FEWER_ADVERSE,
        1,
        Counts.of([(0, 3, 0), (1, 3, 0), (0, 3, 0)]),
    ),
    "no more can turn than there are": (
        Counts.of([(1, 1, 0), (0, 0, 1)], planned=5, errored=1),
        Change.FEWER_ADVERSE,
        9,
        Counts.of([(0, 1, 0), (0, 0, 1)], planned=5, errored=1),
    ),
    "a further behaviour is tried as often as most were": (
        Counts.of([(0, 3, 0), (1, 3, 0), (0, 2, 1), (0, 1, 0)]),
        Change.FURTHER_ADVERSE,
        2,
        Counts.of([(0, 3, 0), (1, 3, 0), (0, 2, 1), (0, 1, 0), (3, 3, 0), (3, 3, 0)]),
    ),
}


@pytest.mark.parametrize("sentence", ROWS)
def test_counts_are_changed_by_the_behaviour(sentence: str) -> None:
    before, change, count, after = ROWS[sentence]

    assert after == changed(measurement(value=before), change, count).value


# ---------------------------------------------------------------------------- age


def test_the_last_moment_of_a_tier_is_named_with_what_is_too_old_after_it() -> None:
    asked = policy(
        {"R1": E01, "R2": AllOf(parts=(E01, E02))},
        rung(Tier.T0),
        rung(Tier.T1, "R1"),
        rung(Tier.T2, "R2"),
    )
    evidence = collection(
        claim("E01", made_at=AT - timedelta(days=10)), claim("E02", made_at=AT - timedelta(days=50))
    )
    longest = timedelta(days=float(asked.tiers[1].standards.longest_age_days.value))

    first, second = lapses(asked, evidence, AT)

    assert (Tier.T2, Tier.T1, ("E02",)) == (first.supported, first.then, first.topics)
    assert AT + longest - timedelta(days=50) == first.until
    assert (Tier.T1, Tier.T0, ("E01",)) == (second.supported, second.then, second.topics)
    assert AT + longest - timedelta(days=10) == second.until


def test_where_nothing_is_supported_nothing_falls() -> None:
    assert () == tuple(lapses(policy({"R1": E02}), collection(claim("E01")), AT))


def test_evidence_that_is_replaced_in_time_is_no_fall() -> None:
    asked = policy({"R1": AnyOf(parts=(E01, E02))})
    evidence = collection(
        claim("E01", made_at=AT - timedelta(days=50)), claim("E02", made_at=AT - timedelta(days=5))
    )

    (only,) = lapses(asked, evidence, AT)

    assert ("E02",) == only.topics


def test_evidence_that_is_not_used_falls_without_anything_happening() -> None:
    asked = policy({"R1": LoadsWithoutCode()})

    assert () == tuple(lapses(asked, collection(claim("E01")), AT))


def test_what_is_too_old_already_ends_nothing() -> None:
    asked = policy({"R1": AnyOf(parts=(E01, E02))})
    old = claim("E01", made_at=AT - timedelta(days=1000))

    (only,) = lapses(asked, collection(old, claim("E02")), AT)

    assert ("E02",) == only.topics
