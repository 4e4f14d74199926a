# SPDX-License-Identifier: Apache-2.0
"""How the conditions of two policies relate, which no evidence meets."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders_decision import AT, number, policy, rung
from tiergate.attestation.trust import Role
from tiergate.decision.analysis.compare import compare
from tiergate.decision.analysis.conditions import conditions, relation_by_tier
from tiergate.decision.analysis.pieces import Place
from tiergate.decision.analysis.relation import Relation, joined
from tiergate.decision.policy import AllOf, Expression, Hold, Policy, WaiverLimits
from tiergate.decision.requirements.checkpoint_facts import LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.tier import Tier
from tiergate.release.gates import business_days_after

E01 = ClaimMade(item="E01")


def asking(**more: object) -> Policy:
    """A policy whose tier T1 has these conditions."""
    found = policy({"R1": E01}, rung(Tier.T0), rung(Tier.T1, "R1"))
    first, second = found.tiers
    return dataclasses.replace(found, tiers=(first, dataclasses.replace(second, **more)))  # type: ignore[arg-type]


def waiving(tier: Tier = Tier.T3, days: int = 90, *roles: Role) -> Policy:
    """A policy with these limits of waivers."""
    limits = WaiverLimits(highest_tier=tier, longest_days=number(days, "days"))
    limits = dataclasses.replace(limits, roles=roles) if roles else limits
    return dataclasses.replace(policy({"R1": E01}), waivers=limits)


def not_waivable(*names: str) -> Policy:
    """A policy with two requirements, of which these may not be waived."""
    found = policy({"R1": E01, "R2": ClaimMade(item="E02")})
    kept = {
        name: dataclasses.replace(each, waivable=name not in names)
        for name, each in found.requirements.items()
    }
    return dataclasses.replace(found, requirements=kept)


def hold(days: int, unit: str = "days", unless: Expression | None = None) -> Hold:
    return Hold(text=f"{days} {unit}", days=number(days, unit), unless=unless)


def held(*holds: Hold) -> Policy:
    return asking(holds=holds)


STRICTER = {
    "one more approval": (
        asking(approval_roles=("legal", "safety lead")),
        asking(approval_roles=("legal",)),
    ),
    "two people of one role": (
        asking(approval_roles=("legal", "legal")),
        asking(approval_roles=("legal",)),
    ),
    "a shorter life": (asking(expiry=number(90, "days")), asking(expiry=number(180, "days"))),
    "a hold": (held(hold(30)), held()),
    "a longer hold": (held(hold(30)), held(hold(20))),
    "one more hold": (held(hold(30), hold(5, "business days")), held(hold(20))),
    "business days": (held(hold(5, "business days")), held(hold(5))),
    "days that business days cannot reach": (held(hold(7)), held(hold(5, "business days"))),
    "a hold that nothing lifts": (held(hold(30)), held(hold(30, unless=E01))),
    "waivers that reach less far": (waiving(Tier.T1), waiving(Tier.T3)),
    "shorter waivers": (waiving(days=30), waiving(days=90)),
    "fewer who may waive": (
        waiving(Tier.T3, 90, Role.LEGAL),
        waiving(Tier.T3, 90, Role.LEGAL, Role.SAFETY_LEAD),
    ),
    "what may not be waived": (not_waivable("R1", "R2"), not_waivable("R2")),
}


@pytest.mark.parametrize(("strict", "loose"), STRICTER.values(), ids=STRICTER.keys())
def test_a_condition_that_asks_for_more_is_stricter(strict: Policy, loose: Policy) -> None:
    (one,), (other,) = conditions(strict, loose), conditions(loose, strict)

    assert (Relation.STRICTER, Relation.LOOSER) == (one.relation, other.relation)
    assert (one.first, one.second) == (other.second, other.first)
    assert one.first != one.second
    assert () == tuple(conditions(strict, strict))


OTHERS = {
    "other approvals": (
        asking(approval_roles=("legal",)),
        asking(approval_roles=("safety lead",)),
        Relation.INCOMPARABLE,
    ),
    "days that business days may reach or not": (
        held(hold(8)),
        held(hold(6, "business days")),
        Relation.INCOMPARABLE,
    ),
    "a longer hold that something lifts": (
        held(hold(60, unless=E01)),
        held(hold(30)),
        Relation.INCOMPARABLE,
    ),
    "holds that other things lift": (
        held(hold(30, unless=E01)),
        held(hold(30, unless=LoadsWithoutCode())),
        Relation.UNDECIDED,
    ),
    "others who may waive": (
        waiving(Tier.T3, 90, Role.LEGAL),
        waiving(Tier.T3, 90, Role.SAFETY_LEAD),
        Relation.INCOMPARABLE,
    ),
}


@pytest.mark.parametrize(("one", "two", "relation"), OTHERS.values(), ids=OTHERS.keys())
def test_conditions_that_point_different_ways_are_neither(
    one: Policy, two: Policy, relation: Relation
) -> None:
    for first, second in ((one, two), (two, one)):
        (found,) = conditions(first, second)
        assert relation is found.relation


def test_a_hold_that_takes_more_to_lift_lasts_at_least_as_long() -> None:
    strict = held(hold(30, unless=AllOf(parts=(E01, LoadsWithoutCode()))))

    (found,) = conditions(strict, held(hold(30, unless=E01)))

    # Whether it lasts longer depends on evidence, so nothing more is said.
    assert Relation.UNDECIDED is found.relation


def test_holds_in_other_words_do_not_differ() -> None:
    alike = held(dataclasses.replace(hold(30), text="a month"))

    assert () == tuple(conditions(held(hold(30)), alike))


def test_conditions_of_a_tier_that_only_one_has_are_not_compared() -> None:
    more = policy({"R1": E01}, rung(Tier.T0), rung(Tier.T1, "R1"), rung(Tier.T2, "R1"))

    assert () == tuple(conditions(more, asking()))


def test_conditions_are_joined_by_tier_and_beside_what_evidence_opens() -> None:
    one = asking(expiry=number(90, "days"), approval_roles=())
    other = asking(approval_roles=("legal",))

    found = compare(one, other, Place(at=AT))

    assert (Relation.EQUIVALENT, Relation.INCOMPARABLE) == (found.overall, found.besides)
    assert {Tier.T1: Relation.INCOMPARABLE} == relation_by_tier(found.conditions)
    assert ["approvals", "expires after"] == [each.what for each in found.conditions]
    assert Relation.UNDECIDED is joined([Relation.UNDECIDED, Relation.STRICTER])


def _ends(start: datetime, wait: Hold) -> datetime:
    days = int(wait.days.value)
    if wait.days.unit == "days":
        return start + timedelta(days=days)
    return business_days_after(start, days)


@given(
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from(["days", "business days"]),
    st.sampled_from(["days", "business days"]),
)
def test_a_stricter_hold_ends_no_sooner_whenever_it_begins(
    one: int, other: int, unit: str, other_unit: str
) -> None:
    mine, theirs = hold(one, unit), hold(other, other_unit)
    starts = [datetime(2026, 11, 23 + day, tzinfo=UTC) for day in range(7)]
    ends = [(_ends(start, mine), _ends(start, theirs)) for start in starts]

    found = joined(each.relation for each in conditions(held(mine), held(theirs)))

    never_sooner = all(first >= second for first, second in ends)
    never_later = all(first <= second for first, second in ends)
    assert (found in {Relation.STRICTER, Relation.EQUIVALENT}) <= never_sooner
    assert (found in {Relation.LOOSER, Relation.EQUIVALENT}) <= never_later
    if unit == other_unit:
        assert never_sooner is (found in {Relation.STRICTER, Relation.EQUIVALENT})
