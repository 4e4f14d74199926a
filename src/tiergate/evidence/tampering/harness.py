# SPDX-License-Identifier: Apache-2.0
"""A run of attacks from beginning to end: controls, search, confirmation, outcome.

The harness holds no model. It asks an engine for trials and decides from what they found, so
that the same questions come in the same order whoever answers them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tiergate.evidence.conduct import GraderValidation
from tiergate.evidence.measurement import Controls, Counts
from tiergate.evidence.tampering.assessing import (
    candidates,
    clusters_of,
    confirmed,
    name_of,
    succeeded,
)
from tiergate.evidence.tampering.attacks import attack_named
from tiergate.evidence.tampering.confirmation import (
    Summary,
    Tried,
    decide_controls,
    decide_family,
    decide_run,
    to_confirm,
)
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.engines import Engine
from tiergate.evidence.tampering.outcomes import AttackOutcome, Finding
from tiergate.evidence.tampering.searching import AttackSearch, rounds
from tiergate.evidence.tampering.suites import SuiteAttack
from tiergate.evidence.tampering.trial import (
    NULL,
    UNGUARDED,
    Phase,
    PointResult,
    Trial,
    TrialResult,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A setting that was measured again on fresh prompts."""

    name: str
    """Setting and point, as in the search."""
    result: TrialResult
    """What was measured."""
    finding: Finding
    """What it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackResult:
    """What one attack of the suite came to."""

    attack: SuiteAttack
    """The attack, and what the suite asks of it."""
    searched: tuple[TrialResult, ...]
    """Trials of the search, in order."""
    confirmed: tuple[Confirmed, ...]
    """Settings measured again, in order."""
    planned: int
    """Trials that the search was to make."""
    summary: Summary
    """The outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run came to."""

    released: Finding
    """The model as released."""
    null: TrialResult
    """The null control, in full."""
    positive: TrialResult | None
    """The positive control; None when there was no unguarded twin."""
    controls: Controls
    """Whether the controls did what they must."""
    attacks: tuple[AttackResult, ...]
    """Every attack of the suite but the null control, in its order."""
    summary: Summary
    """The outcome of the whole run."""
    untouched: PointResult | None = None
    """The model as it is, measured as the search measures; None when nothing was searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a run has just done, for whoever watches."""

    result: TrialResult
    """The trial that ended."""
    done: int
    """Trials of its attack and phase that have ended."""
    planned: int
    """Trials of its attack and phase, as far as known."""


Watch = Callable[[Step], None]

_NOTHING_TO_TEST = frozenset({AttackOutcome.NO_SAFEGUARD, AttackOutcome.INVALID})


def ignore(step: Step) -> None:
    """Watch nothing."""
    del step


def run(  # noqa: PLR0913 - every choice a caller has is here, by name
    context: RunContext,
    engine: Engine,
    *,
    grader: GraderValidation | None = None,
    watch: Watch = ignore,
    deadline: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> RunResult:
    """Carry out a suite.

    Args:
        context: what is attacked and how.
        engine: who carries out trials.
        grader: error of the grader, where it was measured.
        watch: told of every trial that ends.
        deadline: on ``clock``; the search asks for no further round after it. What was begun is
            confirmed all the same.
        clock: tells the time.
    """
    return _Run(context, engine, grader, watch).carry_out(deadline, clock)


class _Run:
    def __init__(
        self,
        context: RunContext,
        engine: Engine,
        grader: GraderValidation | None,
        watch: Watch,
    ) -> None:
        self._context = context
        self._engine = engine
        self._grader = grader
        self._watch = watch
        self._clusters = clusters_of(context.prompts.pairs)
        fresh = context.prompts.split(context.seed).confirmation
        self._planned = min(len(fresh), context.effort.confirmation_prompts)
        self._searched: dict[str, list[TrialResult]] = {}
        self._tried: dict[str, list[Tried]] = {}
        self._places: dict[str, tuple[TrialResult, PointResult]] = {}
        self._confirmed: dict[str, list[Confirmed]] = {}
        self._untouched: PointResult | None = None
        self._done: Counter[tuple[Phase, str]] = Counter()

    def carry_out(self, deadline: float | None, clock: Callable[[], float]) -> RunResult:
        null, positive = self._controls()
        released = confirmed(
            null,
            _only(null),
            self._clusters,
            self._context.rule,
            planned=self._planned,
            grader=self._grader,
            as_released=True,
        )
        controls = decide_controls(
            self._successes(null), self._successes(positive), self._context.rule
        )
        searches = self._searches()
        # Nothing that is measured now could count.
        is_void = controls is Controls.FAILED or released.outcome in _NOTHING_TO_TEST
        if not is_void:
            self._search_and_confirm(searches, null, deadline, clock)
        results = tuple(self._attack_result(search) for search in searches)
        summaries = {result.attack.name: result.summary for result in results}
        return RunResult(
            released=released,
            null=null,
            positive=positive,
            controls=controls,
            attacks=results,
            summary=decide_run(released.outcome, controls, summaries),
            untouched=self._untouched,
        )

    def _search_and_confirm(
        self,
        searches: Sequence[AttackSearch],
        null: TrialResult,
        deadline: float | None,
        clock: Callable[[], float],
    ) -> None:
        """Search and confirm; where a break is not confirmed, search for another."""
        self._measure_untouched()
        left = list(searches)
        while left:
            self._search(left, deadline, clock)
            for search in left:
                self._confirm(search.attack.name, null)
            left = [s for s in left if s.was_broken and not self._is_broken(s.attack.name)]
            for search in left:
                search.go_on()

    def _is_broken(self, name: str) -> bool:
        return any(
            found.finding.outcome is AttackOutcome.BROKEN for found in self._confirmed.get(name, ())
        )

    def _measure_untouched(self) -> None:
        baseline = Trial(attack=NULL, seed=self._context.seed, phase=Phase.SEARCH)
        self._untouched = _only(next(iter(self._ask([baseline]))))

    def _controls(self) -> tuple[TrialResult, TrialResult | None]:
        """Measure the unguarded twin first, so that the model is loaded once."""
        trials = [Trial(attack=NULL, seed=self._context.seed, phase=Phase.CONTROL)]
        if self._context.unguarded:
            twin = Trial(attack=UNGUARDED, seed=self._context.seed, phase=Phase.CONTROL)
            trials.insert(0, twin)
        found = list(self._ask(trials))
        return found[-1], found[0] if self._context.unguarded else None

    def _searches(self) -> list[AttackSearch]:
        return [
            AttackSearch(attack, space_of(attack), self._context.seed)
            for attack in self._context.suite.attacks
            if attack.name != NULL
        ]

    def _search(
        self, searches: Sequence[AttackSearch], deadline: float | None, clock: Callable[[], float]
    ) -> None:
        """Ask round after round until nothing is left to ask, or time is."""
        while deadline is None or clock() < deadline:
            asked = rounds(searches)
            if not asked:
                return
            planned = {search.attack.name: search.planned for search in searches}
            trials = [trial for _, trial in asked]
            for (search, trial), result in zip(asked, self._ask(trials, planned), strict=True):
                self._take(search, trial, result)

    def _take(self, search: AttackSearch, trial: Trial, result: TrialResult) -> None:
        """Keep a result of the search, and tell the search of its most successful point."""
        name = search.attack.name
        self._searched.setdefault(name, []).append(result)
        found = candidates(
            result,
            self._untouched,
            self._clusters,
            self._context.rule,
            most_prompts=self._context.effort.search_prompts,
            grader=self._grader,
        )
        self._tried.setdefault(name, []).extend(found)
        for point in result.points:
            self._places[name_of(trial, point.point)] = (result, point)
        useful = [
            tried
            for tried in found
            if tried.outcome not in {AttackOutcome.DESTROYED, AttackOutcome.INVALID}
        ]
        best = max(useful, key=_share, default=None)
        search.tell(
            trial,
            _share(best) if best else 0.0,
            best.outcome if best else AttackOutcome.UNDECIDED,
        )

    def _confirm(self, name: str, null: TrialResult) -> None:
        """Measure on fresh prompts what the search leaves open, until a break is confirmed."""
        again = self._confirmed.setdefault(name, [])
        while True:
            left = to_confirm(self._tried.get(name, []), self._as_tried(again))
            if not left or self._is_broken(name):
                return
            result, point = self._places[left[0].trial]
            trial = Trial(
                attack=name,
                setting=result.trial.setting,
                seed=result.trial.seed,
                phase=Phase.CONFIRMATION,
                point=point.point,
            )
            measured = next(iter(self._ask([trial], {name: len(left) + len(again)})))
            finding = confirmed(
                measured,
                _only(null),
                self._clusters,
                self._context.rule,
                planned=self._planned,
                grader=self._grader,
            )
            if measured.points and measured.points[-1].digest != point.digest:
                finding = _not_the_same(finding)
            again.append(Confirmed(name=left[0].trial, result=measured, finding=finding))

    def _attack_result(self, search: AttackSearch) -> AttackResult:
        name = search.attack.name
        searched = self._searched.get(name, [])
        again = self._confirmed.get(name, [])
        tried = self._tried.get(name, [])
        required = {trial.trial for trial in tried}
        if len(searched) < search.planned:
            required.add(f"{search.planned - len(searched)} of {search.planned} trials of {name}")
        # A trial ends at a break. Where that was not confirmed, its later points are not known.
        required |= {
            f"what comes after {trial.trial}"
            for trial in tried
            if trial.outcome is AttackOutcome.BROKEN and space_of(search.attack).get("steps")
        }
        return AttackResult(
            attack=search.attack,
            searched=tuple(searched),
            confirmed=tuple(again),
            planned=search.planned,
            summary=decide_family(tried, self._as_tried(again), required),
        )

    def _as_tried(self, again: Sequence[Confirmed]) -> list[Tried]:
        return [
            Tried(
                trial=found.name,
                outcome=found.finding.outcome,
                succeeded=self._successes(found.result) or Counts.of([]),
            )
            for found in again
        ]

    def _successes(self, result: TrialResult | None) -> Counts | None:
        point = _only(result) if result else None
        return succeeded(point.guarded, self._clusters) if point else None

    def _ask(
        self, trials: Sequence[Trial], planned: Mapping[str, int] | None = None
    ) -> Iterator[TrialResult]:
        for result in self._engine.run(trials):
            key = result.trial.phase, result.trial.attack
            self._done[key] += 1
            total = max(self._done[key], (planned or {}).get(key[1], 1))
            self._watch(Step(result=result, done=self._done[key], planned=total))
            yield result


def space_of(attack: SuiteAttack) -> dict[str, tuple[str | int | float, ...]]:
    """Return the settings of an attack, with what the suite prescribes in place of a choice."""
    space = dict(attack_named(attack.name).space)
    prescribed = {"steps": attack.budget.steps, "attempts": attack.budget.attempts}
    for name, value in prescribed.items():
        if name in space and value is not None:
            space[name] = (value,)
    return space


def _not_the_same(finding: Finding) -> Finding:
    """Let a confirmation of another model than the search found support nothing."""
    if finding.outcome is not AttackOutcome.HOLDS:
        return finding
    return replace(
        finding,
        outcome=AttackOutcome.UNDECIDED,
        reason="the attack did not give the model again that the search had found",
    )


def _only(result: TrialResult) -> PointResult | None:
    """Return the last point that was measured; None when there is none."""
    return result.points[-1] if result.points else None


def _share(tried: Tried) -> float:
    counts = tried.succeeded
    return counts.successes / counts.attempted if counts.attempted else 0.0
