# SPDX-License-Identifier: Apache-2.0
"""The requests of a HELM run: which inputs were put, and how each request ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.values import (
    as_count,
    as_label,
    as_list,
    as_object,
    as_text,
    shortened,
)


class UnitKey(NamedTuple):
    """One input in one training trial."""

    instance: str
    """Id of the instance that was put, changed or not."""
    change: str
    """How the input was changed; empty for the original."""
    trial: int
    """Number of the training trial, from 0."""

    @property
    def sample(self) -> str:
        """Name of the input."""
        return f"{self.instance}+{self.change}" if self.change else self.instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How the requests of one input in one trial ended."""

    split: str
    """Part of the data that the instance belongs to."""
    errored: bool
    """Whether a request failed."""
    answered: bool
    """Whether every request has a result."""
    limited: bool
    """Whether the limit on tokens cut an answer short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Every request of a run."""

    units: Mapping[UnitKey, Unit]
    """Every input in every trial."""
    requests: int
    """How many requests there are; an input may need several."""
    failed: int
    """Requests that failed."""
    unanswered: int
    """Requests without a result."""
    cached: int
    """Requests that a cache answered."""
    cut: int
    """Requests whose prompt was cut to fit."""
    asked_at: datetime | None
    """Time of the oldest answer; None unless every answer has one.

    An answer from a cache keeps the time at which the model gave it.
    """

    @property
    def instance_ids(self) -> frozenset[str]:
        """Ids of the instances."""
        return frozenset(key.instance for key in self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    key: UnitKey
    unit: Unit
    cached: bool
    cut: bool
    asked_at: datetime | None


def split_of(fields: Mapping[str, object]) -> str:
    """Return the split, with its part after a comma where there is one."""
    parts = [as_text(fields.get("split")), as_text(fields.get("sub_split"))]
    return shortened(",".join(part for part in parts if part), 100)


def key_of(instance: object, perturbation: object, trial: object, where: str) -> UnitKey:
    """Return what an input in a trial is known by.

    Raises:
        EvidenceError: the instance has no id, or the trial no number.
    """
    identity, number = as_label(instance), as_count(trial)
    if not identity or number is None:
        raise EvidenceError(
            where,
            "an entry without an instance id or a train_trial_index",
            "both, with trials counted from 0",
            "Take the run from its source again.",
        )
    return UnitKey(identity, change_of(as_object(perturbation)), number)


def change_of(fields: Mapping[str, object]) -> str:
    """Return the name of a perturbation and a digest of its settings; empty for none."""
    if not fields:
        return ""
    # The settings may name files and word lists, so their digest stands for them.
    settings = json.dumps(fields, sort_keys=True, default=str).encode()
    name = shortened(as_text(fields.get("name")) or "changed", 60)
    return f"{name}:{hashlib.sha256(settings).hexdigest()[:16]}"


def read_state(content: object, where: str) -> State:
    """Read ``scenario_state.json``.

    Raises:
        EvidenceError: it has another shape, or no requests.
    """
    requests = list(_requests(as_list(as_object(content).get("request_states")), where))
    if not requests:
        raise EvidenceError(where, "no requests", "request_states with the requests of the run")
    units: dict[UnitKey, Unit] = {}
    for request in requests:
        before = units.get(request.key)
        units[request.key] = request.unit if before is None else _joined(before, request.unit)
    answers = [r for r in requests if r.unit.answered and not r.unit.errored]
    times = [r.asked_at for r in answers]
    known = [time for time in times if time is not None]
    return State(
        units=units,
        requests=len(requests),
        failed=sum(r.unit.errored for r in requests),
        unanswered=sum(not r.unit.answered for r in requests),
        cached=sum(r.cached for r in requests),
        cut=sum(r.cut for r in requests),
        asked_at=min(known) if known and len(known) == len(times) else None,
    )


def _joined(one: Unit, other: Unit) -> Unit:
    return Unit(
        split=one.split,
        errored=one.errored or other.errored,
        answered=one.answered and other.answered,
        limited=one.limited or other.limited,
    )


def _requests(entries: list[object], where: str) -> Iterator[_Request]:
    for entry in entries:
        state = as_object(entry)
        instance, result = as_object(state.get("instance")), as_object(state.get("result"))
        completions = [as_object(c) for c in as_list(result.get("completions"))]
        reasons = [as_object(c.get("finish_reason")).get("reason") for c in completions]
        yield _Request(
            key=key_of(
                instance.get("id"),
                instance.get("perturbation"),
                state.get("train_trial_index"),
                where,
            ),
            unit=Unit(
                split=split_of(instance),
                errored=bool(result) and result.get("success") is not True,
                answered=bool(result),
                limited="length" in reasons,
            ),
            cached=result.get("cached") is True,
            cut=state.get("prompt_truncated") is True,
            asked_at=_time(result.get("request_datetime")),
        )


def _time(value: object) -> datetime | None:
    seconds = as_count(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None
