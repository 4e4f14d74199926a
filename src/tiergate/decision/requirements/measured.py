# SPDX-License-Identifier: Apache-2.0
"""Something must have been measured at all, well enough to be looked at."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome, all_of
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Policy, Scene
from tiergate.decision.requirements.eligibility import reasons_against_measurement
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.evidence.collection import MeasurementItem
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Counts, Variant
from tiergate.evidence.provenance import ProducerRelation


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Each named domain must have a measurement that may support a decision."""

    is_same_at_every_tier: ClassVar[bool] = True
    """It asks of evidence what the standards of the tier ask, and nothing else of the tier."""
    domains: tuple[HazardDomain, ...]
    """Domains, each of which is needed."""
    variant: Variant
    """Form of the model."""
    with_baseline: bool = False
    """Whether it must come with a downloadable baseline in the same harness."""
    samples_kept: int = 0
    """Fewest raw samples that must be kept with it."""
    by: tuple[ProducerRelation, ...] = ()
    """Who may have measured it; empty for anybody."""
    producers: int = 1
    """How many different producers are needed."""

    def judge(self, scene: Scene) -> Explanation:
        """Look for a usable measurement in each domain."""
        rows = tuple(self._domain(domain, scene) for domain in self.domains)
        return Explanation(
            id="",
            title=f"measured, {self.variant}",
            outcome=all_of(row.outcome for row in rows),
            reason="",
            children=rows,
        )

    def _domain(self, domain: HazardDomain, scene: Scene) -> Explanation:
        items = tuple(
            item for metric in _metrics(domain, scene) for item in scene.measurements(metric)
        )
        good = [item for item in items if not self._shortfalls(item, scene)]
        producers = _houses(good) if self.producers > 1 else min(len(good), 1)
        gone = [gone for gone in scene.evidence.missing if _about(gone.topics, domain)]
        met = producers >= self.producers and not gone
        return Explanation(
            id="",
            title=f"{domain.label} measured, {self.variant}",
            outcome=Outcome.MET if met else Outcome.UNDETERMINED,
            reason=self._reason(items, producers, len(gone), scene),
            used=tuple(item.id for item in items),
            next_step="" if met else self._next_step(domain),
            is_adverse=bool(gone),
        )

    def _shortfalls(self, item: MeasurementItem, scene: Scene) -> tuple[str, ...]:
        found = item.measurement
        reasons = list(reasons_against_measurement(item, scene, self.variant, found.direction))
        if found.domain is not None and found.metric not in _read_by_bands(found.domain, scene):
            reasons.append(f"no band of the policy reads {found.metric}")
        if isinstance(found.value, Counts) and found.value.scored == 0:
            reasons.append("nothing was scored")
        if self.with_baseline and not (found.comparison and found.comparison.downloadable):
            reasons.append("no downloadable baseline in the same harness")
        if found.samples_kept < self.samples_kept:
            reasons.append(f"{found.samples_kept} raw samples kept, {self.samples_kept} asked for")
        relation = scene.evidence.relation_of(item.document)
        if self.by and relation not in self.by:
            reasons.append(f"measured by {relation}")
        return tuple(reasons)

    def _reason(
        self, items: tuple[MeasurementItem, ...], producers: int, gone: int, scene: Scene
    ) -> str:
        if gone:
            return "registered evidence is gone"
        if not items:
            return "not measured"
        if producers >= self.producers:
            return f"measured by {producers}"
        if producers:
            return f"measured by {producers}, {self.producers} independent of each other needed"
        reasons = {reason for item in items for reason in self._shortfalls(item, scene)}
        return "; ".join(sorted(reasons))

    def _next_step(self, domain: HazardDomain) -> str:
        return (
            f"measure {domain.label}, {self.variant}, then: "
            "tiergate evidence add LOG --model MODEL --mapping MAPPING"
        )


def _houses(items: list[MeasurementItem]) -> int:
    """Count the organisations that measured, each from a log of its own.

    The same log filed by two is the work of one. Of several ways to give each house a log
    the one with most houses counts, so that a further document never makes them fewer.
    """
    logs: dict[str, set[str]] = defaultdict(set)
    for item in items:
        source = item.document.source
        if item.document.producer.organisation:
            log = item.document.digest if source is None else source.sha256
            logs[item.document.producer.maker].add(log)
    house_of: dict[str, str] = {}

    def place(house: str, tried: set[str]) -> bool:
        for log in logs[house] - tried:
            tried.add(log)
            if log not in house_of or place(house_of[log], tried):
                house_of[log] = house
                return True
        return False

    return sum(place(house, set()) for house in sorted(logs))


def band_metrics(policy: Policy, domain: HazardDomain) -> frozenset[str]:
    """Return the metrics that decide the bands of ``domain``.

    Only they answer whether the domain was measured: a proxy that no band reads would be
    a tick for a field that merely exists.
    """
    found: set[str] = set()
    todo: list[Expression] = [b.ruled_out for b in policy.bands.get(domain, {}).values()]
    while todo:
        match todo.pop():
            case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
                todo.extend(parts)
            case LimitOnMetric(metric=metric):
                found.add(metric)
            case _:
                continue
    return frozenset(found)


def _read_by_bands(domain: HazardDomain, scene: Scene) -> frozenset[str]:
    """Return the metrics that decide the bands of ``domain``, found once for every check."""
    if scene.memo is None:
        return band_metrics(scene.policy, domain)
    known = scene.memo.band_metrics.get(domain)
    if known is None:
        known = scene.memo.band_metrics[domain] = band_metrics(scene.policy, domain)
    return known


def _metrics(domain: HazardDomain, scene: Scene) -> tuple[str, ...]:
    found = {
        m.metric
        for document in scene.evidence.documents
        for m in document.measurements
        if m.domain is domain
    }
    return tuple(sorted(found))


def _about(topics: frozenset[str], domain: HazardDomain) -> bool:
    return any(topic.split(".", 1)[0] == domain.value for topic in topics)
