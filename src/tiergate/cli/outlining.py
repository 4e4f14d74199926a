# SPDX-License-Identifier: Apache-2.0
"""What an outline is filled from: a model and its evidence now, or a record and evidence beside."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tiergate.cli import clock
from tiergate.cli.evidence_input import gather
from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.export_files import (
    ExportGiven,
    card_at,
    export_source,
    refuse_lapsed,
    source_of_check,
)
from tiergate.cli.json_documents import check_document
from tiergate.cli.judged_input import policy_of
from tiergate.cli.session import Answer, Question
from tiergate.errors import InputError
from tiergate.evidence.store import EvidenceStore
from tiergate.model.card import read_card
from tiergate.report.outline_source import OutlineSource

_CARD = "README.md"
_REFUSED_WHEN_LAPSED = frozenset({"hf-model-card"})


def source_of_answer(answer: Answer, question: Question, code: ExitCode) -> OutlineSource:
    """Return what an outline may say about a decision that was just taken.

    Raises:
        InputError: it is about a name.
    """
    check = check_document(answer, code, digests_from_cache=question.use_cache)
    export = source_of_check(check, question.model)
    card = _card_of(answer)
    return OutlineSource(
        export=export,
        policy=answer.policy,
        documents=answer.evidence.documents,
        not_at_hand=answer.decision.missing,
        card=None if card is None else read_card(card),
        front_matter=card,
    )


def source_of_record(  # noqa: PLR0913 - what the command line gives
    path: str,
    *,
    policy: str | None,
    trust: str | None,
    stores: tuple[str, ...],
    evidence: tuple[str, ...],
    mapping: str | None,
    at: datetime | None,
) -> OutlineSource:
    """Return what an outline may say about a written decision, with the evidence at hand.

    Raises:
        InputError: a file cannot be used, or the policy is another one.
        VerificationError: a record does not hold.
    """
    given = ExportGiven(
        decision=path, check=None, trust=trust, ledger=None, heads=(), now=at or clock.now()
    )
    export = export_source(given)
    decided = policy_of(export.decision, policy)
    if decided.digest != export.decision.policy_digest:
        raise InputError(
            f"policy {decided.id} {decided.version}",
            f"digest {decided.digest}",
            f"the policy that decided, with digest {export.decision.policy_digest}",
            "Give the file that was used.",
        )
    gathered = gather([EvidenceStore(Path(each)) for each in stores], evidence, mapping)
    used = set(export.decision.used)
    documents = {found.digest: found for found in gathered.documents if found.digest in used}
    return OutlineSource(
        export=export,
        policy=decided,
        documents=tuple(documents[digest] for digest in sorted(documents)),
        not_at_hand=(*sorted(used - documents.keys()), *export.decision.missing),
        card=None,
        front_matter=None,
    )


def refuse_if_lapsed(source: OutlineSource, form: str, at: datetime | None) -> None:
    """Refuse what is published beside the weights when the decision has lapsed.

    Raises:
        VerificationError: it has.
    """
    if form in _REFUSED_WHEN_LAPSED:
        refuse_lapsed(source.export, at or clock.now())


def _card_of(answer: Answer) -> bytes | None:
    checkpoint = answer.checkpoint
    if checkpoint is None or not checkpoint.path.is_dir():
        return None
    names = {entry.path for entry in checkpoint.manifest.entries}
    return card_at(checkpoint.path / _CARD) if _CARD in names else None
