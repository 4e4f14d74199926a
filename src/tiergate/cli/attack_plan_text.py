# SPDX-License-Identifier: Apache-2.0
"""What `tiergate attack --dry-run` says: what it would do, how long, with how much memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR

from tiergate.cli import text
from tiergate.cli.attack_request import Prepared, fresh_clusters
from tiergate.cli.duration import in_words
from tiergate.decision.words import percent
from tiergate.evidence.tampering.forecast import Expected, memory_bytes

_BYTES = {"BF16": 2, "F16": 2}


def plan_lines(
    prepared: Prepared, rows: Sequence[Expected], flop_per_second: float
) -> Iterator[str]:
    """Yield what a run would do at the most.

    Args:
        prepared: the run.
        rows: what each of its parts would do.
        flop_per_second: what this machine was timed at; 0 when it was not.
    """
    context, rule = prepared.context, prepared.context.rule
    yield text.heading(f"WOULD ATTACK  {text.plain(prepared.checkpoint.name)}")
    yield from text.wrapped(f"{context.suite.stamp}: {context.suite.means}", "  ")
    parts = context.prompts.split(context.seed)
    sizes = " / ".join(str(len(p)) for p in (parts.attacker, parts.search, parts.confirmation))
    yield from text.wrapped(
        f"{context.prompts.name}: {len(context.prompts.pairs)} prompts in "
        f"{len(context.prompts.clusters)} clusters ({sizes} to attack with, search on, confirm on)",
        "  ",
    )
    yield from text.wrapped(
        f"limit {percent(rule.limit, ROUND_FLOOR)} at {rule.confidence} confidence, from "
        f"{fresh_clusters(context)} fresh clusters · grader {context.grader} · seed {context.seed}",
        "  ",
    )
    yield ""
    yield text.heading(f"  {'AT THE MOST':<18} {'trials':>7} {'points':>7} {'answers':>9} FLOP")
    for row in rows:
        yield (
            f"  {text.shortened(row.name, 18):<18} {row.trials:>7,} {row.points:>7,}"
            f" {row.answers:>9,} {row.flop:.1e}"
        )
    yield from _totals(prepared, rows, flop_per_second)
    if context.task is not None:
        yield from text.wrapped(
            f"task: {context.task.path.name}, on the model that decides about each attack; not in "
            "this time",
            "    ",
            "  ",
        )
    yield ""
    for warning in prepared.warnings:
        yield from text.wrapped(warning, "    ", "  ! ")
    yield f"  writes to {text.plain(str(prepared.output))} and {text.plain(str(prepared.store))}"
    yield "  Nothing was started."


def _totals(prepared: Prepared, rows: Sequence[Expected], flop_per_second: float) -> Iterator[str]:
    flop = sum(row.flop for row in rows)
    yield (
        f"  {'all':<18} {sum(r.trials for r in rows):>7,} {sum(r.points for r in rows):>7,}"
        f" {sum(r.answers for r in rows):>9,} {flop:.1e}"
    )
    yield ""
    asked, checkpoint = prepared.asked, prepared.checkpoint
    if flop_per_second:
        seconds = flop / flop_per_second
        most = f", stopped after {in_words(asked.budget)}" if asked.budget else ""
        yield from text.wrapped(
            f"time: {in_words(seconds)} at the most{most}, at {flop_per_second:.1e} FLOP/s as this "
            "machine was timed; bounds stop most trials earlier, and spare most confirmations",
            "    ",
            "  ",
        )
    stored = max(checkpoint.dtypes, key=lambda row: row[1], default=("", 0))[0]
    width = 4 if asked.dtype == "float32" else _BYTES.get(stored, 4)
    yield f"  memory: about {text.size(memory_bytes(checkpoint.parameter_count, width))}"
