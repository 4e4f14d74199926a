# SPDX-License-Identifier: Apache-2.0
"""For every limit of a policy the tier that each other number in its place would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.explanation import Scale, Side
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf

_STEP = Decimal("0.000001")
_TENTHS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One limit, and the tiers along its scale."""

    metric: str
    """Metric that it is on."""
    scale: Scale
    """Whether it is a limit on the rate, on its margin over a baseline, or on a quantity."""
    side: Side
    """Side that is allowed."""
    limit: Decimal
    """The number as the policy has it."""
    unit: str
    """Its unit; empty for proportions."""
    steps: tuple[tuple[Decimal, Tier], ...]
    """From which number on which tier is supported, ascending; at least two."""


def lines(found: WhatIf) -> tuple[Line, ...]:
    """Return every limit that moves the tier somewhere on its scale, in the order of their names.

    Tried are tenths of the scale, the limit itself, and every bound that the evidence shows with
    the next number to both sides, which is where a limit begins or ceases to be kept.
    """
    atoms: dict[tuple[str, Scale, Decimal], LimitOnMetric] = {}
    bounds: dict[tuple[str, Scale], set[Decimal]] = {}
    for key, check in found.checks.items():
        atom = check.atom
        if isinstance(atom, LimitOnMetric):
            atoms.setdefault((atom.metric, atom.scale, atom.limit.value), atom)
            ends = bounds.setdefault((atom.metric, atom.scale), set())
            for reading in found.readings(key):
                ends |= {reading.lower, reading.upper}
    made = []
    for place in sorted(atoms):
        atom = atoms[place]
        steps = tuple(_steps(found, atom, bounds[atom.metric, atom.scale]))
        if len(steps) > 1:
            made.append(
                Line(
                    metric=atom.metric,
                    scale=atom.scale,
                    side=atom.side,
                    limit=atom.limit.value,
                    unit=atom.limit.unit,
                    steps=steps,
                )
            )
    return tuple(made)


def _steps(
    found: WhatIf, atom: LimitOnMetric, bounds: set[Decimal]
) -> Iterator[tuple[Decimal, Tier]]:
    before: Tier | None = None
    for value in _tried(atom, bounds):
        tier = found.with_limit(atom.metric, atom.limit.value, value, atom.scale)
        if tier is not before:
            yield value, tier
        before = tier


def _tried(atom: LimitOnMetric, bounds: set[Decimal]) -> list[Decimal]:
    limit = atom.limit.value
    near = {end + step for end in bounds for step in (-_STEP, Decimal(0), _STEP)}
    if atom.scale is Scale.QUANTITY:
        lowest, highest = Decimal(0), 2 * max([limit, *bounds])
    else:
        lowest = Decimal(-1) if atom.scale is Scale.MARGIN else Decimal(0)
        highest = Decimal(1)
    wide = {lowest + (highest - lowest) * tenth / _TENTHS for tenth in range(_TENTHS + 1)}
    return sorted(value for value in {limit, *near, *wide} if lowest <= value <= highest)
