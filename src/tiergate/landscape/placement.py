# SPDX-License-Identifier: Apache-2.0
"""Where a model stands in general capability, from three or more benchmark scores.

The index is Epoch's (Epoch Capabilities Index, item response theory): a benchmark has a difficulty
and a slope, and a model of capability ``t`` scores ``1 / (1 + exp(-slope * (t - difficulty)))``.
The parameters are frozen in a vintage. Models that are newer than it come out too low, which is
the unsafe direction, so that the band around a placement is wider above than below. A score at an
end of its benchmark bounds a model on one side only.

General capability says nothing about a hazard domain.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from tiergate.errors import InputError

INDEX = (0.0, 300.0)
"""Between what the index and the difficulties of its benchmarks lie, as an update asks too."""
SLOPE = (1e-4, 10.0)
"""Between what slopes lie, per point of the index."""
FEWEST = 3
"""Scores that count below which nothing is said."""
_BOTTOM, _TOP = 0.02, 0.98
"""Beyond these a score is at an end of its benchmark: labels and guessing are off by as much."""
_FEWEST_LETTERS = 3
_ALIKE = 0.8
_PRIOR_WEIGHT = 1e-6
_PRIOR_CENTRE = 120.0
_LOWEST, _HIGHEST, _STEP = 0.0, 230.0, 0.5
# How far the truth was from a placement in two earlier halves of a year: parameters fitted on
# models before 2025-03-01 and before 2025-08-01, and the models of the five months after each.
# No nearer than the 1st and the 99th percentile of placed minus published, over ten draws of the
# scores of each of 30 to 37 models: the next model may be outside in up to one case of eleven,
# at 95 % confidence. `benchmarks.placement` gives them and checks them on the models of 2026.
_ERRORS: tuple[tuple[int, float, float], ...] = (
    (3, -8.2, 4.4),
    (5, -7.5, 3.7),
    (8, -4.8, 0.9),
)
"""Scores from which it holds, the lowest and the highest error."""
_FARTHEST = 4.4
"""Points that a fit beyond its benchmarks may move when all scores are off by ``_BOTTOM``: as far
as a placement from three may be too high. That of no model of the shipped vintage moved farther."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A benchmark, as the index sees it."""

    difficulty: float
    """Capability at which a model scores one half, on the scale of the index."""
    slope: float
    """How steep it is there, per point of the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a model stands. The index is known, or one of the two ends."""

    index: float | None
    """On the scale of the index; None when every score is at one end of its benchmark."""
    lowest: float | None
    """Below it the truth was in one draw of a hundred; None when nothing bounds it from below."""
    highest: float | None
    """Above it the truth was in one draw of a hundred; None when nothing bounds it from above."""
    used: tuple[str, ...]
    """The benchmarks that the index rests on."""
    top: tuple[str, ...]
    """Benchmarks that the model is at the top of, which are left out of the index."""
    bottom: tuple[str, ...]
    """Benchmarks that the model is at the bottom of, which are left out too."""
    unknown: tuple[str, ...]
    """Benchmarks that have no parameters in this vintage, and count for nothing."""

    @property
    def level(self) -> float:
        """What others are held against: the index, or else the end that is known."""
        known = (end for end in (self.index, self.lowest, self.highest) if end is not None)
        return next(known)


def place(scores: Mapping[str, float], items: Mapping[str, Item]) -> Placement:
    """Place a model.

    A score at an end of its benchmark says that the model is beyond it, and not how far. It is
    left out of the index, and where it contradicts an end of the band, that end is open. Scores
    that are so near an end that they place the model far beyond their benchmarks are at that end
    too. When all scores are at one end, the other end is all that is said: capability at least
    that at which the hardest of them gives one half, or at most that at which the easiest does.

    Args:
        scores: share of what can be reached beyond guessing, from 0 to 1, by benchmark.
        items: parameters of benchmarks.

    Raises:
        InputError: scores are none, or fewer than three count and not all are at one end.
    """
    none = [f"{name}={score}" for name, score in scores.items() if not 0.0 <= score <= 1.0]
    if none:
        raise InputError("scores", ", ".join(none), "shares from 0 to 1")
    known = sorted(name for name in scores if name in items)
    found = _Sorted(
        used=tuple(name for name in known if _BOTTOM <= scores[name] <= _TOP),
        top=tuple(name for name in known if scores[name] > _TOP),
        bottom=tuple(name for name in known if scores[name] < _BOTTOM),
        unknown=tuple(sorted(name for name in scores if name not in items)),
    )
    found = _without_edge(found, scores, items)
    least = max((items[name].difficulty for name in found.top), default=None)
    most = min((items[name].difficulty for name in found.bottom), default=None)
    index, lowest, highest = None, least, most
    if len(found.used) >= FEWEST:
        index = fitted([scores[name] for name in found.used], [items[name] for name in found.used])
        _, low, high = max(row for row in _ERRORS if row[0] <= len(found.used))
        lowest, highest = _open_ends((index - high, index - low), least, most)
    elif len(known) < FEWEST or len(known) not in {len(found.top), len(found.bottom)}:
        raise _too_few(found, items)
    return Placement(
        index=index,
        lowest=lowest,
        highest=highest,
        used=found.used,
        top=found.top,
        bottom=found.bottom,
        unknown=found.unknown,
    )


def widened(
    found: Placement,
    at: Mapping[str, float],
    low: Mapping[str, float],
    high: Mapping[str, float],
    items: Mapping[str, Item],
) -> Placement:
    """Widen the band of a placement by what its scores may be off themselves.

    Each end moves as far as the index does when every score is at its own end. Where that lies
    so far beyond the benchmarks that they place nothing there, it is open. A placement without
    an index stays as it is.

    Args:
        found: the placement.
        at: the scores that it was made from, by benchmark.
        low: the least that each may be.
        high: the most that each may be.
        items: parameters of benchmarks.
    """
    if found.index is None:
        return found
    used = [items[name] for name in found.used]
    below, middle, above = (
        fitted([scores[name] for name in found.used], used) for scores in (low, at, high)
    )
    lowest, highest = found.lowest, found.highest
    if lowest is not None:
        lowest = _moved(lowest, min(0.0, below - middle), low, found.used, items)
    if highest is not None:
        highest = _moved(highest, max(0.0, above - middle), high, found.used, items)
    return replace(found, lowest=lowest, highest=highest)


def _moved(
    end: float,
    by: float,
    scores: Mapping[str, float],
    used: tuple[str, ...],
    items: Mapping[str, Item],
) -> float | None:
    every = _Sorted(used=used, top=(), bottom=(), unknown=())
    return end + by if _without_edge(every, scores, items).used else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """Benchmarks by what their scores are good for."""

    used: tuple[str, ...]
    top: tuple[str, ...]
    bottom: tuple[str, ...]
    unknown: tuple[str, ...]


def _without_edge(
    found: _Sorted, scores: Mapping[str, float], items: Mapping[str, Item]
) -> _Sorted:
    """Count scores among those at an end when a little more or less would move the fit far.

    That is where it lies beyond the difficulties of all of them, on the flat of their curves.
    """
    if len(found.used) < FEWEST:
        return found
    used = [items[name] for name in found.used]
    given = np.array([scores[name] for name in found.used])
    less, at, more = (
        fitted(np.clip(given + off, 0.0, 1.0).tolist(), used) for off in (-_BOTTOM, 0.0, _BOTTOM)
    )
    on_scale = _LOWEST < at < _HIGHEST - _STEP
    if on_scale and max(more - at, at - less) <= _FARTHEST:
        return found
    if at > max(item.difficulty for item in used):
        return replace(found, used=(), top=tuple(sorted((*found.used, *found.top))))
    if at < min(item.difficulty for item in used):
        return replace(found, used=(), bottom=tuple(sorted((*found.used, *found.bottom))))
    return found


def _open_ends(
    band: tuple[float, float], least: float | None, most: float | None
) -> tuple[float | None, float | None]:
    """Open the end of a band that a benchmark at an end of its scale lies beyond."""
    lowest, highest = band
    return (
        None if most is not None and most < lowest else lowest,
        None if least is not None and least > highest else highest,
    )


def _too_few(found: _Sorted, items: Mapping[str, Item]) -> InputError:
    words = [f"{len(found.used)} that count"]
    words += [f"{name!r} at or near the top of its benchmark" for name in found.top]
    words += [f"{name!r} at or near the bottom of its benchmark" for name in found.bottom]
    for name in found.unknown:
        near = nearest(name, items)
        meant = "" if near is None else f" (did you mean {near!r}?)"
        words.append(f"{name!r} has no parameters{meant}")
    return InputError(
        "scores",
        "; ".join(words),
        f"at least {FEWEST} from {_BOTTOM} to {_TOP}, of benchmarks that have parameters",
        "`tiergate landscape benchmarks` lists them.",
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the benchmark that may be meant by a name that is none.

    >>> nearest("gpqa", ["MMLU", "GPQA diamond"])
    'GPQA diamond'
    """
    by_plain = {_plain(other): other for other in known}
    plain = _plain(name)
    if len(plain) >= _FEWEST_LETTERS:
        within = [other for other in by_plain if plain in other]
        if within:
            return by_plain[min(within, key=lambda other: (not other.startswith(plain), other))]
    # MMLU-Pro is not MMLU: only what is spelled almost alike is suggested.
    close = difflib.get_close_matches(plain, by_plain, n=1, cutoff=_ALIKE)
    return by_plain[close[0]] if close else None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def fitted(scores: Sequence[float], items: Sequence[Item]) -> float:
    """Return the capability that scores are likeliest at, by least squares.

    A weak prior at 120 keeps models that score nothing, or everything, on the scale.
    """
    difficulty = np.array([item.difficulty for item in items])
    slope = np.array([item.slope for item in items])
    found = np.array(scores)

    def costs(at: NDArray[np.float64]) -> NDArray[np.float64]:
        off = expected(at[:, np.newaxis], difficulty, slope) - found
        prior = _PRIOR_WEIGHT * (at - _PRIOR_CENTRE) ** 2
        return np.asarray((off**2).sum(axis=1) + prior, dtype=np.float64)

    def cost(at: float) -> float:
        return float(costs(np.array([at]))[0])

    # There may be several valleys: the deepest of a grid is searched.
    grid = np.arange(_LOWEST, _HIGHEST, _STEP)
    start = grid[np.argmin(costs(grid))]
    bounds = (float(start - _STEP), float(start + _STEP))
    return float(minimize_scalar(cost, bounds=bounds, method="bounded").x)


def expected(
    at: float | NDArray[np.float64],
    difficulty: float | NDArray[np.float64],
    slope: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the score that is expected at a capability."""
    return np.asarray(1.0 / (1.0 + np.exp(-slope * (at - difficulty))), dtype=np.float64)
