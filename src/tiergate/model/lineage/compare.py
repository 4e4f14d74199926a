# SPDX-License-Identifier: Apache-2.0
"""One candidate against one base: every test, one p-value, and what it is about.

The outcome is *derived* or *undetermined*. There is no third: weights can be disguised at no
cost to what they can do, so that nothing found is no sign of independence. Nor does a match
say who came first: the base may descend from the candidate, or both from a third.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tiergate.errors import InputError
from tiergate.model.lineage.evidence import log_e_fixed_points, log_mean
from tiergate.model.lineage.fixed_points import Numbers, PairTable, pair_table
from tiergate.model.lineage.matrices import kind_of, layer_of
from tiergate.model.lineage.repeats import copies_among, independent_pairs
from tiergate.model.lineage.signs import WidthMatch, match_width
from tiergate.model.lineage.sketch import Rounded, Sketch, SketchedMatrix

LARGEST_P = 1e-6
"""A match is *derived* when chance gives one like it with at most this probability, everything
that was tried counted in. It is the error rate of the whole command, not of one test."""
_SAMPLE_BITS = 128
_TESTS = 6


class LineageOutcome(StrEnum):
    """What is known of whether a candidate descends from a base."""

    DERIVED = "derived"
    UNDETERMINED = "undetermined"


class EvidenceKind(StrEnum):
    """What a piece of evidence consists of."""

    COPIED = "copied matrices"
    MATRICES = "matrices as they are"
    LAYERS = "all layers in their order"
    WIDTH = "vocabulary as it is"
    WIDTH_MOVED = "vocabulary after undoing a permutation"
    ROWS_MOVED = "rows found at other places"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEvidence:
    """One test of one base."""

    kind: EvidenceKind
    """Which."""
    log_e: float
    """Logarithm of its e-value, for this base alone."""
    found: int
    """How many matched."""
    compared: int
    """Of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixMatch:
    """One matrix of the candidate and the matrix of the base that it matches."""

    candidate: str
    """Name in the candidate."""
    base: str
    """Name in the base."""
    cosine: float
    """Cosine of the two on the rows and columns that were looked at."""
    log_e: float
    """Logarithm of the pair's e-value, divided by the number of pairs tried."""

    @property
    def layers(self) -> tuple[int | None, int | None]:
        """Number of the layer in the candidate and in the base."""
        return layer_of(self.candidate), layer_of(self.base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What comparing a candidate with one base gave."""

    base: Sketch
    """The base."""
    evidence: tuple[LineageEvidence, ...]
    """Every test that could be made."""
    matches: tuple[MatrixMatch, ...]
    """Matrices that match beyond chance, each with its best partner, in the candidate's order."""
    equal_tensors: int
    """Tensors of the candidate whose bytes the base holds too, norms and constants included."""
    is_copy: bool
    """Whether both hold the same tensors, every one equal to the byte, and nothing else."""
    candidate_matrices: int
    """Matrices of the candidate that could be evidence."""
    width: WidthMatch | None
    """How the vocabularies compare; None where they share no tokens."""

    @property
    def log_e(self) -> float:
        """Logarithm of the e-value of all tests together."""
        return combined(self.evidence)


def compare(candidate: Sketch, base: Sketch) -> Comparison:
    """Compare two sketches.

    Raises:
        InputError: they were drawn with different keys.
    """
    if candidate.key != base.key:
        raise InputError(
            base.name,
            "a sketch that was drawn with another key",
            "sketches of one key",
            "Draw it again with the key of the candidate.",
        )
    table = pair_table(candidate.matrices, base.matrices, candidate.key)
    width = _best_width(candidate, base)
    evidence = [
        _copied(candidate, base),
        LineageEvidence(
            kind=EvidenceKind.MATRICES,
            log_e=table.log_mean_e,
            found=len(significant(table)),
            compared=sum(matrix.counts for matrix in candidate.matrices),
        ),
        *_layers(candidate, base, table),
        *_width_evidence(width),
    ]
    return Comparison(
        base=base,
        evidence=tuple(evidence),
        matches=_matches(candidate, base, table),
        equal_tensors=_equal_tensors(candidate, base),
        is_copy=same_bytes(candidate, base),
        candidate_matrices=sum(matrix.counts for matrix in candidate.matrices),
        width=width,
    )


def combined(evidence: Iterable[LineageEvidence]) -> float:
    """Return the logarithm of the mean e-value of tests of one base.

    All six kinds are counted, made or not, so that whether one was made changes no other.
    """
    logs = [item.log_e for item in evidence]
    return log_mean(logs, count=_TESTS)


def log10_p(log_e: float, tried: int) -> float:
    """Return the decimal logarithm of the p-value of the best of ``tried`` bases, at most 0."""
    return float(min(0.0, (np.log(max(tried, 1)) - log_e) / np.log(10)))


def _copied(candidate: Sketch, base: Sketch) -> LineageEvidence:
    ours = [matrix for matrix in candidate.matrices if matrix.counts]
    theirs = {matrix.sample for matrix in base.matrices if matrix.counts}
    found = sum(matrix.sample in theirs for matrix in ours)
    pairs = max(1, len(ours) * len(theirs))
    log_e = _SAMPLE_BITS * np.log(2) - np.log(pairs) if found else 0.0
    return LineageEvidence(
        kind=EvidenceKind.COPIED, log_e=float(log_e), found=found, compared=len(ours)
    )


def significant(table: PairTable) -> dict[int, int]:
    """Return the best base matrix of each candidate matrix that has one beyond chance."""
    found = {}
    limit = np.log(max(table.pairs, 1)) - np.log(LARGEST_P)
    for number, row in enumerate(table.log_e):
        if row.size and row.max() > limit:
            best = np.flatnonzero(row == row.max())
            # Copies of a layer match equally well; the one at the same place is the natural one.
            found[number] = int(best[np.abs(best - number).argmin()])
    return found


def _matches(candidate: Sketch, base: Sketch, table: PairTable) -> tuple[MatrixMatch, ...]:
    limit = np.log(max(table.pairs, 1))
    return tuple(
        MatrixMatch(
            candidate=candidate.matrices[ours].name,
            base=base.matrices[theirs].name,
            cosine=_cosine(candidate.matrices[ours], base.matrices[theirs]),
            log_e=float(table.log_e[ours, theirs] - limit),
        )
        for ours, theirs in significant(table).items()
    )


def _cosine(one: SketchedMatrix, other: SketchedMatrix) -> float:
    if one.patch.shape != other.patch.shape or one.rows != other.rows:
        return float("nan")
    left, right = one.patch.astype(np.float64).ravel(), other.patch.astype(np.float64).ravel()
    size = np.sqrt((left @ left) * (right @ right))
    return float(left @ right / size) if size > 0 else 0.0


def _layers(candidate: Sketch, base: Sketch, table: PairTable) -> list[LineageEvidence]:
    """Add up matches over the layers of one kind, where both models have the same ones.

    Only units that belong to one layer are counted, not those of the width: their orders are
    independent from layer to layer, so that e-values multiply. A layer that both models repeat
    counts once.
    """
    logs, found, compared = [], 0, 0
    theirs = _by_kind(base.matrices)
    for kind, ours in _by_kind(candidate.matrices).items():
        others = theirs.get(kind, [])
        side = _own_side(candidate.matrices[ours[0]], candidate.width)
        if len(ours) < 2 or len(ours) != len(others) or side is None:
            continue
        counts = (table.row_matches if side == "rows" else table.column_matches)[ours, others]
        if (counts < 0).any():
            continue
        copies = (
            copies_among([_units(matrices[number].patch, side) for number in chosen])
            for matrices, chosen in ((candidate.matrices, ours), (base.matrices, others))
        )
        counts = counts[independent_pairs(*copies)]
        logs.append(float(log_e_fixed_points(int(counts.sum()), len(counts))))
        found, compared = found + int(counts.sum()), compared + 32 * len(counts)
    if not logs:
        return []
    return [
        LineageEvidence(
            kind=EvidenceKind.LAYERS, log_e=log_mean(logs), found=found, compared=compared
        )
    ]


def _units(patch: Rounded, side: str) -> Numbers:
    return np.asarray(patch if side == "rows" else patch.T, dtype=np.float32)


def _by_kind(matrices: Sequence[SketchedMatrix]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, matrix in enumerate(matrices):
        if matrix.counts and layer_of(matrix.name) is not None:
            found.setdefault(kind_of(matrix.name), []).append(number)
    return found


def _own_side(matrix: SketchedMatrix, width: int) -> str | None:
    """Return the side whose units belong to one layer alone; None when both or none may."""
    if (matrix.rows == width) == (matrix.columns == width):
        return None
    return "columns" if matrix.rows == width else "rows"


def _best_width(candidate: Sketch, base: Sketch) -> WidthMatch | None:
    """Compare embeddings with embeddings and outputs with outputs; keep the likelier pair."""
    found = [
        match
        for ours, theirs in zip(candidate.tokens, base.tokens, strict=False)
        if (match := match_width(ours, theirs, candidate.key)) is not None
    ]
    return max(found, key=lambda match: max(match.log_e_same, match.log_e_signs), default=None)


def _width_evidence(width: WidthMatch | None) -> list[LineageEvidence]:
    if width is None:
        return []
    # The better of up to two vocabularies was taken.
    once = float(np.log(2))
    return [
        LineageEvidence(
            kind=EvidenceKind.WIDTH,
            log_e=width.log_e_same - once,
            found=width.same_index,
            compared=width.compared,
        ),
        LineageEvidence(
            kind=EvidenceKind.WIDTH_MOVED,
            log_e=width.log_e_signs - once,
            found=int((width.signs > 0).sum()),
            compared=len(width.signs),
        ),
    ]


def same_bytes(candidate: Sketch, base: Sketch) -> bool:
    """Whether both hold the same tensors, by the digest of each; False when one is not known.

    Names do not count: a tensor that is called something else is the same tensor.
    """
    ours, theirs = (sorted(tensor.sha256 for tensor in each.tensors) for each in (candidate, base))
    return bool(ours) and ours == theirs and all(ours)


def _equal_tensors(candidate: Sketch, base: Sketch) -> int:
    theirs = {tensor.sha256 for tensor in base.tensors if tensor.sha256}
    return sum(tensor.sha256 in theirs for tensor in candidate.tensors)
