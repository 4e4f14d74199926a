# SPDX-License-Identifier: Apache-2.0
"""Every two packs: the relation is right, and the witness separates them."""

from __future__ import annotations

import itertools
import random

import pytest

from builders_decision import AT
from tiergate.decision.analysis.compare import Compared, Difference, compare
from tiergate.decision.analysis.pieces import Place
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy, shipped_policies
from unit.decision.analysis.pairs import MIRRORED, check_drawn, check_witnesses

PLACE = Place(at=AT)
PACKS: dict[str, Policy] = {name: load_policy(name) for name in shipped_policies()}
PAIRS = list(itertools.combinations(PACKS, 2))
STRICTER_BY_EXTENDING = {(p.id, p.extends[0].split()[0]) for p in PACKS.values() if p.extends}


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=[f"{one} and {two}" for one, two in PAIRS])
def test_the_relation_of_two_packs_has_witnesses_that_separate_them(
    first: str, second: str
) -> None:
    found = compare(PACKS[first], PACKS[second], PLACE)

    check_witnesses(found, PLACE)
    check_drawn(found, PLACE, random.Random(f"{first} {second}"), 2)  # noqa: S311 - no key
    for pair, relation in (
        ((first, second), Relation.STRICTER),
        ((second, first), Relation.LOOSER),
    ):
        if pair in STRICTER_BY_EXTENDING and not PACKS[pair[0]].loosenings:
            assert found.overall is relation


def _relations(found: Difference) -> dict[str, Relation]:
    parts: list[tuple[str, Compared]] = [*found.tiers.items(), *found.domains.items()]
    return {place: part.relation for place, part in parts}


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), PAIRS, ids=[f"{one} and {two}" for one, two in PAIRS])
def test_two_packs_relate_the_other_way_round_when_they_are_exchanged(
    first: str, second: str
) -> None:
    found, back = (
        compare(PACKS[one], PACKS[two], PLACE) for one, two in ((first, second), (second, first))
    )

    check_witnesses(back, PLACE)
    check_drawn(back, PLACE, random.Random(f"{second} {first}"), 10)  # noqa: S311 - no key
    assert _relations(back) == {
        place: MIRRORED.get(relation, relation) for place, relation in _relations(found).items()
    }
    assert MIRRORED.get(found.besides, found.besides) is back.besides


def test_a_looser_variant_is_looser_than_what_it_extends() -> None:
    assert Relation.LOOSER is compare(PACKS["permissive"], PACKS["default"], PLACE).overall


@pytest.mark.parametrize("name", ["default", "image", "pai-2023"])
def test_a_pack_opens_the_same_as_itself(name: str) -> None:
    found = compare(PACKS[name], PACKS[name], PLACE)

    assert {Relation.EQUIVALENT} == {found.overall, found.besides, *_relations(found).values()}
