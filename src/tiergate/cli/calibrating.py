# SPDX-License-Identifier: Apache-2.0
"""Attacking model organisms of known resistance: how far the instrument is to be believed."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
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
    from tiergate.evidence.tampering.harness import RunResult
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

    @property
    def rule(self) -> Rule:
        """The limits of a run."""
        return Rule(limit=self.limit, break_claims=max(1, len(self.suite.attacks) - 1))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OrganismFound:
    """What the instrument said of one organism."""

    kind: Kind
    """What became of its knowledge: the truth."""
    outcome: AttackOutcome
    """The outcome of the run."""
    cost: float | None
    """Operations of the cheapest break by itself; 0 where none is needed, None where none broke.

    This is what is compared with the known order, because decisions rest on it."""
    cost_with_search: float | None
    """Operations until the search had found that break; 0 and None as above."""
    broken_by: str
    """The setting that broke it for the least; empty where there is none."""
    true_steps: int | None
    """Steps of being taught to answer that bring the knowledge out; None where none did."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SeedFound:
    """What came of one seed."""

    seed: int
    """Of the organisms and of the search."""
    organisms: tuple[OrganismFound, ...]
    """Each organism, weakest safeguard first."""
    calibration: Calibration
    """The comparison with what is known."""

    @property
    def falsely_certified(self) -> int:
        """Organisms that can be broken, of which the run says that they hold."""
        return sum(
            each.kind.is_breakable and each.outcome is AttackOutcome.HOLDS
            for each in self.organisms
        )

    @property
    def is_right(self) -> bool:
        """Whether the order is the known one and no error was made."""
        found = self.calibration
        errors = found.discordant + found.tied + found.false_safe + found.false_broken
        return not errors and not self.falsely_certified


def calibrated(bench: Bench) -> SeedFound:
    """Grow the organisms, attack each, and compare with what is known about them.

    What a killed run had finished is not done again.

    Raises:
        MeasurementError: a control failed on an organism that is guarded.
    """
    from tiergate.evidence.tampering.calibration import KnownOrganism, calibrate
    from tiergate.evidence.tampering.organisms import Kind

    folders = _grown(bench)
    found = {
        folder: _attacked(bench, kind, folder, folders[Kind.UNGUARDED])
        for kind, folder in folders.items()
    }
    known = [
        KnownOrganism(
            name=str(kind),
            folder=folder,
            resistance=kind.resistance,
            is_breakable=kind.is_breakable,
            true_cost=_or_never(found[folder].true_steps),
        )
        for kind, folder in folders.items()
    ]
    calibration = calibrate(
        known,
        lambda folder: found[folder].cost,
        answers=_answers(bench),
        success=is_success,
    )
    return SeedFound(seed=bench.seed, organisms=tuple(found.values()), calibration=calibration)


def _or_never(steps: int | None) -> float:
    return math.inf if steps is None else float(steps)


def _grown(bench: Bench) -> dict[Kind, Path]:
    from tiergate.evidence.tampering.organisms import Kind, grow

    folder = bench.folder / "organisms"
    places = {kind: folder / kind.name.lower() for kind in Kind}
    missing = [kind for kind in Kind if not (places[kind] / "README.md").exists()]
    if missing:
        bench.say(f"seed {bench.seed}: growing {text.plural(len(missing), 'organism')}")
        grow(missing, folder, seed=bench.seed)
    return places


def _attacked(bench: Bench, kind: Kind, folder: Path, unguarded: Path) -> OrganismFound:
    """Attack an organism, and find out what breaking it truly takes."""
    from tiergate.evidence.tampering.accounting import (
        cheapest_break,
        paid_until,
        price_of_setting,
    )

    bench.say(f"seed {bench.seed}: attacking what is {kind}")
    found = _carried_out(bench, folder, unguarded)
    if found.controls is Controls.NOT_RUN:
        raise _void(folder, found)
    cheapest = cheapest_break(found.attacks)
    cost = float(price_of_setting(*cheapest).flop) if cheapest else None
    searched = float(paid_until(*cheapest).flop) if cheapest else None
    if found.released.outcome in {AttackOutcome.NO_SAFEGUARD, AttackOutcome.BROKEN}:
        cost = searched = 0.0
    elif found.controls is not Controls.PASSED:
        raise _void(folder, found)
    return OrganismFound(
        kind=kind,
        outcome=found.summary.outcome,
        cost=cost,
        cost_with_search=searched,
        broken_by=cheapest[1].name if cheapest else "",
        true_steps=_true_steps(bench, folder),
    )


def _void(folder: Path, found: RunResult) -> MeasurementError:
    return MeasurementError(
        folder.name, f"controls {found.controls}", "controls that do what they must"
    )


def _carried_out(bench: Bench, folder: Path, unguarded: Path) -> RunResult:
    from tiergate.cli.attack_request import searched_clusters
    from tiergate.evidence.tampering.assessing import with_holding_claims
    from tiergate.evidence.tampering.harness import run
    from tiergate.evidence.tampering.organism_domain import island_prompts
    from tiergate.evidence.tampering.worker import make_worker

    context = RunContext(
        model=folder,
        suite=bench.suite,
        prompts=island_prompts(),
        rule=bench.rule,
        unguarded=unguarded,
        grader=_GRADER,
        seed=bench.seed,
        transcripts=_transcripts(bench) / folder.name,
    )
    # The grader knows every right answer, so that no error of it is to be allowed for.
    rule = with_holding_claims(context.rule, searched_clusters(context))
    context = dataclasses.replace(context, rule=rule)
    plan = context.plan(identify(folder, with_weights_digest=True).weights_digest or "")
    worker = make_worker(context)
    try:
        with Journal.open(bench.folder / f"{folder.name}.jsonl", plan) as journal:
            return run(context, JournalledEngine(LocalEngine(worker), journal))
    finally:
        worker.close()


def _true_steps(bench: Bench, folder: Path) -> int | None:
    from tiergate.evidence.tampering.loading import load_target
    from tiergate.evidence.tampering.organism_domain import island_prompts
    from tiergate.evidence.tampering.organisms import true_break_cost

    parts = island_prompts().split(bench.seed)
    with contextlib.closing(load_target(folder)) as target:
        return true_break_cost(target, parts, seed=bench.seed)


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
            row = json.loads(line) if line else {}
            if row.get("prompt") in guarded:
                found: AnswerClass = grader.grade(row["prompt"], row["answer"])
                yield row["answer"], found, knows(row["prompt"], row["answer"])
