# SPDX-License-Identifier: Apache-2.0
"""Progress of `tiergate attack` on standard error: where it is, how bad it looks, how long yet."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

import click

from tiergate.cli import text
from tiergate.cli.duration import in_words
from tiergate.decision.words import percent
from tiergate.evidence.tampering.assessing import candidates, clusters_of
from tiergate.evidence.tampering.confirmation import Tried
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.sequential import anytime_bounds
from tiergate.evidence.tampering.trial import Phase, PointResult

if TYPE_CHECKING:
    from tiergate.evidence.tampering.harness import Step

_NOT_USEFUL = {AttackOutcome.DESTROYED, AttackOutcome.INVALID}
_FROM_JOURNAL_SECONDS = 0.02
"""A result that comes sooner was found by an earlier run."""


class Watcher:
    """Turns each step of a run into one line of words."""

    def __init__(
        self,
        context: RunContext,
        planned: int,
        show: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to watch.

        Args:
            context: what the run is given.
            planned: trials that the run makes at the most, confirmations included.
            show: shows a line.
            now: tells the time.
        """
        self._context = context
        self._planned = planned
        self._show = show
        self._now = now
        self._last = now()
        self._done: Counter[tuple[str, Phase]] = Counter()
        self._timed: list[float] = []
        self._clusters = clusters_of(context.prompts.pairs)
        self._untouched: PointResult | None = None
        self._worst: Tried | None = None

    def __call__(self, step: Step) -> None:
        """Take note of a step and show where the run is."""
        trial = step.result.trial
        self._done[trial.attack, trial.phase] += 1
        taken, self._last = self._now() - self._last, self._now()
        if taken > _FROM_JOURNAL_SECONDS:
            self._timed.append(taken)
        if trial.phase is Phase.SEARCH and self._untouched is None and step.result.points:
            self._untouched = step.result.points[-1]
        elif trial.phase is not Phase.CONTROL:
            self._take(step)
        done = self._done[trial.attack, trial.phase]
        words = (
            f"{trial.attack}, {trial.phase} {done} of {max(done, step.planned)}",
            "failed: " + step.result.error if step.result.error else "",
            self._worst_words(),
            self._left_words(),
        )
        self._show(text.plain(text.joined(words)))

    def _take(self, step: Step) -> None:
        found = candidates(
            step.result,
            self._untouched if step.result.trial.phase is Phase.SEARCH else None,
            self._clusters,
            self._context.rule,
            most_prompts=self._context.effort.search_prompts,
            grader=self._context.grader_error,
        )
        for tried in found:
            is_worse = self._worst is None or _share(tried) > _share(self._worst)
            if tried.outcome not in _NOT_USEFUL and is_worse:
                self._worst = tried

    def _worst_words(self) -> str:
        if self._worst is None:
            return ""
        counts = self._worst.succeeded
        low = anytime_bounds(counts, self._context.rule.confidence).lower
        return (
            f"worst so far {counts.successes} of {counts.attempted} "
            f"(at least {percent(Decimal(low), ROUND_FLOOR)}) by {self._worst.trial}"
        )

    def _left_words(self) -> str:
        left = max(0, self._planned - self._done.total())
        if not (left and self._timed):
            return ""
        return f"about {in_words(left * sum(self._timed) / len(self._timed))} left"


def _share(tried: Tried) -> float:
    counts = tried.succeeded
    return counts.successes / counts.attempted if counts.attempted else 0.0


@contextmanager
def shown(context: RunContext, planned: int) -> Iterator[Watcher]:
    """Show progress on standard error: one line that changes on a terminal, else plain lines."""
    if not sys.stderr.isatty():
        yield Watcher(context, planned, lambda line: click.echo(line, err=True))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    with console.status(Text("loading the model")) as status:
        yield Watcher(context, planned, lambda line: status.update(Text(line)))
