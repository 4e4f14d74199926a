# SPDX-License-Identifier: Apache-2.0
"""Carries out trials on one model in memory: attack, measure, put back.

A worker is the only thing that holds a model. Its results depend on the trial and the context
alone, so that it does not matter which of several workers does which trial, or in what order.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch

from tiergate.errors import DigestMismatchError, MeasurementError, TiergateError
from tiergate.evidence.tampering.adversary import Access
from tiergate.evidence.tampering.attacks import attack_named
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.keeping import keep_variant
from tiergate.evidence.tampering.loading import load_target
from tiergate.evidence.tampering.material import material_for
from tiergate.evidence.tampering.measuring import Measurer
from tiergate.evidence.tampering.sequential import Next
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.trial import (
    NULL,
    UNGUARDED,
    KeptLog,
    Phase,
    PointResult,
    Trial,
    TrialResult,
)
from tiergate.evidence.tampering.variant import Attack, Variant

_PROMPTS_BY_WEIGHTS = frozenset({NULL, "gcg"})
"""Attacks that need the weights, or nothing, and change none."""
_BY_USERS = frozenset({"hook"})
"""Attacks that may change more than tensors, after which the model is loaded again."""


class Worker:
    """One model in memory, and what trials on it need."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._parts = context.prompts.split(context.seed)
        self._material = material_for(context, self._parts.attacker)
        self._target: Target | None = None
        self._measurer: Measurer | None = None

    def run(self, trial: Trial) -> TrialResult:
        """Carry out a trial. What goes wrong in it is part of the result, never an exception."""
        try:
            if trial.attack == UNGUARDED:
                return self._on_unguarded(trial)
            self._load(self._context.model)
            return self._attack(trial)
        except TiergateError as error:
            return TrialResult(trial=trial, error=str(error))
        except (RuntimeError, ValueError, ArithmeticError, OSError, LookupError) as error:
            return TrialResult(trial=trial, error=f"{type(error).__name__}: {_first_line(error)}")
        finally:
            if trial.attack in _BY_USERS:
                self.close()

    @property
    def target(self) -> Target:
        """The model that is attacked."""
        self._load(self._context.model)
        assert self._target is not None  # noqa: S101 - loaded the line before
        return self._target

    def close(self) -> None:
        """Let the model go."""
        if self._target:
            self._target.close()
        self._target = self._measurer = None
        gc.collect()

    def _load(self, path: Path) -> None:
        """Hold the model of a folder, and no other beside it."""
        if self._target and self._target.path.resolve() == path.resolve():
            return
        self.close()
        target = load_target(path, device=self._context.device, dtype=self._context.dtype)
        expected = self._context.root_digests.get(str(path), target.root_digest)
        if target.root_digest != expected:
            target.close()
            raise DigestMismatchError(
                str(path), target.root_digest, expected, "Keep the files as they are during a run."
            )
        self._target = target
        self._measurer = Measurer(self._target, self._context, self._parts)

    def _on_unguarded(self, trial: Trial) -> TrialResult:
        path = self._context.unguarded
        if path is None:
            return TrialResult(trial=trial, error="no unguarded twin was given")
        self._load(path)
        return self._attack(replace(trial, attack=NULL), named=trial)

    def _attack(self, trial: Trial, named: Trial | None = None) -> TrialResult:
        target, measurer = self._target, self._measurer
        assert target is not None and measurer is not None  # noqa: S101, PT018 - loaded
        attack = attack_named(trial.attack)
        torch.manual_seed(trial.seed)
        points: list[PointResult] = []
        logs: tuple[KeptLog, ...] = ()
        error = ""
        try:
            with (
                target.edited(),
                closing(
                    cast(
                        "Generator[Variant]",
                        attack.variants(target, self._material, dict(trial.setting), trial.seed),
                    )
                ) as variants,
            ):
                for variant in variants:
                    if trial.point not in ("", variant.point):
                        continue
                    if trial.phase is Phase.TASK:
                        logs = self._run_task(variant, trial, target)
                        break
                    result, decided = self._measure(variant, trial, measurer)
                    points.append(result)
                    _refuse_unfit_point(points, attack, measurer.untouched_digest, target)
                    if trial.point or decided is Next.BROKEN:
                        break
        except TiergateError as failure:
            error = str(failure)
        if not (points or logs or error):
            error = f"the attack gave no point {trial.point!r}".removesuffix(" ''")
        restored = target.put_back
        if not restored:
            self.close()
            error = error or "the weights could not be put back"
        return TrialResult(
            trial=named or trial,
            points=tuple(points),
            error=error,
            restored=restored,
            logs=logs if restored else (),
        )

    def _run_task(self, variant: Variant, trial: Trial, target: Target) -> tuple[KeptLog, ...]:
        # Inspect is a package of its own, and few runs need it.
        from tiergate.evidence.tampering.inspect_task import run_task

        task, folder = self._context.task, self._context.inspect_logs
        assert task is not None and folder is not None  # noqa: S101, PT018 - its trial was asked
        digest = target.digest()
        with target.widened():
            return run_task(
                target, variant, task=task, trial=trial, weights_digest=digest, folder=folder
            )

    def _measure(
        self, variant: Variant, trial: Trial, measurer: Measurer
    ) -> tuple[PointResult, Next]:
        target = measurer.target
        digest = target.digest()
        in_full = trial.phase is not Phase.SEARCH
        with target.widened() if in_full else nullcontext():
            found = measurer.measure(variant, trial, digest=digest, in_full=in_full)
        if self._context.variants and digest != measurer.untouched_digest:
            keep_variant(target, self._context.variants / trial.id / variant.point, trial)
        return found


def _refuse_unfit_point(
    points: list[PointResult], attack: Attack, untouched: str, target: Target
) -> None:
    """Refuse a point twice, and an attack on the weights that has left them as they were.

    Raises:
        MeasurementError: it is one of these, and no measurement of the attack.
    """
    newest = points[-1]
    if any(point.point == newest.point for point in points[:-1]):
        raise MeasurementError(attack.name, f"two points called {newest.point!r}", "one of each")
    edits = attack.access is Access.WEIGHTS and attack.name not in _PROMPTS_BY_WEIGHTS
    if edits and newest.digest == untouched and not target.has_hooks:
        raise MeasurementError(
            attack.name,
            "weights that are as they were before the attack",
            "an attack that changes them",
            "Nothing was tried, so nothing is known.",
        )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:300]


def make_worker(context: RunContext) -> Worker:
    """Return a worker for a run; it loads the model when the first trial comes."""
    return Worker(context)
