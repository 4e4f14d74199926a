# SPDX-License-Identifier: Apache-2.0
"""A policy's numbers and checks in words, the same on a terminal, on a page and in a mistake.

Whoever writes a number with its source writes how it is known too: :func:`number_words` never
leaves the mark out.
"""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.decision.explanation import Scale
from tiergate.decision.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Expression,
    Named,
    Number,
    Source,
    TriggerWatch,
)
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.words import plain

_WORST_CASE = "worst case"


def amount(number: Number) -> str:
    """Write a number with its unit, as in ``30 days``."""
    return f"{plain(number.value)} {number.unit}".rstrip()


def number_words(number: Number) -> str:
    """Write a number with its unit, what it rests on, and where it is from."""
    rests_on = [str(number.status), number.basis]
    if number.source is not None:
        rests_on.append(source_words(number.source))
    return f"{amount(number)} [{'; '.join(rests_on)}]"


def trigger_watch_words(watch: TriggerWatch) -> str:
    """Say which findings of the watch fire a trigger, and when the review is due."""
    kinds, strengths = ", ".join(watch.findings), ", ".join(watch.strengths)
    review = number_words(watch.review_days)
    return f"fired by the watch: {kinds}; on {strengths}; review in {review}"


def source_words(source: Source) -> str:
    """Write where something is from, with the mark of how it is known."""
    mark = f", {source.read_as.mark}" if source.read_as.mark else ""
    return f"{source.url}, {source.date}{mark}"


def read_words(expression: Expression) -> str:
    """Name what a check reads, in the order in which it is written: metrics and claims."""
    return ", ".join(dict.fromkeys(_read_in(expression)))


def _read_in(expression: Expression) -> Iterator[str]:
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            for part in parts:
                yield from _read_in(part)
        case LimitOnMetric(metric=metric):
            yield metric
        case ClaimMade(item=item):
            yield f"claim {item}"
        case _:
            return


def numbers_of(expression: Expression) -> Iterator[Number]:
    """Yield every number in a check, in the order in which it is written."""
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            for part in parts:
                yield from numbers_of(part)
        case LimitOnMetric():
            yield expression.limit
            if expression.minimum_behaviours is not None:
                yield expression.minimum_behaviours
        case ClaimMade(limits=limits):
            for limit in limits:
                yield limit.limit
        case _:
            return


def check_words(expression: Expression, depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield a check in lines, each with how deep it stands; parts stand below what joins them."""
    match expression:
        case AllOf(parts=parts):
            joined = "all of these:"
        case AnyOf(parts=parts):
            joined = "any one of these:"
        case AtLeast(needed=needed, parts=parts):
            joined = f"at least {needed} of these:"
        case _:
            yield depth, _single(expression)
            return
    if len(parts) == 1:
        yield from check_words(parts[0], depth)
        return
    yield depth, joined
    for part in parts:
        yield from check_words(part, depth + 1)


def _single(check: Expression) -> str:  # noqa: PLR0911 - one per kind
    match check:
        case Named(id=name):
            return f"what {name} asks for"
        case LimitOnMetric():
            return _marginal(check) if isinstance(check, AddsAtMost) else _limit(check)
        case ClaimMade():
            return _claim(check)
        case BandAtMost(domain=domain, band=band, variant=variant):
            return f"{domain.label} at most at {band}, {variant or _WORST_CASE}"
        case WithinCeiling(domain=domain, variant=variant):
            return f"{domain.label} within the ceiling of the tier, {variant or _WORST_CASE}"
        case Measured():
            return _measured(check)
        case TamperResistance(level=level):
            return f"safeguards survive what {level} asks for"
        case LoadsWithoutCode():
            return "no file makes a loader run code"
        case GeneratesOnly(modalities=modalities):
            return f"the architecture generates only {', '.join(sorted(modalities))}"
        case _:
            raise TypeError(f"no words are known for {check!r}")


def _limit(check: LimitOnMetric) -> str:
    limit = amount(check.limit)
    if check.scale is not Scale.QUANTITY:
        unit = "%" if check.scale is Scale.RATE else "points over a downloadable baseline"
        limit = f"{plain(check.limit.value * 100)} {unit}"
    fewest = check.minimum_behaviours
    on = "" if fewest is None else f", on at least {amount(fewest)}"
    return f"{check.metric}, {check.variant or _WORST_CASE}, {check.side} {limit}{on}"


def _marginal(check: AddsAtMost) -> str:
    fewest = check.minimum_behaviours
    on = "" if fewest is None else f", on at least {amount(fewest)} of both"
    return (
        f"{check.metric}, {check.variant or _WORST_CASE}, adds at most "
        f"{plain(check.limit.value * 100)} points to the best downloadable baseline{on}, "
        f"with the error shared among {check.baselines} baselines"
    )


def _claim(check: ClaimMade) -> str:
    by = " or ".join(check.by)
    who = f"somebody {by}" if by else "somebody"
    told = [*check.fields, *(_field_limit(limit) for limit in check.limits)]
    about = f", with {', '.join(told)}" if told else ""
    return f"{who} states {'' if check.expects else 'the absence of '}{check.item}{about}"


def _field_limit(limit: FieldLimit) -> str:
    return f"{limit.field} {limit.side} {amount(limit.limit)}"


def _measured(check: Measured) -> str:
    with_what = [
        "a downloadable baseline in the same harness" if check.with_baseline else "",
        f"at least {check.samples_kept} samples kept" if check.samples_kept else "",
    ]
    who = [
        f"by somebody {' or '.join(check.by)}" if check.by else "",
        f"by {check.producers} who do not depend on each other" if check.producers > 1 else "",
    ]
    found = " and ".join(words for words in with_what if words)
    domains = ", ".join(domain.label for domain in check.domains)
    parts = [f"measured, {check.variant}: {domains}", f"with {found}" if found else "", *who]
    return ", ".join(part for part in parts if part)
