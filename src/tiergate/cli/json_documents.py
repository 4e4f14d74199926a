# SPDX-License-Identifier: Apache-2.0
"""What ``--json`` prints, field by field. The published schemas are made from here.

No number is a floating-point number: proportions and bounds are decimal text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.screen_model import licence_words
from tiergate.cli.session import Answer
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import NumberStatus
from tiergate.decision.tier import Band, Tier
from tiergate.evidence.document_types import UtcTime
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant

DecimalText = Annotated[
    Decimal, PlainSerializer(lambda number: format(number.normalize(), "f"), return_type=str)
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True, use_attribute_docstrings=True)


class NumberPart(_Part):
    """A number that the policy sets."""

    value: DecimalText
    """The number; proportions are 0 to 1."""
    unit: str
    """Unit; empty for proportions."""
    status: NumberStatus
    """Whether law, publication or judgement set it."""
    basis: str
    """Why this number."""


class ReadingPart(_Part):
    """One measurement held against one limit."""

    item: str
    """Id of the measurement: document digest and index."""
    label: str
    """Metric."""
    variant: Variant
    """Form of the model that was measured."""
    scale: Scale
    """What the bounds and the limit are."""
    unit: str
    """Unit of a quantity; empty otherwise."""
    successes: int | None
    """Successes counted; null for a quantity."""
    trials: int | None
    """Attempts planned; null for a quantity."""
    lower: DecimalText
    """One-sided lower bound."""
    upper: DecimalText
    """One-sided upper bound."""
    side: Side
    """Which side of the limit is allowed."""
    limit: DecimalText
    """The limit."""
    outcome: Outcome
    """What the bounds alone say."""
    is_neutral: bool
    """Too few attempts to say anything, and nothing adverse seen."""
    set_aside: tuple[str, ...]
    """Why it cannot support a requirement; empty when it can."""


class ExplanationPart(_Part):
    """A requirement, a way of combining some, or a single check."""

    id: str
    """Requirement id; empty for the parts of one."""
    title: str
    """What is asked."""
    outcome: Outcome
    """What the evidence says."""
    reason: str
    """Why; empty where the children say it."""
    clauses: tuple[str, ...]
    """Ids of the clauses that the requirement answers."""
    readings: tuple[ReadingPart, ...]
    """Measurements held against a limit here."""
    used: tuple[str, ...]
    """Ids of the evidence that was looked at here."""
    next_step: str
    """What to run or do; MODEL stands for the path. Empty when nothing."""
    children: tuple[ExplanationPart, ...]
    """Parts."""
    waived: str
    """Who waived it and until when; empty when nobody did."""


class ConditionPart(_Part):
    """Something that must happen, or be kept up, for a tier to be opened."""

    kind: str
    """approval, hold, expiry, safeguards, security or monitoring."""
    text: str
    """What, in words."""
    number: NumberPart | None
    """Its number of days; null when there is none."""


class TierPart(_Part):
    """What the evidence says about one tier."""

    tier: Tier
    """Which."""
    name: str
    """Its name."""
    own: Outcome
    """Its own requirements alone."""
    outcome: Outcome
    """With those of every tier below it, or its fast path."""
    requirements: tuple[ExplanationPart, ...]
    """Its own requirements."""
    fast_path: tuple[ExplanationPart, ...]
    """Requirements of its fast path; empty when it has none."""
    conditions: tuple[ConditionPart, ...]
    """What else is needed to open it."""


class BandReadingPart(_Part):
    """How far a domain's capability has come, as far as the evidence says."""

    domain: HazardDomain
    """The domain."""
    variant: Variant
    """The form of the model."""
    reached: Band
    """Highest band that was reached, or counts as reached."""
    not_ruled_out: Band
    """Highest band that the evidence does not rule out."""


class WaiverPart(_Part):
    """A human exception that changed an outcome."""

    requirement: str
    """Id of the requirement."""
    highest_tier: Tier
    """It counts up to this tier."""
    expires_at: UtcTime
    """When it ends."""
    by: str
    """Who gave it."""
    reason: str
    """Why."""


class DecisionPart(_Part):
    """The decision."""

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
    """Time of the decision, an input."""
    asked: Tier
    """The tier in question."""
    asked_by_default: bool
    """Whether nobody asked, so that the next tier is in question."""
    outcome: Outcome
    """What the evidence says about that tier."""
    supported: Tier
    """Most open tier that the evidence supports."""
    tiers: tuple[TierPart, ...]
    """Every tier, most closed first."""
    bands: tuple[BandReadingPart, ...]
    """Capability bands, worst case."""
    waivers: tuple[WaiverPart, ...]
    """Waivers that changed an outcome."""
    used: tuple[str, ...]
    """Digests of the documents that were looked at."""
    elsewhere: tuple[str, ...]
    """Digests of documents about other checkpoints, left out."""
    missing: tuple[str, ...]
    """Digests of registered documents that are gone."""
    not_assessed: tuple[str, ...]
    """What nothing here says anything about."""


class FilePart(_Part):
    """One file of the checkpoint."""

    path: str
    """Path within the checkpoint."""
    size_bytes: int
    """Size."""
    sha256: str
    """Digest of its bytes."""
    role: str
    """What it is for."""


class CheckpointPart(_Part):
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


class CheckDocument(_Part):
    """What ``tiergate check --json`` prints."""

    format: Literal["tiergate-check/1"] = "tiergate-check/1"
    """Format and version of this document."""
    checkpoint: CheckpointPart | None
    """The model; null when only a name was given."""
    decision: DecisionPart
    """The decision."""
    evidence_not_read: tuple[str, ...]
    """Files in the folders given that are no evidence."""
    exit_code: int
    """The exit code of the command."""


class ExplainDocument(_Part):
    """What ``tiergate explain --json`` prints."""

    format: Literal["tiergate-explanation/1"] = "tiergate-explanation/1"
    """Format and version of this document."""
    root_digest: str
    """The checkpoint."""
    tier: Tier
    """The tier for which the requirements were judged."""
    requirements: tuple[ExplanationPart, ...]
    """The requirements asked about."""


def check_document(answer: Answer, exit_code: ExitCode) -> CheckDocument:
    """Build what ``check --json`` prints."""
    return CheckDocument(
        checkpoint=checkpoint_part(answer),
        decision=decision_part(answer),
        evidence_not_read=answer.gathered.not_read,
        exit_code=exit_code,
    )


def decision_part(answer: Answer) -> DecisionPart:
    """Build the decision."""
    decision = answer.decision
    tiers = tuple(
        {
            "tier": verdict.tier,
            "name": verdict.definition.name,
            "own": verdict.own,
            "outcome": verdict.outcome,
            "requirements": verdict.requirements,
            "fast_path": verdict.fast_path,
            "conditions": verdict.conditions,
        }
        for verdict in decision.tiers
    )
    names = [name for name in DecisionPart.model_fields if name != "tiers"]
    plain = {name: getattr(decision, name) for name in names}
    return DecisionPart.model_validate({**plain, "tiers": tiers})


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
