# SPDX-License-Identifier: Apache-2.0
"""Every limit that a measurement was held against, and at which tiers.

The plot, the table beside it and the evidence table all take their limits from here, so
that none of them can say more than the decision did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tiergate.decision.decision import Decision, TierVerdict
from tiergate.decision.explanation import Reading
from tiergate.decision.tier import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One measurement held against one limit, once for all tiers where this came out alike."""

    reading: Reading
    """The reading, as the lowest of the tiers has it."""
    tiers: tuple[Tier, ...]
    """The tiers that read it so, most closed first."""


def readings_of(verdict: TierVerdict) -> Iterator[Reading]:
    """Yield every reading of a tier's own requirements and of its fast path."""
    for row in (*verdict.requirements, *verdict.fast_path):
        yield from (reading for node in row.walk() for reading in node.readings)


def held(decision: Decision) -> Mapping[str, tuple[Held, ...]]:
    """Return what each measurement was held against, by its id; sorted by kind and limit."""
    first: dict[tuple[object, ...], Reading] = {}
    tiers: dict[tuple[object, ...], list[Tier]] = {}
    for verdict in decision.tiers:
        for reading in readings_of(verdict):
            key = _what_it_says(reading)
            first.setdefault(key, reading)
            seen = tiers.setdefault(key, [])
            if verdict.tier not in seen:
                seen.append(verdict.tier)
    found: dict[str, list[Held]] = {}
    for key, reading in first.items():
        found.setdefault(reading.item, []).append(Held(reading=reading, tiers=tuple(tiers[key])))
    return {item: tuple(sorted(rows, key=_order)) for item, rows in found.items()}


def set_aside_at(decision: Decision, tier: Tier) -> Mapping[str, tuple[str, ...]]:
    """Return why measurements cannot support what ``tier`` asks, by their id; sorted.

    A measurement that supports some requirement and not another has the reasons too.
    """
    found: dict[str, set[str]] = {}
    for reading in readings_of(decision.verdict(tier)):
        found.setdefault(reading.item, set()).update(reading.set_aside)
    return {item: tuple(sorted(reasons)) for item, reasons in found.items() if reasons}


def _what_it_says(reading: Reading) -> tuple[object, ...]:
    return (
        reading.item,
        reading.scale,
        reading.side,
        reading.limit,
        reading.unit,
        reading.lower,
        reading.upper,
        reading.outcome,
    )


def _order(row: Held) -> tuple[object, ...]:
    return (row.reading.scale, row.reading.limit, row.reading.side, row.tiers[0].rank)


def tier_words(tiers: tuple[Tier, ...]) -> str:
    """Write tiers, runs of three and more as ``T1 to T6``.

    >>> tier_words((Tier.T1, Tier.T2, Tier.T3, Tier.T5))
    'T1 to T3, T5'
    """
    runs: list[list[Tier]] = []
    for tier in tiers:
        if runs and runs[-1][-1].rank + 1 == tier.rank:
            runs[-1].append(tier)
        else:
            runs.append([tier])
    long = 3
    return ", ".join(
        f"{run[0]} to {run[-1]}" if len(run) >= long else ", ".join(run) for run in runs
    )
