# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate lineage --json`` prints, field by field. No number is a floating-point number."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from tiergate.cli.lineage_session import LineageAnswer, ObligationKind
from tiergate.decision.document import DocumentPart
from tiergate.model.lineage.compare import EvidenceKind, LineageOutcome
from tiergate.model.lineage.trace import Traced


class LineageModelPart(DocumentPart):
    """A model that was compared."""

    name: str
    """Name."""
    revision: str | None
    """Commit on a hub; null when not known."""
    weights_digest: str | None
    """Digest over its tensors; null when only samples were read."""
    base_models: tuple[str, ...]
    """Base models that its card claims."""
    licence: str | None
    """Licence that its card claims."""
    notes: tuple[str, ...]
    """What a person should know."""


class LineageEvidencePart(DocumentPart):
    """One test."""

    kind: EvidenceKind
    """Which."""
    found: int
    """How many matched."""
    compared: int
    """Of how many."""
    p_exponent: int
    """The p-value of this test alone is at most 10 to this power."""


class MatrixMatchPart(DocumentPart):
    """Two matrices that match beyond chance."""

    candidate: str
    """Name in the candidate."""
    base: str
    """Name in the base."""
    cosine: str | None
    """Cosine of what was looked at, a decimal; null where it was not compared as a whole."""


class LineageBasePart(DocumentPart):
    """One base."""

    base: LineageModelPart
    """The base."""
    outcome: LineageOutcome
    """Derived or undetermined; never independent."""
    p_exponent: int
    """The p-value is at most 10 to this power, every base that was tried counted in."""
    evidence: tuple[LineageEvidencePart, ...]
    """The tests that could be made."""
    matches: tuple[MatrixMatchPart, ...]
    """Matrices that match beyond chance."""
    candidate_matrices: int
    """Matrices of the candidate that could match."""
    equal_tensors: int
    """Tensors whose bytes both hold."""
    is_copy: bool
    """Whether these are all tensors of both: the same weights, and no child."""
    token_likeness: str | None
    """How alike the tokens' relations are, a decimal; no evidence. Null without shared tokens."""


class ObligationPart(DocumentPart):
    """What follows from a match, or from what the card names."""

    kind: ObligationKind
    """What."""
    base: str
    """From which base; of one that only the card names, as the file of known models has it."""
    words: str
    """In a sentence."""


class LineageDocument(DocumentPart):
    """What ``tiergate lineage --json`` prints."""

    format: Literal["tiergate-lineage/1"] = "tiergate-lineage/1"
    """Format and version of this document."""
    candidate: LineageModelPart
    """The candidate."""
    outcome: LineageOutcome
    """Derived when any base matches, otherwise undetermined."""
    tried: int
    """How many bases the candidate was compared with."""
    bases: tuple[LineageBasePart, ...]
    """Those that were compared in full, strongest first."""
    itself: tuple[str, ...]
    """Bases that are the candidate, by weights and name: no parents, and not counted as tried."""
    left_out: int
    """Bases of the index that look alike and were not compared in full: many others do."""
    obligations: tuple[ObligationPart, ...]
    """What follows from the matches, and from known parents that the card names."""
    sketch: str | None
    """The sketch file that was written; null when none was asked for."""
    evidence: str | None
    """The evidence that was written; null when none was asked for."""
    exit_code: int
    """The exit code of the command."""


def lineage_document(answer: LineageAnswer, evidence: Path | None = None) -> LineageDocument:
    """Build what ``lineage --json`` prints; ``evidence`` is the file that was written."""
    return LineageDocument(
        candidate=LineageModelPart.model_validate(answer.candidate),
        outcome=answer.outcome,
        tried=answer.tried,
        bases=tuple(_base(item) for item in answer.traced),
        itself=tuple(base.name for base in answer.itself),
        left_out=answer.left_out,
        obligations=tuple(ObligationPart.model_validate(item) for item in answer.obligations),
        sketch=None if answer.added is None else str(answer.added),
        evidence=None if evidence is None else str(evidence),
        exit_code=answer.exit_code,
    )


def _base(item: Traced) -> LineageBasePart:
    comparison = item.comparison
    return LineageBasePart(
        base=LineageModelPart.model_validate(comparison.base),
        outcome=item.outcome,
        p_exponent=math.ceil(item.log10_p),
        evidence=tuple(
            LineageEvidencePart(
                kind=evidence.kind,
                found=evidence.found,
                compared=evidence.compared,
                p_exponent=min(0, math.ceil(-evidence.log_e / math.log(10))),
            )
            for evidence in comparison.evidence
        ),
        matches=tuple(
            MatrixMatchPart(
                candidate=match.candidate, base=match.base, cosine=_decimal(match.cosine)
            )
            for match in comparison.matches
        ),
        candidate_matrices=comparison.candidate_matrices,
        equal_tensors=comparison.equal_tensors,
        is_copy=comparison.is_copy,
        token_likeness=None
        if comparison.width is None
        else _decimal(comparison.width.token_likeness),
    )


def _decimal(value: float) -> str | None:
    return None if math.isnan(value) else f"{value:.4f}"
