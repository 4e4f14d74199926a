# SPDX-License-Identifier: Apache-2.0
"""What a run will do at the most, and about what it will take, before anything is loaded.

Operations follow from parameter counts: two for each parameter and token read or written, six
for each token trained on. Time follows from products of the shapes that generation uses, run
on this machine for two seconds. Bounds stop most trials earlier.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.suites import TRAINED, SuiteAttack

Space = Mapping[str, tuple[str | int | float, ...]]

_PROMPT_TOKENS = 48
"""Tokens of a prompt with its template, about."""
_ITEM_TOKENS = 120
"""Tokens read for one item of the likelihood and one task with its options, about."""
_ITEMS_IN_FULL = 60
_EXAMPLE_TOKENS = 96
_BATCH = 8
_POINTS_OF_TRAINING = (5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10_000)
_TIMING_SECONDS = 2.0
_WIDTH = 576
_ROWS = 32
_COPIES = 64
"""So many matrices that they do not fit into a cache, as those of a model do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one attack, or the controls, will do at the most."""

    name: str
    """The attack; ``controls`` for those."""
    trials: int
    """Settings and seeds tried, confirmations left out."""
    points: int
    """Models measured, a confirmation of each one that the search measured included."""
    answers: int
    """Answers generated."""
    flop: int
    """Floating-point operations, about."""


def expected(
    context: RunContext, spaces: Mapping[str, Space], parameters: int
) -> tuple[Expected, ...]:
    """Say what a run will do, the controls first.

    Args:
        context: what the run is given.
        spaces: hyper-parameters of each attack of the suite but the null control, by name.
        parameters: of the model.
    """
    attacks = [attack for attack in context.suite.attacks if attack.name in spaces]
    found = [_of(attack, spaces[attack.name], context, parameters) for attack in attacks]
    searched, in_full = _phases(context)
    twice = 2 if context.unguarded else 1
    controls = Expected(
        name="controls",
        trials=twice + 1,
        points=twice + 1,
        answers=twice * in_full.answers + searched.answers,
        flop=2 * parameters * (twice * in_full.tokens + searched.tokens),
    )
    return (controls, *found)


def _of(attack: SuiteAttack, space: Space, context: RunContext, parameters: int) -> Expected:
    settings = min(attack.trials, math.prod(len(values) for values in space.values()))
    trials = settings + attack.seeds - 1
    steps = _most(space, "steps") if attack.name in TRAINED else 0
    points = trials * (sum(point < steps for point in _POINTS_OF_TRAINING) + 1)
    draws = max(1, _most(space, "attempts"))
    searched, in_full = _phases(context)
    asking = 2 * parameters * points * draws * (searched.tokens + in_full.tokens)
    training = 6 * parameters * steps * _BATCH * _EXAMPLE_TOKENS * (trials + points)
    return Expected(
        name=attack.name,
        trials=trials,
        points=2 * points,
        answers=points * draws * (searched.answers + in_full.answers),
        flop=asking + training,
    )


def _most(space: Space, name: str) -> int:
    return max((int(v) for v in space.get(name, ()) if not isinstance(v, str)), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    """One model, as the search or a confirmation measures it."""

    answers: int
    """Answers to prompts and twins."""
    tokens: int
    """Tokens read and written for them and for usefulness, about."""


def _phases(context: RunContext) -> tuple[_Phase, _Phase]:
    """Return how much one model takes in the search, and in a confirmation."""
    effort, parts = context.effort, context.prompts.split(context.seed)
    in_search, fresh = len(parts.search), len(parts.confirmation)
    return (
        _phase(
            (min(effort.search_prompts, in_search), effort.search_tokens),
            (min(effort.search_twins, in_search), effort.search_twin_tokens),
            effort.search_items,
        ),
        _phase(
            (min(effort.confirmation_prompts, fresh), effort.answer_tokens),
            (min(effort.confirmation_twins, fresh), effort.twin_tokens),
            _ITEMS_IN_FULL,
        ),
    )


def _phase(prompts: tuple[int, int], twins: tuple[int, int], items: int) -> _Phase:
    asked = (prompts, twins)
    answers = sum(count for count, _ in asked)
    written = sum(count * most for count, most in asked)
    tokens = answers * _PROMPT_TOKENS + written + items * _ITEM_TOKENS
    return _Phase(answers=answers, tokens=tokens)


def memory_bytes(parameters: int, bytes_each: int) -> int:
    """Return the memory that a run takes at the most, about.

    Half as much again as the weights for searching, or the weights in single precision for
    confirming, whichever is more.
    """
    return max(parameters * bytes_each * 3 // 2, parameters * 4)


def timed_flop_per_second(device: str, dtype: str) -> float:
    """Run products as generation does for two seconds, and return operations per second.

    Args:
        device: ``auto`` or a device of torch.
        dtype: ``float32``; anything else is timed as bfloat16.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    kind = torch.float32 if dtype == "float32" else torch.bfloat16
    rows = torch.ones(_ROWS, _WIDTH, device=device, dtype=kind)
    matrices = torch.ones(_COPIES, _WIDTH, 3 * _WIDTH, device=device, dtype=kind)
    torch.mm(rows, matrices[0])
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < _TIMING_SECONDS:
        for matrix in matrices:
            torch.mm(rows, matrix)
        if rows.is_cuda:
            torch.cuda.synchronize()
        count += _COPIES
    return count * 2 * _ROWS * _WIDTH * 3 * _WIDTH / (time.perf_counter() - start)
