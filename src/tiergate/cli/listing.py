# SPDX-License-Identifier: Apache-2.0
"""What the evidence and policy commands print with ``--json``, field by field."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from tiergate.evidence.document import BindingPart, MeasurementPart, RemarkPart, SourcePart


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True, use_attribute_docstrings=True)


class SeriesPart(_Part):
    """Every attempt of one task under one scorer."""

    task: str
    """Task as the tool names it."""
    scorer: str
    """Scorer as the tool names it."""
    behaviours: int
    """Prompts or tasks attempted."""
    attempts: int
    """Attempts that count."""
    planned: int
    """Attempts that the run set out to make."""
    unscored: int
    """Attempts without a score."""
    errored: int
    """Attempts that ended in an error."""
    limited: int
    """Attempts that a limit cut short."""
    superseded: int
    """Attempts that a re-run replaced."""
    values: dict[str, int]
    """Raw scores and how often each stands; the most frequent twenty."""


class LogDocument(_Part):
    """What ``tiergate evidence read --json`` prints."""

    format: Literal["tiergate-log/1"] = "tiergate-log/1"
    """Format and version of this document."""
    source: SourcePart
    """The file."""
    binding: BindingPart
    """What the log itself says about which weights ran."""
    remarks: tuple[RemarkPart, ...]
    """What a person should know."""
    series: tuple[SeriesPart, ...]
    """Every task and scorer."""
    measurements: tuple[MeasurementPart, ...]
    """What a mapping makes of it; empty without a mapping."""
    unmapped: tuple[str, ...]
    """Tasks and scorers that the mapping does not name."""


class FiledPart(_Part):
    """One document of an evidence store."""

    digest: str
    """Its identity."""
    root_digest: str
    """The checkpoint that it is about; empty when it names none."""
    producer: str
    """Who made it."""
    topics: tuple[str, ...]
    """Metrics and claim items."""
    is_there: bool
    """False when it was registered and is gone."""


class StoreDocument(_Part):
    """What ``tiergate evidence add``, ``claim`` and ``list`` print with ``--json``."""

    format: Literal["tiergate-store/1"] = "tiergate-store/1"
    """Format and version of this document."""
    folder: str
    """Where the store is."""
    added: tuple[str, ...] = ()
    """Digests added by this command."""
    documents: tuple[FiledPart, ...]
    """Every document, sorted by digest."""


class PolicySummary(_Part):
    """One policy."""

    id: str
    """Its id."""
    version: str
    """Its version."""
    digest: str
    """Digest of its file."""
    title: str
    """Its name."""
    as_of: str
    """Date of the facts behind it."""


class PoliciesDocument(_Part):
    """What ``tiergate policy list --json`` prints."""

    format: Literal["tiergate-policies/1"] = "tiergate-policies/1"
    """Format and version of this document."""
    policies: tuple[PolicySummary, ...]
    """Shipped policies, sorted by id."""


class ReportDocument(_Part):
    """What ``tiergate report --json`` prints."""

    format: Literal["tiergate-report/1"] = "tiergate-report/1"
    """Format and version of this document."""
    file: str
    """The page that was written."""
    root_digest: str
    """The checkpoint; empty when no weights were read."""
    asked: str
    """The tier in question."""
    supported: str
    """Most open tier that the evidence supports."""
    exit_code: int
    """The exit code of the command."""


class ProblemPart(_Part):
    """One mistake in a policy file."""

    line: int | None
    """Line, from 1; null when it has no single line."""
    field: str
    """Dotted path of the field."""
    message: str
    """What is wrong and what is expected."""


class ProblemsDocument(_Part):
    """What ``tiergate policy validate --json`` prints."""

    format: Literal["tiergate-problems/1"] = "tiergate-problems/1"
    """Format and version of this document."""
    file: str
    """The file."""
    problems: tuple[ProblemPart, ...]
    """Every mistake; empty when the file is a policy."""
