# SPDX-License-Identifier: Apache-2.0
"""Rows out of a PyRIT memory: one per scored response, and one per attack for its outcome.

A conversation without a score is one row without a value. Where an error stands in the
place of a response there is no value, whatever was scored. Scores of one response by one
scorer that differ are none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tiergate.evidence.readers.base import Row
from tiergate.evidence.readers.pyrit_identifier import Scorer
from tiergate.evidence.readers.pyrit_memory import AttackEntry, Memory, ScoreEntry
from tiergate.evidence.readers.pyrit_tasks import Attempt, Response, Task

OUTCOME = "attack outcome"
"""Scorer of the series that has one row per attack."""

_OUTCOMES = frozenset({"success", "failure"})

ByPiece = Mapping[str, Sequence[ScoreEntry]]
"""From each part of a message to the scores that it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One series before it gets its facts."""

    scorer: str
    """Class of the scorer, with what tells it from others of its class, and its category."""
    by: Scorer | None
    """The scorer; None for outcomes."""
    rows: tuple[Row, ...]
    """One per attempt that counts."""
    superseded: int
    """Scores or results beyond the first of one response or conversation."""
    differing: int
    """Responses or conversations whose several scores or results differ."""
    several: int
    """Conversations with more than one scored response."""
    blocked: int
    """Scored responses that a filter had blocked."""
    contradicted: int
    """Outcomes that the score they rest on contradicts."""


def scores_by_piece(scores: Iterable[ScoreEntry]) -> ByPiece:
    """Return the scores of each part of a message, oldest first."""
    found: dict[str, list[ScoreEntry]] = defaultdict(list)
    for score in sorted(scores, key=lambda score: (score.at, score.id)):
        found[score.piece].append(score)
    return found


def counted(memory: Memory, task: Task, scores: ByPiece) -> Iterator[Counted]:
    """Yield every series of a task."""
    if task.attacks:
        yield _outcomes(task, memory.scores)
    kinds = scorer_kinds(memory)
    found: dict[Scorer, list[list[ScoreEntry]]] = {scorer: [] for scorer in task.declared}
    for response in (r for attempt in task.attempts for r in attempt.responses):
        by_scorer: dict[Scorer, list[ScoreEntry]] = defaultdict(list)
        for score in _scores_of(response, scores):
            by_scorer[score.scorer].append(score)
        for scorer, given in by_scorer.items():
            found.setdefault(scorer, []).append(given)
    for scorer, groups in found.items():
        name = scorer.kind if kinds[scorer.kind] < 2 else f"{scorer.kind}#{scorer.key}"
        labels = sorted({score.category for given in groups for score in given} - {""})
        if any(len({score.category for score in given} - {""}) > 1 for given in groups):
            for label in labels:
                yield _scored(task, scores, scorer, f"{name}.{label}", label)
        else:
            suffix = f".{labels[0]}" if len(labels) == 1 else ""
            yield _scored(task, scores, scorer, f"{name}{suffix}", "")


def scorer_kinds(memory: Memory) -> Counter[str]:
    """Return, for each class of scorers, how many different ones the memory has."""
    scorers = {score.scorer for score in memory.scores.values()}
    scorers |= {attack.technique.scorer for attack in memory.attacks if attack.technique.scorer}
    return Counter(scorer.kind for scorer in scorers)


def _scores_of(response: Response, scores: ByPiece) -> Iterator[ScoreEntry]:
    for piece in sorted(response.pieces):
        yield from scores.get(piece, ())


def _scored(task: Task, scores: ByPiece, scorer: Scorer, name: str, label: str) -> Counted:
    """Count one scorer; with a label, what it says of that category and of none in particular."""
    taken: Counter[str] = Counter()
    rows: list[Row] = []
    tally: Counter[str] = Counter()
    for attempt in task.attempts:
        given = [
            (response, kept)
            for response in attempt.responses
            if (
                kept := [
                    score
                    for score in _scores_of(response, scores)
                    if score.scorer == scorer and (not label or score.category in ("", label))
                ]
            )
        ]
        values = [_value(response, kept, tally) for response, kept in given] or [None]
        errors = [response.errored for response, _ in given] or [_without_answer(attempt)]
        tally["several"] += len(given) > 1
        for value, errored in zip(values, errors, strict=True):
            taken[attempt.sample] += 1
            rows.append(
                Row(
                    sample=attempt.sample,
                    attempt=taken[attempt.sample],
                    value=value,
                    errored=errored,
                    cluster=attempt.cluster,
                )
            )
    return Counted(
        scorer=name,
        by=scorer,
        rows=_in_order(rows),
        superseded=tally["superseded"],
        differing=tally["differing"],
        several=tally["several"],
        blocked=tally["blocked"],
        contradicted=0,
    )


def _value(
    response: Response, given: Sequence[ScoreEntry], tally: Counter[str]
) -> bool | Decimal | None:
    tally["superseded"] += len(given) - 1
    tally["blocked"] += response.blocked
    values = {score.value for score in given}
    tally["differing"] += len(values) > 1
    return None if response.errored or len(values) > 1 else given[0].value


def _without_answer(attempt: Attempt) -> bool:
    return attempt.failed or bool(attempt.responses and attempt.responses[-1].errored)


def _outcomes(task: Task, scores: Mapping[str, ScoreEntry]) -> Counted:
    results: dict[str, list[AttackEntry]] = defaultdict(list)
    for attack in task.attacks:
        results[attack.conversation].append(attack)
    taken: Counter[str] = Counter()
    rows: list[Row] = []
    contradicted = 0
    for given in results.values():
        sample = given[0].objective
        agreed = given[0].outcome if len({attack.outcome for attack in given}) == 1 else ""
        wrong = any(contradicts(attack, scores) for attack in given)
        contradicted += wrong
        # A success that is in doubt stays one; a failure that is in doubt is not counted.
        known = agreed in _OUTCOMES and not (wrong and agreed == "failure")
        taken[sample] += 1
        rows.append(
            Row(
                sample=sample,
                attempt=taken[sample],
                value=agreed if known else None,
                errored=agreed == "error",
            )
        )
    return Counted(
        scorer=OUTCOME,
        by=None,
        rows=_in_order(rows),
        superseded=len(task.attacks) - len(results),
        differing=sum(len({attack.outcome for attack in g}) > 1 for g in results.values()),
        several=0,
        blocked=0,
        contradicted=contradicted,
    )


def contradicts(attack: AttackEntry, scores: Mapping[str, ScoreEntry]) -> bool:
    """Tell whether the score that an outcome rests on says the opposite."""
    score = scores.get(attack.last_score)
    if score is None or not isinstance(score.value, bool) or attack.outcome not in _OUTCOMES:
        return False
    return score.value != (attack.outcome == "success")


def _in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (row.sample, row.attempt, row.cluster)))
