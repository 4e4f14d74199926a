# SPDX-License-Identifier: Apache-2.0
"""Rows of a base that stand at other places in a candidate whose weights are at hand.

A sketch of the candidate does not help here: its chosen rows are others than the base's. So
every row of the matrices in question is read, once, at a few columns. Only kinds whose units
may change their sign freely are looked at: values of an attention, and the linear half of a
gated feed-forward. They are known by name, so renamed models are found by other means or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiergate.model.lineage.choice import Indices, chosen_rows
from tiergate.model.lineage.compare import EvidenceKind, LineageEvidence
from tiergate.model.lineage.evidence import log_e_signs, log_mean
from tiergate.model.lineage.fixed_points import Numbers, common_indices
from tiergate.model.lineage.matrices import Matrix, list_matrices
from tiergate.model.lineage.opened import OpenedModel
from tiergate.model.lineage.repeats import copies_among
from tiergate.model.lineage.signs import WidthMatch, find_rows
from tiergate.model.lineage.sketch import Sketch, patch_indices

_VALUES = re.compile(r"(^|[._])(v_proj|attn_v|value|wv|v_lin)([._]|$)")
_UP = re.compile(r"(^|[._])(up_proj|ffn_up|w3)([._]|$)")
_GATE = re.compile(r"(^|[._])(gate_proj|ffn_gate|w1)([._]|$)")
_NUMBERS_AT_ONCE = 2**24
_COPY = 3.0
"""Log e-value from which rows of two layers of one model share their signs: a low limit, since
a layer that is left out wrongly costs its own evidence and nothing else."""
_CERTAIN = 20.0
"""Log e-value from which a permutation of the width is believed, to look further."""


def moved_rows(
    model: OpenedModel, candidate: Sketch, base: Sketch, width: WidthMatch | None
) -> LineageEvidence | None:
    """Look for the base's rows anywhere in the candidate.

    Args:
        model: the candidate's weights.
        candidate: its sketch.
        base: the base's sketch.
        width: how the vocabularies compare; says which column is which where it is certain.

    Returns:
        The evidence, or None where there is nothing to look at.
    """
    logs, found, compared = [], 0, 0
    for role in _roles([matrix.name for matrix in base.matrices]):
        theirs = [m for m in base.matrices if m.counts and role.search(m.name)]
        sizes = {(m.columns, m.patch.shape) for m in theirs}
        if len(sizes) != 1 or theirs[0].columns != base.width:
            continue
        places = _places(candidate, base, width)
        if places is None:
            continue
        patches = np.stack([m.patch for m in theirs]).astype(np.float32)
        product, positive, rows = _look(model, candidate, role, patches, places)
        logs.append(product)
        found, compared = found + positive, compared + rows
    if not logs:
        return None
    return LineageEvidence(
        kind=EvidenceKind.ROWS_MOVED, log_e=log_mean(logs), found=found, compared=compared
    )


def _roles(names: Sequence[str]) -> list[re.Pattern[str]]:
    """Return the kinds of the base whose units may change their sign."""
    gated = any(_GATE.search(name) for name in names)
    roles = [_VALUES, *([_UP] if gated else [])]
    return [role for role in roles if any(role.search(name) for name in names)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where columns of the base's patches stand in the candidate."""

    shown: Indices
    """Which columns of a patch these are."""
    columns: Indices
    """Their partners in the candidate."""
    signs: Numbers
    """1 or -1 for each: the sign with which the partner resembles it."""


def _places(candidate: Sketch, base: Sketch, width: WidthMatch | None) -> _Places | None:
    """Find the columns where the vocabularies are certain, or where the widths are equal."""
    any_matrix = next(m for m in base.matrices if m.columns == base.width)
    _, columns = patch_indices(any_matrix, base.key)
    if width is not None and width.log_e_signs > _CERTAIN:
        # Of a wider base some columns have no partner.
        _, shown, at = common_indices(columns, width.columns)
        return _Places(
            shown=shown, columns=width.partners[at], signs=width.signs[at].astype(np.float32)
        )
    if candidate.width != base.width:
        return None
    ones = np.ones(len(columns), dtype=np.float32)
    return _Places(shown=np.arange(len(columns)), columns=columns, signs=ones)


def _look(
    model: OpenedModel, candidate: Sketch, role: re.Pattern[str], patches: Numbers, places: _Places
) -> tuple[float, int, int]:
    """Return the product of e-values over layers, and how many signs agree of how many.

    The units of each layer of the candidate have signs of their own, so that products are right
    even where several layers resemble one layer of the base. Copies within the candidate have
    the same signs, and of those the first is looked at.
    """
    total, positive, compared = 0.0, 0, 0
    wanted = [m for m in list_matrices(model) if _is_wanted(m, candidate, role)]
    seen: list[Numbers] = []
    for matrix in _without_copies(wanted, candidate):
        if matrix.rows < patches.shape[1]:
            continue
        rows = _at_columns(matrix, places.columns)
        if _is_copy(rows, seen):
            continue
        seen.append(rows[chosen_rows(matrix.rows, key=candidate.key)])
        here = find_rows(rows * places.signs, patches[:, :, places.shown])
        total += log_e_signs(here.positive, here.compared)
        positive, compared = positive + here.positive, compared + here.compared
    return total, positive, compared


def _without_copies(matrices: Sequence[Matrix], candidate: Sketch) -> list[Matrix]:
    """Leave out what resembles an earlier matrix at the same rows."""
    patches = {m.name: m.patch for m in candidate.matrices if m.counts}
    known = [matrix for matrix in matrices if matrix.name in patches]
    labels = copies_among([patches[matrix.name].astype(np.float32) for matrix in known])
    return [known[number] for number in dict.fromkeys(labels)]


def _is_copy(rows: Numbers, seen: Sequence[Numbers]) -> bool:
    """Whether rows of an earlier matrix are found among these, in whatever order, by signs."""
    for shape in {own.shape for own in seen}:
        found = find_rows(rows, np.stack([own for own in seen if own.shape == shape]))
        if log_e_signs(found.positive, found.compared) > _COPY:
            return True
    return False


def _at_columns(matrix: Matrix, columns: Indices) -> Numbers:
    """Return all rows at these columns, read piece by piece; NaN and infinity become 0."""
    step = matrix.rows if matrix.is_packed else max(1, _NUMBERS_AT_ONCE // matrix.columns)
    pieces = [
        matrix.read(np.arange(start, min(start + step, matrix.rows)))[:, columns]
        for start in range(0, matrix.rows, step)
    ]
    return np.nan_to_num(np.concatenate(pieces), nan=0.0, posinf=0.0, neginf=0.0)


def _is_wanted(matrix: Matrix, candidate: Sketch, role: re.Pattern[str]) -> bool:
    return matrix.columns == candidate.width and role.search(matrix.name) is not None
