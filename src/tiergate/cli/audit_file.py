# SPDX-License-Identifier: Apache-2.0
"""The file of an audit: what was drawn from which log, and what people said of it.

::

    format: tiergate-audit/1
    log: sha256:...
    task: refusals
    scorer: complied
    metric: safeguard.attack_success
    condition: sha256:...
    size: 200
    seed: drawn from the log's own digest
    labelled_by: two people, disagreements settled by a third
    labels: {"7#1": adverse, "12#1": clean, "31#1": null}

An attempt is named ``sample#attempt``. ``null`` stands for one that nobody has looked at.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tiergate.cli.yaml_file import read_yaml
from tiergate.errors import EvidenceError
from tiergate.evidence.auditing import Label, draw, tallied
from tiergate.evidence.document_types import Digest
from tiergate.evidence.from_log import Audits
from tiergate.evidence.mapping import TaskMapping
from tiergate.evidence.readers.base import ForeignLog

FORMAT = "tiergate-audit/1"
_Text = Annotated[str, Field(min_length=1, max_length=500)]


class AuditFile(BaseModel):
    """A Tiergate audit file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    format: Literal["tiergate-audit/1"]
    """Format and version of this file."""
    log: Digest
    """Digest of the log that it is about."""
    task: _Text
    """Task as the log names it."""
    scorer: _Text
    """Scorer as the log names it."""
    metric: _Text
    """Metric that the mapping makes of it."""
    condition: Digest
    """Digest of the mapping's success condition, direction and behaviours."""
    size: Annotated[int, Field(ge=0)]
    """How many attempts that were not flagged were drawn."""
    seed: _Text
    """What they were drawn with."""
    labelled_by: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    """Who gives the labels."""
    labels: dict[str, Label | None] = {}
    """From each attempt to what a person said of it; null where nobody looked yet."""

    @property
    def given(self) -> dict[str, Label]:
        """The labels that somebody gave."""
        return {name: label for name, label in self.labels.items() if label is not None}


def read_audit(path: Path) -> AuditFile:
    """Read an audit file.

    Raises:
        EvidenceError: it cannot be read or has mistakes.
    """
    return read_yaml(path, AuditFile, "an audit file", EvidenceError)


def write_audit(path: Path, audit: AuditFile) -> None:
    """Write an audit file as YAML that a person can fill in."""
    lines = [
        f"{name}: {_quoted(value)}"
        for name, value in audit.model_dump(mode="json", exclude={"labels"}).items()
    ]
    lines.append("# adverse, clean or undecided; null where nobody looked yet")
    lines.append("labels:" if audit.labels else "labels: {}")
    lines += [
        f"  {_quoted(name)}: {label.value if label else 'null'}"
        for name, label in audit.labels.items()
    ]
    content = "\n".join(lines) + "\n"
    # What people have looked at is not lost when a disk is full or the program is killed.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        Path(temporary).replace(path)
    except (OSError, UnicodeError):
        Path(temporary).unlink(missing_ok=True)
        raise


def _quoted(value: object) -> str:
    """Write a value as YAML in ASCII; what YAML calls unprintable as an escape."""
    return re.sub("\x7f", r"\\x7f", json.dumps(value))


def audits_of(path: str | None, log: ForeignLog, mapping: TaskMapping) -> Audits:
    """Read an audit file and join its labels with the log that it is about.

    Raises:
        EvidenceError: it is about another log or a series that is not there, or nobody is
            named who gave the labels.
    """
    if path is None:
        return {}
    audit = read_audit(Path(path))
    if audit.log != log.source.sha256:
        raise EvidenceError(path, f"labels on {audit.log}", f"labels on {log.source.sha256}")
    if not audit.labelled_by:
        raise EvidenceError(path, "labels by nobody", "labelled_by", "Say who gave the labels.")
    found = joined(audit, log, mapping)
    if not found:
        raise EvidenceError(
            path,
            f"labels on {audit.task} / {audit.scorer} as {audit.metric}",
            "a task and scorer of the log that the mapping names, under the same condition",
            "Audit it anew: labels stay with the condition that decided what was flagged.",
        )
    return found


def joined(audit: AuditFile, log: ForeignLog, mapping: TaskMapping) -> Audits:
    """Join labels with the series that they are about; empty when it is not there."""
    about = (audit.task, audit.scorer, audit.metric, audit.condition)
    tool = log.source.reader.split("/", 1)[0]
    found = {}
    for series in log.series:
        for entry in mapping.entries_for(tool, series.task, series.scorer):
            if (series.task, series.scorer, entry.metric, entry.condition) == about:
                drawn = draw(series, entry, size=audit.size, seed=audit.seed)
                found[about] = tallied(series, entry, drawn, audit.given, audit.labelled_by)
    return found
