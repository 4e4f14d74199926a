# SPDX-License-Identifier: Apache-2.0
"""Reader of attack artifacts in the shape of JailbreakBench: parameters and one row a behaviour.

Every number comes from the rows; the counts in the parameters are compared, never used.
Each column of labels, the current grader's and an older one's beside it, is a series.
A row without a response is no refusal: it has no value, unless it is labelled a jailbreak.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiergate.evidence.provenance import SourceFile
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.binding import bound
from tiergate.evidence.readers.jailbreakbench_artifact import (
    BEHAVIOURS,
    Artifact,
    Jailbreak,
    denies,
    read_artifact,
)
from tiergate.evidence.readers.jailbreakbench_remarks import artifact_remarks
from tiergate.evidence.readers.sniff import has_keys
from tiergate.evidence.readers.source import opened
from tiergate.evidence.readers.stated import NO_DATE, planned_attempts
from tiergate.evidence.readers.values import parse_object, settings_text, shortened

_KEYS = frozenset({"parameters", "jailbreaks"})


@dataclass(frozen=True, slots=True, kw_only=True)
class JailbreakBenchReader:
    """Reads JailbreakBench artifacts."""

    @property
    def name(self) -> str:
        """Name of the tool."""
        return "jailbreakbench"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is an artifact."""
        return has_keys(path, _KEYS)

    def read(self, path: Path) -> ForeignLog:
        """Read the artifact.

        Raises:
            EvidenceError: damaged, or without labelled rows.
        """
        with opened(path) as file:
            artifact = read_artifact(parse_object(file.read_all(), file.name), file.name)
        return ForeignLog(
            source=SourceFile(
                file_name=file.name,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                format="jailbreakbench-artifact/1",
                reader="jailbreakbench/1",
                tool="",
                read=("the parameters", "every row's labels", "whether a row has a response"),
                left_out=("goals", "prompts", "responses", "queries and tokens of single rows"),
            ),
            binding=bound(artifact.model, digest="", revision="", path="", arguments={}),
            series=tuple(_series(artifact, file.name)),
            remarks=tuple(artifact_remarks(artifact)),
            files=(path,),
        )


def _series(artifact: Artifact, where: str) -> Iterator[Series]:
    for grader in artifact.graders:
        yield Series(
            task=artifact.method,
            task_version="",
            dataset="",
            scorer=grader,
            rows=tuple(_row(row, grader) for row in artifact.rows),
            planned=_planned(artifact, where),
            superseded=0,
            elicitation=_elicitation(artifact),
            generation="",
            finished_at=artifact.evaluated_at or NO_DATE,
            samples_kept=len(artifact.rows),
        )


def _row(row: Jailbreak, grader: str) -> Row:
    label = row.labels.get(grader)
    # What is not there cannot be safe; that it was called a jailbreak is not forgotten.
    unscored = not row.responded and denies(label)
    return Row(sample=row.index, attempt=row.attempt, value=None if unscored else label)


def _planned(artifact: Artifact, where: str) -> int:
    rows, known = len(artifact.rows), len(artifact.known)
    claimed = max(artifact.claimed_prompts or 0, artifact.claimed_jailbreaks or 0)
    if not known:
        return planned_attempts(max(rows, claimed), where)
    # A row that is repeated, or on another behaviour, cannot stand for one that is missing.
    return planned_attempts(max(BEHAVIOURS, claimed) + rows - known, where)


def _elicitation(artifact: Artifact) -> str:
    settings = settings_text(artifact.method_parameters)
    parts = [
        f"attack {artifact.method}"
        + (f" ({artifact.attack_type})" if artifact.attack_type else ""),
        f"defence {artifact.defence} in front of the model" if artifact.defence else "",
        f"{artifact.queries} queries in total" if artifact.queries is not None else "",
        f"served by {artifact.provider}" if artifact.provider else "",
        settings,
    ]
    return shortened("; ".join(part for part in parts if part), 1000)
