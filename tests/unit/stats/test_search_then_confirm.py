# SPDX-License-Identifier: Apache-2.0
"""How often the rules of ``tiergate attack`` are wrong, against what their page says.

Every table is read from the page, simulated anew with a fixed seed, and must keep its level.
Attacks here are numbers: a true rate for each setting, and prompts that succeed by chance.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from builders_statistics import Counts as Numbers
from builders_statistics import rounds_to
from tiergate.evidence.conduct import GraderValidation
from tiergate.evidence.measurement import Counts, Tally
from tiergate.evidence.tampering.assessing import searching
from tiergate.evidence.tampering.confirmation import (
    Tried,
    decide_family,
    decide_searched,
    next_seed_at_most,
    to_confirm,
)
from tiergate.evidence.tampering.outcomes import (
    AttackOutcome,
    Rule,
    Seen,
    decide_variant,
    is_destroyed,
)
from tiergate.evidence.tampering.sequential import Next, StoppingRule
from tiergate.evidence.tampering.utility_loss import UtilityLoss
from tiergate.stats.betting import anytime_upper
from tiergate.stats.intervals import exact_lower, exact_upper
from tiergate.stats.rates import Rate

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "attack-statistics.md"
RUNS, FAMILIES = 2000, 400
TOLERANCE = 0.0051
"""The page rounds to a tenth of a percentage point, and another numpy may draw otherwise."""
SETTINGS, LOOK = 40, 8
LEVEL = Decimal("0.95")
UNHARMED = UtilityLoss(
    losses=(0.0,) * 48,
    solved_before=Rate(60, 100),
    solved=Rate(60, 100),
    repeated=Rate(0, 100),
)


def rows(heading: str) -> list[tuple[str, ...]]:
    """Read the rows of the first table below a heading of the page."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = section[section.index("|") :].split("\n\n")[0].splitlines()
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def share(text: str) -> float:
    """Read ``5 %`` as 0.05."""
    return float(text.removesuffix(" %")) / 100


def drawn(
    generator: np.random.Generator, rate: float, correlation: float, shape: tuple[int, int], of: int
) -> Numbers:
    """Draw successes of clusters with ``of`` prompts each, one row for each run."""
    if not correlation:
        return generator.binomial(of, rate, shape)
    weight = 1 / correlation - 1
    return generator.binomial(of, generator.beta(rate * weight, (1 - rate) * weight, shape))


def counted(hits: Numbers, of: int) -> Counts:
    """Count clusters that have ``of`` prompts each."""
    found = np.bincount(hits, minlength=of + 1).tolist()
    tallies = tuple(
        Tally(successes=s, scored=of, unscored=0, behaviours=n) for s, n in enumerate(found) if n
    )
    return Counts(tallies=tallies, planned=of * len(hits))


@cache
def stopped(seen: Counts, rule: StoppingRule) -> Next:
    return rule.after(seen)


@cache
def decided(seen: Counts, rule: Rule) -> AttackOutcome:
    """Decide for a useful model that answers all twins and refuses what it does not answer."""
    return decide_variant(_of(seen), rule).outcome


def _of(seen: Counts) -> Seen:
    prompts = seen.attempted
    return Seen(
        succeeded=seen,
        refused=Counts.simple(prompts - seen.successes, prompts),
        twin_refused=Counts.simple(0, prompts),
        loss=UNHARMED,
    )


def until_stopped(hits: Numbers, rule: StoppingRule) -> tuple[Next, Counts]:
    """Show prompts to the stopping rule in batches, each prompt a cluster of its own."""
    for end in range(LOOK, len(hits) + 1, LOOK):
        seen = counted(hits[:end], 1)
        step = stopped(seen, rule)
        if step.is_stop:
            return step, seen
    return Next.SPENT, counted(hits, 1)


def ever(hits: Numbers, says: Callable[[Numbers], bool]) -> bool:
    """Say whether looking after every batch ever gives this answer."""
    return any(says(hits[:end]) for end in range(LOOK, len(hits) + 1, LOOK))


@cache
def _exact(hits: int, trials: int) -> float:
    return exact_upper(Rate(hits, trials), LEVEL)


@cache
def _pooled(hits: int, trials: int) -> float:
    return anytime_upper(Rate(hits, trials), LEVEL)


def sequential(of: int, correlation: float, rate: float) -> list[float]:
    """Return how often bounds are ever wrong at a true rate, looking after every 8 clusters.

    In order: the upper bound of the stopping rule, its lower bound, the same upper bound on
    pooled prompts, and the exact bound for clusters that agree within themselves.
    """
    generator = np.random.default_rng([of, round(100 * correlation), round(100 * rate)])
    rule = StoppingRule(limit=Decimal(str(rate)), confidence=LEVEL, most_prompts=10**6)
    samples = drawn(generator, rate, correlation, (RUNS, 200), of)
    wrong = [
        lambda h: stopped(counted(h, of), rule) is Next.HELD,
        lambda h: stopped(counted(h, of), rule) is Next.BROKEN,
        lambda h: _pooled(int(h.sum()), of * len(h)) < rate,
        lambda h: _exact(int(h.sum()), of * len(h)) < rate,
    ]
    return [float(np.mean([ever(row, says) for row in samples])) for says in wrong]


@pytest.mark.slow
@pytest.mark.parametrize("row", rows("Sequential bounds"), ids=" ".join)
def test_that_bounds_looked_at_after_every_batch_keep_their_level(row: tuple[str, ...]) -> None:
    of, correlation, rate = int(row[0].split()[-1]), float(row[1]), share(row[2])

    upper, lower, pooled, exact = sequential(of, correlation, rate)

    assert upper <= 0.05
    assert lower <= 0.05
    for stated, found in zip(row[3:], (upper, lower, pooled, exact), strict=True):
        assert rounds_to(stated, found, TOLERANCE), found


def best_of(limit: float, search: int, confirm: int, claims: int) -> list[float]:
    """Try settings that all succeed just as often as the limit allows, and confirm the best.

    Returns:
        How often the best of the settings looks like a break on the prompts of the search, how
        often any of ``claims`` winners is a confirmed break if the error is not shared, and how
        often if it is.
    """
    generator = np.random.default_rng([round(1000 * limit), search, confirm, claims])
    alone = Rule(limit=Decimal(str(limit)))
    shared = Rule(limit=Decimal(str(limit)), break_claims=claims)
    fooled, unshared, kept = [], [], []
    for _ in range(RUNS):
        best = int(generator.binomial(search, limit, (claims, SETTINGS)).max())
        fooled.append(exact_lower(Rate(best, search), LEVEL) > limit)
        fresh = [
            Counts.simple(h, confirm) for h in generator.binomial(confirm, limit, claims).tolist()
        ]
        unshared.append(any(decided(seen, alone) is AttackOutcome.BROKEN for seen in fresh))
        kept.append(any(decided(seen, shared) is AttackOutcome.BROKEN for seen in fresh))
    return [float(np.mean(found)) for found in (fooled, unshared, kept)]


@pytest.mark.slow
@pytest.mark.parametrize("row", rows("A null attack that looks successful"), ids=" ".join)
def test_that_a_null_attack_whose_best_of_40_looks_successful_is_rarely_confirmed(
    row: tuple[str, ...],
) -> None:
    fooled, unshared, kept = best_of(share(row[0]), int(row[1]), int(row[2]), int(row[3]))

    assert kept <= 0.05
    assert fooled > 0.5
    for stated, found in zip(row[4:], (fooled, unshared, kept), strict=True):
        assert rounds_to(stated, found, TOLERANCE), found


def one_bad(bad: float, others: float, search: int, confirm: int) -> list[float]:
    """Try 40 settings of which one is above a limit of 5 %, and decide for the family.

    Returns:
        How often it is said to hold if only the winner is confirmed, how often by the rule, how
        often the rule calls it broken.
    """
    generator = np.random.default_rng([round(1000 * bad), round(1000 * others), search, confirm])
    rule = Rule(limit=Decimal("0.05"))
    stopping = searching(rule, most_prompts=search // LOOK * LOOK)
    rates = np.array([bad] + [others] * (SETTINGS - 1))
    found = [_family(generator, rates, rule, stopping, confirm) for _ in range(FAMILIES)]
    holds, broken = AttackOutcome.HOLDS, AttackOutcome.BROKEN
    return [
        float(np.mean([winner is holds for winner, _ in found])),
        float(np.mean([outcome is holds for _, outcome in found])),
        float(np.mean([outcome is broken for _, outcome in found])),
    ]


def _family(
    generator: np.random.Generator,
    rates: np.ndarray[tuple[int], np.dtype[np.float64]],
    rule: Rule,
    stopping: StoppingRule,
    confirm: int,
) -> tuple[AttackOutcome, AttackOutcome]:
    """Search and confirm; return the outcome for the winner alone and for the family."""
    searched = []
    for place, rate in enumerate(rates.tolist()):
        step, seen = until_stopped(generator.binomial(1, rate, stopping.most_prompts), stopping)
        outcome = decide_searched(step, UNHARMED, rule)
        searched.append(Tried(trial=str(place), outcome=outcome, succeeded=seen))
    confirmed = list(_fresh(generator, to_confirm(searched), rates, rule, confirm))
    family = decide_family(searched, confirmed, [trial.trial for trial in searched])
    return confirmed[0].outcome, family.outcome


def _fresh(
    generator: np.random.Generator,
    trials: Iterable[Tried],
    rates: np.ndarray[tuple[int], np.dtype[np.float64]],
    rule: Rule,
    confirm: int,
) -> Iterable[Tried]:
    """Measure trials on prompts that the search did not use."""
    for trial in trials:
        hits = int(generator.binomial(confirm, rates[int(trial.trial)]))
        seen = Counts.simple(hits, confirm)
        yield Tried(trial=trial.trial, outcome=decided(seen, rule), succeeded=seen)


def two_chances(missed: float, search: int, confirm: int) -> list[float]:
    """Try one setting that succeeds just as often as the limit allows, with a grader that misses.

    The grader's error is known from 80 labels of its own, drawn anew each time.

    Returns:
        How often the setting is said to hold, in the search or when it is confirmed: if each
        phase has the whole error and the search takes the grader's word; by the rule; and by the
        rule where the search leaves all of the error to the confirmation.
    """
    generator = np.random.default_rng([round(100 * missed), search, confirm])
    shared = Rule(limit=Decimal("0.05"))
    alone = dataclasses.replace(shared, holding_claims=1)
    careless = StoppingRule(
        limit=alone.limit, confidence=alone.for_holding, most_prompts=search // LOOK * LOOK
    )
    ways: list[list[bool]] = []
    for _ in range(RUNS):
        known = _validated(generator, missed) if missed else None
        hits, fresh = generator.binomial(1, 0.05 * (1 - missed), (2, max(search, confirm)))
        kept = counted(fresh[:confirm], 1)
        stops = [
            (careless, alone),
            (searching(shared, most_prompts=careless.most_prompts, grader=known), shared),
            (searching(alone, most_prompts=careless.most_prompts, grader=known), alone),
        ]
        ways.append(
            [
                until_stopped(hits[:search], stop)[0] is Next.HELD
                or _confirmed_with(kept, rule, known) is AttackOutcome.HOLDS
                for stop, rule in stops
            ]
        )
    return [float(share) for share in np.mean(ways, axis=0)]


def _validated(generator: np.random.Generator, missed: float) -> GraderValidation:
    return GraderValidation(
        positives=36,
        positives_found=int(generator.binomial(36, 1 - missed)),
        negatives=44,
        negatives_cleared=44,
        same_distribution=True,
        source="a simulation",
    )


@cache
def _confirmed_with(seen: Counts, rule: Rule, grader: GraderValidation | None) -> AttackOutcome:
    return decide_variant(_of(seen), rule, grader=grader).outcome


@pytest.mark.slow
@pytest.mark.parametrize("row", rows("Two chances"), ids=" ".join)
def test_that_a_setting_at_the_limit_passes_in_neither_phase_more_often_than_the_level_says(
    row: tuple[str, ...],
) -> None:
    found = two_chances(share(row[0]), int(row[1]), int(row[2]))

    assert max(found[1:]) <= 0.05
    for stated, value in zip(row[3:], found, strict=True):
        assert rounds_to(stated, value, TOLERANCE), value


LOSSES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "0.25 on every item": ((0.25,), (1.0,)),
    "1 gained or lost": ((-1.0, 1.0), (0.375, 0.625)),
    "1 on a quarter of the items": ((0.0, 1.0), (0.75, 0.25)),
    "20 on a quarter of the items": ((0.0, 20.0), (0.75, 0.25)),
    "0.6 on every item": ((0.6,), (1.0,)),
    "1 on nine tenths of the items": ((0.0, 1.0), (0.1, 0.9)),
}
"""Losses in nats per token, with their shares."""


def destroyed(losses: str) -> list[float]:
    """Draw the losses of items, 24 in the search and 48 in the confirmation.

    Returns:
        The mean loss; the mean of losses cut off at 1 nat; how often the model is said to be
        destroyed in the search, in the confirmation, and in either.
    """
    values, weights = LOSSES[losses]
    generator = np.random.default_rng(list(LOSSES).index(losses))
    rule = Rule(limit=Decimal("0.05"))
    said = []
    for _ in range(RUNS):
        drawn_losses = generator.choice(values, 24 + 48, p=weights).tolist()
        phases = drawn_losses[:24], drawn_losses[24:]
        said.append([_is_destroyed(tuple(sorted(items)), rule) for items in phases])
    table = np.array(said)
    pairs = list(zip(values, weights, strict=True))
    return [
        sum(value * weight for value, weight in pairs),
        sum(max(-1.0, min(value, 1.0)) * weight for value, weight in pairs),
        float(table[:, 0].mean()),
        float(table[:, 1].mean()),
        float(table.any(axis=1).mean()),
    ]


@cache
def _is_destroyed(items: tuple[float, ...], rule: Rule) -> bool:
    return is_destroyed(dataclasses.replace(UNHARMED, losses=items), rule)


@pytest.mark.slow
@pytest.mark.parametrize("row", rows("Destroyed by chance"), ids=" ".join)
def test_that_a_model_at_the_edge_is_rarely_said_to_be_destroyed(row: tuple[str, ...]) -> None:
    mean, cut, *said = destroyed(row[0])

    assert mean == pytest.approx(float(row[1]))
    assert cut == pytest.approx(float(row[2]))
    assert cut > 0.25 or said[-1] <= 0.05 * 0.1
    for stated, value in zip(row[3:], said, strict=True):
        assert rounds_to(stated, value, TOLERANCE), value


@pytest.mark.slow
@pytest.mark.parametrize("row", rows("One setting above the limit"), ids=" ".join)
def test_that_a_family_with_one_setting_above_the_limit_is_rarely_said_to_hold(
    row: tuple[str, ...],
) -> None:
    found = one_bad(share(row[0]), share(row[1]), int(row[2]), int(row[3]))

    is_bad = share(row[0]) > 0.05
    assert not is_bad or found[1] <= 0.05
    for stated, value in zip(row[4:], found, strict=True):
        assert rounds_to(stated, value, TOLERANCE), value


@pytest.mark.parametrize("row", rows("Seeds"), ids=" ".join)
def test_that_seeds_which_held_say_as_little_about_the_next_as_the_page_states(
    row: tuple[str, ...],
) -> None:
    assert rounds_to(row[1], next_seed_at_most(int(row[0]), LEVEL), 0.005)
