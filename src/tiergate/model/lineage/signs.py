# SPDX-License-Identifier: Apache-2.0
"""Units found again at another index, and the signs of what they resemble.

The hidden units of a model can be put in another order without any effect; then nothing stands
where it stood. Units are paired by the *size* of their similarity (a linear assignment), and
only its *signs* are evidence: where a unit may change its sign together with its readers, the
signs of two unrelated models are fair coins, however alike their vocabularies or statistics.

That holds for the width of models with RMSNorm, for values of an attention and for the linear
half of a gated feed-forward. For LayerNorm it holds nearly, which the bench measures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from tiergate.model.lineage.choice import Indices
from tiergate.model.lineage.evidence import log_e_fixed_points, log_e_signs
from tiergate.model.lineage.fixed_points import (
    Numbers,
    common_indices,
    to_unit,
    unit_rows,
)
from tiergate.model.lineage.sketch import TokenRows, matched_columns

_FEWEST_TOKENS = 16
_FEWEST_UNITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class WidthMatch:
    """The columns of two vocabularies (the units of the width), held against each other."""

    tokens: int
    """Tokens that both show."""
    same_index: int
    """Columns whose best partner is the column of the same index."""
    compared: int
    """Columns of the base that were looked at."""
    log_e_same: float
    """Log e-value of ``same_index``; 0 when the widths differ."""
    columns: Indices
    """The columns of the base that were paired."""
    partners: Indices
    """For each of ``columns``, its partner in the candidate."""
    signs: npt.NDArray[np.int8]
    """Sign of the similarity of each pair: 1 or -1."""
    log_e_signs: float
    """Log e-value of the signs."""
    strength: float
    """Median size of the similarity of the pairs, 0 to 1; no evidence by itself."""
    token_likeness: float
    """How alike the tokens' similarities among each other are (a correlation). Survives any
    rotation of the width, and is high between unrelated models of one language, too."""

    @property
    def moved(self) -> int:
        """Pairs that do not stand at the same index."""
        return int((self.partners != self.columns).sum())


def match_width(candidate: TokenRows, base: TokenRows, key: str) -> WidthMatch | None:
    """Pair the columns of two vocabularies; None when they share too few tokens.

    The rows are those of the same token number: with another tokenizer nothing will match.
    """
    _, here, there = common_indices(candidate.indices, base.indices)
    if len(here) < _FEWEST_TOKENS:
        return None
    ours, theirs = _units(candidate, here), _units(base, there)
    columns = matched_columns(theirs.shape[0], key)
    similar = ours @ theirs[columns].T
    same, compared = 0, 0
    if ours.shape == theirs.shape:
        size = np.abs(similar[columns])
        own = np.diag(size).copy()
        np.fill_diagonal(size, -1.0)
        same, compared = int((own > size.max(axis=0)).sum()), len(columns)
    chosen, taken = linear_sum_assignment(np.abs(similar).T, maximize=True)
    pairs = similar[taken, chosen]
    return WidthMatch(
        tokens=len(here),
        same_index=same,
        compared=compared,
        log_e_same=float(log_e_fixed_points(same)) if compared else 0.0,
        columns=columns[chosen],
        partners=taken.astype(np.int64),
        signs=np.where(pairs >= 0, 1, -1).astype(np.int8),
        log_e_signs=_signs(pairs),
        strength=float(np.median(np.abs(pairs))),
        token_likeness=_likeness(candidate.values[here], base.values[there]),
    )


def _units(tokens: TokenRows, rows: Indices) -> Numbers:
    """Return the columns as rows of length 1: (width, tokens)."""
    values = tokens.values[rows].astype(np.float32)
    length = np.sqrt((values * values).sum(axis=1, keepdims=True))
    scaled = values / np.where(length > 0, length, np.inf)
    centred = scaled - scaled.mean(axis=0)
    size = np.sqrt((centred * centred).sum(axis=0))
    return np.asarray((centred / np.where(size > 1e-9, size, np.inf)).T, dtype=np.float32)


def _signs(pairs: Numbers) -> float:
    decided = pairs[np.abs(pairs) > 1e-6]
    if len(decided) < _FEWEST_UNITS:
        return 0.0
    return log_e_signs(int((decided > 0).sum()), len(decided))


def _likeness(one: npt.NDArray[np.int8], other: npt.NDArray[np.int8]) -> float:
    inside = np.triu_indices(len(one), k=1)
    grams = []
    for tokens in (one, other):
        rows = unit_rows(tokens.astype(np.float32))
        grams.append((rows @ rows.T)[inside])
    if min(float(gram.std()) for gram in grams) < 1e-9:
        return 0.0
    return float(np.corrcoef(grams[0], grams[1])[0, 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRows:
    """Rows of a base's patch, looked for among all rows of one matrix of the candidate."""

    base: int
    """Position of the base's matrix that resembles it most, by size alone."""
    positive: int
    """Rows whose similarity has the sign that the width has."""
    compared: int
    """Rows that were looked for."""
    strength: float
    """Median size of the similarity."""


def find_rows(rows: Numbers, patches: Numbers) -> FoundRows:
    """Find each base's rows among ``rows``, and look at the signs for the best base.

    Args:
        rows: all rows of a matrix of the candidate, at the columns that partner those of the
            patches, times their signs: (rows, columns).
        patches: (matrices of the base, patch rows, columns).
    """
    # The mean row stays: taking it away would tie the signs of rows to each other.
    ours, theirs = to_unit(rows), to_unit(patches)
    count, patch_rows, width = theirs.shape
    size = np.abs(theirs.reshape(-1, width) @ ours.T).reshape(count, patch_rows, -1)
    best = int(size.max(axis=2).mean(axis=1).argmax())
    chosen, taken = linear_sum_assignment(size[best], maximize=True)
    pairs = (theirs[best][chosen] * ours[taken]).sum(axis=1)
    decided = pairs[np.abs(pairs) > 1e-6]
    return FoundRows(
        base=best,
        positive=int((decided > 0).sum()),
        compared=len(decided),
        strength=float(np.median(np.abs(pairs))),
    )
