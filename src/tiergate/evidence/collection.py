# SPDX-License-Identifier: Apache-2.0
"""All evidence about one checkpoint: what is there, what is missing, what is about others.

Evidence that was once registered stays known. If a registered document is no longer
there, the topics it was about cannot be *met* any more: leaving out bad evidence closes
a tier instead of opening it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from tiergate.evidence.assurance import NOBODY, Standing, Vouching
from tiergate.evidence.claim import Claim
from tiergate.evidence.measurement import Counts, Measurement, Variant
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ProducerRelation,
    ReadAs,
    Relation,
    Remark,
    SourceFile,
    maker_called,
)
from tiergate.evidence.runs import PlannedRun, of_claim

_FROM_OUTSIDE = frozenset({ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a decision needs to know about the checkpoint itself."""

    name: str
    """Name for people."""
    root_digest: str
    """Its identity; empty when no weights were read, and then nothing can support a tier."""
    code_files: tuple[str, ...] | None
    """Files and settings in it that make a loader run code, weights in pickle form included.

    None when no files were read.
    """
    output_modalities: frozenset[str]
    """What its architecture can generate; empty when that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDocument:
    """One document: measurements and claims by one producer about one checkpoint."""

    digest: str
    """Digest of the document's bytes, ``sha256:<hex>``; its identity."""
    binding: Binding
    """The tie to a checkpoint."""
    producer: Producer
    """Who made it."""
    read_as: ReadAs
    """Whether the producer's own record was read, or somebody's account of it."""
    source: SourceFile | None
    """The foreign file it was read from; None for documents written by hand."""
    source_url: str
    """Where the facts can be looked up; empty when nowhere public."""
    measurements: tuple[Measurement, ...]
    """In document order."""
    claims: tuple[Claim, ...]
    """In document order."""
    remarks: tuple[Remark, ...]
    """What the reader noticed."""
    unmapped: tuple[str, ...]
    """Tasks and scorers in the source that no mapping entry names."""
    run: str = ""
    """Registered run that this is the log of; empty when it was not registered."""

    @property
    def topics(self) -> frozenset[str]:
        """Metrics and claim items that this document is about."""
        return frozenset(
            [m.metric for m in self.measurements] + [c.item for c in self.claims],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementItem:
    """One measurement with its provenance."""

    id: str
    """``<document digest>#m<index>``."""
    measurement: Measurement
    """What was found."""
    document: EvidenceDocument
    """Where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimItem:
    """One claim with its provenance."""

    id: str
    """``<document digest>#c<index>``."""
    claim: Claim
    """What was stated."""
    document: EvidenceDocument
    """Where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDocument:
    """A line of the register: this document was added for this checkpoint."""

    digest: str
    """Digest of the document."""
    root_digest: str
    """The checkpoint it was added for."""
    topics: frozenset[str]
    """Metrics and claim items it is about."""
    run: str = ""
    """Registered run that it was filed under; empty when none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Evidence about one checkpoint, in an order that does not depend on how it arrived."""

    subject: Subject
    """The checkpoint."""
    documents: tuple[EvidenceDocument, ...]
    """About this checkpoint, or naming no digest at all; sorted by digest, each once."""
    elsewhere: tuple[EvidenceDocument, ...]
    """About another checkpoint by digest: never used, always shown."""
    missing: tuple[RegisteredDocument, ...]
    """Registered for this checkpoint and not there any more."""
    runs: tuple[PlannedRun, ...] = ()
    """Runs registered for this checkpoint before they started."""
    vouching: Vouching = NOBODY
    """Whose signatures on these documents are believed."""

    def standing_of(self, document: EvidenceDocument) -> Standing:
        """Return who vouches for ``document``."""
        return self.vouching.standing_of(document.digest)

    def relation_of(self, document: EvidenceDocument) -> ProducerRelation:
        """Return how its producer stands to the developer of the model.

        That is what the document says, unless it is of the organisation that the trust file
        names as the developer: nobody from there is commissioned or independent.
        """
        stated, developer = document.producer.relation, maker_called(self.vouching.developer)
        if stated not in _FROM_OUTSIDE or not developer or document.producer.maker != developer:
            return stated
        return ProducerRelation.DEVELOPER

    def measurements(self, metric: str) -> tuple[MeasurementItem, ...]:
        """Return every measurement of ``metric``; empty means never measured."""
        return tuple(
            MeasurementItem(id=f"{document.digest}#m{index}", measurement=found, document=document)
            for document in self.documents
            for index, found in enumerate(document.measurements)
            if found.metric == metric
        )

    def run_of(self, item: MeasurementItem) -> PlannedRun | None:
        """Return the registered run that ``item`` is the result of; None when there is none.

        A run counts for the one log that names it, when that log began after the run was
        registered, is of the task that was named, and tried at least what was planned. Where
        a log does not say when it began, its end is all there is to go by.
        """
        found = item.measurement
        for run in of_claim(self.runs, found.metric, found.setting.variant):
            if run.id == item.document.run:
                return run if self._is_result_of(item, run) else None
        return None

    def _is_result_of(self, item: MeasurementItem, run: PlannedRun) -> bool:
        found, document = item.measurement, item.document
        log = "" if document.source is None else document.source.sha256
        others = [
            other
            for other in self.documents
            if other.digest != document.digest
            and other.run
            and other.source is not None
            and other.source.sha256 == log
        ]
        return (
            isinstance(found.value, Counts)
            and found.value.behaviours >= run.behaviours
            and f"{found.task} ".startswith(f"{run.task} ")
            and found.began_at >= run.registered_at
            and sum(other.run == run.id for other in self.documents) == 1
            and not others
            and document.binding.root_digest == self.subject.root_digest
            and document.binding.relation in {Relation.IDENTICAL, Relation.SAFEGUARDS_REMOVED}
            and document.binding.level.rank >= BindingLevel.IMMUTABLE_REVISION.rank
        )

    def unseen_runs(self, metric: str, variant: Variant) -> tuple[PlannedRun, ...]:
        """Return the registered runs of a claim whose results are not here."""
        planned = of_claim(self.runs, metric, variant)
        if not planned:
            return ()
        seen = {
            run.id for item in self.measurements(metric) if (run := self.run_of(item)) is not None
        }
        return tuple(run for run in planned if run.id not in seen)

    def claims(self, item: str) -> tuple[ClaimItem, ...]:
        """Return every claim that answers ``item``; empty means never claimed."""
        return tuple(
            ClaimItem(id=f"{document.digest}#c{index}", claim=found, document=document)
            for document in self.documents
            for index, found in enumerate(document.claims)
            if found.item == item
        )

    def missing_about(self, topic: str) -> tuple[str, ...]:
        """Return the digests of registered documents about ``topic`` that are gone."""
        return tuple(gone.digest for gone in self.missing if topic in gone.topics)


def collect(
    subject: Subject,
    documents: Iterable[EvidenceDocument],
    register: Iterable[RegisteredDocument] = (),
    runs: Iterable[PlannedRun] = (),
    vouching: Vouching = NOBODY,
) -> Collection:
    """Sort evidence by whether it is about ``subject``, and notice what is gone."""
    by_digest = {document.digest: document for document in documents}
    ordered = [by_digest[digest] for digest in sorted(by_digest)]
    own = {"", subject.root_digest}
    gone: dict[str, RegisteredDocument] = {}
    for entry in register:
        if entry.root_digest in own and entry.digest not in by_digest:
            # A later line about the same document can add topics and take none away.
            known = gone.get(entry.digest, entry)
            gone[entry.digest] = dataclasses.replace(known, topics=known.topics | entry.topics)
    return Collection(
        subject=subject,
        documents=tuple(d for d in ordered if d.binding.root_digest in own),
        elsewhere=tuple(d for d in ordered if d.binding.root_digest not in own),
        missing=tuple(gone[digest] for digest in sorted(gone)),
        runs=tuple(run for run in runs if run.root_digest == subject.root_digest),
        vouching=vouching,
    )
