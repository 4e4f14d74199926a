# SPDX-License-Identifier: Apache-2.0
"""A first look at thousands of bases, that costs a fraction of a millisecond each.

It decides which bases are compared in full, and nothing else: evidence comes from the full
comparison alone, whose p-value counts every base of the index, looked at or not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiergate.model.lineage.choice import chosen_columns, chosen_of, chosen_rows
from tiergate.model.lineage.evidence import log_e_matches
from tiergate.model.lineage.fixed_points import common_indices, row_matches, unit_rows
from tiergate.model.lineage.sketch import Rounded, Sketch, TokenRows

PROBES = 8
"""Matrices of a base that the first look knows; whichever of them are left are enough."""
_PROBE_ROWS = 16
_VOCABULARY_COLUMNS = 128
_PROFILE_POINTS = 16
_Profile = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLook:
    """The part of a sketch that the first look at it needs."""

    probes: Rounded
    """The first rows of the patches of some matrices: (probes, 16, columns)."""
    sizes: npt.NDArray[np.uint64]
    """Rows and columns of each probe: (probes, 2)."""
    vocabulary: Rounded
    """Some tokens and some columns of the first vocabulary: (tokens, columns)."""
    vocabulary_size: npt.NDArray[np.uint64]
    """Rows and width of that vocabulary: (2,)."""
    profile: _Profile
    """Quantiles of the sizes in each token's row, which no permutation changes: (tokens, 16)."""
    digests: npt.NDArray[np.uint64]
    """The first 8 bytes of the digests of sampled rows, sorted."""

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> FirstLook:
        """Make one of what ``arrays`` gave.

        Raises:
            KeyError: one is missing.
            ValueError: one has another shape.
        """
        look = cls(
            probes=arrays["probes"].astype(np.int8),
            sizes=arrays["sizes"].astype(np.uint64),
            vocabulary=arrays["vocabulary"].astype(np.int8),
            vocabulary_size=arrays["vocabulary_size"].astype(np.uint64),
            profile=arrays["profile"].astype(np.uint8),
            digests=arrays["digests"].astype(np.uint64),
        )
        if look.probes.ndim != 3 or look.sizes.shape != (len(look.probes), 2):
            raise ValueError("probes of another shape")
        if look.vocabulary.ndim != 2 or look.vocabulary_size.shape != (2,):
            raise ValueError("a vocabulary of another shape")
        return look


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How much a full comparison with one base promises."""

    log_e: float
    """The best log e-value of the tests that the first look makes."""
    profile: float
    """How far the tokens' profiles are apart; infinite where there is nothing to compare."""
    copies: int
    """Sampled rows of matrices that both hold."""


def first_look(sketch: Sketch) -> FirstLook:
    """Return the front of a sketch."""
    full = [m for m in sketch.matrices if m.inner_rows and m.patch.shape == (32, 32)]
    chosen = [full[n] for n in chosen_of(len(full), PROBES, "probes", key=sketch.key)]
    patches = [m.patch[:_PROBE_ROWS] for m in chosen]
    tokens = sketch.tokens[0] if sketch.tokens else None
    digests = [int(m.sample[:16], 16) for m in sketch.matrices if m.counts]
    return FirstLook(
        probes=np.stack(patches) if patches else np.zeros((0, _PROBE_ROWS, 32), np.int8),
        sizes=np.array([[m.rows, m.columns] for m in chosen], dtype=np.uint64).reshape(-1, 2),
        vocabulary=_vocabulary(tokens, sketch.key),
        vocabulary_size=np.array(
            [tokens.rows, tokens.values.shape[1]] if tokens else [0, 0], dtype=np.uint64
        ),
        profile=_profile(tokens),
        digests=np.unique(np.array(digests, dtype=np.uint64)),
    )


def _vocabulary(tokens: TokenRows | None, key: str) -> Rounded:
    if tokens is None:
        return np.zeros((0, 0), dtype=np.int8)
    columns = chosen_columns(tokens.values.shape[1], _VOCABULARY_COLUMNS, key=key)
    return np.ascontiguousarray(tokens.values[:, columns])


def _profile(tokens: TokenRows | None) -> _Profile:
    if tokens is None:
        return np.zeros((0, _PROFILE_POINTS), dtype=np.uint8)
    points = (np.arange(_PROFILE_POINTS) + 0.5) / _PROFILE_POINTS
    sizes = np.abs(tokens.values.astype(np.float32))
    top = np.where(sizes.max(axis=1) > 0, sizes.max(axis=1), 1.0)
    return np.rint(2 * np.quantile(sizes, points, axis=1).T / top[:, None] * 127).astype(np.uint8)


class Searcher:
    """Looks at one front after the other on behalf of one candidate."""

    def __init__(self, candidate: Sketch) -> None:
        self._key = candidate.key
        self._own = first_look(candidate)
        self._patches: dict[tuple[int, int], npt.NDArray[np.float32]] = {}
        for size in {(m.rows, m.columns) for m in candidate.matrices}:
            patches = [
                m.patch[:_PROBE_ROWS]
                for m in candidate.matrices
                if m.inner_rows and (m.rows, m.columns) == size and m.patch.shape == (32, 32)
            ]
            if patches:
                self._patches[size] = unit_rows(np.stack(patches).astype(np.float32))

    def look(self, base: FirstLook) -> Promise:
        """Say how much comparing with this base in full promises."""
        logs = [0.0]
        for size in {(int(rows), int(columns)) for rows, columns in base.sizes}:
            ours = self._patches.get(size)
            if ours is not None:
                chosen = (base.sizes == np.array(size, dtype=np.uint64)).all(axis=1)
                theirs = unit_rows(base.probes[chosen].astype(np.float32))
                matches = row_matches(ours, theirs)
                # The best of many pairs is good by chance, the more so the more there are.
                logs.append(log_e_matches(int(matches.max())) - math.log(matches.size))
        same, distance = self._vocabulary(base)
        return Promise(
            log_e=max(*logs, same),
            profile=distance,
            copies=len(np.intersect1d(self._own.digests, base.digests, assume_unique=True)),
        )

    def is_same(self, base: FirstLook) -> bool:
        """Whether all that was sampled of both is equal."""
        return np.array_equal(self._own.digests, base.digests)

    def _vocabulary(self, base: FirstLook) -> tuple[float, float]:
        rows, width = (int(number) for number in base.vocabulary_size)
        mine, own_width = (int(number) for number in self._own.vocabulary_size)
        if not rows or not mine:
            return 0.0, float("inf")
        here: npt.NDArray[np.int64] | slice = slice(None)
        there: npt.NDArray[np.int64] | slice = slice(None)
        if rows != mine or len(base.profile) != len(self._own.profile):
            one = chosen_rows(mine, len(self._own.profile), key=self._key)
            two = chosen_rows(rows, len(base.profile), key=self._key)
            _, here, there = common_indices(one, two)
            if len(here) < PROBES:
                return 0.0, float("inf")
        apart = self._own.profile[here].astype(np.float32) - base.profile[there]
        distance = float(np.abs(apart).mean())
        if width != own_width:
            return 0.0, distance
        left = unit_rows(self._own.vocabulary[here].astype(np.float32).T[None])
        right = unit_rows(base.vocabulary[there].astype(np.float32).T[None])
        return log_e_matches(int(row_matches(left, right)[0, 0])), distance
