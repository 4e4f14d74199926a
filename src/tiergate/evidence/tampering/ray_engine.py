# SPDX-License-Identifier: Apache-2.0
"""Trials on a Ray cluster: each of its workers holds the model and runs one trial at a time.

A worker that ends in the middle, with its process or its machine, is replaced, and its trial is
tried again from the beginning. A trial depends on nothing but itself and the context, so only
time is lost. Every worker computes on as many threads as this process would, because sums
of floating-point numbers depend on how they are split.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, TypeVar

from tiergate.errors import ExtensionError, MeasurementError, TiergateError
from tiergate.evidence.tampering.engines import Keep, Worker, keep_nothing
from tiergate.evidence.tampering.trial import Trial, TrialResult
from tiergate.model.digest import available_cores

C = TypeVar("C")

_TRIES = 3
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class _Raised:
    """An exception of ours on its way home; such an exception does not survive pickling."""

    kind: type[TiergateError]
    words: tuple[str, str, str, str]


class _Actor(Generic[C]):
    """What runs in a process of Ray: a worker, made when the first trial comes."""

    def __init__(self, context: C, make_worker: Callable[[C], Worker], threads: int) -> None:
        os.environ.update(dict.fromkeys(_THREADS, str(threads)))
        # Workers that share cores wait for each other without burning them.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._context = context
        self._make_worker = make_worker
        self._worker: Worker | None = None

    def run(self, trial: Trial) -> TrialResult | _Raised:
        """Run a trial."""
        try:
            if self._worker is None:
                self._worker = self._make_worker(self._context)
            return self._worker.run(trial)
        except TiergateError as error:
            words = (error.where, error.found, error.expected, error.remedy)
            return _Raised(type(error), words)


class RayEngine(Generic[C]):
    """Runs trials on a Ray cluster. Use :func:`ray_engine`, which starts and stops it."""

    def __init__(
        self,
        context: C,
        make_worker: Callable[[C], Worker],
        *,
        workers: int,
        gpus: float = 0,
    ) -> None:
        """Use the cluster that this process is connected to.

        Args:
            context: what every worker is made from; it must survive pickling.
            make_worker: makes one; importable by name on every machine.
            workers: how many, at least 1.
            gpus: of each worker.
        """
        self._ray = require_ray()
        self._arguments = (context, make_worker, _threads())
        self._workers = workers
        self._actor = self._ray.remote(num_cpus=1, num_gpus=gpus)(_Actor)

    def run(self, trials: Sequence[Trial], keep: Keep = keep_nothing) -> Iterator[TrialResult]:
        """Yield the result of each trial, in the order given, as many at once as there are workers.

        A trial whose worker ended three times has an error as its result.

        Raises:
            TiergateError: as a worker raised it, in place of the result of its trial.
        """
        waiting = deque(enumerate(trials))
        found: dict[int, TrialResult | _Raised] = {}
        ended = [0] * len(trials)
        team = _Team(self._ray, self._hire)
        try:
            for place in range(len(trials)):
                while place not in found:
                    while waiting and team.size < self._workers:
                        team.start(*waiting.popleft())
                    done, result = team.finished()
                    if result is None:
                        ended[done] += 1
                        if ended[done] < _TRIES:
                            waiting.appendleft((done, trials[done]))
                            continue
                        result = TrialResult(trial=trials[done], error=_ENDED)
                    if isinstance(result, TrialResult):
                        keep(result)
                    found[done] = result
                yield _result(found.pop(place))
        finally:
            team.dismiss()

    def _hire(self) -> Any:  # noqa: ANN401 - an actor handle, which Ray does not type
        return self._actor.remote(*self._arguments)


_ENDED = f"the worker's process ended {_TRIES} times; its machine may lack memory"


class _Team:
    """The actors at work and at rest, and what each is doing."""

    def __init__(self, ray: ModuleType, hire: Callable[[], Any]) -> None:
        self._ray = ray
        self._hire = hire
        self._busy: dict[Any, tuple[int, Any]] = {}
        self._idle: list[Any] = []

    @property
    def size(self) -> int:
        """Trials under way."""
        return len(self._busy)

    def start(self, place: int, trial: Trial) -> None:
        """Give a trial to somebody who is free."""
        actor = self._idle.pop() if self._idle else self._hire()
        self._busy[actor.run.remote(trial)] = (place, actor)

    def finished(self) -> tuple[int, TrialResult | _Raised | None]:
        """Wait for a trial and return its place and result; None when its worker is gone."""
        lost = self._ray.exceptions
        (reference,), _ = self._ray.wait(list(self._busy), num_returns=1)
        place, actor = self._busy.pop(reference)
        try:
            found: TrialResult | _Raised = self._ray.get(reference)
        except (lost.RayActorError, lost.WorkerCrashedError, lost.OutOfMemoryError):
            self._ray.kill(actor)
            return place, None
        self._idle.append(actor)
        return place, found

    def dismiss(self) -> None:
        """End every actor, whatever it is doing."""
        for actor in [*self._idle, *(actor for _, actor in self._busy.values())]:
            self._ray.kill(actor)
        self._idle.clear()
        self._busy.clear()


def _result(found: TrialResult | _Raised) -> TrialResult:
    if isinstance(found, _Raised):
        raise found.kind(*found.words)
    return found


def require_ray() -> ModuleType:
    """Import Ray.

    Raises:
        ExtensionError: it is not installed.
    """
    # Read by the import: nothing is reported to anybody, and a worker that ends is not told on
    # standard output, where our results go.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
    try:
        import ray
    except ImportError as error:
        raise ExtensionError(
            "--engine ray",
            "no ray",
            "the extra tiergate[ray]",
            "Install it: pip install 'tiergate[ray]'",
        ) from error
    found: ModuleType = ray
    return found


def gpus_for(device: str) -> int:
    """Return the GPUs that a worker needs whose model runs on ``device``."""
    import torch

    return int(device.startswith("cuda") or (device == "auto" and torch.cuda.is_available()))


@contextmanager
def ray_engine(
    context: C, make_worker: Callable[[C], Worker], *, workers: int, gpus: float = 0
) -> Iterator[RayEngine[C]]:
    """Connect to the cluster that ``RAY_ADDRESS`` names, or start one here, and leave it after.

    Raises:
        ExtensionError: Ray is not installed.
        MeasurementError: the cluster does not answer, or does not start.
    """
    ray = require_ray()
    _connect(ray, workers)
    try:
        yield RayEngine(context, make_worker, workers=workers, gpus=gpus)
    finally:
        ray.shutdown()


def _connect(ray: ModuleType, workers: int) -> None:
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    address = os.environ.get("RAY_ADDRESS", "")
    here: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False}
    for left in reversed(range(_TRIES)):
        try:
            ray.init(address=address or "local", **({} if address else here), **quiet)
        except Exception as error:  # Ray raises no class of its own here.
            ray.shutdown()
            # On a busy machine a cluster may take longer to start than Ray waits.
            if left and not address:
                continue
            raise MeasurementError(
                "--engine ray",
                f"a cluster that does not answer ({(str(error).splitlines() or [''])[0][:200]})",
                "the one that RAY_ADDRESS names, or one on this machine",
                "Try again when the machine is less busy, or use --engine local.",
            ) from error
        return


def _threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) else available_cores()
