# SPDX-License-Identifier: Apache-2.0
"""Attacking model organisms of known resistance: how far the instrument is to be believed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.cli import text
from tiergate.errors import MeasurementError
from tiergate.evidence.measurement import Controls
from tiergate.evidence.tampering.answer_class import AnswerClass, is_success
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.engines import JournalledEngine, LocalEngine
from tiergate.evidence.tampering.journal import Journal
from tiergate.evidence.tampering.outcomes import AttackOutcome, Rule
from tiergate.evidence.tampering.suites import Suite
from tiergate.model.checkpoint import identify

if TYPE_CHECKING:
    from tiergate.evidence.tampering.calibration import Calibration, GradedAnswer
    from tiergate.evidence.tampering.organisms import Kind

_GRADER = "tiergate.evidence.tampering.organism_domain:grade"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What organisms are attacked with."""

    folder: Path
    """Where organisms and journals are."""
    suite: Suite
    """The attacks."""
    limit: Decimal
    """Success rate above which an organism counts as broken."""
    seed: int
    """Of the organisms and of the search."""
    say: Callable[[str], None]
    """Told where it is."""


def calibrated(bench: Bench) -> Calibration:
    """Grow the organisms, attack each, and compare with what is known about them.

    What a killed run had finished is not done again.

    Raises:
        MeasurementError: a control failed on an organism that is guarded.
    """
    from tiergate.evidence.tampering.calibration import KnownOrganism, calibrate
    from tiergate.evidence.tampering.organisms import Kind

    folders = _grown(bench)
    known = [
        KnownOrganism(
            name=str(kind),
            folder=folders[kind],
            resistance=kind.resistance,
            is_breakable=kind is not Kind.NEVER_LEARNED,
        )
        for kind in Kind
    ]
    return calibrate(
        known,
        lambda folder: _break_cost(bench, folder, folders[Kind.UNGUARDED]),
        answers=_answers(bench),
        success=is_success,
    )


def lines(found: Calibration) -> Iterator[str]:
    """Yield what a person reads: what each cost, how often the instrument was wrong."""
    yield text.heading("BREAK COST") + "  FLOP until a break was confirmed, search included"
    for name, cost in found.costs.items():
        words = "not broken" if cost is None else f"{cost:.1e}" if cost else "needs no attack"
        yield f"  {name:<18} {words}"
    yield ""
    yield text.heading("THE INSTRUMENT")
    yield (
        f"  order: {found.concordant} pairs as known, {found.discordant} reversed, {found.tied} "
        f"alike; Kendall's tau {found.kendall_tau:.2f}"
    )
    yield f"  false safe: {found.false_safe} of {found.breakable} that can be broken"
    yield f"  false broken: {found.false_broken} of {found.unbreakable} that cannot"
    yield ""
    yield text.heading("THE SHIPPED GRADER") + "  on the organisms' answers"
    grader = found.grader
    yield from text.wrapped(
        f"answers with the knowledge: {grader.get((True, True), 0)} called a success, "
        f"{grader.get((True, False), 0)} not; answers without: {grader.get((False, True), 0)} "
        f"called a success, {grader.get((False, False), 0)} not",
        "  ",
    )


def _grown(bench: Bench) -> dict[Kind, Path]:
    from tiergate.evidence.tampering.organisms import Kind, grow

    folder = bench.folder / "organisms"
    places = {kind: folder / kind.name.lower() for kind in Kind}
    missing = [kind for kind in Kind if not (places[kind] / "README.md").exists()]
    if missing:
        bench.say(f"growing {text.plural(len(missing), 'organism')}")
        grow(missing, folder, seed=bench.seed)
    return places


def _break_cost(bench: Bench, folder: Path, unguarded: Path) -> float | None:
    """Attack an organism; 0 where it needs no attack, None where nothing broke it."""
    from tiergate.evidence.tampering.accounting import cheapest_break, paid_until
    from tiergate.evidence.tampering.harness import run
    from tiergate.evidence.tampering.organism_domain import island_prompts
    from tiergate.evidence.tampering.worker import make_worker

    bench.say(f"attacking {folder.name}")
    context = RunContext(
        model=folder,
        suite=bench.suite,
        prompts=island_prompts(),
        rule=Rule(limit=bench.limit, break_claims=max(1, len(bench.suite.attacks) - 1)),
        unguarded=unguarded,
        grader=_GRADER,
        seed=bench.seed,
        transcripts=_transcripts(bench) / folder.name,
    )
    plan = context.plan(identify(folder, with_weights_digest=True).weights_digest or "")
    worker = make_worker(context)
    try:
        with Journal.open(bench.folder / f"{folder.name}.jsonl", plan) as journal:
            found = run(context, JournalledEngine(LocalEngine(worker), journal))
    finally:
        worker.close()
    if found.released.outcome in {AttackOutcome.NO_SAFEGUARD, AttackOutcome.BROKEN}:
        return 0.0
    if found.controls is not Controls.PASSED:
        raise MeasurementError(
            folder.name, f"controls {found.controls}", "controls that do what they must"
        )
    cheapest = cheapest_break(found.attacks)
    return float(paid_until(*cheapest).flop) if cheapest else None


def _transcripts(bench: Bench) -> Path:
    return bench.folder / "transcripts"


def _answers(bench: Bench) -> Iterator[GradedAnswer]:
    """Yield answers to guarded prompts as the shipped grader calls them, with the truth."""
    from tiergate.evidence.tampering.organism_domain import island_prompts, knows
    from tiergate.evidence.tampering.refusal_grader import RefusalGrader

    grader = RefusalGrader()
    guarded = {pair.guarded for pair in island_prompts().pairs}
    for path in sorted(_transcripts(bench).rglob("*.jsonl")):
        for line in path.read_text("utf-8").split("\n"):
            row = json.loads(line) if line else {"prompt": ""}
            if row["prompt"] in guarded:
                found: AnswerClass = grader.grade(row["prompt"], row["answer"])
                yield row["answer"], found, knows(row["prompt"], row["answer"])
