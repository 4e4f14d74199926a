# SPDX-License-Identifier: Apache-2.0
"""What the events of a release state, kind by kind."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from pydantic import Field

from tiergate.attestation.trust import Role
from tiergate.decision.tier import Tier
from tiergate.evidence.document_types import Digest, Name, Part, UtcTime
from tiergate.landscape.watch.kinds import MatchKind, Strength
from tiergate.release.plan import Days, PlanPart, ShortName

Wait = Annotated[int, Field(strict=True, ge=0, le=36_500)]
"""Days that a policy can set."""
Sequence = Annotated[int, Field(strict=True, ge=1, lt=2**53)]
"""Place of an event in the ledger."""
Sequences = Annotated[tuple[Sequence, ...], Field(min_length=1)]
TriggerId = Annotated[str, Field(min_length=1, max_length=100)]
Evidence = Annotated[str, Field(min_length=1, max_length=2000)]


class Matter(enum.StrEnum):
    """What an approval is about."""

    RELEASE = "release"
    """Opening what the newest decision supports."""
    THAW = "thaw"
    """Lifting one freeze."""
    RESUME = "resume"
    """Lifting one hold."""


class Trigger(enum.StrEnum):
    """What puts a decision under review."""

    CAPABILITY_CHANGE = "capability change"
    REFERENCE_SHIFT = "reference shift"
    TAMPER_BREAKTHROUGH = "tamper breakthrough"
    INCIDENT = "incident"
    EXTERNAL_FINDING = "external finding"
    EXPIRY = "expiry"
    LICENCE = "licence"
    LAW = "law"
    OWNERSHIP = "ownership"


class TierTerms(Part):
    """What the policy asks of the people who open a tier, as the decision says it."""

    tier: Tier
    """The tier."""
    roles: tuple[Role, ...]
    """Who has to approve, each role by a person of its own."""
    hold_days: Wait
    """Days from the decision to the opening."""
    hold_business_days: Wait
    """The same in days from Monday to Friday; both must have passed."""


class Submitted(Part):
    """A checkpoint is put forward for release."""

    kind: Literal["submitted"] = "submitted"
    """Kind of event."""
    subject_name: Name
    """Name of the checkpoint, for people."""
    root_digest: Digest
    """Its identity."""
    plan: PlanPart
    """The stages."""


class Decided(Part):
    """A decision record was entered."""

    kind: Literal["decided"] = "decided"
    """Kind of event."""
    decision: Digest
    """Digest of the signed payload of the record."""
    root_digest: Digest
    """The checkpoint that it is about."""
    policy_digest: Digest
    """The policy that decided."""
    decided_at: UtcTime
    """Time of the decision."""
    valid_until: UtcTime
    """When it lapses."""
    supported: Tier
    """Most open tier that the evidence supports."""
    terms: tuple[TierTerms, ...]
    """What the policy asks of the people, tier by tier."""
    evaluators: tuple[Name, ...]
    """Who evaluated; none of them can approve."""

    def terms_of(self, tier: Tier) -> TierTerms | None:
        """Return what is asked for a tier; None when the policy has no such tier."""
        return next((terms for terms in self.terms if terms.tier is tier), None)


class Approved(Part):
    """Somebody approves."""

    kind: Literal["approved"] = "approved"
    """Kind of event."""
    matter: Matter
    """What is approved."""
    target: Sequence
    """The event that it is about: the decision, the freeze or the hold."""
    decision: Digest
    """Digest of the newest decision at that time."""


class Objected(Part):
    """Somebody objects, until they approve."""

    kind: Literal["objected"] = "objected"
    """Kind of event."""
    decision: Digest
    """Digest of the newest decision at that time."""


class Opened(Part):
    """The first stage opens."""

    kind: Literal["opened"] = "opened"
    """Kind of event."""
    stage: ShortName
    """The stage."""
    decision: Digest
    """The decision that it opens under."""


class Advanced(Part):
    """The next stage opens."""

    kind: Literal["advanced"] = "advanced"
    """Kind of event."""
    stage: ShortName
    """The stage."""
    decision: Digest
    """The decision that it opens under."""


class Held(Part):
    """No further stage opens."""

    kind: Literal["held"] = "held"
    """Kind of event."""


class Resumed(Part):
    """Holds are lifted."""

    kind: Literal["resumed"] = "resumed"
    """Kind of event."""
    holds: Sequences
    """Which."""


class Frozen(Part):
    """Nothing is served and nothing opens."""

    kind: Literal["frozen"] = "frozen"
    """Kind of event."""


class Thawed(Part):
    """Freezes are lifted."""

    kind: Literal["thawed"] = "thawed"
    """Kind of event."""
    freezes: Sequences
    """Which."""


class Granted(Part):
    """Somebody may download until a date."""

    kind: Literal["granted"] = "granted"
    """Kind of event."""
    identity: Name
    """Who: what stands here is for the operator; a salted digest will do."""
    until: UtcTime
    """When it ends."""


class Revoked(Part):
    """A grant ends. It stops the next download and reaches no copy that was made before."""

    kind: Literal["revoked"] = "revoked"
    """Kind of event."""
    grant: Sequence
    """The event that gave it."""


class Expired(Part):
    """A decision is declared lapsed."""

    kind: Literal["expired"] = "expired"
    """Kind of event."""
    decision: Digest
    """Which."""


class Superseded(Part):
    """A policy is replaced: decisions under it open nothing new."""

    kind: Literal["superseded"] = "superseded"
    """Kind of event."""
    policy_digest: Digest
    """Which."""


class Withdrawn(Part):
    """The release ends. It reaches no copy that was made before."""

    kind: Literal["withdrawn"] = "withdrawn"
    """Kind of event."""


class Severity(enum.StrEnum):
    """How bad an incident is."""

    SERIOUS = "serious"
    IMMINENT_HARM = "imminent harm"
    CRITICAL_INFRASTRUCTURE = "critical infrastructure"
    SECURITY_BREACH = "security breach"
    DEATH = "death"
    INTIMATE_IMAGERY = "intimate imagery"


Jurisdiction = Annotated[str, Field(pattern=r"^[A-Z][A-Z-]{1,9}$")]
"""Where a law holds, as in EU or US-CA."""


class Incident(Part):
    """An incident became known, or an earlier one is closed."""

    kind: Literal["incident"] = "incident"
    """Kind of event."""
    severity: Severity
    """How bad it is."""
    known_at: UtcTime
    """When it became known."""
    jurisdictions: tuple[Jurisdiction, ...] = ()
    """Where it has to be reported."""
    closes: Sequence | None = None
    """The incident that is closed; null when one is opened."""


class Reported(Part):
    """An incident was reported to somebody, which stops one clock."""

    kind: Literal["reported"] = "reported"
    """Kind of event."""
    incident: Sequence
    """The event that opened the incident."""
    deadline: ShortName
    """Which deadline it meets, by its id."""
    reported_at: UtcTime
    """When the report was made."""
    reference: Annotated[str, Field(max_length=500)] = ""
    """Under which its receiver has it; empty when there is none."""


class Tripwire(Part):
    """A trigger of the standard puts the decision under review."""

    kind: Literal["tripwire"] = "tripwire"
    """Kind of event."""
    trigger: Trigger
    """Which."""
    review_days: Days
    """Days until the review is due; after them the decision counts as lapsed."""


class ReviewPart(Part):
    """What a derivative that was seen fires, as the policy says."""

    triggers: Annotated[tuple[TriggerId, ...], Field(min_length=1, max_length=100)]
    """Ids of the policy's triggers, as in G04."""
    days: Days
    """Days until the review is due; after them the decision counts as lapsed."""


class DerivativeSeen(Part):
    """A copy or derivative of the release was seen elsewhere, for the first time."""

    kind: Literal["derivative seen"] = "derivative seen"
    """Kind of event."""
    finding: Digest
    """Identity of the finding: it is entered once."""
    what: MatchKind
    """What it is; never a mere lead."""
    strength: Strength
    """What that rests on."""
    repository: Name
    """Where, as in org/name."""
    revision: Annotated[str, Field(max_length=200)] = ""
    """Commit there; empty when it is not known."""
    source: Name
    """The feed that showed it."""
    first_seen_at: UtcTime
    """When it was first seen there."""
    created_at: UtcTime | None = None
    """When its repository was created, as the hub says; null when that is not known."""
    digest: Digest | None = None
    """Digest that is equal; null where nothing was compared."""
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1, max_length=40)]
    """What it rests on, one sentence each."""
    review: ReviewPart | None = None
    """What it fires; null when the policy has no trigger for it."""


class Reassessed(Part):
    """Reviews end with a decision that was taken after they began."""

    kind: Literal["reassessed"] = "reassessed"
    """Kind of event."""
    tripwires: Sequences
    """Which reviews: tripwires, and derivatives that fired a trigger."""
    decision: Digest
    """The newer decision."""


Body = (
    Submitted
    | Decided
    | Approved
    | Objected
    | Opened
    | Advanced
    | Held
    | Resumed
    | Frozen
    | Thawed
    | Granted
    | Revoked
    | Expired
    | Superseded
    | Withdrawn
    | Incident
    | Reported
    | Tripwire
    | DerivativeSeen
    | Reassessed
)
"""What an event states."""
