# SPDX-License-Identifier: Apache-2.0
"""What ``--json`` prints, field by field. The published schemas are made from here.

No number is a floating-point number: proportions and bounds are decimal text.
"""

from __future__ import annotations

from typing import Literal

from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.screen_model import licence_words
from tiergate.cli.session import Answer
from tiergate.decision.document import (
    DecisionPart,
    DocumentPart,
    ExplanationPart,
    FilePart,
    InputsPart,
    decision_document,
    inputs_document,
)
from tiergate.decision.tier import Tier
from tiergate.evidence.assurance import Assurance
from tiergate.evidence.collection import Collection


class CheckpointPart(DocumentPart):
    """The model that was identified."""

    name: str
    """Name."""
    root_digest: str
    """Digest of the manifest."""
    weights_digest: str | None
    """Digest over the tensors; null when it was not asked for."""
    revision: str | None
    """Commit on the hub; null when not known."""
    size_bytes: int
    """Sum of all files."""
    parameter_count: int
    """Elements of all tensors; 0 when no header could be read."""
    dtypes: dict[str, int]
    """Elements by dtype."""
    weights_formats: tuple[str, ...]
    """Formats of the weights files."""
    architectures: tuple[str, ...]
    """Classes that the configuration names."""
    output_modalities: tuple[str, ...]
    """What the architecture can generate; empty when not known."""
    licences: tuple[str, ...]
    """What card and licence files say."""
    base_models: tuple[str, ...]
    """Base models that the card names."""
    behaviour_files: tuple[str, ...]
    """Files that change behaviour without changing a weight."""
    code_files: tuple[str, ...]
    """Files and settings from which a loader would run code."""
    notes: tuple[str, ...]
    """What a person should know."""
    files: tuple[FilePart, ...]
    """The manifest."""


class AssurancePart(DocumentPart):
    """How well it is known who made a document."""

    document: str
    """The document."""
    assurance: Assurance
    """Declared, attested, or measured here."""
    reason: str
    """Why it is no less and no more."""
    signers: tuple[str, ...]
    """Whose signatures count."""


class DoubtPart(DocumentPart):
    """An attestation, or a signature in one, that counts for nothing."""

    where: str
    """The file."""
    reason: str
    """Why."""


class RefusedWaiverPart(DocumentPart):
    """A waiver without effect, or a file of which nothing has any."""

    where: str
    """The file."""
    requirement: str
    """Requirement that it was to stand in for; empty where the file holds no waivers."""
    reason: str
    """Why it has no effect."""


class CheckDocument(DocumentPart):
    """What ``tiergate check --json`` prints."""

    format: Literal["tiergate-check/1"] = "tiergate-check/1"
    """Format and version of this document."""
    checkpoint: CheckpointPart | None
    """The model; null when only a name was given."""
    decision: DecisionPart
    """The decision."""
    inputs: InputsPart
    """What was known besides the documents; with it the decision can be computed again."""
    digests_from_cache: bool
    """Whether digests of an earlier run were believed; such a decision cannot be signed."""
    evidence_not_read: tuple[str, ...]
    """Files in the folders given that are no evidence."""
    assurances: tuple[AssurancePart, ...] = ()
    """Who vouches for each document, for the trust file given; empty without one."""
    evidence_doubts: tuple[DoubtPart, ...] = ()
    """Attestations and signatures that count for nothing, and why."""
    waivers_refused: tuple[RefusedWaiverPart, ...] = ()
    """Waivers without effect, and why."""
    exit_code: int
    """The exit code of the command."""


class ExplainDocument(DocumentPart):
    """What ``tiergate explain --json`` prints."""

    format: Literal["tiergate-explanation/1"] = "tiergate-explanation/1"
    """Format and version of this document."""
    root_digest: str
    """The checkpoint."""
    tier: Tier
    """The tier for which the requirements were judged."""
    requirements: tuple[ExplanationPart, ...]
    """The requirements asked about."""


def check_document(
    answer: Answer, exit_code: ExitCode, *, digests_from_cache: bool
) -> CheckDocument:
    """Build what ``check --json`` prints."""
    return CheckDocument(
        checkpoint=checkpoint_part(answer),
        decision=decision_document(answer.decision),
        inputs=inputs_document(answer.evidence),
        digests_from_cache=digests_from_cache,
        evidence_not_read=answer.gathered.not_read,
        assurances=_assurances(answer.evidence),
        evidence_doubts=tuple(DoubtPart.model_validate(doubt) for doubt in answer.doubts),
        waivers_refused=tuple(
            RefusedWaiverPart.model_validate(refused) for refused in answer.refused_waivers
        ),
        exit_code=exit_code,
    )


def _assurances(evidence: Collection) -> tuple[AssurancePart, ...]:
    if not evidence.vouching.trust_digest:
        return ()
    standings = ((d.digest, evidence.standing_of(d)) for d in evidence.documents)
    return tuple(
        AssurancePart(
            document=digest,
            assurance=standing.assurance,
            reason=standing.reason,
            signers=standing.signers,
        )
        for digest, standing in standings
    )


def checkpoint_part(answer: Answer) -> CheckpointPart | None:
    """Build the model's part; None when only a name was given."""
    checkpoint = answer.checkpoint
    if checkpoint is None:
        return None
    return CheckpointPart(
        name=checkpoint.name,
        root_digest=checkpoint.root_digest,
        weights_digest=checkpoint.weights_digest,
        revision=checkpoint.revision,
        size_bytes=checkpoint.size_bytes,
        parameter_count=checkpoint.parameter_count,
        dtypes=dict(checkpoint.dtypes),
        weights_formats=tuple(sorted(checkpoint.weights_formats)),
        architectures=checkpoint.architectures,
        output_modalities=tuple(sorted(checkpoint.output_modalities)),
        licences=licence_words(checkpoint),
        base_models=checkpoint.base_model_claims,
        behaviour_files=checkpoint.behaviour_files,
        code_files=answer.evidence.subject.code_files or (),
        notes=checkpoint.notes,
        files=tuple(FilePart.model_validate(entry) for entry in checkpoint.manifest.entries),
    )
