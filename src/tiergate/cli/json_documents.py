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
        exit_code=exit_code,
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
