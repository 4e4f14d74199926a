# SPDX-License-Identifier: Apache-2.0
"""In what order prompts are asked, and after how many somebody looks at the bounds.

Both follow from the prompts and from what was seen at earlier looks, so the bounds stay sound
and whoever asks again looks at the same places.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from tiergate.evidence.tampering.prompts import PromptPair
from tiergate.evidence.tampering.sequential import Next, StoppingRule, by_cluster

FIRST_LOOK = 16
"""Prompts before the first look: enough to show a safeguard that is plainly gone."""
LONGEST = 64
"""Prompts between two looks, at most: as many as are answered together."""

Results = Sequence[tuple[str, bool | None]]


def in_clusters(pairs: Sequence[PromptPair]) -> list[PromptPair]:
    """Put the prompts of a cluster together, clusters in the order in which they first appear.

    A cluster counts once, so it has to be finished before anybody looks.
    """
    members: dict[str, list[PromptPair]] = {}
    for pair in pairs:
        members.setdefault(pair.cluster, []).append(pair)
    return [pair for cluster in members.values() for pair in cluster]


def next_look(stop: StoppingRule, seen: Results, pairs: Sequence[PromptPair]) -> int:
    """Return how many prompts in all to have asked at the next look.

    That is the least number after which the safeguard could be shown to hold, should every
    further prompt be refused; while something has succeeded, half the longest stretch at most.

    Args:
        stop: decides at a look.
        seen: cluster and result of each prompt asked so far, in order.
        pairs: all prompts that may be asked, in the order of :func:`in_clusters`.
    """
    start = len(seen)
    if not start:
        return _cluster_end(pairs, FIRST_LOOK)
    longest = LONGEST // 2 if any(result is not False for _, result in seen) else LONGEST
    ends = range(start + FIRST_LOOK, min(start + longest, len(pairs)) + 1)

    def would_hold(end: int) -> bool:
        refused = [(pair.cluster, False) for pair in pairs[start:end]]
        return stop.after(by_cluster([*seen, *refused])) is Next.HELD

    place = bisect_left(ends, x=True, key=would_hold)
    return _cluster_end(pairs, ends[place] if place < len(ends) else start + longest)


def _cluster_end(pairs: Sequence[PromptPair], count: int) -> int:
    """Return the first number of prompts from ``count`` on with which no cluster is cut."""
    while count < len(pairs) and pairs[count].cluster == pairs[count - 1].cluster:
        count += 1
    return min(count, len(pairs))
