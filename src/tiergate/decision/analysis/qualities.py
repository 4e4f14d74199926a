# SPDX-License-Identifier: Apache-2.0
"""How good evidence can be, as far as the standards of some checks tell it apart.

A piece may support what asks for no more than it has. What it has is looked at only up to the
joins of what is asked, because more of anything that is not asked for changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from tiergate.decision.analysis.formula import Check
from tiergate.decision.analysis.pieces import MOST, Quality
from tiergate.decision.policy import LEAST_GRADE
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.evidence.grades import Dimension
from tiergate.evidence.provenance import ProducerRelation

MOST_QUALITIES = 400
"""More are not looked at; what needs them is undecided."""
_GRADED = tuple(d for d in Dimension if d is not Dimension.INDEPENDENCE)
_RELATIONS = (
    ProducerRelation.INDEPENDENT,
    ProducerRelation.COMMISSIONED,
    ProducerRelation.SEPARATE_TEAM,
    ProducerRelation.DEVELOPER,
)


def qualities(checks: Iterable[Check], *, is_plain: bool = False) -> tuple[list[Quality], bool]:
    """Return the qualities that tell the checks apart, best first, and whether these are all.

    Args:
        checks: the checks.
        is_plain: whether of makers who make no difference the nearest to the developer is taken.
    """
    known = tuple(checks)
    vectors = _joins(known)
    ages = sorted({check.standards.longest_age_days.value for check in known})
    relations = _relations(known, is_plain=is_plain)
    found = [
        Quality(grades=tuple(zip(_GRADED, vector, strict=True)), relation=relation, age_days=age)
        for age in ages
        for vector in vectors
        for relation in relations
    ]
    asks_more = any(
        asked > MOST[dimension]
        for check in known
        for dimension, asked in check.standards.minimum_grades.items()
        if dimension in {Dimension.INTERNAL_VALIDITY, Dimension.PRECISION}
    )
    return found[:MOST_QUALITIES], not asks_more and len(found) <= MOST_QUALITIES


def _joins(checks: tuple[Check, ...]) -> list[tuple[int, ...]]:
    asked = {
        tuple(
            min(MOST[d], max(LEAST_GRADE, check.standards.minimum_grades.get(d, LEAST_GRADE)))
            for d in _GRADED
        )
        for check in checks
    }
    found = set(asked)
    todo = list(asked)
    while todo and len(found) < MOST_QUALITIES:
        vector = todo.pop()
        for other in asked:
            both = tuple(map(max, vector, other))
            if both not in found:
                found.add(both)
                todo.append(both)
    return sorted(found, key=lambda vector: (-sum(vector), vector))


def _relations(checks: tuple[Check, ...], *, is_plain: bool) -> list[ProducerRelation]:
    """Return who may have made it, as far as it matters, the most independent first."""
    tests = [check.atom.by for check in checks if isinstance(check.atom, ClaimMade | Measured)]
    highest = max(
        (check.standards.minimum_grades.get(Dimension.INDEPENDENCE, 1) for check in checks),
        default=1,
    )
    found: dict[tuple[object, ...], ProducerRelation] = {}
    for rank, relation in enumerate(_RELATIONS):
        grade = 3 - rank
        mark = (min(grade, highest), *(not by or relation in by for by in tests))
        if is_plain or mark not in found:
            found[mark] = relation
    return list(found.values())
