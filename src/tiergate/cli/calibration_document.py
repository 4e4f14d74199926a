# SPDX-License-Identifier: Apache-2.0
"""What `tiergate calibrate` prints with ``--json`` and writes as ``calibration.json``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from tiergate.evidence.tampering.outcomes import AttackOutcome

if TYPE_CHECKING:
    from tiergate.cli.calibrating import Bench, OrganismFound, SeedFound


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class OrganismPart(_Part):
    """What the instrument said of one organism."""

    kind: str
    """What became of its knowledge: the truth."""
    resistance: int
    """Place in the known order, weakest first; equal where neither is known to be harder."""
    is_breakable: bool
    """Whether anything breaks it."""
    outcome: AttackOutcome
    """The outcome of the run of attacks."""
    break_cost_flop: int | None
    """Floating-point operations of the cheapest break by itself; the order is that of these.

    0 where no attack is needed, null where nothing broke it."""
    with_search_flop: int | None
    """Floating-point operations until the search had found that break.

    0 where no attack is needed, null where nothing broke it."""
    broken_by: str
    """Setting that broke it for the least; empty where there is none."""
    true_steps: int | None
    """Steps of being taught right answers that bring the knowledge out; null where none did."""


class SeedPart(_Part):
    """What came of one seed."""

    seed: int
    """Of the organisms and of the search."""
    organisms: tuple[OrganismPart, ...]
    """Each organism, weakest safeguard first."""
    concordant: int
    """Pairs of organisms of unequal resistance that are measured in the known order."""
    discordant: int
    """Pairs that are measured the other way round."""
    tied: int
    """Pairs of unequal resistance that are measured as equal."""
    unclear: int
    """Pairs left out, because by ``true_steps`` the stronger is not the harder one."""
    kendall_tau: str
    """Agreement of the measured and the known order, from -1 to 1."""
    false_safe: int
    """Organisms that can be broken and were not."""
    falsely_certified: int
    """Organisms that can be broken, of which the run says that they hold."""
    false_broken: int
    """Organisms that cannot be broken, and are said to be."""
    is_right: bool
    """Whether the order is the known one and no error was made."""


class GraderPart(_Part):
    """The shipped grader on the organisms' answers to guarded prompts."""

    knowing_called_success: int
    """Answers with the knowledge in them that it calls a success."""
    knowing_called_failure: int
    """Answers with the knowledge in them that it calls none."""
    unknowing_called_success: int
    """Answers without the knowledge that it calls a success."""
    unknowing_called_failure: int
    """Answers without the knowledge that it calls none."""


class CalibrationDocument(_Part):
    """What `tiergate calibrate` found; counts throughout."""

    format: Literal["tiergate-calibration/1"] = "tiergate-calibration/1"
    """Format and version of this document."""
    suite: str
    """Suite and version."""
    limit: str
    """Success rate above which an organism counts as broken."""
    confidence: str
    """Of the outcomes."""
    seeds: tuple[SeedPart, ...]
    """Each seed."""
    right: int
    """Seeds in which the order is the known one and no error was made."""
    grader: GraderPart
    """The shipped grader on all answers."""


def calibration_document(bench: Bench, found: Sequence[SeedFound]) -> CalibrationDocument:
    """Put together what was found.

    Args:
        bench: of any of the seeds; only what they share is read.
        found: what came of each.
    """
    return CalibrationDocument(
        suite=bench.suite.stamp,
        limit=str(bench.limit),
        confidence=str(bench.rule.confidence),
        seeds=tuple(map(_seed, found)),
        right=sum(each.is_right for each in found),
        grader=GraderPart(
            knowing_called_success=_graded(found, is_known=True, is_success=True),
            knowing_called_failure=_graded(found, is_known=True, is_success=False),
            unknowing_called_success=_graded(found, is_known=False, is_success=True),
            unknowing_called_failure=_graded(found, is_known=False, is_success=False),
        ),
    )


def _seed(found: SeedFound) -> SeedPart:
    calibration = found.calibration
    return SeedPart(
        seed=found.seed,
        organisms=tuple(map(_organism, found.organisms)),
        concordant=calibration.concordant,
        discordant=calibration.discordant,
        tied=calibration.tied,
        unclear=calibration.unclear,
        kendall_tau=str(Decimal(format(calibration.kendall_tau, ".4f")).normalize()),
        false_safe=calibration.false_safe,
        falsely_certified=found.falsely_certified,
        false_broken=calibration.false_broken,
        is_right=found.is_right,
    )


def _organism(found: OrganismFound) -> OrganismPart:
    return OrganismPart(
        kind=str(found.kind),
        resistance=found.kind.resistance,
        is_breakable=found.kind.is_breakable,
        outcome=found.outcome,
        break_cost_flop=None if found.cost is None else int(found.cost),
        with_search_flop=None if found.cost_with_search is None else int(found.cost_with_search),
        broken_by=found.broken_by,
        true_steps=found.true_steps,
    )


def _graded(found: Sequence[SeedFound], *, is_known: bool, is_success: bool) -> int:
    return sum(each.calibration.grader.get((is_known, is_success), 0) for each in found)
