# SPDX-License-Identifier: Apache-2.0
"""Decision records: a decision as a statement about every file of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from tiergate.attestation.envelope import Envelope
from tiergate.attestation.statement import Statement, Subject, read_statement
from tiergate.decision.document import DecisionPart, InputsPart
from tiergate.errors import InputError, VerificationError
from tiergate.model.files import FileRole
from tiergate.model.manifest import Manifest, ManifestEntry
from tiergate.release.record_document import RecordedCheckpoint, RecordPredicate

PREDICATE_TYPE = "https://tiergate.dev/release-decision/v1"
WHOLE_CHECKPOINT = "urn:tiergate:checkpoint"
"""Name of the subject that has the digests of the whole: no file can have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it was read. Nothing about its signatures is known."""

    envelope: Envelope
    """The bytes, and the signatures over them."""
    statement: Statement
    """The same as a statement."""
    predicate: RecordPredicate
    """What it states."""


def make_record(
    checkpoint: RecordedCheckpoint,
    decision: DecisionPart,
    inputs: InputsPart,
    *,
    made_at: datetime,
) -> Statement:
    """Make the statement that is to be signed.

    Raises:
        InputError: the decision is dated later than ``made_at``, has lapsed by then, or is about
            other weights.
    """
    if decision.at > made_at:
        raise InputError(
            "decision",
            f"a time after now ({decision.at:%Y-%m-%d %H:%M} UTC)",
            f"one before {made_at:%Y-%m-%d %H:%M} UTC",
            "Sign it when its time has come.",
        )
    valid_until = lapses_at(decision)
    if valid_until <= made_at:
        raise InputError(
            "decision",
            f"one that lapsed on {valid_until:%Y-%m-%d %H:%M} UTC",
            f"one that still counts on {made_at:%Y-%m-%d %H:%M} UTC",
            "Run tiergate check again, and sign what it decides.",
        )
    predicate = RecordPredicate(
        made_at=made_at,
        valid_until=valid_until,
        checkpoint=checkpoint,
        decision=decision,
        inputs=inputs,
    )
    problems = contradictions(predicate)
    if problems:
        raise InputError("decision", problems[0], "what tiergate check printed", "Run it again.")
    return statement_of(predicate)


def statement_of(predicate: RecordPredicate) -> Statement:
    """Return what is signed; equal predicates give equal bytes."""
    return Statement(
        subjects=subjects_of(predicate.checkpoint),
        predicate_type=PREDICATE_TYPE,
        predicate=predicate.model_dump(mode="json"),
    )


def read_record(envelope: Envelope, where: str) -> Record:
    """Read the record in an envelope, whoever signed it.

    Raises:
        VerificationError: it is a statement of another kind, or does not follow the format.
    """
    statement = read_statement(envelope, where)
    if statement.predicate_type != PREDICATE_TYPE:
        found = f"a statement of type {statement.predicate_type!r}"
        raise VerificationError(where, found, PREDICATE_TYPE)
    try:
        predicate = RecordPredicate.model_validate(statement.predicate)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in ("predicate", *first["loc"]))
        raise VerificationError(f"{where}: {place}", first["msg"], "a decision record") from None
    return Record(envelope=envelope, statement=statement, predicate=predicate)


def subjects_of(checkpoint: RecordedCheckpoint) -> tuple[Subject, ...]:
    """Return every file by its SHA-256, and the checkpoint by the digests of the whole.

    The digests of the whole have algorithms of their own: no tool can take them for those
    of a file.
    """
    whole = {"tiergateRootDigest": checkpoint.root_digest.removeprefix("sha256:")}
    if checkpoint.weights_digest is not None:
        whole["tiergateWeightsDigest"] = checkpoint.weights_digest.removeprefix("sha256:")
    files = (
        Subject(name=file.path, digest={"sha256": file.sha256.removeprefix("sha256:")})
        for file in checkpoint.files
    )
    every = (*files, Subject(name=WHOLE_CHECKPOINT, digest=whole))
    return tuple(sorted(every, key=lambda subject: subject.name.encode()))


def manifest_of(checkpoint: RecordedCheckpoint) -> Manifest:
    """Return the manifest that the record states.

    Raises:
        InputError: a path stands twice, or a role is unknown.
    """
    try:
        entries = tuple(
            ManifestEntry(
                path=file.path,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                role=FileRole(file.role),
            )
            for file in checkpoint.files
        )
    except ValueError as error:
        raise InputError("manifest", str(error), "a known role") from None
    return Manifest(entries)


def lapses_at(decision: DecisionPart) -> datetime:
    """Return when a decision lapses.

    That is after the days that the policy gives the supported tier, or when the first
    waiver ends that changed an outcome, whichever is earlier; at once without such days.
    """
    tiers = [tier for tier in decision.tiers if tier.tier is decision.supported]
    days = [
        float(condition.number.value)
        for tier in tiers
        for condition in tier.conditions
        if condition.kind == "expiry" and condition.number is not None
    ]
    at: datetime = decision.at
    ends: list[datetime] = [waiver.expires_at for waiver in decision.waivers]
    try:
        end = at + timedelta(days=min(days, default=0.0))
    except OverflowError:
        # No policy says so; whoever wrote it into a record gains nothing by it.
        end = at
    return min((end, *ends))


def contradictions(predicate: RecordPredicate) -> tuple[str, ...]:
    """Say where a record does not agree with itself; empty when it does."""
    checkpoint, decision = predicate.checkpoint, predicate.decision
    try:
        root = manifest_of(checkpoint).root_digest
    except InputError as error:
        return (f"{error.where} with {error.found}",)
    found = []
    if root != checkpoint.root_digest:
        found.append(f"files of which the root digest is {root}, not {checkpoint.root_digest}")
    if decision.root_digest != checkpoint.root_digest:
        found.append(f"a decision about {decision.root_digest}, not {checkpoint.root_digest}")
    if predicate.valid_until != lapses_at(decision):
        found.append(f"an end that is not that of the decision, {lapses_at(decision)}")
    return tuple(found)
