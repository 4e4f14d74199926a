# SPDX-License-Identifier: Apache-2.0
"""Measurements: counts for one metric in one setting, on one checkpoint.

Counts are kept, never percentages. Attempts are grouped by behaviour (the prompt or
task that they repeat), because attempts on one behaviour are not independent. What was
not scored is kept too: it counts against the model when a bound is formed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tiergate.evidence.conduct import NOTHING_STATED, Audit, Conduct
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.pairing import Paired


class Direction(enum.StrEnum):
    """Which way a metric points."""

    HIGHER_IS_RISKIER = "higher is riskier"
    HIGHER_IS_SAFER = "higher is safer"


class Variant(enum.StrEnum):
    """Which form of the model was measured."""

    AS_RELEASED = "as released"
    WORST_CASE = "worst case"


class AttackClass(enum.StrEnum):
    """Families of attack, by what the attacker does."""

    NONE = "none"
    JAILBREAK = "jailbreak"
    PREFILL = "prefill"
    SYSTEM_PROMPT_REMOVAL = "system prompt removal"
    STEERING = "activation steering"
    EMBEDDING = "embedding space"
    ABLATION = "directional ablation"
    ADAPTER = "small adapter"
    FINE_TUNING = "sustained fine-tuning"
    QUANTISATION = "quantisation"
    PRUNING = "pruning"
    MERGING = "merging"
    RELEARNING = "relearning"
    OTHER = "other"


class Controls(enum.StrEnum):
    """Whether the run's own controls worked. A run without working controls is void."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tally:
    """A number of behaviours that share the same result: one bar of a histogram."""

    successes: int
    """Attempts on one such behaviour that met the success condition."""
    scored: int
    """Attempts on one such behaviour that have a score."""
    unscored: int
    """Attempts on one such behaviour without a score (errors included)."""
    behaviours: int
    """How many behaviours have exactly this result."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be counts."""
        if not 0 <= self.successes <= self.scored or self.unscored < 0 or self.behaviours < 1:
            raise ValueError(f"impossible tally {self!r}")
        if self.scored + self.unscored < 1:
            raise ValueError(f"a tally without attempts {self!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Successes out of attempts, by behaviour, with every denominator kept."""

    tallies: tuple[Tally, ...]
    """Histogram of behaviours, sorted, no two alike; empty when nothing was attempted."""
    planned: int
    """Attempts that the run set out to make."""
    errored: int = 0
    """Of the unscored attempts: those that ended in an error."""
    limited: int = 0
    """Attempts that a token, time or message limit cut short; they may have a score."""
    superseded: int = 0
    """Earlier attempts that a re-run replaced; not among the attempted."""

    def __post_init__(self) -> None:
        """Refuse numbers that do not fit together."""
        keys = [(t.successes, t.scored, t.unscored) for t in self.tallies]
        if keys != sorted(set(keys)):
            raise ValueError("tallies are not sorted or repeat a result")
        if self.planned < self.attempted or min(self.errored, self.limited, self.superseded) < 0:
            raise ValueError(f"planned {self.planned} but attempted {self.attempted}")
        if self.errored > self.unscored or self.limited > self.attempted:
            raise ValueError("more errors or limits than attempts")

    @property
    def behaviours(self) -> int:
        """Behaviours attempted at least once."""
        return sum(t.behaviours for t in self.tallies)

    @property
    def scored_behaviours(self) -> int:
        """Behaviours with at least one scored attempt."""
        return sum(t.behaviours for t in self.tallies if t.scored)

    @property
    def successes(self) -> int:
        """Scored attempts that met the success condition."""
        return sum(t.successes * t.behaviours for t in self.tallies)

    @property
    def scored(self) -> int:
        """Attempts with a score."""
        return sum(t.scored * t.behaviours for t in self.tallies)

    @property
    def unscored(self) -> int:
        """Attempts without a score."""
        return sum(t.unscored * t.behaviours for t in self.tallies)

    @property
    def attempted(self) -> int:
        """Attempts made."""
        return self.scored + self.unscored

    @property
    def not_attempted(self) -> int:
        """Attempts planned and never made."""
        return self.planned - self.attempted

    @classmethod
    def of(
        cls,
        behaviours: Iterable[tuple[int, int, int]],
        *,
        planned: int | None = None,
        errored: int = 0,
        limited: int = 0,
        superseded: int = 0,
    ) -> Counts:
        """Count from one ``(successes, scored, unscored)`` per behaviour, in any order.

        ``planned`` defaults to the attempts made.

            >>> Counts.of([(1, 2, 0), (0, 2, 0), (0, 2, 0)]).successes
            1
        """
        histogram: dict[tuple[int, int, int], int] = {}
        for behaviour in behaviours:
            histogram[behaviour] = histogram.get(behaviour, 0) + 1
        tallies = tuple(
            Tally(successes=s, scored=n, unscored=u, behaviours=count)
            for (s, n, u), count in sorted(histogram.items())
        )
        attempted = sum((t.scored + t.unscored) * t.behaviours for t in tallies)
        return cls(
            tallies=tallies,
            planned=attempted if planned is None else planned,
            errored=errored,
            limited=limited,
            superseded=superseded,
        )

    @classmethod
    def simple(cls, successes: int, trials: int) -> Counts:
        """Count ``successes`` among ``trials`` independent behaviours, one attempt each."""
        return cls.of([(1, 1, 0)] * successes + [(0, 1, 0)] * (trials - successes))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BehaviourResult:
    """What was counted on one behaviour."""

    behaviour: str
    """Its id in the log, or a digest of it where the id is a text of its own."""
    successes: int
    """Attempts that met the success condition."""
    scored: int
    """Attempts with a score."""
    unscored: int
    """Attempts without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A measured size that is no proportion, with its interval as the source gives it."""

    lower: Decimal
    """Lower end of the interval."""
    upper: Decimal
    """Upper end of the interval."""
    unit: str
    """Unit, as in ``hours`` or ``times``."""
    method: str
    """How the interval was formed, and at what confidence."""

    def __post_init__(self) -> None:
        """Refuse an interval that is upside down or not finite."""
        if not (self.lower.is_finite() and self.upper.is_finite() and self.lower <= self.upper):
            raise ValueError(f"impossible interval [{self.lower}, {self.upper}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The same metric in the same harness on a baseline model."""

    baseline_name: str
    """What the baseline is called."""
    baseline_digest: str
    """Root digest of the baseline; empty when only its name is known."""
    downloadable: bool
    """Whether the baseline's weights could be downloaded by anyone on the day of the run."""
    counts: Counts
    """What the baseline did."""
    paired: Paired | None = None
    """The same by behaviour; None where only the counts of both are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackBudget:
    """What an attack spent, in each currency. None means not stated."""

    usd: Decimal | None = None
    """Money, in US dollars."""
    gpu_hours: Decimal | None = None
    """Accelerator hours."""
    steps: int | None = None
    """Optimiser steps."""
    examples: int | None = None
    """Training examples seen."""
    attempts: int | None = None
    """Answers sampled for each prompt, of which the most harmful counts."""
    flop: int | None = None
    """Floating-point operations."""

    @property
    def amounts(self) -> tuple[Decimal | int | None, ...]:
        """What was spent in each currency, in the order of the fields."""
        return (self.usd, self.gpu_hours, self.steps, self.examples, self.attempts, self.flop)

    def or_more(self, other: AttackBudget) -> AttackBudget:
        """Return the larger of both in each currency; where one says nothing, the other."""
        pairs = zip(self.__slots__, self.amounts, other.amounts, strict=True)
        most = {name: max((a for a in two if a is not None), default=None) for name, *two in pairs}
        return AttackBudget(**most)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRule:
    """By which rule a run of attacks called settings held, broken or destroyed."""

    limit: Decimal
    """Success rate that the run tolerated."""
    confidence: Decimal
    """How sure its outcomes had to be."""
    margin: Decimal | None = None
    """Refusals of guarded prompts less those of their twins, at least; None when not stated."""
    loss_nats: Decimal | None = None
    """Loss of likelihood, in nats per token, that counted as destroyed; None when not stated."""
    accuracy_drop: Decimal | None = None
    """Drop in the share of tasks solved that counted as destroyed; None when not stated."""
    effort: tuple[tuple[str, int], ...] = ()
    """How much was measured, by name, sorted; empty when not stated."""
    prices_digest: str = ""
    """Digest of the price file that costs follow from; empty when not stated."""
    has_shipped_prices: bool | None = None
    """Whether that is the price file that ships; None when not stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One way a safeguard was attacked."""

    name: str
    """The method, as its authors call it."""
    attack_class: AttackClass
    """The family it belongs to."""
    budget: AttackBudget
    """What the setting that was measured cost alone, measuring included: the price of a break.

    Whoever searched for it paid more; whoever knows it does not.
    """
    controls: Controls
    """Whether the positive and the null control did what they must."""
    suite: str = ""
    """Suite under which it ran, as in ``TR1@1.0.0``; empty when it ran under none."""
    trials: int | None = None
    """Settings that the search tried, this one among them; None when not stated."""
    seeds: int | None = None
    """Seeds that the attack was repeated over; None when not stated."""
    longest_run_steps: int | None = None
    """Optimiser steps of the longest single run; None when not stated."""
    rule: RunRule | None = None
    """By which rule its settings were judged; None when not stated: it supports nothing then."""
    search_budget: AttackBudget | None = None
    """What was spent in all, failed tries and search included; None when not stated."""

    @property
    def credit(self) -> AttackBudget:
        """What was spent in all, as far as stated: what held is credited with it."""
        more = self.search_budget
        return self.budget if more is None else self.budget.or_more(more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How the model was measured."""

    variant: Variant
    """Which form of the model ran."""
    elicitation: str
    """Effort made to get the best out of the model, in words."""
    generation: str
    """Sampling parameters, as ``name=value`` separated by spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Counts, or a quantity, for one metric in one setting."""

    metric: str
    """What was measured: ``<domain>.<name>``, as policies name it."""
    domain: HazardDomain | None
    """Hazard domain; None for safeguards and utility."""
    direction: Direction
    """Which way the metric points."""
    success_means: str
    """What one success is, in words."""
    value: Counts | Quantity
    """What was found."""
    setting: Setting
    """How."""
    task: str
    """Task and version, as the source names them."""
    dataset: str
    """Data set and version or digest, as the source names them; empty when it does not."""
    grader: str
    """What decided whether an attempt succeeded."""
    finished_at: datetime
    """When the run ended, in UTC."""
    started_at: datetime | None = None
    """When the run began, in UTC; None when the source does not say."""
    samples_kept: int = 0
    """Raw samples that the source file holds and anyone can recount."""
    attack: Attack | None = None
    """The attack under which this was measured; None when there was none."""
    comparison: Comparison | None = None
    """The baseline in the same harness; None when there was none."""
    conduct: Conduct = NOTHING_STATED
    """How it was conducted, as far as stated."""
    audit: Audit | None = None
    """People's labels on the grader's; None when nobody looked."""
    behaviours: tuple[BehaviourResult, ...] = ()
    """The same counts by behaviour, sorted by id; empty where the source names none."""
    grader_models: tuple[str, ...] = ()
    """Models that graded, as the log names them; empty when it names none."""

    @property
    def began_at(self) -> datetime:
        """When the run began, or ended where nobody says when it began."""
        return self.started_at or self.finished_at

    def __post_init__(self) -> None:
        """Refuse results by behaviour, pairs, or an audit, that are not of these counts."""
        if self.audit is not None:
            riskier = self.direction is Direction.HIGHER_IS_RISKIER
            counted = self.value.tallies if isinstance(self.value, Counts) else ()
            self.audit.refuse_others(counted, flags_successes=riskier)
        if self.started_at is not None and self.started_at > self.finished_at:
            raise ValueError("the run began after it ended")
        if self.comparison is not None and self.comparison.paired is not None:
            own = self.value.tallies if isinstance(self.value, Counts) else ()
            self.comparison.paired.refuse_others(own, self.comparison.counts.tallies)
        if not self.behaviours:
            return
        names = [result.behaviour for result in self.behaviours]
        if names != sorted(set(names)):
            raise ValueError("results by behaviour are not sorted, or name one twice")
        rows = ((r.successes, r.scored, r.unscored) for r in self.behaviours)
        if not isinstance(self.value, Counts) or Counts.of(rows).tallies != self.value.tallies:
            raise ValueError("results by behaviour do not add up to the counts")
