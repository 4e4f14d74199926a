# SPDX-License-Identifier: Apache-2.0
"""The means that HELM puts in ``stats.json``, formed again from the single instances.

The tool takes the mean of each training trial, and then the mean of those. Nothing here
changes what is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.helm_instances import Instances, Stat
from tiergate.evidence.readers.helm_state import change_of, split_of
from tiergate.evidence.readers.values import as_count, as_number, as_object, as_text, listed, mean

_TOLERANCE = Decimal("0.000001")
# Means over the worst of several inputs, and over the originals of changed ones.
_DERIVED = frozenset({"worst", "original"})
_COUNT_OF_INPUTS = "num_instances"

Context = tuple[str, str, str]
"""Metric, split, and how inputs were changed: what the tool forms one mean of."""


def stats_remarks(stats: Sequence[object], instances: Instances) -> Iterator[Remark]:
    """Yield a remark for every mean that a recount does not give."""
    recounts = _recounts(instances.stats)
    alone: set[str] = set()
    for entry in stats:
        stat = as_object(entry)
        name = as_object(stat.get("name"))
        change = as_object(name.get("perturbation"))
        metric, stated = as_text(name.get("name")), as_number(stat.get("mean"))
        if not metric or metric == _COUNT_OF_INPUTS or change.get("computed_on") in _DERIVED:
            continue
        key = (metric, split_of(name), change_of(change))
        if key not in recounts:
            alone.add(metric)
        elif as_count(stat.get("count")) and not _alike(stated, recounts[key]):
            yield _disagrees(key, stated, recounts[key])
    yield from _input_remarks(stats, instances)
    if alone:
        yield Remark(
            code="not-per-sample",
            message=f"{len(alone)} metrics of stats.json have no score for single instances; "
            f"nothing of them counts: {listed(alone)}.",
        )


def _recounts(stats: Sequence[Stat]) -> dict[Context, Decimal | None]:
    trials: dict[Context, dict[int, list[Stat]]] = defaultdict(lambda: defaultdict(list))
    for stat in stats:
        trials[stat.metric, stat.split, stat.key.change][stat.key.trial].append(stat)
    return {context: _mean_of_trials(by_trial) for context, by_trial in trials.items()}


def _mean_of_trials(trials: Mapping[int, Sequence[Stat]]) -> Decimal | None:
    means = []
    with localcontext(prec=28):
        for stats in trials.values():
            count = sum(stat.count for stat in stats)
            if count:
                means.append(sum((stat.total or Decimal(0) for stat in stats), Decimal(0)) / count)
    return mean(means)


def _alike(stated: Decimal | None, recounted: Decimal | None) -> bool:
    if stated is None or recounted is None:
        return stated is recounted
    return abs(stated - recounted) <= _TOLERANCE * max(Decimal(1), abs(stated))


def _disagrees(key: Context, stated: Decimal | None, recounted: Decimal | None) -> Remark:
    metric, split, change = key
    of = ",".join(part for part in (metric, split) if part)
    changed = f" on inputs changed by {change.rpartition(':')[0]}" if change else ""
    return Remark(
        code="header-disagrees",
        message=f"stats.json states {_short(stated)} for {of}{changed}; "
        f"the instances give {_short(recounted)}.",
    )


def _short(number: Decimal | None) -> str:
    return "nothing" if number is None else f"{number:.6g}"


def _input_remarks(stats: Sequence[object], instances: Instances) -> Iterator[Remark]:
    inputs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, unit in instances.state.units.items():
        inputs[unit.split, key.change].add(key.sample)
    for entry in stats:
        stat = as_object(entry)
        name = as_object(stat.get("name"))
        change = change_of(as_object(name.get("perturbation")))
        stated = as_number(stat.get("mean"))
        if name.get("name") != _COUNT_OF_INPUTS or stated is None:
            continue
        found = len(inputs[split_of(name), change])
        if stated > found:
            yield Remark(
                code="fewer-samples-than-claimed",
                message=f"stats.json states {_short(stated)} inputs of {split_of(name)}; the run "
                f"has requests for {found}. Those that are missing count as not attempted.",
            )
