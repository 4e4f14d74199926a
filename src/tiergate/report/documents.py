# SPDX-License-Identifier: Apache-2.0
"""Claims and the documents that hold the evidence, as rows in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tiergate.decision.decision import Decision
from tiergate.evidence.claim import ClaimField
from tiergate.evidence.collection import Collection, EvidenceDocument
from tiergate.evidence.provenance import Binding
from tiergate.report.facts import LogPlace
from tiergate.report.inspect_view import InspectView, view_of
from tiergate.report.ledger import not_shown
from tiergate.report.measured import ordered
from tiergate.report.wording import day, maker_words, many


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One claim in words."""

    id: str
    """Id of the claim."""
    number: int
    """Number on the page, from 1."""
    item: str
    """What it answers."""
    holds: bool
    """Whether the claimant says that it holds."""
    statement: str
    """The claim."""
    fields: tuple[tuple[str, str], ...]
    """Named details."""
    made_by: str
    """Who stated it."""
    standing: str
    """How they stand to the developer, and how the fact was read."""
    date: str
    """When it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One document in words."""

    number: int
    """Number among the documents of its kind, from 1."""
    name: str
    """The file it was read from, or who made it when it was written by hand."""
    digest: str
    """Digest of the document."""
    holds: str
    """How many measurements and claims it holds."""
    facts: tuple[tuple[str, str], ...]
    """Maker, tie to the weights, and the file it was read from, as label and text."""
    url: str
    """Where the facts can be looked up; empty when nowhere public."""
    remarks: tuple[tuple[str, str], ...]
    """What the reader noticed, as code and message."""
    unmapped: tuple[str, ...]
    """What no mapping entry names, and so was not used."""
    view: InspectView | None
    """How to open its log in Inspect View; None when it has no such log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRow:
    """A registered document that is gone."""

    digest: str
    """Its digest."""
    topics: str
    """What it was about."""


def claim_rows(evidence: Collection) -> tuple[ClaimRow, ...]:
    """Return every claim: by item, then id."""
    found = sorted(
        (claim.item, f"{document.digest}#c{index}", document, claim)
        for document in evidence.documents
        for index, claim in enumerate(document.claims)
    )
    return tuple(
        ClaimRow(
            id=name,
            number=number,
            item=item,
            holds=claim.holds,
            statement=claim.statement,
            fields=tuple((field.name, _value(field)) for field in claim.fields),
            made_by=maker_words(document),
            standing=f"{document.producer.relation}; {document.read_as}",
            date=day(claim.made_at),
        )
        for number, (item, name, document, claim) in enumerate(found, start=1)
    )


def _value(field: ClaimField) -> str:
    if isinstance(field.value, bool):
        return "yes" if field.value else "no"
    return str(field.value) or "(nothing stated)"


def document_rows(
    documents: tuple[EvidenceDocument, ...], logs: tuple[LogPlace, ...] = ()
) -> tuple[DocumentRow, ...]:
    """Return documents in words, in their order; ``logs`` are those that were found."""
    return tuple(
        DocumentRow(
            number=number,
            name=document.source.file_name if document.source else maker_words(document),
            digest=document.digest,
            holds=_contents(document),
            facts=tuple((label, text) for label, text in _facts(document) if text),
            url=document.source_url or (document.source.url if document.source else ""),
            remarks=tuple((remark.code, remark.message) for remark in document.remarks),
            unmapped=document.unmapped,
            view=view_of(document.source, logs),
        )
        for number, document in enumerate(documents, start=1)
    )


def _contents(document: EvidenceDocument) -> str:
    parts = ((len(document.measurements), "measurement"), (len(document.claims), "claim"))
    return ", ".join(many(number, word) for number, word in parts if number) or "nothing"


def _facts(document: EvidenceDocument) -> Iterator[tuple[str, str]]:
    relation = f"{document.producer.relation}; {document.read_as}"
    yield "made by", f"{maker_words(document)} ({relation})"
    yield from _tie(document.binding)
    if document.source is not None:
        yield "file", f"{document.source.file_name} ({document.source.size_bytes} bytes)"
        yield "digest of the file", document.source.sha256
        yield "tool", document.source.tool or "not stated"
        yield "read by", f"{document.source.reader} as {document.source.format}"
        yield "read of it", ", ".join(document.source.read)
        yield "not looked at", ", ".join(document.source.left_out)
    yield "registered run", document.run


def _tie(binding: Binding) -> Iterator[tuple[str, str]]:
    yield "tied to the weights", f"{binding.level}; {binding.relation}"
    yield "model, as the source says", f"{binding.name} {binding.revision}".strip()
    yield "checkpoint", binding.root_digest or "no digest named"
    yield "weights that ran", binding.measured_digest


def missing_rows(evidence: Collection) -> tuple[MissingRow, ...]:
    """Return registered documents that are gone."""
    return tuple(
        MissingRow(digest=gone.digest, topics=", ".join(sorted(gone.topics)))
        for gone in evidence.missing
    )


def references(evidence: Collection) -> Mapping[str, tuple[str, str]]:
    """Return the anchor and the name on the page of each measurement and claim, by id."""
    found = {
        item.id: (f"measurement-{number}", f"measurement {number}")
        for number, item in enumerate(ordered(evidence), start=1)
    }
    for row in claim_rows(evidence):
        found[row.id] = (f"claim-{row.number}", f"claim {row.number}")
    return found


def looked_at(
    used: tuple[str, ...], places: Mapping[str, tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return anchor and name of the evidence ``used``, in the order of the page, each once.

    What the page does not number comes last, under its id and without an anchor.
    """
    order = {item: number for number, item in enumerate(places)}
    known = sorted({item for item in used if item in places}, key=order.__getitem__)
    others = sorted({item for item in used if item not in places})
    return (*(places[item] for item in known), *(("", item) for item in others))


def evidence_counts(decision: Decision, evidence: Collection) -> str:
    """Say in one line how much evidence there is, and of which kind."""
    measured = sum(len(document.measurements) for document in evidence.documents)
    claimed = sum(len(document.claims) for document in evidence.documents)
    findings = sum(len(document.remarks) for document in evidence.documents)
    unseen = not_shown(evidence)
    parts = (
        many(len(evidence.documents), "document"),
        many(measured, "measurement"),
        many(claimed, "claim"),
        many(findings, "finding") if findings else "",
        f"{many(unseen, 'registered run')} not shown as registered" if unseen else "",
        f"{len(decision.elsewhere)} about other checkpoints" if decision.elsewhere else "",
        f"{len(decision.missing)} gone" if decision.missing else "",
    )
    return ", ".join(part for part in parts if part)
