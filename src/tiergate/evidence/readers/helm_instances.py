# SPDX-License-Identifier: Apache-2.0
"""The statistics of single instances of a HELM run: a score for each input and metric."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.base import Row
from tiergate.evidence.readers.helm_state import State, Unit, UnitKey, key_of, split_of
from tiergate.evidence.readers.values import as_count, as_list, as_number, as_object, as_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """One statistic of one input in one trial."""

    key: UnitKey
    """The input and the trial."""
    metric: str
    """Name of the metric."""
    split: str
    """Part of the data, as the statistic names it."""
    count: int
    """How many numbers it was formed of."""
    total: Decimal | None
    """Their sum; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """Every statistic of every input."""

    stats: tuple[Stat, ...]
    """As the file has them."""
    state: State
    """The requests behind them."""
    names: tuple[tuple[str, str], ...]
    """Metric and split of every series, sorted."""
    units: Mapping[UnitKey, Unit]
    """Every input in every trial, those that no request is known of among them."""
    scores: Mapping[str, Mapping[UnitKey, Decimal | None]]
    """From each metric to the score of each input in each trial."""
    remarks: tuple[Remark, ...]
    """What was left out, and why."""

    def rows(self, metric: str, split: str) -> tuple[Row, ...]:
        """Return one row for every input of the split in every trial."""
        scores = self.scores[metric]
        keys = [key for key, unit in self.units.items() if unit.split == split]
        return tuple(
            _row(key, self.units[key], scores.get(key)) for key in sorted(keys, key=_order)
        )


def read_instances(content: object, state: State, where: str) -> Instances:
    """Read ``per_instance_stats.json``.

    Raises:
        EvidenceError: it has another shape.
    """
    stats = tuple(_stats(content, where))
    unknown = {stat.key: _unasked(stat) for stat in stats if stat.key not in state.units}
    units = {**state.units, **unknown}
    grouped: dict[tuple[str, str], list[Stat]] = defaultdict(list)
    for stat in stats:
        grouped[stat.metric, units[stat.key].split].append(stat)
    refused = {name for name, found in grouped.items() if _is_collective(found)}
    scores: dict[str, dict[UnitKey, Decimal | None]] = defaultdict(dict)
    for name in grouped.keys() - refused:
        for stat in grouped[name]:
            scores[stat.metric][stat.key] = stat.total if stat.count == 1 else None
    return Instances(
        stats=stats,
        state=state,
        names=tuple(sorted(grouped.keys() - refused)),
        units=units,
        scores=scores,
        remarks=tuple(_remarks(refused, len(unknown))),
    )


def _stats(content: object, where: str) -> Iterator[Stat]:
    entries = as_list(content)
    if not entries:
        raise EvidenceError(where, "no statistics", "a list with an entry for every instance")
    for number, entry in enumerate(entries):
        fields = as_object(entry)
        key = key_of(
            fields.get("instance_id"),
            fields.get("perturbation"),
            fields.get("train_trial_index"),
            f"{where}, entry {number}",
        )
        for stat in (as_object(s) for s in as_list(fields.get("stats"))):
            name, count = as_object(stat.get("name")), as_count(stat.get("count"))
            if metric := as_text(name.get("name")):
                yield Stat(
                    key=key,
                    metric=metric,
                    split=split_of(name),
                    count=count or 0,
                    total=as_number(stat.get("sum")),
                )


def _unasked(stat: Stat) -> Unit:
    return Unit(split=stat.split, errored=False, answered=True, limited=False)


def _is_collective(stats: list[Stat]) -> bool:
    """Tell whether a metric keeps several numbers for one input, or two that differ."""
    seen: dict[UnitKey, tuple[int, Decimal | None]] = {}
    found = (seen.setdefault(s.key, (s.count, s.total)) != (s.count, s.total) for s in stats)
    return any(found) or any(stat.count > 1 for stat in stats)


def _row(key: UnitKey, unit: Unit, score: Decimal | None) -> Row:
    return Row(
        sample=key.sample,
        attempt=key.trial + 1,
        value=score if unit.answered and not unit.errored else None,
        errored=unit.errored,
        limited=unit.limited,
        cluster=key.instance if key.change else "",
    )


def _order(key: UnitKey) -> tuple[int, str, str, int]:
    return len(key.instance), *key


def _remarks(refused: set[tuple[str, str]], unknown: int) -> Iterator[Remark]:
    for metric, split in sorted(refused):
        name = f"{metric},{split}" if split else metric
        yield Remark(
            code="not-per-sample",
            message=f"Metric {name} keeps more than one number for an input; it is left out.",
        )
    if unknown:
        yield Remark(
            code="more-samples-than-planned",
            message=f"{unknown} inputs have statistics and no request.",
        )
