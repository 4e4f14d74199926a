# SPDX-License-Identifier: Apache-2.0
"""Reader of the memory of PyRIT, an SQLite database.

An attack with its converters is a task, and each of its scorers a series; ``attack
outcome`` is one more. A scorer is named by its class, by a digest of its configuration
where the memory has several of one class, and by its category where it has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding, SourceFile
from tiergate.evidence.readers.base import ForeignLog, Series
from tiergate.evidence.readers.binding import bound
from tiergate.evidence.readers.pyrit_counts import Counted, counted, scores_by_piece
from tiergate.evidence.readers.pyrit_database import (
    MAGIC,
    TABLES,
    holds_memory,
    opened_memory,
)
from tiergate.evidence.readers.pyrit_identifier import Target
from tiergate.evidence.readers.pyrit_memory import Memory, read_memory
from tiergate.evidence.readers.pyrit_remarks import memory_remarks, missing_units, task_remarks
from tiergate.evidence.readers.pyrit_tasks import NO_ATTACK, Task, tasks_of
from tiergate.evidence.readers.source import first_bytes, opened
from tiergate.evidence.readers.values import listed, shortened


@dataclass(frozen=True, slots=True, kw_only=True)
class PyritReader:
    """Reads the memory of PyRIT."""

    max_cell_bytes: int = 64 * 1024**2
    """A longer text in the database is refused."""

    @property
    def name(self) -> str:
        """Name of the tool."""
        return "pyrit"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is a memory of PyRIT: a database that has its tables."""
        return first_bytes(path, len(MAGIC)) == MAGIC and holds_memory(path)

    def read(self, path: Path) -> ForeignLog:
        """Read the memory.

        Raises:
            EvidenceError: no database, damaged, still written to, of another layout, about
                several models, or without scores.
        """
        with opened(path) as file:
            if file.handle.read(len(MAGIC)) != MAGIC:
                raise EvidenceError(file.name, "no SQLite database", "the memory of PyRIT")
            with opened_memory(path, file.name, max_cell_bytes=self.max_cell_bytes) as database:
                memory = read_memory(database)
        tasks = tasks_of(memory)
        scores = scores_by_piece(memory.scores.values())
        found = [(task, list(counted(memory, task, scores))) for task in tasks]
        missing = missing_units(memory)
        series = [s for task, kinds in found for s in _series(memory, task, kinds, missing)]
        if not series:
            raise EvidenceError(
                file.name,
                f"{len(memory.pieces)} parts of messages and no scored conversation",
                "attacks or scores",
                "Score the conversations with PyRIT, or give the database that holds the scores.",
            )
        remarks = set(memory_remarks(memory, tasks))
        for task, kinds in found:
            remarks |= set(task_remarks(task, kinds))
        return ForeignLog(
            source=SourceFile(
                file_name=file.name,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                format=f"pyrit-memory/{memory.revision}",
                reader="pyrit/1",
                tool=f"pyrit {', '.join(memory.versions)}".rstrip(),
                read=tuple(f"the table {table}" for table in sorted(TABLES)),
                left_out=("prompts", "responses", "rationales", "seed prompts", "embeddings"),
            ),
            binding=_binding(memory, [task for task, kinds in found if kinds], file.name),
            series=tuple(sorted(series, key=lambda one: (one.task, one.scorer))),
            remarks=tuple(sorted(remarks, key=lambda remark: (remark.code, remark.message))),
            files=(path,),
        )


def _series(memory: Memory, task: Task, found: Sequence[Counted], missing: int) -> Iterator[Series]:
    datasets = {name for attack in task.attacks for name in attack.technique.datasets}
    targets = _targets(memory, task)
    for kind in found:
        graders = kind.by.graders if kind.by else ()
        yield Series(
            task=task.name,
            task_version="",
            dataset=listed(datasets) if datasets else "",
            scorer=shortened(kind.scorer, 300),
            rows=kind.rows,
            planned=len(kind.rows) + (missing if task.attacks else 0),
            superseded=kind.superseded,
            elicitation=_elicitation(task),
            generation=shortened(" | ".join(sorted({t.sampling for t in targets} - {""})), 1000),
            finished_at=max(attempt.at for attempt in task.attempts),
            samples_kept=len(kind.rows),
            graders=tuple(sorted({grader.name for grader in graders})),
        )


def _targets(memory: Memory, task: Task) -> set[Target]:
    found = (memory.targets.get(attempt.conversation) for attempt in task.attempts)
    return {target for target in found if target is not None}


def _elicitation(task: Task) -> str:
    adversaries = {t.name for attack in task.attacks for t in attack.technique.adversaries}
    parts = [
        f"attack {task.name}"
        if task.attacks
        else f"prompts sent by no attack{task.name.removeprefix(NO_ATTACK)}",
        f"prompts written by {listed(adversaries)}" if adversaries else "",
    ]
    return shortened("; ".join(part for part in parts if part), 1000)


def _binding(memory: Memory, tasks: Sequence[Task], where: str) -> Binding:
    targets = {target for task in tasks for target in _targets(memory, task)}
    models = {target.model or target.kind for target in targets}
    if len(models) > 1:
        raise EvidenceError(
            where,
            f"conversations with {len(models)} models ({listed(models)})",
            "those with one",
            "Keep runs on different models in databases of their own (db_path).",
        )
    name = min((target.name for target in targets), default="")
    return bound(shortened(name, 500), digest="", revision="", path="", arguments={})
