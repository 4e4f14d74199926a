# SPDX-License-Identifier: Apache-2.0
"""What is tried and what was found: one setting of one attack, measured at one or more points.

Both travel as JSON, into the journal and between processes. A trial is known by the digest of
what it tries, so that a run that was killed knows what it has done already.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.grading import AnswerClass, is_success
from tiergate.model.digest import sha256_digest
from tiergate.stats.rates import Rate

NULL = "none"
"""Name of the attack that does nothing."""
UNGUARDED = "unguarded"
"""Name of the control on the twin without the safeguard."""

UNUSABLE = frozenset({AnswerClass.EMPTY, AnswerClass.LOOPING, AnswerClass.INCOHERENT})
"""What is neither a refusal nor of use to anybody."""


class Phase(enum.StrEnum):
    """What a trial is for."""

    CONTROL = "control"
    """The model as it is, or the unguarded twin."""
    SEARCH = "search"
    """Finding the best setting; short, on prompts of its own."""
    CONFIRMATION = "confirmation"
    """Measuring the best setting on fresh prompts, in full."""
    TASK = "task"
    """Running a user's own task on the model that decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One setting of one attack."""

    attack: str
    """Name of the attack."""
    setting: tuple[tuple[str, str | int | float], ...] = ()
    """Its hyper-parameters, sorted by name."""
    seed: int = 0
    """Seed of everything random in it."""
    phase: Phase
    """What it is for."""
    point: str = ""
    """The only point to measure; empty for every point."""
    task: str = ""
    """The user's own task, by names and digest, that is run; empty where none is."""

    @property
    def id(self) -> str:
        """Digest of what is tried."""
        return sha256_digest(json.dumps(self.to_json(), sort_keys=True).encode())[7:23]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "attack": self.attack,
            "setting": dict(self.setting),
            "seed": self.seed,
            "phase": str(self.phase),
            "point": self.point,
            **({"task": self.task} if self.task else {}),
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Trial:
        """Read what ``to_json`` wrote."""
        return cls(
            attack=given["attack"],
            setting=tuple(sorted(given["setting"].items())),
            seed=given["seed"],
            phase=Phase(given["phase"]),
            point=given["point"],
            task=given.get("task", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What the answers to some prompts were, by prompt: one class for each attempt."""

    rows: tuple[tuple[str, tuple[AnswerClass, ...]], ...] = ()
    """Id of the pair and the classes of its answers, in the order of asking."""

    @property
    def successes(self) -> Rate:
        """Prompts that were answered at least once, out of all asked."""
        return Rate(sum(any(map(is_success, found)) for _, found in self.rows), len(self.rows))

    @property
    def refusals(self) -> Rate:
        """Prompts that were refused every time, out of all asked."""
        refused = (all(c is AnswerClass.REFUSED for c in found) for _, found in self.rows)
        return Rate(sum(refused), len(self.rows))

    @property
    def unusable(self) -> Rate:
        """Prompts whose every answer was empty, looping or incoherent, out of all asked."""
        return Rate(sum(UNUSABLE.issuperset(found) for _, found in self.rows), len(self.rows))

    def to_json(self) -> list[list[Any]]:
        """Return it as plain JSON values."""
        return [[name, [str(c) for c in found]] for name, found in self.rows]

    @classmethod
    def from_json(cls, given: list[list[Any]]) -> Labels:
        """Read what ``to_json`` wrote."""
        return cls(
            rows=tuple((name, tuple(AnswerClass(c) for c in found)) for name, found in given)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityFound:
    """What the model can still do."""

    likelihood: tuple[float, ...] = ()
    """Negative log-likelihood in nats for each token of the true answer, by held-out item."""
    correct: int = 0
    """Tasks solved."""
    asked: int = 0
    """Tasks asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointResult:
    """What was found at one point of the budget."""

    point: str
    """The point in words."""
    cost: Cost
    """What this trial had spent to get here."""
    measuring: Cost
    """What measuring here cost; an attacker who searches pays it too."""
    guarded: Labels
    """Answers to prompts that should be refused."""
    twin: Labels
    """Answers to their harmless twins."""
    utility: UtilityFound
    """What the model could still do."""
    digest: str
    """Weights digest of the model in memory while it was measured."""
    transcript: str
    """Digest of the answers, prompt by prompt."""
    dtype: str
    """Type in which it was measured."""
    generation: str
    """How answers were generated, as ``name=value`` separated by spaces."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "point": self.point,
            "cost": _cost_json(self.cost),
            "measuring": _cost_json(self.measuring),
            "guarded": self.guarded.to_json(),
            "twin": self.twin.to_json(),
            "likelihood": [format(value, ".6f") for value in self.utility.likelihood],
            "correct": self.utility.correct,
            "asked": self.utility.asked,
            "digest": self.digest,
            "transcript": self.transcript,
            "dtype": self.dtype,
            "generation": self.generation,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> PointResult:
        """Read what ``to_json`` wrote."""
        return cls(
            point=given["point"],
            cost=_cost(given["cost"]),
            measuring=_cost(given["measuring"]),
            guarded=Labels.from_json(given["guarded"]),
            twin=Labels.from_json(given["twin"]),
            utility=UtilityFound(
                likelihood=tuple(float(value) for value in given["likelihood"]),
                correct=given["correct"],
                asked=given["asked"],
            ),
            digest=given["digest"],
            transcript=given["transcript"],
            dtype=given["dtype"],
            generation=given["generation"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLog:
    """The log of a user's own task."""

    file: str
    """Its name in the folder of logs."""
    sha256: str
    """Its digest."""
    weights_digest: str
    """Weights digest of the model in memory that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What a trial found, or why it could not be finished."""

    trial: Trial
    """What was tried."""
    points: tuple[PointResult, ...] = ()
    """What was found, by rising budget."""
    error: str = ""
    """What went wrong; empty when nothing did. Such a trial is invalid."""
    restored: str = ""
    """Digest over all tensors after the model was put back; empty when it was not."""
    logs: tuple[KeptLog, ...] = ()
    """Logs of the user's own task, in its order."""

    @property
    def cost(self) -> Cost:
        """All that the attacker has paid for it, measuring included."""
        last = self.points[-1].cost if self.points else Cost()
        return sum((point.measuring for point in self.points), last)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "trial": self.trial.to_json(),
            "points": [point.to_json() for point in self.points],
            "error": self.error,
            "restored": self.restored,
            **({"logs": [_log_json(log) for log in self.logs]} if self.logs else {}),
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> TrialResult:
        """Read what ``to_json`` wrote."""
        return cls(
            trial=Trial.from_json(given["trial"]),
            points=tuple(map(PointResult.from_json, given["points"])),
            error=given["error"],
            restored=given["restored"],
            logs=tuple(KeptLog(**log) for log in given.get("logs", ())),
        )


def _log_json(log: KeptLog) -> dict[str, str]:
    return {"file": log.file, "sha256": log.sha256, "weights_digest": log.weights_digest}


def _cost_json(cost: Cost) -> dict[str, Any]:
    return {
        "attempts": cost.attempts,
        "steps": cost.steps,
        "examples": cost.examples,
        "flop": cost.flop,
        "seconds": str(cost.seconds),
    }


def _cost(given: Mapping[str, Any]) -> Cost:
    return Cost(
        attempts=given["attempts"],
        steps=given["steps"],
        examples=given["examples"],
        flop=given["flop"],
        seconds=Decimal(given["seconds"]),
    )
