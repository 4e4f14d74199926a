# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate export`` is given: a decision or a record, and what is known besides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import rfc8785

from tiergate.attestation.signatures import examine
from tiergate.attestation.trust import Trust
from tiergate.cli.json_documents import CheckDocument, CheckpointPart
from tiergate.cli.record_files import decision_or_record_at, recorded_checkpoint
from tiergate.cli.release_acting import read_ledger
from tiergate.decision.document import DecisionPart
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.small_file import read_small_file
from tiergate.release.bodies import Approved, Matter
from tiergate.release.entering import payload_digest
from tiergate.release.events import Event
from tiergate.release.record import Record, contradictions, lapses_at
from tiergate.release.record_checks import examine_record
from tiergate.release.record_document import RecordPredicate
from tiergate.release.state import facts_of
from tiergate.release.trust_file import load_trust
from tiergate.report.export_source import ExportSource, ModelFacts, Person, Standing

LONGEST_CARD = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportGiven:
    """What every export is given on the command line."""

    decision: str
    """Path of a decision or of a record."""
    check: str | None
    """Path of a decision from which more is known of the same checkpoint."""
    trust: str | None
    """Path of a trust file; None when signatures are not to be verified."""
    ledger: str | None
    """A ledger with approvals; None when none is looked at."""
    heads: tuple[str, ...]
    """Folders of heads of that ledger; empty for the one beside it."""
    now: datetime
    """The time of verifying."""


def export_source(given: ExportGiven) -> ExportSource:
    """Read everything that an export may say.

    Raises:
        InputError: a file cannot be used, or belongs to something else.
        VerificationError: the record or the ledger does not hold.
    """
    read = decision_or_record_at(Path(given.decision))
    if isinstance(read, CheckDocument):
        if given.trust is not None or given.ledger is not None:
            expected = "a record, where --trust or --ledger is given"
            raise InputError(given.decision, "a decision, which has no signatures", expected)
        return source_of_check(read, given.decision)
    return _of_record(read, given)


def refuse_lapsed(source: ExportSource, now: datetime) -> None:
    """Refuse to publish a decision that has lapsed.

    Raises:
        VerificationError: it has.
    """
    if now >= source.valid_until:
        found = f"a decision that lapsed on {source.valid_until:%Y-%m-%d %H:%M} UTC"
        raise VerificationError("decision", found, "one that is valid", "Decide anew.")


def source_of_check(check: CheckDocument, where: str) -> ExportSource:
    """Return what an export may say about a decision that nobody signed.

    Raises:
        InputError: it is about a name, or does not agree with itself.
    """
    predicate = RecordPredicate(
        made_at=check.decision.at,
        valid_until=lapses_at(check.decision),
        checkpoint=recorded_checkpoint(check, where),
        decision=check.decision,
        inputs=check.inputs,
    )
    for problem in contradictions(predicate):
        raise InputError(where, problem, "what tiergate check printed")
    return ExportSource(
        decision=check.decision,
        checkpoint=predicate.checkpoint,
        facts=_facts(check.checkpoint),
        digest=_decision_digest(check.decision),
        valid_until=predicate.valid_until,
        standing=Standing.UNSIGNED,
        key_ids=(),
        signers=(),
        approvals=None,
    )


def _of_record(record: Record, given: ExportGiven) -> ExportSource:
    predicate = record.predicate
    for problem in contradictions(predicate):
        raise VerificationError(given.decision, problem, "a record that agrees with itself")
    trust = None if given.trust is None else load_trust(Path(given.trust))
    signers = () if trust is None else tuple(_verified(record, trust, given.now))
    return ExportSource(
        decision=predicate.decision,
        checkpoint=predicate.checkpoint,
        facts=_facts_beside(record, given.check),
        digest=payload_digest(record),
        valid_until=predicate.valid_until,
        standing=Standing.NOT_VERIFIED if trust is None else Standing.VERIFIED,
        key_ids=tuple(sorted({made.key_id for made in record.envelope.signatures})),
        signers=signers,
        approvals=_approvals(record, given),
    )


def _verified(record: Record, trust: Trust, now: datetime) -> Iterator[Person]:
    report = examine_record(record, trust, now=now, found=None, weights=None)
    problems = [problem for check in report.checks for problem in check.problems]
    if problems:
        raise VerificationError("record", "; ".join(problems), "a record that holds")
    made_at: datetime = record.predicate.made_at
    for finding in examine(record.envelope, trust, signed_at=made_at, now=now).findings:
        signer = finding.signer
        if signer is not None and not finding.note:
            yield Person(
                name=signer.person,
                organisation=signer.organisation,
                role=", ".join(sorted(signer.roles)),
                what="signed the record",
            )


def _approvals(record: Record, given: ExportGiven) -> tuple[Person, ...] | None:
    if given.ledger is None:
        return None
    if given.trust is None:
        remedy = "Give the trust file with --trust."
        raise InputError("--ledger", "no trust file", "whose events are believed", remedy)
    events = read_ledger(given.ledger, given.trust, given.heads)
    names = dict.fromkeys(event.release for event in events)
    standing = (
        event
        for name in names
        for event in facts_of(e for e in events if e.release == name).approvals
    )
    return tuple(_approval(event) for event in standing if _approves(event, record))


def _approves(event: Event, record: Record) -> bool:
    body = event.body
    if not isinstance(body, Approved) or body.matter is not Matter.RELEASE:
        return False
    return body.decision == payload_digest(record)


def _approval(event: Event) -> Person:
    return Person(
        name=event.person,
        organisation=event.organisation,
        role=event.role,
        what=f"approved the release in event {event.sequence} of its ledger",
    )


def _facts_beside(record: Record, path: str | None) -> ModelFacts | None:
    if path is None:
        return None
    check = decision_or_record_at(Path(path))
    if not isinstance(check, CheckDocument):
        raise InputError(path, "a record", "what tiergate check --json printed")
    if recorded_checkpoint(check, path).files != record.predicate.checkpoint.files:
        found = "a decision about other files than those of the record"
        raise InputError(path, found, "one about the same checkpoint")
    return _facts(check.checkpoint)


def _facts(part: CheckpointPart | None) -> ModelFacts:
    names = ("parameter_count", "dtypes", "weights_formats", "architectures", "licences")
    plain = {name: getattr(part, name) for name in (*names, "base_models")}
    return ModelFacts(**plain)


def _decision_digest(decision: DecisionPart) -> str:
    data: bytes = rfc8785.dumps(cast("dict[str, None]", decision.model_dump(mode="json")))
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def card_at(path: Path) -> bytes:
    """Read a model card.

    Raises:
        InputError: there is no such file, or it is too large.
    """
    try:
        return read_small_file(path, LONGEST_CARD)
    except OSError as error:
        raise InputError(str(path), f"no file ({error.strerror})", "a model card") from None


def printable(data: bytes) -> str:
    """Return what can be printed of a file.

    Raises:
        InputError: it is not UTF-8, and printing would change it.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        remedy = "Give a file with --output."
        raise InputError("model card", "text that is not UTF-8", "UTF-8 to print", remedy) from None
