# SPDX-License-Identifier: Apache-2.0
"""What the evidence and policy commands print with ``--json``, field by field."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from tiergate.decision.document import LooseningPart
from tiergate.evidence.document import (
    BindingPart,
    ClaimPart,
    MeasurementPart,
    RemarkPart,
    SourcePart,
)


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
    claims: tuple[ClaimPart, ...]
    """What the file states without samples; never a measurement."""
    measurements: tuple[MeasurementPart, ...]
    """What a mapping makes of it; empty without a mapping."""
    unmapped: tuple[str, ...]
    """Tasks and scorers that the mapping does not name."""


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
    extends: tuple[str, ...]
    """The policies that it extends, nearest first."""
    loosenings: tuple[LooseningPart, ...]
    """Where it asks for less than the policy that it extends."""


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
    """One mistake in a policy file, or one warning."""

    line: int | None
    """Line, from 1; null when it has no single line."""
    field: str
    """Dotted path of the field."""
    message: str
    """What it is about, and what is expected."""


class ProblemsDocument(_Part):
    """What ``tiergate policy validate --json`` prints."""

    format: Literal["tiergate-problems/1"] = "tiergate-problems/1"
    """Format and version of this document."""
    file: str
    """The file."""
    problems: tuple[ProblemPart, ...]
    """Every mistake; empty when the file is a policy."""
    warnings: tuple[ProblemPart, ...] = ()
    """What is no mistake and worth a look."""


class LimitPart(_Part):
    """What one limit would need."""

    limit: str
    """The limit, as a share."""
    can_show: bool
    """Whether the data set can show it at all."""
    behaviours_needed: int | None
    """Fewest behaviours that could, none of them a success; null when no number can."""
    audit_needed: int | None
    """Fewest unflagged to audit, if a grader flags nothing; null when even all would not do."""


class LimitsDocument(_Part):
    """What ``tiergate evidence limits --json`` prints."""

    format: Literal["tiergate-limits/1"] = "tiergate-limits/1"
    """Format and version of this document."""
    behaviours: int
    """Size of the data set."""
    confidence: str
    """Of every bound."""
    audited: int | None
    """Unflagged that people look at; null when people or an exact check decide."""
    uppers: tuple[str, ...]
    """Upper bound with no success, with one, and so on, as shares."""
    limits: tuple[LimitPart, ...]
    """What each limit would need."""


class ComparePart(_Part):
    """One metric in two logs."""

    metric: str
    """The metric."""
    first: str
    """Successes, scored and planned attempts of the first, as ``3 of 100 (100 planned)``."""
    second: str
    """The same of the second."""
    shared: int
    """Behaviours that both have."""
    first_only: int
    """Behaviours with a success in the first alone; single attempts only, else 0."""
    second_only: int
    """Behaviours with a success in the second alone; single attempts only, else 0."""
    missing: int
    """Behaviours without a score on one side; each is read the worse way."""
    lower: str
    """Lower bound of the first rate minus the second."""
    upper: str
    """Upper bound of the same."""
    p_first_higher: str
    """Exact one-sided p-value of "the first is not above the second"; empty for repeats."""
    p_second_higher: str
    """Exact one-sided p-value of "the second is not above the first"; empty for repeats."""
    any_success: str
    """Behaviours with a success in either, what is missing counted as one; empty when none is
    shared."""


class CompareDocument(_Part):
    """What ``tiergate evidence compare --json`` prints."""

    format: Literal["tiergate-compare/1"] = "tiergate-compare/1"
    """Format and version of this document."""
    first: SourcePart
    """The first log."""
    first_binding: BindingPart
    """What the first log says about which weights ran."""
    second: SourcePart
    """The second log."""
    second_binding: BindingPart
    """What the second log says about it."""
    confidence: str
    """Of each bound."""
    remarks: tuple[RemarkPart, ...]
    """What was noticed about each log (``A: `` and ``B: ``), then what makes the two hard to
    compare."""
    metrics: tuple[ComparePart, ...]
    """Every metric that both logs have."""


class RunPart(_Part):
    """One registered run."""

    id: str
    """Its id; the log of the run is filed under it."""
    metric: str
    """The metric it is to give."""
    variant: str
    """Form of the model."""
    task: str
    """Task and version."""
    behaviours: int
    """Behaviours that it sets out to try."""
    plan: str
    """What was fixed beforehand."""
    registered_at: str
    """When."""
    document: str
    """Digest of the document filed for it; empty while none is."""
    counts: bool
    """Whether that document is the result of the run as it was registered."""
    reason: str
    """Why it is not; empty when it is, and while none is filed."""


class RunsDocument(_Part):
    """What ``tiergate evidence plan`` and ``runs`` print with ``--json``."""

    format: Literal["tiergate-runs/1"] = "tiergate-runs/1"
    """Format and version of this document."""
    folder: str
    """Where the store is."""
    added: str = ""
    """Id of the run registered by this command."""
    runs: tuple[RunPart, ...]
    """Every run, in the order of registration."""
    unregistered: tuple[str, ...]
    """Digests of documents about a registered claim that name no registered run."""
    missing: tuple[str, ...] = ()
    """Digests of documents that the store registered and that are gone."""


class AccrueStep(_Part):
    """What is known after one more run."""

    file_name: str
    """The log."""
    adverse: int
    """Behaviours with anything adverse, or without a score, so far."""
    behaviours: int
    """Behaviours so far."""
    repeated: int
    """Behaviours of this run that an earlier one had already."""
    e_below: str
    """E-value against a rate of at least the limit."""
    e_above: str
    """E-value against a rate of at most the limit."""
    lower: str
    """Lower bound that holds after every run at once."""
    upper: str
    """Upper bound that holds after every run at once."""
    decided: str
    """What is shown by now; empty while nothing is."""


class AccrueDocument(_Part):
    """What ``tiergate evidence accrue --json`` prints."""

    format: Literal["tiergate-accrue/1"] = "tiergate-accrue/1"
    """Format and version of this document."""
    metric: str
    """The metric."""
    limit: str
    """The limit, as a share."""
    confidence: str
    """Of each side."""
    remarks: tuple[RemarkPart, ...]
    """What was noticed about the logs."""
    steps: tuple[AccrueStep, ...]
    """One for each log, in the order given."""


class AuditDocument(_Part):
    """What ``tiergate evidence audit --json`` prints."""

    format: Literal["tiergate-audit-state/1"] = "tiergate-audit-state/1"
    """Format and version of this document."""
    file: str
    """The audit file."""
    metric: str
    """The metric that is audited."""
    task: str
    """Task as the log names it."""
    scorer: str
    """Scorer as the log names it."""
    confidence: str
    """Of every bound."""
    flagged: int
    """Attempts that the grader flagged."""
    unflagged: int
    """Attempts that it scored and did not flag."""
    drawn: int
    """Of these, those drawn at random."""
    unscored: int
    """Attempts without a label of the grader."""
    missing: tuple[str, ...]
    """Flagged and drawn attempts that nobody has looked at."""
    by_grader: tuple[str, str]
    """Bounds by the grader's labels, as shares."""
    by_people: tuple[str, str] | None
    """Bounds by people's labels; null while labels are missing."""


class GradePart(_Part):
    """One dimension of one measurement."""

    dimension: str
    """Which."""
    value: int
    """From 0, which supports nothing, to 3."""
    reason: str
    """What it rests on, and what keeps it from being higher."""


class GradedPart(_Part):
    """One measurement and its grades."""

    item: str
    """Id of the measurement."""
    metric: str
    """Its metric."""
    variant: str
    """Form of the model."""
    producer: str
    """Who made it."""
    grades: tuple[GradePart, ...]
    """Every dimension."""
    weakest: str
    """The dimension that counts."""


class GradesDocument(_Part):
    """What ``tiergate evidence grades --json`` prints."""

    format: Literal["tiergate-grades/1"] = "tiergate-grades/1"
    """Format and version of this document."""
    folder: str
    """Where the store is."""
    measurements: tuple[GradedPart, ...]
    """Every measurement of the store, by document."""
    missing: tuple[str, ...] = ()
    """Digests of documents that the store registered and that are gone."""
