# SPDX-License-Identifier: Apache-2.0
"""From the checks of a topic that have to be met to the cheapest pieces of evidence for them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from tiergate.decision.analysis.formula import Check
from tiergate.decision.analysis.pieces import Attacks, Piece, Rate, Size, Statement
from tiergate.decision.analysis.single import held_limit
from tiergate.decision.analysis.topics import Topic
from tiergate.decision.analysis.values import Limit
from tiergate.decision.explanation import Scale
from tiergate.decision.plan_prices import Cost, PriceFile, price_of, total
from tiergate.decision.plan_sizes import sized
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Counts, Direction, Variant
from tiergate.stats.multiplicity import spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What is assumed about rates that nobody knows, and about samples."""

    rates: Mapping[str, float] = field(default_factory=dict)
    """True adverse rate by metric; what is not named is taken from the evidence, else 0."""
    wanted: float = 0.8
    """Chance of a measurement to come out as needed that is enough."""
    feasible: int = 5000
    """The largest sample."""

    def rate(self, metric: str, evidence: Collection) -> tuple[float, bool]:
        """Return the adverse rate that is assumed, and whether it was observed or stated."""
        if metric in self.rates:
            return self.rates[metric], True
        successes = trials = 0
        for item in evidence.measurements(metric):
            value = item.measurement.value
            if isinstance(value, Counts):
                riskier = item.measurement.direction is Direction.HIGHER_IS_RISKIER
                successes += value.successes if riskier else value.scored - value.successes
                trials += value.scored
        return (successes / trials, True) if trials else (0.0, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One piece of evidence to be made."""

    piece: Piece
    """The piece, as it would come out if nothing adverse is seen."""
    cost: Cost
    """What it costs."""
    chance: float
    """Probability that it comes out as needed, if the rate is as assumed."""
    rate: float | None
    """The true adverse rate that is assumed; None where there is none."""
    is_observed: bool
    """Whether that rate was observed or stated, or nothing is known."""


def steps_for(  # noqa: PLR0913, PLR0917 - what steps follow from
    topic: Topic,
    keys: frozenset[str],
    evidence: Collection,
    prices: PriceFile,
    assumed: Assumed,
    kept: frozenset[str] = frozenset(),
) -> tuple[Step, ...] | None:
    """Return the cheapest pieces that together meet checks of a topic; None when none do.

    Args:
        topic: what the checks are about.
        keys: of the checks.
        evidence: what there is already.
        prices: what evidence costs.
        assumed: rates and samples.
        kept: keys of other checks that must not be spoilt by what is measured.
    """
    kept |= keys
    able: dict[frozenset[str], Step] = {}
    for place, piece in enumerate(topic.pieces):
        meets = frozenset(key for key in keys if topic.met[key] >> place & 1)
        speaks = any(topic.adverse[key] >> place & 1 for key in keys)
        if piece is None or not meets or speaks or not topic.is_joined:
            continue
        asked = [check for check in topic.checks if check.key in meets]
        others = (check for check in topic.checks if check.key in kept - meets)
        beside = [check for check in others if _speaks_against(piece, check)]
        step = _step(piece, asked, beside, evidence, prices, assumed)
        known = able.get(meets)
        if step is not None and (known is None or _price(step, prices) < _price(known, prices)):
            able[meets] = step
    best: tuple[Step, ...] | None = None
    for count in (1, 2):
        for chosen in itertools.combinations(able.items(), count):
            if frozenset[str]().union(*(meets for meets, _ in chosen)) == keys:
                steps = tuple(step for _, step in chosen)
                if best is None or _sum(steps, prices) < _sum(best, prices):
                    best = steps
    return best


def _price(step: Step, prices: PriceFile) -> float:
    return float(total(step.cost, prices))


def _sum(steps: tuple[Step, ...], prices: PriceFile) -> float:
    return sum(_price(step, prices) for step in steps)


def _step(  # noqa: PLR0913, PLR0917 - what a step follows from
    piece: Piece,
    checks: list[Check],
    beside: list[Check],
    evidence: Collection,
    prices: PriceFile,
    assumed: Assumed,
) -> Step | None:
    found, metric = piece.found, piece.topic.partition(":")[2]
    if isinstance(found, Statement | Size):
        return Step(
            piece=piece, cost=price_of(piece, prices), chance=1.0, rate=None, is_observed=False
        )
    if not isinstance(found, Rate | Attacks) or _adverse(found):
        return None
    rate, is_observed = assumed.rate(metric, evidence)
    limits = _limits(checks, piece, evidence)
    aside = [limit for limit in _limits(beside, piece, evidence) if not limit.joins]
    if isinstance(found, Rate) and (found.baseline or any(_is_margin(one) for one in limits)):
        # Whatever is measured with a baseline is held against every margin.
        limits += [limit for limit in aside if _is_margin(limit)]
    aside = [limit for limit in aside if not _is_margin(limit)]
    sample = sized(
        limits, rate, rate, wanted=assumed.wanted, feasible=assumed.feasible, beside=aside
    )
    if sample.chance <= 0:
        return None
    chance = _of_all(sample.chance, piece, checks)
    planned: Rate | Attacks
    if isinstance(found, Attacks):
        chance **= len(found.attacks)
        planned = dataclasses.replace(found, trials=sample.trials)
    else:
        safer = found.direction is Direction.HIGHER_IS_SAFER
        compared = sample.baseline or found.baseline is not None
        joined = any(isinstance(check.atom, AddsAtMost) for check in checks)
        planned = dataclasses.replace(
            found,
            trials=sample.trials,
            successes=sample.trials if safer else 0,
            baseline=(sample.trials if safer else 0, sample.trials) if compared else None,
            is_joined=joined,
        )
    made = dataclasses.replace(piece, found=planned)
    cost = price_of(made, prices)
    return Step(piece=made, cost=cost, chance=chance, rate=rate, is_observed=is_observed)


def _adverse(found: Rate | Attacks) -> bool:
    if isinstance(found, Attacks):
        return found.successes > 0
    safer = found.direction is Direction.HIGHER_IS_SAFER
    return (found.trials - found.successes if safer else found.successes) > 0


def _of_all(chance: float, piece: Piece, checks: list[Check]) -> float:
    """Return the chance of all who measure, from that of one.

    Each measures on its own, and the worst result counts; where none can speak against, the best.
    """
    limited = [c for c in checks if isinstance(c.atom, LimitOnMetric | TamperResistance)]
    if limited and not any(_speaks_against(piece, check) for check in limited):
        return 1 - (1 - chance) ** piece.houses
    return float(chance**piece.houses)


def _speaks_against(piece: Piece, check: Check) -> bool:
    """Tell whether a piece can: the worst case says nothing against the model as released."""
    return piece.variant is Variant.AS_RELEASED or check.variant is Variant.WORST_CASE


def _is_margin(limit: Limit) -> bool:
    return limit.atom.scale is Scale.MARGIN


def _limits(checks: list[Check], piece: Piece, evidence: Collection) -> list[Limit]:
    """Return the limits that a piece is held against by checks.

    Runs that were registered and are not shown make every bound stricter.
    """
    found = []
    for check in checks:
        atom, variant = check.atom, check.variant
        if isinstance(atom, TamperResistance):
            atom, variant = held_limit(check.policy), Variant.AS_RELEASED
        if isinstance(atom, LimitOnMetric) and atom.scale is not Scale.QUANTITY:
            seen = {piece.variant, variant}
            unseen = sum(len(evidence.unseen_runs(atom.metric, form)) for form in sorted(seen))
            confidence = spent(check.standards.confidence, 1 + unseen)
            found.append(Limit(atom, confidence))
    return found
