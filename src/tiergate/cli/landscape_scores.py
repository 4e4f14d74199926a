# SPDX-License-Identifier: Apache-2.0
"""Scores as they are given on the command line of ``tiergate landscape place``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tiergate.errors import InputError
from tiergate.landscape.placement import nearest


def read_scores(given: Sequence[str], benchmarks: Iterable[str]) -> dict[str, float]:
    """Return scores by benchmark.

    Args:
        given: each as BENCHMARK=SCORE.
        benchmarks: those that have parameters.

    Raises:
        InputError: some are none; every mistake is named, and what is near it.
    """
    known = tuple(benchmarks)
    found: dict[str, float] = {}
    mistakes: list[str] = []
    unknown: list[str] = []
    for text in given:
        name, _, value = text.rpartition("=")
        try:
            score = float(value)
        except ValueError:
            mistakes.append(f"{text!r}, which is no BENCHMARK=SCORE")
            continue
        if not 0.0 <= score <= 1.0:
            mistakes.append(f"{text!r}, which is no share from 0 to 1")
        if name in found:
            mistakes.append(f"{name!r} twice")
        elif name not in known:
            near = nearest(name, known)
            meant = "" if near is None else f" (did you mean {near!r}?)"
            unknown.append(f"{name!r}, which has no parameters{meant}")
        found[name] = score
    if mistakes:
        raise InputError(
            "--score",
            "; ".join([*mistakes, *unknown]),
            "a benchmark once each, and a score from 0 to 1, as in 'GPQA diamond=0.71'",
            "`tiergate landscape benchmarks` lists them.",
        )
    return found
