# SPDX-License-Identifier: Apache-2.0
"""Tables of the three-valued logic: how outcomes are combined, and that nothing is never met."""

from __future__ import annotations

import pytest

from tiergate.decision.outcome import Outcome, all_of, any_of, at_least
from tiergate.decision.tier import Band, TamperLevel, Tier

MET, NOT_MET, UNDETERMINED = Outcome.MET, Outcome.NOT_MET, Outcome.UNDETERMINED

ALL_OF = {
    "nothing at all has shown nothing": ((), UNDETERMINED),
    "one met part": ((MET,), MET),
    "every part met": ((MET, MET), MET),
    "one part not met": ((MET, NOT_MET), NOT_MET),
    "one part unknown": ((MET, UNDETERMINED), UNDETERMINED),
    "a failure is said even while other evidence is missing": ((UNDETERMINED, NOT_MET), NOT_MET),
    "a generator is read once": ((outcome for outcome in (MET, UNDETERMINED)), UNDETERMINED),
}
ANY_OF = {
    "nothing at all has shown nothing": ((), UNDETERMINED),
    "one met part": ((NOT_MET, MET, UNDETERMINED), MET),
    "every part not met": ((NOT_MET, NOT_MET), NOT_MET),
    "an unknown part might still be met": ((NOT_MET, UNDETERMINED), UNDETERMINED),
    "one part unknown": ((UNDETERMINED,), UNDETERMINED),
}
AT_LEAST = {
    "two of two met": (2, (MET, MET), MET),
    "two of three met and one not": (2, (MET, NOT_MET, MET), MET),
    "one met and one unknown of three": (2, (MET, NOT_MET, UNDETERMINED), UNDETERMINED),
    "too few are left": (2, (MET, NOT_MET, NOT_MET), NOT_MET),
    "more asked for than there are parts": (3, (MET, MET), NOT_MET),
    "nothing at all has shown nothing": (1, (), UNDETERMINED),
    "none of something asks for nothing": (0, (MET,), UNDETERMINED),
    "none of nothing asks for nothing": (0, (), UNDETERMINED),
    "fewer than none asks for nothing": (-1, (MET, MET), UNDETERMINED),
}


@pytest.mark.parametrize("case", ALL_OF)
def test_every_part_is_needed(case: str) -> None:
    parts, expected = ALL_OF[case]

    assert expected is all_of(parts)


@pytest.mark.parametrize("case", ANY_OF)
def test_one_part_is_enough(case: str) -> None:
    parts, expected = ANY_OF[case]

    assert expected is any_of(parts)


@pytest.mark.parametrize("case", AT_LEAST)
def test_a_number_of_parts_is_enough(case: str) -> None:
    needed, parts, expected = AT_LEAST[case]

    assert expected is at_least(needed, parts)


def test_ladders_count_from_the_bottom() -> None:
    assert [0, 1, 2, 3, 4, 5, 6] == [tier.rank for tier in Tier]
    assert [0, 1, 2, 3] == [band.rank for band in Band]
    assert [0, 1, 2, 3, 4] == [level.rank for level in TamperLevel]


def test_weights_leave_the_house_from_t4_and_for_good_from_t5() -> None:
    assert ["T4", "T5", "T6"] == [tier for tier in Tier if tier.hands_out_weights]
    assert ["T5", "T6"] == [tier for tier in Tier if tier.is_irreversible]
