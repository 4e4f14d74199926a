# SPDX-License-Identifier: Apache-2.0
"""What ``release`` and ``ledger`` print with ``--json``, field by field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tiergate.attestation.trust import Role
from tiergate.cli.release_clocks import IncidentPart, incident_part
from tiergate.decision.document import DocumentPart
from tiergate.decision.tier import Tier
from tiergate.evidence.document_types import UtcTime
from tiergate.release.bodies import Body, Decided
from tiergate.release.events import Clock, Event
from tiergate.release.facts import Rule
from tiergate.release.incident_clocks import IncidentClocks
from tiergate.release.ledger_checks import LedgerReport
from tiergate.release.state import ReleaseState, Standing


class LoggedEvent(DocumentPart):
    """An event of a ledger."""

    sequence: int
    """Its place, from 1."""
    release: str
    """The release."""
    at: UtcTime
    """When."""
    clock: Clock
    """Where that time comes from."""
    person: str
    """Who."""
    organisation: str
    """Where that person belongs."""
    role: Role
    """As what."""
    reason: str
    """Why."""
    body: Body
    """What it states."""


class RefusalPart(DocumentPart):
    """Why something is not allowed."""

    sequence: int
    """Place in the ledger, or the place that it would have."""
    rule: Rule
    """The rule."""
    text: str
    """What is so."""


class ActDocument(DocumentPart):
    """What an act prints with ``--json``."""

    format: Literal["tiergate-act/1"] = "tiergate-act/1"
    """Format and version of this document."""
    event: LoggedEvent
    """What was entered, or would have been."""
    refused: tuple[RefusalPart, ...]
    """Why it was not; empty when it was entered."""
    exit_code: int
    """The exit code of the command."""


class GatePart(DocumentPart):
    """One rule, for one stage."""

    rule: Rule
    """The rule."""
    passes: bool
    """Whether it lets the stage open."""
    text: str
    """What is so."""


class StageStatus(DocumentPart):
    """One stage."""

    name: str
    """Its name."""
    audience: str
    """Who gets something."""
    tier: Tier
    """How open it is."""
    opened_at: UtcTime | None
    """When it opened; null when it has not."""
    gates: tuple[GatePart, ...]
    """What must be so; empty when it is open."""


class StatusDocument(DocumentPart):
    """What ``tiergate release status --json`` prints."""

    format: Literal["tiergate-release-status/1"] = "tiergate-release-status/1"
    """Format and version of this document."""
    release: str
    """The release."""
    at: UtcTime
    """The time."""
    standing: Standing
    """In one word."""
    root_digest: str | None
    """The checkpoint; null when nothing was submitted."""
    decided: Decided | None
    """The newest decision; null when there is none."""
    decision_problem: str
    """Why it opens nothing; empty when it may."""
    serves: Tier | None
    """The tier at which downloads may be served; null when nothing may."""
    stages: tuple[StageStatus, ...]
    """The stages, in order."""
    approved_by: tuple[LoggedEvent, ...]
    """Approvals that count for the next stage."""
    missing: tuple[Role, ...]
    """Roles that nobody fills for the next stage."""
    is_irreversible: bool
    """Whether a stage opened that nothing can close again."""
    remedies: tuple[str, ...]
    """What is left to do then."""
    holds: tuple[LoggedEvent, ...]
    """Holds that stand."""
    freezes: tuple[LoggedEvent, ...]
    """Freezes that stand."""
    objections: tuple[LoggedEvent, ...]
    """Objections that stand."""
    reviews: tuple[LoggedEvent, ...]
    """Reviews that have not ended."""
    derivatives: tuple[LoggedEvent, ...]
    """Copies and derivatives that were seen elsewhere."""
    incidents: tuple[LoggedEvent, ...]
    """Incidents that are open."""
    clocks: tuple[IncidentPart, ...]
    """What every incident, open or closed, makes due."""
    grants: tuple[LoggedEvent, ...]
    """Grants that are valid."""
    accepted: int
    """Number of events that count."""
    refused: tuple[RefusalPart, ...]
    """Events of the ledger that the rules do not allow; they change nothing."""


class LogDocument(DocumentPart):
    """What ``tiergate release log --json`` prints."""

    format: Literal["tiergate-release-log/1"] = "tiergate-release-log/1"
    """Format and version of this document."""
    events: tuple[LoggedEvent, ...]
    """The events, in order."""


class LedgerProblemPart(DocumentPart):
    """One thing that does not hold."""

    event: int | None
    """The first event that disagrees; null when it is about no single one."""
    found: str
    """What is wrong."""


class LedgerDocument(DocumentPart):
    """What ``tiergate ledger verify --json`` prints."""

    format: Literal["tiergate-ledger-verification/1"] = "tiergate-ledger-verification/1"
    """Format and version of this document."""
    origin: str
    """The ledger's own name."""
    size: int
    """Number of events."""
    root: str
    """Root of their tree, in hexadecimal."""
    heads: int
    """Number of heads that were compared; with none, truncation cannot be seen."""
    first: int | None
    """The first event that disagrees; null when none is known to."""
    problems: tuple[LedgerProblemPart, ...]
    """What does not hold."""
    exit_code: int
    """The exit code of the command."""


class ProofDocument(DocumentPart):
    """What ``tiergate ledger prove`` prints: a proof of RFC 6962."""

    format: Literal["tiergate-proof/1"] = "tiergate-proof/1"
    """Format and version of this document."""
    kind: Literal["inclusion", "consistency"]
    """What is proved."""
    origin: str
    """The ledger's own name."""
    size: int
    """Number of entries in the tree."""
    root: str
    """Its root, in hexadecimal."""
    leaf_index: int | None
    """Index of the leaf, from 0; null in a proof of consistency."""
    leaf_hash: str | None
    """Its hash; null in a proof of consistency."""
    first_size: int | None
    """Number of entries of the earlier tree; null in a proof of inclusion."""
    first_root: str | None
    """Its root; null in a proof of inclusion."""
    path: tuple[str, ...]
    """The hashes of the proof, lowest first."""


def logged(event: Event) -> LoggedEvent:
    """Build an event."""
    return LoggedEvent.model_validate(event)


def status_document(
    release: str, state: ReleaseState, clocks: Iterable[IncidentClocks]
) -> StatusDocument:
    """Build what ``release status`` prints."""
    quorum = state.quorum
    return StatusDocument(
        release=release,
        at=state.at,
        standing=state.standing,
        root_digest=None if state.submitted is None else state.submitted.root_digest,
        decided=state.decided,
        decision_problem=state.decision_problem,
        serves=state.serves,
        stages=tuple(
            StageStatus(
                name=each.stage.name,
                audience=each.stage.audience,
                tier=each.stage.tier,
                opened_at=each.opened_at,
                gates=tuple(GatePart.model_validate(gate) for gate in each.gates),
            )
            for each in state.stages
        ),
        approved_by=() if quorum is None else _events(quorum.approved_by),
        missing=() if quorum is None else quorum.missing,
        is_irreversible=state.is_irreversible,
        remedies=state.remedies,
        holds=_events(state.holds),
        freezes=_events(state.freezes),
        objections=_events(state.objections),
        reviews=_events(state.reviews),
        derivatives=_events(state.derivatives),
        incidents=_events(state.incidents),
        clocks=tuple(map(incident_part, clocks)),
        grants=_events(state.grants),
        accepted=state.accepted,
        refused=tuple(RefusalPart.model_validate(each) for each in state.refused),
    )


def ledger_document(report: LedgerReport, code: int) -> LedgerDocument:
    """Build what ``ledger verify`` prints."""
    return LedgerDocument(
        origin=report.origin,
        size=report.size,
        root=report.root.hex(),
        heads=report.heads,
        first=report.first,
        problems=tuple(LedgerProblemPart.model_validate(each) for each in report.problems),
        exit_code=code,
    )


def _events(events: Iterable[Event]) -> tuple[LoggedEvent, ...]:
    return tuple(map(logged, events))
