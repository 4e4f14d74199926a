# SPDX-License-Identifier: Apache-2.0
"""Does a decision record hold, for this verifier, now, about these files? A value.

Steps, in order, none left out because another failed:

1. The signatures suffice (:mod:`tiergate.attestation.signatures`).
2. The times are in order: decided, recorded, now, lapsed.
3. The record agrees with itself: its subjects and digests are those of its files.
4. The files at hand are those of the record, if there are any: none missing, added,
   renamed or changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tiergate.attestation.signatures import SignatureReport, examine
from tiergate.attestation.trust import Trust
from tiergate.model.manifest import Manifest, difference
from tiergate.release.record import Record, contradictions, manifest_of, subjects_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One step."""

    name: str
    """What is checked."""
    done: bool
    """Whether it was; a directory may not have been given."""
    problems: tuple[str, ...]
    """What does not hold; empty when it does."""
    notes: tuple[str, ...] = ()
    """What was found besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReport:
    """What came of every step."""

    checks: tuple[Check, ...]
    """The steps, in order."""

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the record."""
        return not any(check.problems for check in self.checks)


def examine_record(
    record: Record, trust: Trust, *, now: datetime, found: Manifest | None, weights: str | None
) -> RecordReport:
    """Hold a record against what a verifier believes, the time, and the files at hand.

    Args:
        record: what was read.
        trust: whom the verifier believes.
        now: the verifier's time.
        found: the files at hand; None when none were given.
        weights: their weights digest; None when it was not computed.
    """
    made_at: datetime = record.predicate.made_at
    signatures = examine(record.envelope, trust, signed_at=made_at, now=now)
    return RecordReport(
        checks=(
            _signatures(signatures),
            Check(name="times", done=True, problems=tuple(_times(record, now))),
            Check(name="contents", done=True, problems=tuple(_contents(record))),
            Check(
                name="files",
                done=found is not None,
                problems=() if found is None else tuple(_files(record, found, weights)),
            ),
        )
    )


def _signatures(report: SignatureReport) -> Check:
    problems, notes = [], []
    for finding in report.findings:
        short = finding.key_id[:16] or "without a name"
        signer = finding.signer
        if finding.is_failure:
            problems.append(f"signature {short}: {finding.note}")
        elif signer is None or finding.note:
            notes.append(f"signature {short} does not count: {finding.note}")
        else:
            roles = ", ".join(sorted(signer.roles))
            notes.append(f"signature {short} by {signer.person}, {signer.organisation} ({roles})")
    problems += [
        f"nobody who counts signed as {role}, each role by a person of its own"
        for role in report.missing
    ]
    return Check(name="signatures", done=True, problems=tuple(problems), notes=tuple(notes))


def _times(record: Record, now: datetime) -> Iterator[str]:
    predicate = record.predicate
    if predicate.decision.at > predicate.made_at:
        yield f"decided at {predicate.decision.at}, recorded before that, at {predicate.made_at}"
    if predicate.made_at > now:
        yield f"recorded at {predicate.made_at}, which is after now, {now}"
    if predicate.valid_until <= now:
        yield f"the decision lapsed at {predicate.valid_until}"


def _contents(record: Record) -> Iterator[str]:
    yield from contradictions(record.predicate)
    stated = {s.name: dict(s.digest) for s in record.statement.subjects}
    own = {s.name: dict(s.digest) for s in subjects_of(record.predicate.checkpoint)}
    for name in sorted(stated.keys() | own.keys()):
        if stated.get(name) != own.get(name):
            yield f"subject {name!r} is not what the record says about its checkpoint"


def _files(record: Record, found: Manifest, weights: str | None) -> Iterator[str]:
    if contradictions(record.predicate):
        yield "not compared: the record does not agree with itself"
        return
    changes = difference(manifest_of(record.predicate.checkpoint), found)
    yield from (f"missing: {path}" for path in changes.removed)
    yield from (f"not in the record: {path}" for path in changes.added)
    yield from (f"renamed: {old} -> {new}" for old, new in changes.renamed)
    yield from (f"changed: {path}" for path in changes.changed)
    stated = record.predicate.checkpoint.weights_digest
    if weights is not None and weights != stated:
        yield f"weights digest {weights}, and the record says {stated}"
