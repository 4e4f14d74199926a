# SPDX-License-Identifier: Apache-2.0
"""How checks are combined, and that an explanation always carries every reason."""

from __future__ import annotations

import pytest

from builders_decision import claim, collection, judged, policy, scene
from tiergate.decision.judging import judge, judge_requirement
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named
from tiergate.decision.requirements.claim import ClaimMade

MET, NOT_MET, UNDETERMINED = Outcome.MET, Outcome.NOT_MET, Outcome.UNDETERMINED

YES, NO, UNKNOWN = (ClaimMade(item=item) for item in ("yes", "no", "unknown"))
EVIDENCE = (claim("yes"), claim("no", holds=False))

CASES: dict[str, tuple[Expression, str, Outcome, int]] = {
    "all of them": (AllOf(parts=(YES, YES)), "all of", MET, 2),
    "all of them, one fails first": (AllOf(parts=(NO, YES, UNKNOWN)), "all of", NOT_MET, 3),
    "all of them, one unknown": (AllOf(parts=(YES, UNKNOWN)), "all of", UNDETERMINED, 2),
    "any of them": (AnyOf(parts=(YES, NO, UNKNOWN)), "any of", MET, 3),
    "any of them, none": (AnyOf(parts=(NO, NO)), "any of", NOT_MET, 2),
    "two of three": (
        AtLeast(needed=2, parts=(YES, NO, UNKNOWN)),
        "at least 2 of",
        UNDETERMINED,
        3,
    ),
    "an empty all, which no file can say": (AllOf(parts=()), "all of", UNDETERMINED, 0),
    "an empty any, which no file can say": (AnyOf(parts=()), "any of", UNDETERMINED, 0),
    "nested": (AllOf(parts=(AnyOf(parts=(NO, YES)), YES)), "all of", MET, 2),
}


@pytest.mark.parametrize("case", CASES)
def test_every_part_is_judged_and_shown(case: str) -> None:
    expression, title, outcome, parts = CASES[case]

    found = judged(expression, *EVIDENCE)

    assert (title, outcome, "") == (found.title, found.outcome, found.reason)
    assert parts == len(found.children)


def test_a_requirement_that_is_named_is_judged_where_it_is_named() -> None:
    standard = policy({"R1": YES, "R2": AnyOf(parts=(Named(id="R1"), NO))})
    view = scene(collection(*EVIDENCE), standard)

    found = judge_requirement("R2", view)

    (combined,) = found.children
    assert judge(Named(id="R1"), view) == combined.children[0]
    assert ("R1", "title of R1", ("CLAUSE-1",)) == (
        combined.children[0].id,
        combined.children[0].title,
        combined.children[0].clauses,
    )


def test_a_requirement_of_one_check_gives_the_reason_of_the_check() -> None:
    standard = policy({"R1": UNKNOWN, "R2": AllOf(parts=(UNKNOWN,))})
    view = scene(collection(), standard)

    assert "nobody has stated it" == judge_requirement("R1", view).reason
    assert "" == judge_requirement("R2", view).reason
