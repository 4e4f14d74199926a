# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate landscape marginal`` prints for people."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.cli import text
from tiergate.cli.marginal_documents import AddedPart, MarginalDocument, MetricPart, Shown
from tiergate.decision.words import percent, plain


def lines(found: MarginalDocument) -> Iterator[str]:
    """Yield a block for each metric, a sentence for each comparison, and what holds of all."""
    margin = points(found.margin)
    if not found.metrics:
        yield "Nothing is compared with a baseline: what it adds is undetermined."
    for part in found.metrics:
        where = f"{text.plain(part.metric)}, {part.variant}"
        yield text.heading(where) + (f"  {text.short_digest(part.model)}" if part.model else "")
        for row in part.rows:
            yield from _row(row, margin)
        yield from text.wrapped(_over_best(part, margin), "    ", "  ")
        yield ""
    for digest in found.missing:
        yield from text.wrapped(f"Registered and gone: {digest}. Nothing is met without it.", "  ")
    yield from _together(found, margin)


def _over_best(part: MetricPart, margin: str) -> str:
    over = f"best of {part.baselines}, the error shared among {part.shared_among}: "
    if part.shown is Shown.NOTHING:
        return f"{over}{sentence(part.shown, part.upper, margin)}"
    between = _between(part.lower, part.upper)
    return f"{over}{between}. {sentence(part.shown, part.upper, margin)}"


def _row(row: AddedPart, margin: str) -> Iterator[str]:
    counts = (
        f"{row.successes} of {row.planned} against "
        f"{row.baseline_successes} of {row.baseline_planned}"
    )
    yield from text.wrapped(f"{text.shortened(row.baseline, 60)}: {counts}", "    ", "  ")
    if row.model_alone is not None:
        pairs = (
            f"success of the model alone {row.model_alone}, of the baseline alone "
            f"{row.baseline_alone}, alike {row.alike}"
        )
        lost = f"; {row.one_sided} tried by one alone" if row.one_sided else ""
        yield from text.wrapped(f"{pairs}{lost}", "    ")
    cross = f" (bootstrap {_between(*row.bootstrap)})" if row.bootstrap else ""
    yield from text.wrapped(
        f"model minus baseline: {_between(row.lower, row.upper)}{cross}", "    "
    )
    why = f" {'; '.join(row.shortfalls).capitalize()}." if row.shortfalls else ""
    yield from text.wrapped(f"{sentence(row.shown, row.upper, margin)}{why}", "    ")


def sentence(shown: Shown, upper: str, margin: str) -> str:
    """Say what a comparison shows; no difference shown is never called equivalence."""
    match shown:
        case Shown.WITHIN:
            return f"It adds no more than {margin}."
        case Shown.BEYOND:
            return f"It adds more than {margin}."
        case Shown.MORE:
            return f"It adds something; that it is no more than {margin} was not shown."
        case Shown.NO_DIFFERENCE:
            return (
                "No difference was shown, which is not equivalence: up to "
                f"{_end(upper, ROUND_CEILING)} more is not ruled out."
            )
        case Shown.NOTHING:
            return "Undetermined: the comparison can support nothing."


def _together(found: MarginalDocument, margin: str) -> Iterator[str]:
    if not found.metrics:
        return
    many = len(found.metrics)
    level = percent(Decimal(found.confidence), ROUND_FLOOR)
    if found.all_within:
        yield from text.wrapped(
            f"Of {text.plural(many, 'metric')} every one adds no more than {margin}, at {level}. "
            "That all do needs no correction for their number.",
            "",
        )
        return
    alone = [part for part in found.metrics if part.on_its_own]
    yield from text.wrapped(
        f"That every one of {text.plural(many, 'metric')} adds no more than {margin} was not "
        f"shown, at {level}.",
        "",
    )
    if alone:
        yield from text.wrapped(
            f"On their own, corrected for having been picked out of {many}: {_names(alone)}.", ""
        )


def _names(parts: list[MetricPart]) -> str:
    return ", ".join(f"{part.metric} ({part.variant})" for part in parts)


def points(share: str) -> str:
    """Write a margin, as in ``5 points``."""
    number = plain(Decimal(share) * 100)
    return f"{number} point" if number == "1" else f"{number} points"


def _between(lower: str, upper: str) -> str:
    return f"{_end(lower, ROUND_FLOOR)} to {_end(upper, ROUND_CEILING)}"


def _end(share: str, rounding: str) -> str:
    return percent(Decimal(share), rounding).replace("%", "points")
