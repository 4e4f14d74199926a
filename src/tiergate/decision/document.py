# SPDX-License-Identifier: Apache-2.0
"""The decision as a document, field by field: what ``check --json`` prints and a record holds.

No number is a floating-point number: proportions and bounds are decimal text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from tiergate.decision.decision import Decision
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import NumberStatus
from tiergate.decision.tier import Band, Tier
from tiergate.evidence.collection import Collection
from tiergate.evidence.document_types import UtcTime
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant

DecimalText = Annotated[
    Decimal, PlainSerializer(lambda number: format(number.normalize(), "f"), return_type=str)
]


class DocumentPart(BaseModel):
    """Part of what is printed: unknown fields refused, made from the values it describes."""

    model_config = ConfigDict(extra="forbid", from_attributes=True, use_attribute_docstrings=True)


class GrownPart(DocumentPart):
    """A part that has grown: fields that say nothing are left out.

    A decision that was written before they came is computed again to the same bytes.
    """

    _later: ClassVar[frozenset[str]]
    """Fields that came later."""

    # Without a return type, so that the schema stays that of the fields.
    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return {
            name: value for name, value in write(self).items() if value or name not in self._later
        }


class NumberPart(DocumentPart):
    """A number that the policy sets."""

    value: DecimalText
    """The number; proportions are 0 to 1."""
    unit: str
    """Unit; empty for proportions."""
    status: NumberStatus
    """Whether law, publication or judgement set it."""
    basis: str
    """Why this number."""


class ReadingPart(DocumentPart):
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


class ExplanationPart(DocumentPart):
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


class ConditionPart(DocumentPart):
    """Something that must happen, or be kept up, for a tier to be opened."""

    kind: str
    """approval, hold, expiry, safeguards, security or monitoring."""
    text: str
    """What, in words."""
    number: NumberPart | None
    """Its number of days; null when there is none."""


class TierPart(DocumentPart):
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


class BandReadingPart(DocumentPart):
    """How far a domain's capability has come, as far as the evidence says."""

    domain: HazardDomain
    """The domain."""
    variant: Variant
    """The form of the model."""
    reached: Band
    """Highest band that was reached, or counts as reached."""
    not_ruled_out: Band
    """Highest band that the evidence does not rule out."""


class WaiverPart(GrownPart):
    """A human exception that changed an outcome."""

    _later = frozenset({"signed_by", "signature"})

    requirement: str
    """Id of the requirement."""
    highest_tier: Tier
    """It counts up to this tier."""
    issued_at: UtcTime
    """When it was given."""
    expires_at: UtcTime
    """When it ends."""
    by: str
    """Who gave it."""
    reason: str
    """Why."""
    signed_by: str = ""
    """Whose signature on it counts, and as what; left out when it is unsigned."""
    signature: str = ""
    """Digest of the signed file that it stands in; left out when it is unsigned."""


class LooseningPart(DocumentPart):
    """A place in which the policy asks for less than the one that it extends."""

    policy: str
    """Id and version of the extension that says so."""
    field: str
    """Dotted path of the field."""
    what: str
    """What it asks for, and what the policy extended does."""
    reason: str
    """Why, as the extension says."""


class DecisionPart(GrownPart):
    """The decision."""

    _later = frozenset({"loosenings"})

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
    loosenings: tuple[LooseningPart, ...] = ()
    """Where the policy asks for less than the one that it extends; left out when nowhere."""


class FilePart(DocumentPart):
    """One file of the checkpoint."""

    path: str
    """Path within the checkpoint."""
    size_bytes: int
    """Size."""
    sha256: str
    """Digest of its bytes."""
    role: str
    """What it is for."""


class MissingPart(DocumentPart):
    """A document that was registered for this checkpoint and is gone."""

    digest: str
    """Its digest."""
    topics: tuple[str, ...]
    """Metrics and claim items that it was about."""


class RunPart(DocumentPart):
    """A run that was registered before it started."""

    id: str
    """Its id."""
    metric: str
    """The metric it was to give."""
    variant: Variant
    """Form of the model."""
    task: str
    """Task and version."""
    behaviours: int
    """Behaviours that it set out to try."""
    plan: str
    """What was fixed beforehand."""
    registered_at: UtcTime
    """When."""


class AttestationPart(DocumentPart):
    """A file that was looked at because it says who vouches for a document."""

    digest: str
    """Digest of its bytes."""
    document: str
    """The document that it is about."""


class InputsPart(GrownPart):
    """What was known besides the documents, so that the decision can be computed again."""

    _later = frozenset({"trust_digest", "attestations"})

    missing: tuple[MissingPart, ...]
    """Registered documents that are gone, with what they were about."""
    runs: tuple[RunPart, ...]
    """Runs registered for this checkpoint, shown or not."""
    trust_digest: str = ""
    """Digest of the trust file; left out when nobody's signature was looked at."""
    attestations: tuple[AttestationPart, ...] = ()
    """Who vouches for the documents, whether it counts or not; left out when nobody does."""


def decision_document(decision: Decision) -> DecisionPart:
    """Build the document of a decision."""
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


def inputs_document(evidence: Collection) -> InputsPart:
    """Build the document of what was known besides the documents."""
    missing = tuple(
        MissingPart(digest=gone.digest, topics=tuple(sorted(gone.topics)))
        for gone in evidence.missing
    )
    attestations = tuple(
        AttestationPart(digest=digest, document=document.digest)
        for document in evidence.documents
        for digest in evidence.standing_of(document).attestations
    )
    return InputsPart(
        missing=missing,
        runs=tuple(RunPart.model_validate(run) for run in evidence.runs),
        trust_digest=evidence.vouching.trust_digest,
        attestations=attestations,
    )
