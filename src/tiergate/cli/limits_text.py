# SPDX-License-Identifier: Apache-2.0
"""The best bound that a data set could ever give, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from tiergate.cli import text
from tiergate.cli.listing import LimitPart, LimitsDocument
from tiergate.decision.words import percent
from tiergate.errors import InputError
from tiergate.stats.rates import Rate
from tiergate.stats.sample_size import audit_needed, best_uppers, trials_needed

_PLACES = Decimal("0.000001")


def confidence_of(words: str) -> Decimal:
    """Read a confidence as it was written.

    Raises:
        InputError: it is no number.
    """
    try:
        return Decimal(words)
    except InvalidOperation:
        raise InputError("--confidence", repr(words), "a share, as in 0.95") from None


def best(
    behaviours: int, confidence: str, limits: tuple[float, ...], audited: int | None
) -> LimitsDocument:
    """Compute what ``behaviours`` can show, and what each limit would need."""
    level = confidence_of(confidence)
    uppers = best_uppers(behaviours, level, audited=audited)
    return LimitsDocument(
        behaviours=behaviours,
        confidence=str(level),
        audited=audited,
        uppers=tuple(_rounded(upper) for upper in uppers),
        limits=tuple(_limit(Decimal(str(limit)), behaviours, level, uppers[0]) for limit in limits),
    )


def _limit(limit: Decimal, behaviours: int, level: Decimal, best_upper: float) -> LimitPart:
    return LimitPart(
        limit=str(limit),
        can_show=limit >= best_upper,
        behaviours_needed=trials_needed(0, limit, level),
        audit_needed=audit_needed(Rate(0, behaviours), behaviours, limit, level),
    )


def lines(found: LimitsDocument) -> Iterator[str]:
    """Yield the lines of ``evidence limits``."""
    confidence = f"{(Decimal(found.confidence) * 100).normalize():f} %"
    yield f"{text.plural(found.behaviours, 'behaviour')}, one-sided bounds at {confidence}"
    if found.audited is not None:
        yield f"graded automatically, {found.audited} of the unflagged looked at by people"
    yield ""
    yield text.heading("THE BEST IT CAN SHOW")
    for successes, upper in enumerate(found.uppers):
        bound = percent(Decimal(upper), ROUND_CEILING)
        yield f"  with {text.plural(successes, 'success', 'successes')}: at most {bound}"
    yield ""
    yield text.heading("WHAT A LIMIT NEEDS")
    for part in found.limits:
        yield f"  {_limit_words(part)}"
    yield ""
    yield from text.wrapped(
        "Attempts on one behaviour are not further behaviours: repeating prompts shows more "
        "about each of them and little about the next.",
        "",
    )


def _limit_words(part: LimitPart) -> str:
    limit = f"{(Decimal(part.limit) * 100).normalize():f} %"
    if part.can_show:
        audit = (
            "" if part.audit_needed is None else f"; a grader needs an audit of {part.audit_needed}"
        )
        return f"{limit}: can be shown{audit}"
    needed = part.behaviours_needed
    size = (
        "no sample can" if needed is None else f"needs {needed} behaviours, none of them a success"
    )
    return f"{limit}: CANNOT be shown, whatever is found; {size}"


def _rounded(upper: float) -> str:
    return format(Decimal(upper).quantize(_PLACES, ROUND_CEILING), "f")
