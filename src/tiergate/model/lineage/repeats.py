# SPDX-License-Identifier: Apache-2.0
"""Matrices that stand more than once in one model, so that no product counts them twice.

Evidence from layer to layer multiplies only where layers are independent. Copies of a layer are
not: whatever one of them matches, the others match too. Depth up-scaling, weight sharing and
experts made of one feed-forward leave such copies, exact or trained apart a little.

What makes copies dependent is that their units stand in one order and share their signs. So a
model is held against itself: matrices whose units resemble those of the same index more than
those of others are taken for copies, however little of them is left to see. A pair that is
taken for copies wrongly costs power and nothing else, so that the limit is low.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiergate.model.lineage.fixed_points import Numbers, unit_rows

ALIKE = 4.0
"""Standard deviations from which matrices of one model are copies. Of 32 units with 32 entries
it is reached by copies whose cosine is 0.13 or more, and by 1 in 30,000 pairs that are none."""

Labels = list[int]


def copies_among(patches: Sequence[Numbers]) -> Labels:
    """Return for each matrix of a model the number of the first that it is a copy of, or its own.

    A copy of a copy is a copy of the first.

    Args:
        patches: (units, entries) of each, the units at the same indices; those of different
            shapes are no copies of each other.
    """
    labels = list(range(len(patches)))
    shapes = [patch.shape for patch in patches]
    for shape in dict.fromkeys(shapes):
        chosen = [number for number, own in enumerate(shapes) if own == shape]
        stack = unit_rows(np.stack([patches[number] for number in chosen]).astype(np.float32))
        for place, number in enumerate(chosen[1:], start=1):
            for alike in np.flatnonzero(likeness(stack[place], stack[:place]) > ALIKE):
                _join(labels, chosen[int(alike)], number)
    return labels


def _join(labels: Labels, one: int, other: int) -> None:
    first, last = sorted((labels[one], labels[other]))
    labels[:] = [first if label == last else label for label in labels]


def likeness(one: Numbers, others: Numbers) -> npt.NDArray[np.float64]:
    """Return how much more units resemble those of the same index than those of any other.

    Args:
        one: units of length 1: (units, entries).
        others: the same of other matrices: (matrices, units, entries).

    Returns:
        For each of ``others``, by how many standard deviations of a random order the sum over
        units at their own index exceeds its mean; of similarities or their sizes, whichever is
        larger, since a copy may have turned signs.
    """
    similar = np.matmul(others, one.T).astype(np.float64)
    return np.maximum(_excess(similar), _excess(np.abs(similar)))


def _excess(similar: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Standardise the trace by its mean and deviation over all permutations (Hoeffding)."""
    units = similar.shape[-1]
    centred = similar - similar.mean(axis=-1, keepdims=True)
    centred = centred - centred.mean(axis=-2, keepdims=True)
    deviation = np.sqrt((centred * centred).sum(axis=(-2, -1)) / max(units - 1, 1))
    trace = np.trace(centred, axis1=-2, axis2=-1)
    return np.asarray(trace / np.where(deviation > 1e-9, deviation, np.inf))


def independent_pairs(candidate: Sequence[int], base: Sequence[int]) -> list[int]:
    """Return which pairs of matrices say something that the pairs before them do not.

    The order of units of the one relative to the other is random in each pair that is kept, and
    independent between them. Where A and B of the candidate were held against P and Q of the
    base, the fourth of those pairs follows from three: a pair that closes a circle is left out.

    Args:
        candidate: for each pair, which matrix of the candidate, copies under one number.
        base: for each pair, which matrix of the base, copies under one number.

    >>> independent_pairs([0, 0, 1, 1], [0, 1, 0, 1])
    [0, 1, 2]
    """
    groups: dict[tuple[str, int], int] = {}
    kept = []
    for number, (ours, theirs) in enumerate(zip(candidate, base, strict=True)):
        one = groups.setdefault(("candidate", ours), 2 * number)
        other = groups.setdefault(("base", theirs), 2 * number + 1)
        if one != other:
            kept.append(number)
            groups = {end: one if group == other else group for end, group in groups.items()}
    return kept
