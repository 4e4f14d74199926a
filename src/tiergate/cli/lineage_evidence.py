# SPDX-License-Identifier: Apache-2.0
"""What a search for parents found, as evidence that a policy can ask about.

It says how many bases were looked at, and how many parents were found that oblige to something.
A parent that was found grants nothing, and none found shows nothing: all that a policy can ask
is that the search was made, and that nothing of what it found is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tiergate.attestation.new_file import write_new_file
from tiergate.cli import text
from tiergate.cli.lineage_known import KnownModelsFile, read_known
from tiergate.cli.lineage_session import LineageAnswer, LineageRequest, ObligationKind
from tiergate.cli.session import refuse_inside
from tiergate.decision.tier import Tier
from tiergate.errors import EvidenceError
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conversion import write_document
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ReadAs,
    Relation,
    Remark,
)
from tiergate.model.checkpoint import Checkpoint, identify
from tiergate.model.lineage.sketch import Sketch
from tiergate.model.lineage.sketch_file import SUFFIX

ITEM = "lineage"
"""Evidence item that the claim answers."""


def write_evidence(
    path: Path, found: LineageAnswer, request: LineageRequest, maker: Producer, at: datetime
) -> Path:
    """Write what was found about the candidate to a new file.

    Raises:
        EvidenceError: nothing was compared, or it is not known of which checkpoint the weights
            are that were looked at.
        InputError: there is a file already, or it would become part of the checkpoint.
    """
    if not found.tried:
        raise EvidenceError(
            str(path), "a search without a base", "one base at least", "Name one, or give --index."
        )
    checkpoint = _checkpoint(found, request)
    refuse_inside(checkpoint, path)
    known = None if request.known is None else read_known(request.known)
    document = evidence_of(found, known, checkpoint, maker, at=at)
    write_new_file(path, write_document(document))
    return path


def _checkpoint(found: LineageAnswer, request: LineageRequest) -> Checkpoint:
    """Identify the candidate, and see that its weights are those that were looked at."""
    where, looked_at = request.candidate, found.candidate.weights_digest
    if where.endswith(SUFFIX) or not Path(where).exists() or looked_at is None:
        raise EvidenceError(
            where,
            "a sketch, samples, or a model on a hub",
            "weights on this machine, read in full",
            "Evidence is about every byte: download the model, and leave out --samples-only.",
        )
    checkpoint = identify(where, revision=request.revision, with_weights_digest=True)
    if checkpoint.weights_digest != looked_at:
        raise EvidenceError(
            where,
            f"a checkpoint with weights {checkpoint.weights_digest}, of which {looked_at} were"
            " looked at",
            "one set of weights, which nobody changes",
            "Give the path of one set.",
        )
    return checkpoint


def evidence_of(
    found: LineageAnswer,
    known: KnownModelsFile | None,
    checkpoint: Checkpoint,
    maker: Producer,
    *,
    at: datetime,
) -> EvidenceDocument:
    """Return the evidence document of a search.

    Args:
        found: what the search found.
        known: tiers that parents may have, where they are known.
        checkpoint: the candidate.
        maker: who searched.
        at: when.
    """
    return EvidenceDocument(
        digest="",
        binding=Binding(
            level=BindingLevel.DIGEST_AT_LOAD,
            relation=Relation.IDENTICAL,
            name=checkpoint.name,
            root_digest=checkpoint.root_digest,
        ),
        producer=maker,
        read_as=ReadAs.PRIMARY,
        source=None,
        source_url="",
        measurements=(),
        claims=(_claim(found, known, at),),
        remarks=tuple(_remarks(found)),
        unmapped=(),
    )


def _claim(found: LineageAnswer, known: KnownModelsFile | None, at: datetime) -> Claim:
    fields = dict(_fields(found, known))
    undeclared = fields["undeclared_parents"]
    bases = text.plural(found.tried, "base")
    parents = text.plural(len(found.derived), "parent")
    return Claim(
        item=ITEM,
        holds=not undeclared,
        statement=f"Held against {bases}: {parents} found, {undeclared} of them undeclared. "
        "What was not found may still be there, and what was found grants nothing.",
        fields=tuple(ClaimField(name=n, value=v) for n, v in sorted(fields.items())),
        made_at=at,
    )


def _fields(found: LineageAnswer, known: KnownModelsFile | None) -> Iterator[tuple[str, int]]:
    yield "bases_compared", found.tried
    yield "bases_left_out", found.left_out
    yield "parents_found", len(found.derived)
    for name, kind in (
        ("undeclared_parents", ObligationKind.UNDECLARED),
        ("parents_with_another_licence", ObligationKind.LICENCE),
    ):
        yield name, sum(obligation.kind is kind for obligation in found.obligations)
    tiers = [_tier(item.comparison.base, known) for item in found.derived]
    yield "parents_of_unknown_tier", tiers.count(None)
    # A parent that the card names holds whether or not the weights show it.
    tiers += [model.tier for model in found.declared]
    # What the model itself may be is no more to be passed over than what a parent may be.
    tiers += [_tier(base, known) for base in found.itself[:1]]
    for tier in list(Tier)[1:]:
        below = sum(own is not None and own.rank < tier.rank for own in tiers)
        yield f"parents_held_below_{tier.lower()}", below


def _tier(base: Sketch, known: KnownModelsFile | None) -> Tier | None:
    model = None if known is None else known.find(base.name, base.weights_digest)
    return None if model is None else model.tier


def _remarks(found: LineageAnswer) -> Iterator[Remark]:
    for item in found.obligations:
        words = f"{item.words}."
        match item.kind:
            case ObligationKind.UNDECLARED:
                # Begins with "the card", and the others with a name.
                yield Remark(code="undeclared-parent", message=f"T{words[1:]}")
            case ObligationKind.TIER:
                yield Remark(code="parent-held-lower", message=words)
            case ObligationKind.LICENCE:
                yield Remark(code="parent-under-another-licence", message=words)
    if not found.derived:
        message = (
            f"None of {text.plural(found.tried, 'base')} was found in the weights. That is no sign"
            " of independence: they can be rotated, retrained or distilled without a trace."
        )
        yield Remark(code="lineage-undetermined", message=message)
