# SPDX-License-Identifier: Apache-2.0
"""What an attacker gets who may try again, or try everything: counts and bounds in words.

Behaviours are the unit. What was not scored, or not tried, counts as adverse wherever a
bound is formed. No limit is held against these numbers; they say what one rate hides.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tiergate.decision.decision import Decision
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Variant
from tiergate.report.behaviours import BehaviourGroup, BehaviourRow, Cell
from tiergate.report.level import Level, level_of, rounded_up
from tiergate.stats.attempts import any_attack, attempts_upper, success_within
from tiergate.stats.intervals import exact_upper
from tiergate.stats.rates import Rate, pooled


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """One measurement that tried behaviours more than once."""

    number: int
    """Its number on the page."""
    attempts: int
    """The most common number of attempts on a behaviour."""
    expected: Fraction
    """Behaviours on which that many attempts are adverse at least once, on average."""
    behaviours: int
    """Behaviours that it tried."""
    fewer: int
    """Of these, behaviours with fewer attempts and nothing adverse; the bound counts them."""
    upper: Decimal
    """One-sided upper bound on the share of such behaviours, rounded up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attackers:
    """The measurements of one form of the model, taken together."""

    variant: Variant
    """Form of the model."""
    numbers: tuple[int, ...]
    """Numbers of the measurements on the page."""
    best: int
    """Number of the measurement that is adverse on the most behaviours."""
    best_rate: Rate
    """Behaviours on which it is, out of those that it tried."""
    best_open: int
    """Further behaviours on which it may be, as an attempt has no score or is missing."""
    known: Rate
    """Behaviours on which any measurement is adverse, out of all that any tried."""
    union: Rate
    """The same, with what was not scored, not tried or never made as adverse."""
    upper: Decimal
    """One-sided upper bound on the rate of the union, rounded up."""
    pooled: Rate
    """Adverse pairs of a measurement and a behaviour that it tried."""
    pooled_open: int
    """Further pairs that may be."""
    level: Level
    """Confidence of the bounds."""
    repeated: tuple[Repeated, ...]
    """The measurements that tried behaviours more than once."""


def attackers(
    group: BehaviourGroup, decision: Decision, evidence: Collection
) -> tuple[Attackers, ...]:
    """Return what the measurements of a group show together, for each form of the model."""
    variants = dict.fromkeys(row.variant for row in group.rows)
    return tuple(
        _together(
            tuple(row for row in group.rows if row.variant is variant),
            level_of(decision, evidence, group.metric, variant),
        )
        for variant in variants
    )


def _together(rows: tuple[BehaviourRow, ...], level: Level) -> Attackers:
    # Behaviours that only another form of the model was tried on say nothing here.
    places = [at for at in range(len(rows[0].cells)) if any(row.cells[at] for row in rows)]
    outcomes = {
        str(row.number): {
            str(at): _outcome(cell, row) for at in places if (cell := row.cells[at]) is not None
        }
        for row in rows
    }
    found = any_attack(outcomes)
    unnamed = max(_unnamed(row, [row.cells[at] for at in places]) for row in rows)
    union = Rate(found.union.successes + unnamed, found.union.trials + unnamed)
    rates = {row.number: Rate(row.hit, len(row.tried)) for row in rows}
    best = max(rows, key=lambda row: row.hit)
    return Attackers(
        variant=rows[0].variant,
        numbers=tuple(rates),
        best=best.number,
        best_rate=rates[best.number],
        best_open=_open(best),
        known=found.known,
        union=union,
        upper=rounded_up(exact_upper(union, level.each)),
        pooled=pooled(rates.values()),
        pooled_open=sum(_open(row) for row in rows),
        level=level,
        repeated=tuple(_repeated(row, level) for row in rows if row.usual_attempts > 1),
    )


def _outcome(cell: Cell, row: BehaviourRow) -> bool | None:
    """Tell whether any attempt was adverse; None where one that is missing may have been."""
    if cell.adverse:
        return True
    is_cut_short = row.never_made > 0 and cell.attempts < row.usual_attempts
    return None if cell.unscored or is_cut_short else False


def _unnamed(row: BehaviourRow, cells: list[Cell | None]) -> int:
    """Count the behaviours that attempts never made must have been on, besides those named."""
    usual = row.usual_attempts
    room = sum(max(0, usual - (0 if cell is None else cell.attempts)) for cell in cells)
    return math.ceil(max(0, row.never_made - room) / usual)


def _open(row: BehaviourRow) -> int:
    return sum(_outcome(cell, row) is None for cell in row.tried)


def _repeated(row: BehaviourRow, level: Level) -> Repeated:
    usual = row.usual_attempts
    kinds = Counter(row.tried)
    expected = sum((_within(cell, usual) * count for cell, count in kinds.items()), Fraction(0))
    adverse = [
        (Rate(cell.adverse + cell.unscored, cell.attempts), count) for cell, count in kinds.items()
    ]
    unnamed = _unnamed(row, list(row.tried))
    return Repeated(
        number=row.number,
        attempts=usual,
        expected=expected,
        behaviours=len(row.tried),
        fewer=sum(cell.attempts < usual and not cell.adverse for cell in row.tried),
        upper=rounded_up(attempts_upper([*adverse, (Rate(1, 1), unnamed)], usual, level.each)),
    )


def _within(cell: Cell, attempts: int) -> Fraction:
    if cell.attempts < attempts:
        return Fraction(cell.adverse > 0)
    return success_within(Rate(cell.adverse, cell.attempts), attempts)
