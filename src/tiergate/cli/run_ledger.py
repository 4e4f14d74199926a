# SPDX-License-Identifier: Apache-2.0
"""The run ledger on the command line: registering runs, and which of them are accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tiergate.cli import missing_documents, text
from tiergate.cli.listing import RunPart, RunsDocument
from tiergate.cli.run_reasons import why_not
from tiergate.errors import EvidenceError
from tiergate.evidence.collection import Collection, EvidenceDocument, Subject, collect
from tiergate.evidence.provenance import Remark
from tiergate.evidence.runs import PlannedRun
from tiergate.evidence.store import EvidenceStore


def registered(folder: Path, run: PlannedRun) -> RunsDocument:
    """Register a run before it starts, and list the ledger."""
    added = EvidenceStore(folder).plan(run)
    return listed(folder, added.id)


def listed(folder: Path, added: str = "") -> RunsDocument:
    """List every registered run, and the documents that should name one and do not."""
    store = EvidenceStore(folder)
    documents = store.documents()
    filed = {document.run: document.digest for document in documents if document.run}
    runs = store.runs()
    evidence = {root: _about(root, store) for root in {run.root_digest for run in runs}}
    claims = {(run.root_digest, run.metric, run.variant) for run in runs}
    known = {run.id for run in runs}
    return RunsDocument(
        folder=str(folder),
        added=added,
        runs=tuple(_part(run, filed.get(run.id, ""), evidence[run.root_digest]) for run in runs),
        unregistered=tuple(
            document.digest
            for document in documents
            if document.run not in known
            and any(
                (document.binding.root_digest, m.metric, m.setting.variant) in claims
                for m in document.measurements
            )
        ),
        missing=missing_documents.missing_from(store),
    )


def _part(run: PlannedRun, document: str, evidence: Collection) -> RunPart:
    counts = any(evidence.run_of(item) == run for item in evidence.measurements(run.metric))
    return RunPart(
        id=run.id,
        metric=run.metric,
        variant=run.variant,
        task=run.task,
        behaviours=run.behaviours,
        plan=run.plan,
        registered_at=f"{run.registered_at:%Y-%m-%dT%H:%M:%SZ}",
        document=document,
        counts=counts,
        reason=why_not(run, evidence) if document and not counts else "",
    )


def _about(root_digest: str, store: EvidenceStore) -> Collection:
    subject = Subject(
        name="", root_digest=root_digest, code_files=None, output_modalities=frozenset()
    )
    return collect(subject, store.documents(), runs=store.runs())


def refuse_unknown(run: str, folder: Path) -> None:
    """Refuse a run that is not in the ledger.

    Raises:
        EvidenceError: it is not.
    """
    known = [found.id for found in EvidenceStore(folder).runs()]
    if run and run not in known:
        raise EvidenceError(
            f"--run {run}",
            "no such run",
            f"one of {', '.join(known) or 'none registered'}",
            "Register a run before it starts: tiergate evidence plan",
        )


def remarks(document: EvidenceDocument, folder: Path) -> Iterator[Remark]:
    """Yield what the ledger has to say about a document that is about to be filed."""
    runs = EvidenceStore(folder).runs()
    for found in document.measurements:
        claim = [
            run
            for run in runs
            if run.root_digest == document.binding.root_digest
            and run.metric == found.metric
            and run.variant is found.setting.variant
        ]
        own = next((run for run in claim if run.id == document.run), None)
        if claim and own is None:
            yield Remark(
                code="unregistered-run",
                message=f"{found.metric}: {len(claim)} runs of this claim are registered, and "
                "this log is of none of them.",
            )
        if own is not None and found.began_at < own.registered_at:
            yield Remark(
                code="registered-too-late",
                message=f"{found.metric}: the log began before run {own.id} was registered; it "
                "does not count as registered.",
            )


def lines(found: RunsDocument) -> Iterator[str]:
    """Yield the lines of ``evidence plan`` and ``evidence runs``."""
    yield f"{found.folder}: {text.plural(len(found.runs), 'registered run')}"
    yield from missing_documents.lines(found.missing)
    for run in found.runs:
        state = f"filed as {text.short_digest(run.document)}" if run.document else "NOT SHOWN"
        if run.document and not run.counts:
            state += f", which is NOT the run as registered: {run.reason}"
        mark = "registered now" if run.id == found.added else ""
        words = (run.id, run.metric, run.variant, run.task, run.registered_at, state, mark)
        yield from text.wrapped(text.joined(words), "      ", "  ")
    for digest in found.unregistered:
        yield from text.wrapped(
            f"UNREGISTERED: {text.short_digest(digest)} is about a registered claim and names no "
            "registered run",
            "      ",
            "  ",
        )
    if found.added:
        yield ""
        yield from text.wrapped(
            f"run it now, then: tiergate evidence add LOG --model MODEL --mapping MAPPING "
            f"--run {found.added}",
            "  ",
            keep_words=True,
        )
