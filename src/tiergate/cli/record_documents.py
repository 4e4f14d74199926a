# SPDX-License-Identifier: Apache-2.0
"""What ``keys``, ``sign``, ``verify`` and ``replay`` print with ``--json``, field by field."""

from __future__ import annotations

from typing import Literal

from tiergate.attestation.keys import Algorithm
from tiergate.cli.exit_codes import ExitCode
from tiergate.decision.document import DocumentPart
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.evidence.document_types import UtcTime
from tiergate.release.record import Record
from tiergate.release.record_checks import RecordReport
from tiergate.release.replay import Replay


class KeyDocument(DocumentPart):
    """What ``tiergate keys --json`` prints."""

    format: Literal["tiergate-key/1"] = "tiergate-key/1"
    """Format and version of this document."""
    key_id: str
    """SHA-256 of the DER form of the public key."""
    algorithm: Algorithm
    """How it signs."""
    public_key: str
    """The public key in PEM."""


class RecordPart(DocumentPart):
    """What a record says, in short."""

    subject_name: str
    """Name of the checkpoint."""
    root_digest: str
    """Its identity."""
    policy_id: str
    """Policy."""
    policy_version: str
    """Its version."""
    policy_digest: str
    """Digest of its file."""
    engine_version: str
    """Version of Tiergate that decided."""
    at: UtcTime
    """Time of the decision."""
    asked: Tier
    """The tier in question."""
    outcome: Outcome
    """What the evidence says about that tier."""
    supported: Tier
    """Most open tier that the evidence supports."""
    made_at: UtcTime
    """When the record was made, as its signer says."""
    valid_until: UtcTime
    """When the decision lapses."""
    key_ids: tuple[str, ...]
    """Keys that its signatures name; what holds is in the checks."""


class SignDocument(DocumentPart):
    """What ``tiergate sign --json`` prints."""

    format: Literal["tiergate-signing/1"] = "tiergate-signing/1"
    """Format and version of this document."""
    path: str
    """File that was written."""
    record: RecordPart
    """What it says."""
    also: tuple[str, ...]
    """Files with summaries for other tools."""


class CheckPart(DocumentPart):
    """One step of a verification."""

    name: str
    """identity, signatures, times, contents or files."""
    done: bool
    """Whether it was done; without a directory, files are not."""
    problems: tuple[str, ...]
    """What does not hold; empty when it does."""
    notes: tuple[str, ...]
    """What was found besides."""


class VerificationDocument(DocumentPart):
    """What ``tiergate verify --json`` prints."""

    format: Literal["tiergate-verification/1"] = "tiergate-verification/1"
    """Format and version of this document."""
    record: RecordPart
    """What the record says, whether it holds or not."""
    trust_digest: str
    """Digest of the trust file."""
    now: UtcTime
    """The verifier's time."""
    holds: bool
    """Whether nothing speaks against the record."""
    checks: tuple[CheckPart, ...]
    """The steps, in order."""
    exit_code: int
    """The exit code of the command."""


class ReplayDocument(DocumentPart):
    """What ``tiergate replay --json`` prints."""

    format: Literal["tiergate-replay/1"] = "tiergate-replay/1"
    """Format and version of this document."""
    record: RecordPart
    """What the record says."""
    is_identical: bool
    """Whether the payload is the same, byte for byte."""
    differences: tuple[str, ...]
    """Where it differs; empty too when only the version of the program does."""
    versions: tuple[str, str]
    """Versions of the program: of the record, and the one that ran now."""
    left_out: tuple[str, ...]
    """Digests of evidence that was given and that the decision did not see."""
    exit_code: int
    """The exit code of the command."""


def record_part(record: Record) -> RecordPart:
    """Build what a record says, in short."""
    predicate = record.predicate
    own = {"made_at", "valid_until", "key_ids"}
    names = [name for name in RecordPart.model_fields if name not in own]
    return RecordPart(
        made_at=predicate.made_at,
        valid_until=predicate.valid_until,
        key_ids=tuple(made.key_id for made in record.envelope.signatures),
        **{name: getattr(predicate.decision, name) for name in names},
    )


def checks_part(report: RecordReport) -> tuple[CheckPart, ...]:
    """Build the steps of a verification."""
    return tuple(CheckPart.model_validate(check) for check in report.checks)


def replay_document(record: Record, replay: Replay, code: ExitCode) -> ReplayDocument:
    """Build what a replay prints."""
    return ReplayDocument(
        record=record_part(record),
        is_identical=replay.is_identical,
        differences=replay.differences,
        versions=replay.versions,
        left_out=replay.left_out,
        exit_code=code,
    )
