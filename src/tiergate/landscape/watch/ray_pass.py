# SPDX-License-Identifier: Apache-2.0
"""The same pass on a Ray cluster: the pieces of the rows side by side, the same findings.

A piece is a Parquet file in our columns that every worker can open, on a disk that they share.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from tiergate.errors import ExtensionError
from tiergate.landscape.watch.findings import Question
from tiergate.landscape.watch.frames import frame_of
from tiergate.landscape.watch.plain_pass import Passed
from tiergate.landscape.watch.polars_pass import (
    declared,
    hits,
    put_together,
    wanted_of,
)
from tiergate.landscape.watch.row import Row

_TRIES = 3


def ray_pass(pieces: Sequence[Path], question: Question, known: Iterable[Row] = ()) -> Passed:
    """Look through pieces, each in a task of its own; see ``polars_pass``.

    Raises:
        ExtensionError: Ray is not installed, or its cluster does not answer.
    """
    remembered = frame_of(known).lazy()
    with _cluster(len(pieces)) as ray:
        first, second = (ray.remote(num_cpus=1)(step) for step in (_declared, _hits))
        found = ray.get([first.remote(str(piece), question) for piece in pieces])
        edges = [*(each.edges for each in found), declared(remembered, question.at).edges]
        whole = pl.concat(edges)
        wanted = wanted_of(whole, question)
        shared = ray.put(wanted)
        frames = ray.get([second.remote(str(piece), shared) for piece in pieces])
    return put_together(found, whole, wanted, [*frames, hits(remembered, wanted)], question)


def _declared(piece: str, question: Question) -> Any:  # noqa: ANN401 - crosses a process
    return declared(pl.scan_parquet(piece), question.at, with_keys=True)


def _hits(piece: str, wanted: Any) -> Any:  # noqa: ANN401 - crosses a process
    return hits(pl.scan_parquet(piece), wanted)


@contextmanager
def _cluster(pieces: int) -> Iterator[Any]:
    """Connect to the cluster that ``RAY_ADDRESS`` names, or start one here, and leave it after."""
    # Read by the import: nothing is reported to anybody, and nothing is told on standard output.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        remedy = "Run: pip install 'tiergate[ray]'"
        raise ExtensionError("--ray", "no package ray", "Ray", remedy) from None
    address = os.environ.get("RAY_ADDRESS", "")
    workers = max(1, min(pieces, len(os.sched_getaffinity(0))))
    here: dict[str, Any] = {} if address else {"num_cpus": workers, "include_dashboard": False}
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    for left in reversed(range(_TRIES)):
        try:
            ray.init(address=address or "local", **quiet, **here)
            break
        except Exception as error:  # Ray raises no class of its own here.
            ray.shutdown()
            # On a busy machine a cluster may take longer to start than Ray waits.
            if not left or address:
                words = (str(error).splitlines() or [""])[0][:200]
                found = f"a cluster that does not answer ({words})"
                expected = "the one that RAY_ADDRESS names, or one on this machine"
                remedy = "Try again when the machine is less busy, or leave --ray out."
                raise ExtensionError("--ray", found, expected, remedy) from error
    try:
        yield ray
    finally:
        ray.shutdown()
