# SPDX-License-Identifier: Apache-2.0
"""Why: the tree of requirements, outcomes and the evidence behind them.

Every yes and every no carries all of its reasons. Numbers are kept as counts and
proportions; words and percentages are made in :mod:`tiergate.decision.words`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from tiergate.decision.outcome import Outcome


class Side(enum.StrEnum):
    """On which side of a limit a value must stay."""

    AT_MOST = "at most"
    BELOW = "below"
    AT_LEAST = "at least"


class Scale(enum.StrEnum):
    """What kind of number a limit is about."""

    RATE = "rate"
    MARGIN = "margin over baseline"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measurement held against one limit."""

    item: str
    """Id of the measurement."""
    label: str
    """Metric, for people."""
    variant: str
    """Which form of the model was measured."""
    scale: Scale
    """What the bounds and the limit are."""
    unit: str
    """Unit of a quantity; empty for rates and margins."""
    successes: int | None
    """Successes counted; None for a quantity."""
    trials: int | None
    """Attempts planned, unscored and never-made ones included; None for a quantity."""
    lower: Decimal
    """One-sided lower bound, rounded down."""
    upper: Decimal
    """One-sided upper bound, rounded up."""
    side: Side
    """Which side of the limit is allowed."""
    limit: Decimal
    """The limit."""
    outcome: Outcome
    """What the bounds alone say."""
    is_neutral: bool
    """Too few attempts to say anything, and nothing adverse seen."""
    set_aside: tuple[str, ...]
    """Why it cannot support a requirement; empty when it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One node: a requirement, a way of combining some, or a single check."""

    id: str
    """Requirement id; empty for the parts of one."""
    title: str
    """What is asked."""
    outcome: Outcome
    """What the evidence says."""
    reason: str
    """Why, in one sentence without percentages; empty where the children say it."""
    clauses: tuple[str, ...] = ()
    """Ids of the clauses that the requirement answers."""
    readings: tuple[Reading, ...] = ()
    """Measurements held against a limit here."""
    used: tuple[str, ...] = ()
    """Ids of the evidence that was looked at here."""
    next_step: str = ""
    """What to run or do about it; ``MODEL`` stands for the path. Empty when nothing."""
    children: tuple[Explanation, ...] = ()
    """Parts."""
    waived: str = ""
    """Who waived it and until when; empty when nobody did."""
    is_adverse: bool = False
    """Whether evidence speaks against it here, or registered evidence about it is gone."""
    asked: str = field(default="", compare=False)
    """What is asked, as people write it; empty where ``title`` is that. In no record."""
    found: str = field(default="", compare=False)
    """Why, with the numbers behind it; empty where ``reason`` is that. In no record."""

    @property
    def asked_words(self) -> str:
        """What is asked, in words."""
        return self.asked or self.title

    @property
    def found_words(self) -> str:
        """Why, in words; empty where the children say it."""
        return self.found or self.reason

    def walk(self) -> Iterator[Explanation]:
        """Yield this node and every node below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def has_adverse(self) -> bool:
        """Whether evidence that was not overcome, here or below, speaks against it or is gone."""
        if self.outcome is Outcome.MET:
            return False
        return self.is_adverse or any(child.has_adverse for child in self.children)

    @property
    def needs_only_claims(self) -> bool:
        """Whether it is undetermined for no other reason than that nobody stated anything."""
        return self.outcome is Outcome.UNDETERMINED and all(
            not leaf.used and leaf.next_step.startswith("tiergate evidence claim")
            for leaf in self.blockers()
        )

    def blockers(self) -> Iterator[Explanation]:
        """Yield the lowest nodes that keep this one from being met.

        Of several ways of which one is enough, all open ones are given.
        """
        if self.outcome is Outcome.MET:
            return
        if not self.children:
            yield self
        for child in self.children:
            yield from child.blockers()
