# SPDX-License-Identifier: Apache-2.0
"""What a person should know about a PyRIT memory: unfinished, odd, contradictory, left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.pyrit_counts import Counted
from tiergate.evidence.readers.pyrit_memory import Memory
from tiergate.evidence.readers.pyrit_tasks import Task

KNOWN_REVISIONS = frozenset({"8e2c4a6b0d13", "0f2e4d6c8b1a", "8d1e3f5a7b9c"})
"""Revisions of the schema whose layout and meaning this reader knows, of PyRIT 1.1."""

_ONE_RUN = timedelta(days=2)


def memory_remarks(memory: Memory, tasks: Sequence[Task]) -> Iterator[Remark]:
    """Yield remarks about the memory as a whole."""
    if memory.revision not in KNOWN_REVISIONS:
        yield Remark(
            code="unknown-schema-revision",
            message=f"The schema has revision {memory.revision}, which this reader does not know; "
            "it has every column that is read.",
        )
    yield from _score_remarks(memory)
    yield from _plan_remarks(memory)
    unnamed = sum(not attack.technique.name for attack in memory.attacks)
    if unnamed:
        yield Remark(
            code="unnamed-attacks",
            message=f"{unnamed} of {len(memory.attacks)} attack results do not say which attack "
            "they are of; they count in every one.",
        )
    kept = {piece.conversation for piece in memory.pieces.values()}
    if absent := {a.conversation for task in tasks for a in task.attempts} - kept:
        yield Remark(
            code="sample-missing",
            message=f"{len(absent)} conversations that attack results stand for are not in the "
            "memory; they have no value.",
        )
    retried = memory.retried | {a.conversation for a in memory.attacks if a.retried}
    if retried:
        yield Remark(
            code="retried-samples",
            message=f"Requests of {len(retried)} conversations were tried again after an error.",
        )


def _score_remarks(memory: Memory) -> Iterator[Remark]:
    scores = memory.scores.values()
    if odd := sum(score.odd for score in scores):
        yield Remark(
            code="scores-out-of-range",
            message=f"{odd} of {len(scores)} scores are no values of the type that they state; "
            "they are no values.",
        )
    roles = [memory.pieces[s.piece].role if s.piece in memory.pieces else "" for s in scores]
    if elsewhere := sum(role != "assistant" for role in roles):
        yield Remark(
            code="scores-not-of-responses",
            message=f"{elsewhere} of {len(scores)} scores are of prompts, of loose texts or of "
            "nothing that is in the memory; they are left out.",
        )


def _plan_remarks(memory: Memory) -> Iterator[Remark]:
    if not any(scenario.units for scenario in memory.scenarios.values()):
        yield Remark(
            code="planned-unknown",
            message="The memory does not say how many attacks were planned; those that it knows "
            "of count as planned.",
        )
    for scenario in memory.scenarios.values():
        if scenario.state != "COMPLETED":
            yield Remark(
                code="not-finished",
                message=f"A scenario did not finish: its state is {scenario.state or 'unknown'}.",
            )
    if missing := missing_units(memory):
        planned = sum(scenario.units for scenario in memory.scenarios.values())
        yield Remark(
            code="fewer-samples-than-claimed",
            message=f"Scenarios plan {planned} attacks on objectives; {missing} of them have no "
            "result. Those that are missing count as not attempted.",
        )


def missing_units(memory: Memory) -> int:
    """Count the attacks on objectives that scenarios plan and no result stands for."""
    missing = 0
    for identity, scenario in memory.scenarios.items():
        results = [attack for attack in memory.attacks if attack.scenario == identity]
        done = {(a.technique.name, a.objective) for a in results if a.outcome != "error"}
        ended = {objective for _, objective in done}
        failed = {a.objective for a in results if a.outcome == "error"} - ended
        missing += max(0, scenario.units - len(done) - len(failed))
    return missing


def task_remarks(task: Task, series: Sequence[Counted]) -> Iterator[Remark]:
    """Yield remarks about one task and its series."""
    if not series:
        yield Remark(
            code="unscored-conversations",
            message=f"{len(task.attempts)} conversations of {task.name} have no score; nothing of "
            "them counts.",
        )
    times = [attempt.at for attempt in task.attempts]
    if times and max(times) - min(times) > _ONE_RUN:
        yield Remark(
            code="runs-over-days",
            message=f"The attempts of {task.name} were made from {min(times):%Y-%m-%d} to "
            f"{max(times):%Y-%m-%d}; the last of them dates the series.",
        )
    for counted in series:
        yield from _series_remarks(task, counted)


def _series_remarks(task: Task, counted: Counted) -> Iterator[Remark]:
    what = f"{counted.scorer} on {task.name}"
    for code, count, message in (
        (
            "scores-disagree",
            counted.differing,
            "conversations or responses have several results that differ; they have no value",
        ),
        (
            "superseded",
            counted.superseded,
            "results stand beside an earlier one of the same response or conversation",
        ),
        (
            "several-responses",
            counted.several,
            "conversations have more than one scored response; each response is an attempt",
        ),
        (
            "blocked-responses",
            counted.blocked,
            "scored responses were blocked by a filter, which says nothing about the weights",
        ),
        (
            "header-disagrees",
            counted.contradicted,
            "outcomes say the opposite of the score that they rest on; such a failure has no value",
        ),
    ):
        if count:
            yield Remark(code=code, message=f"{what}: {count} {message}.")
