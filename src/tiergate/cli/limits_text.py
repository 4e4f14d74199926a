# SPDX-License-Identifier: Apache-2.0
"""The best bound that a data set could ever give, for people and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from tiergate.cli import text
from tiergate.cli.given_text import shown
from tiergate.cli.listing import LimitPart, LimitsDocument
from tiergate.decision.words import percent
from tiergate.errors import InputError
from tiergate.stats.rates import Rate
from tiergate.stats.sample_size import audit_needed, best_uppers, trials_needed

_PLACES = Decimal("0.000001")


SHARE = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
"""A share as people write it: other digits, exponents and names of numbers are none."""
_EXPECTED = {
    "--confidence": (Decimal("0.5"), "a share above 0.5 and below 1, as in 0.95"),
    "--limit": (Decimal(0), "a share above 0 and below 1, as in 0.05"),
}


def confidence_of(words: str, option: str = "--confidence") -> Decimal:
    """Read the confidence or the limit that ``option`` gives, as it was written.

    Raises:
        InputError: it is no number, or not within its range.
    """
    least, expected = _EXPECTED[option]
    if not SHARE.fullmatch(words):
        raise InputError(option, shown(words), expected)
    value = Decimal(words)
    if not least < value < 1:
        raise InputError(option, text.shortened(words, 80), expected)
    return value


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
    size = text.plural(found.behaviours, "behaviour")
    yield from text.wrapped(f"{size}, one-sided bounds at {confidence}", "  ", "")
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
        yield from text.wrapped(_limit_words(part), "    ", "  ")
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
