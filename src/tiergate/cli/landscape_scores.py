# SPDX-License-Identifier: Apache-2.0
"""Scores as they are given on the command line of ``tiergate landscape place``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.errors import InputError
from tiergate.landscape.placement import Item, Placement, nearest, place, widened

if TYPE_CHECKING:
    from tiergate.cli.landscape_measured import MeasuredScore


def placed(
    given: Sequence[str],
    evidence: Sequence[Path],
    named: Sequence[str],
    guessed: Sequence[str],
    items: Mapping[str, Item],
) -> tuple[Placement, tuple[MeasuredScore, ...]]:
    """Place a model by scores that are given, and by those that are counted in evidence.

    Args:
        given: each as BENCHMARK=SCORE.
        evidence: stores and evidence documents.
        named: which metric in it is of which benchmark, each as METRIC=BENCHMARK.
        guessed: what guessing gets right, each as BENCHMARK=SHARE.
        items: parameters of benchmarks.

    Raises:
        InputError: something of it is none, or too few scores count.
        EvidenceError: a path cannot be used.
    """
    scores = read_scores(given, items)
    if not named:
        return place(scores, items), ()
    from tiergate.cli.landscape_measured import measured_scores

    counted = measured_scores(evidence, named, guessed, items)
    twice = [score.benchmark for score in counted if score.benchmark in scores]
    if twice:
        found = f"{', '.join(twice)} in --score too"
        raise InputError("--measured", found, "a benchmark once each")
    at = {**scores, **{score.benchmark: score.score for score in counted}}
    low = {**scores, **{score.benchmark: score.low for score in counted}}
    high = {**scores, **{score.benchmark: score.high for score in counted}}
    return widened(place(at, items), at, low, high, items), counted


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
