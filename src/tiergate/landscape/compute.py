# SPDX-License-Identifier: Apache-2.0
"""Training compute, as laws count it: from declared parameters and tokens, with its error.

Six operations for each parameter that a token goes through, and each token (Kaplan et al., arXiv
2001.08361): two forward, four backward. Declared numbers are rounded, and data is repeated or
made by other models, so that every sum has a factor by which it may be wrong either way.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tiergate.errors import InputError
from tiergate.landscape.obligations import Obligation, by_id, shipped_files

_PER_PARAMETER_AND_TOKEN = 6
_MOST_FLOP = 1e40
"""Nobody has trained that much: parameters or tokens were mistyped."""
MODIFIER_SHARE = 1 / 3
MODIFIER_CLAUSE = "EU-GL-MOD-THIRD"
THRESHOLDS: tuple[tuple[float, str], ...] = (
    (1e23, "EU-GL-1E23"),
    (1e25, "EU-AIA-51-2"),
    (1e26, "CA-SB53-11-FM"),
    (1e26, "NY-RAISE-1420"),
    (1e26, "KR-AIBA-32"),
)
"""FLOP, and the obligation that says so."""


class Above(enum.StrEnum):
    """Whether something is above a threshold."""

    YES = "above"
    """Even if it is as little as it may be."""
    NO = "below"
    """Even if it is as much as it may be."""
    UNDETERMINED = "undetermined"
    """The error does not let anybody tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One training run, as it was declared."""

    name: str
    """What it is called."""
    parameters: float
    """Parameters that each token goes through; of a mixture of experts the active ones."""
    tokens: float
    """Tokens, counted as often as they were seen."""
    is_own: bool = True
    """Whether whoever releases the model did it; False for the base model's runs."""
    total_parameters: float | None = None
    """All parameters of a mixture of experts; None for a dense model."""

    @property
    def is_mixture(self) -> bool:
        """Whether tokens go through a part of the parameters only."""
        return self.total_parameters is not None

    @property
    def flop(self) -> float:
        """Operations, without the error."""
        return _PER_PARAMETER_AND_TOKEN * self.parameters * self.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Operations, and how far off they may be."""

    flop: float
    """What was declared comes to."""
    error: float
    """By what factor it may be wrong, at least 1."""
    is_all: bool = True
    """Whether nothing is missing; what is missing has no upper end."""

    @property
    def lowest(self) -> float:
        """The least that it may be."""
        return self.flop / self.error

    @property
    def highest(self) -> float:
        """The most that it may be; infinite when something is missing."""
        return self.flop * self.error if self.is_all else float("inf")

    def against(self, threshold: float) -> Above:
        """Compare it, error included.

        >>> Amount(flop=6e25, error=2.0).against(1e26)
        <Above.UNDETERMINED: 'undetermined'>
        """
        if self.lowest > threshold:
            return Above.YES
        return Above.NO if self.highest <= threshold else Above.UNDETERMINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """How a sum stands to one threshold."""

    threshold: float
    """FLOP."""
    above: Above
    """Whether it is above."""
    obligation: Obligation
    """Who says so, where, and what follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeLedger:
    """What training took, and what it means."""

    runs: tuple[Run, ...]
    """Every run."""
    total: Amount
    """All runs."""
    own: Amount
    """Those of whoever releases the model."""
    base: Amount
    """Those of the base model; not all where they are not known."""
    flags: tuple[Flag, ...]
    """Thresholds on the total, the lowest first."""
    own_to_base: float | None
    """The own runs as a share of the base model's, error left out; None without known ones."""
    modifier: Above | None
    """Whether the own runs are above a third of the base model's; None without a base model."""
    modifier_obligation: Obligation
    """What follows from that."""


def count(runs: Sequence[Run], error: float, *, base_is_unknown: bool = False) -> ComputeLedger:
    """Sum up training runs.

    Args:
        runs: every one, the base model's too.
        error: by what factor each may be wrong.
        base_is_unknown: whether there is a base model whose runs are not all known. Then what
            is given is the least that it can be, and nothing is below a threshold.

    Raises:
        InputError: there is no run, one has no name, no parameters or tokens, or more than
            anybody has trained, or the error is below 1.
    """
    _require(runs, error)
    known = by_id(shipped_files())
    own = sum(run.flop for run in runs if run.is_own)
    base = sum(run.flop for run in runs if not run.is_own)
    is_all = not base_is_unknown
    total = Amount(flop=own + base, error=error, is_all=is_all)
    return ComputeLedger(
        runs=tuple(runs),
        total=total,
        own=Amount(flop=own, error=error),
        base=Amount(flop=base, error=error, is_all=is_all),
        flags=tuple(
            Flag(threshold=flop, above=total.against(flop), obligation=known[name])
            for flop, name in THRESHOLDS
        ),
        own_to_base=own / base if base and is_all else None,
        modifier=Above.UNDETERMINED if base_is_unknown else _modifier(own, base, error),
        modifier_obligation=known[MODIFIER_CLAUSE],
    )


def _modifier(own: float, base: float, error: float) -> Above | None:
    # Both sides of the comparison may be off, each its own way.
    return Amount(flop=own / base, error=error**2).against(MODIFIER_SHARE) if base else None


def _require(runs: Sequence[Run], error: float) -> None:
    if not runs:
        raise InputError("runs", "none", "at least one")
    if not 1 <= error < float("inf"):
        raise InputError("error", f"{error}", "a factor of at least 1")
    for problem in _problems(runs):
        raise problem


def _problems(runs: Sequence[Run]) -> Iterator[InputError]:
    for run in runs:
        if not run.name.strip():
            yield InputError("runs", "one without a name", "NAME=PARAMETERS*TOKENS")
        for name, value in (("parameters", run.parameters), ("tokens", run.tokens)):
            if not 0 < value < float("inf"):
                yield InputError(run.name, f"{value} {name}", "a number above 0")
        if not run.flop < _MOST_FLOP:
            yield InputError(run.name, f"{run.flop:g} FLOP", f"less than {_MOST_FLOP:g}")
        total = run.total_parameters
        if total is not None and not run.parameters <= total < float("inf"):
            found = f"{run.parameters:g} active parameters of {total:g}"
            yield InputError(run.name, found, "no more active ones than there are")
