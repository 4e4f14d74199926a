# SPDX-License-Identifier: Apache-2.0
"""Which conversations of a PyRIT memory are attempts, on what, and by which attack.

An attack with its converters is a task, and its attempts are all of its conversations,
those that were given up on the way among them. Conversations of no attack make the task
``memory``, unless they were held with a model that only grades or writes prompts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tiergate.evidence.readers.pyrit_identifier import Scorer, Target, with_converters
from tiergate.evidence.readers.pyrit_memory import AttackEntry, Memory, Piece

UNNAMED_ATTACK = "attack"
"""Task of attacks of which no row says what they were."""

NO_ATTACK = "memory"
"""Task of conversations that no attack result names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One message of the target."""

    pieces: frozenset[str]
    """Identities of its parts."""
    blocked: bool
    """Whether a filter blocked it."""
    errored: bool
    """Whether there is an error in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One conversation with the target."""

    conversation: str
    """Identity of the conversation."""
    sample: str
    """Digest of the objective or, without one, of the first prompt."""
    cluster: str
    """Digest of the objective that several prompts of no attack share; mostly empty."""
    responses: tuple[Response, ...]
    """What the target answered in it, in order, without what was copied from another."""
    failed: bool
    """Whether the attack ended in an error here."""
    at: datetime
    """When the conversation came to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An attack with its converters."""

    name: str
    """As in ``PromptSendingAttack with Base64Converter``."""
    attempts: tuple[Attempt, ...]
    """Every conversation, oldest first."""
    attacks: tuple[AttackEntry, ...]
    """Results of the attack; none for conversations of no attack."""
    declared: tuple[Scorer, ...]
    """Scorers that decide about success, whether or not they left a score."""


def tasks_of(memory: Memory) -> list[Task]:
    """Return every task, sorted by name."""
    by_conversation: dict[str, list[Piece]] = defaultdict(list)
    for piece in memory.pieces.values():
        by_conversation[piece.conversation].append(piece)
    by_name: dict[str, list[AttackEntry]] = defaultdict(list)
    for attack in memory.attacks:
        by_name[attack.technique.name].append(attack)
    unnamed = by_name.pop("", [])
    if unnamed and not by_name:
        by_name[UNNAMED_ATTACK] = []
    tasks = [
        _attack_task(name, [*attacks, *unnamed], by_conversation)
        for name, attacks in by_name.items()
    ]
    tasks += _tasks_without_attack(memory, by_conversation)
    return sorted(tasks, key=lambda task: task.name)


def _attack_task(
    name: str, attacks: Sequence[AttackEntry], pieces: Mapping[str, Sequence[Piece]]
) -> Task:
    attempts: dict[str, Attempt] = {}
    for attack in attacks:
        for conversation in (*attack.earlier, attack.conversation):
            own = pieces.get(conversation, ())
            last = conversation == attack.conversation
            # A branch that was given up before anything was said in it is no attempt; the
            # one that the result stands for always is.
            if last or any(not piece.copied for piece in own):
                attempts[conversation] = Attempt(
                    conversation=conversation,
                    sample=attack.objective,
                    cluster="",
                    responses=_responses(own),
                    failed=last and attack.outcome == "error",
                    at=max((piece.at for piece in own), default=attack.at),
                )
    scorers = (attack.technique.scorer for attack in attacks)
    return Task(
        name=name,
        attempts=_oldest_first(attempts.values()),
        attacks=tuple(sorted(attacks, key=lambda attack: (attack.at, attack.conversation))),
        declared=tuple(dict.fromkeys(scorer for scorer in scorers if scorer)),
    )


def _tasks_without_attack(memory: Memory, pieces: Mapping[str, Sequence[Piece]]) -> Iterator[Task]:
    named = {c for a in memory.attacks for c in (a.conversation, *a.earlier, *a.adversarial)}
    helpers = _helpers(memory)
    objectives = _objectives(memory)
    found: dict[str, list[Attempt]] = defaultdict(list)
    for conversation, own in pieces.items():
        asked = sorted(
            (p for p in own if p.role == "user" and not p.copied), key=lambda p: p.sequence
        )
        if conversation in named or memory.targets.get(conversation) in helpers or not asked:
            continue
        objective = objectives.get(conversation, "")
        sample = asked[0].prompt or conversation
        found[with_converters(NO_ATTACK, asked[0].converters)].append(
            Attempt(
                conversation=conversation,
                sample=sample,
                cluster="" if objective == sample else objective,
                responses=_responses(own),
                failed=False,
                at=max(piece.at for piece in own),
            )
        )
    for name, attempts in found.items():
        yield Task(name=name, attempts=_oldest_first(attempts), attacks=(), declared=())


def _helpers(memory: Memory) -> set[Target]:
    """Return the targets that only grade, or write or change prompts."""
    attacked = {memory.targets.get(a.conversation) for a in memory.attacks}
    graders = {g for score in memory.scores.values() for g in score.scorer.graders}
    writers = {t for attack in memory.attacks for t in attack.technique.adversaries}
    writers |= {t for piece in memory.pieces.values() for t in piece.rewriters}
    scored = {
        memory.targets.get(piece.conversation)
        for score in memory.scores.values()
        if (piece := memory.pieces.get(score.piece)) is not None
    }
    return (graders | writers) - {t for t in attacked | scored if t}


def _objectives(memory: Memory) -> dict[str, str]:
    """Return the objective that the scores of each conversation name, where they name one."""
    found: dict[str, set[str]] = defaultdict(set)
    for score in memory.scores.values():
        piece = memory.pieces.get(score.piece)
        if piece and score.objective:
            found[piece.conversation].add(score.objective)
    return {conversation: min(named) for conversation, named in found.items()}


def _responses(pieces: Iterable[Piece]) -> tuple[Response, ...]:
    messages: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        if piece.role == "assistant" and not piece.copied:
            messages[piece.sequence].append(piece)
    return tuple(
        Response(
            pieces=frozenset(piece.id for piece in parts),
            blocked=any(piece.blocked for piece in parts),
            errored=any(piece.errored for piece in parts),
        )
        for _, parts in sorted(messages.items())
    )


def _oldest_first(attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    return tuple(sorted(attempts, key=lambda attempt: (attempt.at, attempt.conversation)))
