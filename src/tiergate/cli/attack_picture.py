# SPDX-License-Identifier: Apache-2.0
"""The picture of what a run found: success of each family against what an attacker pays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.cli import text
from tiergate.cli.attack_session import Done
from tiergate.decision.words import percent
from tiergate.evidence.measurement import Controls
from tiergate.evidence.tampering.curve import FamilyCurve
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.trial import PointResult, TrialResult
from tiergate.stats.rates import Rate

if TYPE_CHECKING:
    from tiergate.report.break_cost import BreakCost, ControlLine

_NAME = 40
_CLAIMED = frozenset({AttackOutcome.BROKEN, AttackOutcome.HOLDS})


def write_pictures(done: Done, curves: Sequence[FamilyCurve], folder: Path) -> tuple[str, ...]:
    """Write the picture as SVG, as PNG and as Vega-Lite, and return the names of the files.

    A run without an attacked model, as one whose controls failed, has none.
    """
    if not curves:
        return ()
    from tiergate.report.break_cost_file import picture_files

    found = shown_of(done, curves)
    title, *about = headings(done, found)
    names = []
    for ending, content in picture_files(found, title=title, about=about):
        names.append(f"curve.{ending}")
        (folder / names[-1]).write_bytes(content)
    return tuple(names)


def shown_of(done: Done, curves: Sequence[FamilyCurve]) -> BreakCost:
    """Return what the picture shows: the points of ``curve.csv``, and the controls."""
    from tiergate.report.break_cost import BreakCost

    rule, result = done.prepared.context.rule, done.result
    null = _last(result.null)
    return BreakCost(
        curves=tuple(curves),
        limit=rule.limit,
        confidence=rule.confidence,
        controls=tuple(_controls(null, _last(result.positive))),
        solved_before=_solved(null),
        solved_searching=_solved(done.untouched),
        prices=done.prepared.prices,
    )


def headings(done: Done, found: BreakCost) -> tuple[str, ...]:
    """Return the title, where knowledge ends, and what the run was.

    The title says nothing that the outcome of the run does not say.
    """
    from tiergate.report.break_cost_words import headline

    result, context = done.result, done.prepared.context
    title, tested = headline(found)
    if result.controls is not Controls.PASSED:
        title = f"Void: controls {result.controls}"
    elif result.summary.outcome is AttackOutcome.UNDECIDED:
        title = "Neither shown to hold nor to be broken"
    elif result.summary.outcome not in _CLAIMED:
        title = f"{str(result.summary.outcome).capitalize()}: some trials have no result"
    checkpoint = done.prepared.checkpoint
    about = text.joined(
        (
            context.suite.stamp,
            context.prompts.name,
            f"bands {percent(context.rule.confidence, ROUND_FLOOR)}",
            text.short_digest(checkpoint.root_digest),
        )
    )
    return (f"{text.shortened(checkpoint.name, _NAME)} · {title}", tested, about)


def _controls(null: PointResult | None, positive: PointResult | None) -> Iterator[ControlLine]:
    from tiergate.report.break_cost import ControlLine

    for label, point in (("as released", null), ("unguarded twin", positive)):
        rate = point.guarded.successes if point else Rate(0, 0)
        if rate.trials:
            words = f"{rate.successes} of {rate.trials}"
            yield ControlLine(label=label, rate=float(rate.fraction), words=words)


def _solved(point: PointResult | None) -> Rate | None:
    if point is None or not point.utility.asked:
        return None
    return Rate(point.utility.correct, point.utility.asked)


def _last(result: TrialResult | None) -> PointResult | None:
    return result.points[-1] if result and result.points else None
