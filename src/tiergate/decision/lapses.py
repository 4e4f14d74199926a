# SPDX-License-Identifier: Apache-2.0
"""When evidence becomes too old: until when a tier stays supported if nothing is renewed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf
from tiergate.evidence.collection import Collection

_SOON = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """A day on which a tier falls because evidence becomes too old."""

    supported: Tier
    """What is supported until then."""
    until: datetime
    """The last moment at which it is."""
    then: Tier
    """What is supported after it."""
    topics: tuple[str, ...]
    """Metrics and items with evidence that is used for the last time at that moment."""


def lapses(policy: Policy, evidence: Collection, at: datetime) -> Iterator[Lapse]:
    """Yield each fall in turn, if nothing is renewed and nothing is added.

    Evidence that is dated after ``at`` counts from its date on.
    """
    moments = _moments(policy, evidence, at)
    ends = sorted(moments)
    now = WhatIf(policy, evidence, at).supported()
    first = 0
    while now is not Tier.T0 and first < len(ends):
        place = _first_fall(policy, evidence, ends, first, now)
        if place is None:
            return
        then = WhatIf(policy, evidence, ends[place] + _SOON).supported()
        topics = tuple(sorted(moments[ends[place]]))
        yield Lapse(supported=now, until=ends[place], then=then, topics=topics)
        now, first = then, place + 1


def _first_fall(
    policy: Policy, evidence: Collection, ends: list[datetime], first: int, now: Tier
) -> int | None:
    """Return the first end after which less is supported than ``now``; None when there is none."""

    def falls(place: int) -> bool:
        return WhatIf(policy, evidence, ends[place] + _SOON).supported().rank < now.rank

    low, high = first, len(ends) - 1
    if not falls(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if falls(middle) else (middle + 1, high)
    return low


def _moments(policy: Policy, evidence: Collection, at: datetime) -> dict[datetime, set[str]]:
    """Return when evidence supports something for the last time, with what it is about."""
    ages = {
        timedelta(days=float(standards.longest_age_days.value))
        for rung in policy.tiers
        for standards in (rung.standards, rung.fast_standards)
    }
    found: dict[datetime, set[str]] = {}
    for document in evidence.documents:
        dated = [(m.finished_at, m.metric) for m in document.measurements]
        dated += [(claim.made_at, claim.item) for claim in document.claims]
        for when, topic in dated:
            for age in ages:
                if when + age >= at:
                    found.setdefault(when + age, set()).add(topic)
    return found
