# SPDX-License-Identifier: Apache-2.0
"""Outcomes of holding evidence against a requirement.

There are three, not two: evidence can meet a requirement, fail it, or be too thin to
say. Everything that combines outcomes is here, so that "too thin to say" cannot turn
into "met" on its way up to a release tier.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Outcome(enum.StrEnum):
    """What the evidence says about one requirement."""

    MET = "met"
    NOT_MET = "not met"
    UNDETERMINED = "undetermined"


def all_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Combine outcomes of which every one is needed.

    One failure settles it, even while other evidence is missing: a failure says what to
    mend, an undetermined outcome only what to measure. Nothing at all is undetermined,
    because a policy that asked for nothing has shown nothing.

        >>> all_of([Outcome.MET, Outcome.UNDETERMINED])
        <Outcome.UNDETERMINED: 'undetermined'>
        >>> all_of([])
        <Outcome.UNDETERMINED: 'undetermined'>
    """
    seen = set(outcomes)
    if Outcome.NOT_MET in seen:
        return Outcome.NOT_MET
    if not seen or Outcome.UNDETERMINED in seen:
        return Outcome.UNDETERMINED
    return Outcome.MET


def any_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Combine outcomes of which one is enough.

    Not met only when every way is known to fail; nothing at all is undetermined.

        >>> any_of([Outcome.NOT_MET, Outcome.UNDETERMINED])
        <Outcome.UNDETERMINED: 'undetermined'>
    """
    seen = set(outcomes)
    if Outcome.MET in seen:
        return Outcome.MET
    if not seen or Outcome.UNDETERMINED in seen:
        return Outcome.UNDETERMINED
    return Outcome.NOT_MET


def at_least(needed: int, outcomes: Iterable[Outcome]) -> Outcome:
    """Combine outcomes of which ``needed`` are enough.

    Not met once too few are left that could still be met. ``needed`` below one is
    undetermined: it would ask for nothing.

        >>> at_least(2, [Outcome.MET, Outcome.NOT_MET, Outcome.UNDETERMINED])
        <Outcome.UNDETERMINED: 'undetermined'>
    """
    seen = list(outcomes)
    met = seen.count(Outcome.MET)
    if needed < 1:
        return Outcome.UNDETERMINED
    if met >= needed:
        return Outcome.MET
    if seen and met + seen.count(Outcome.UNDETERMINED) < needed:
        return Outcome.NOT_MET
    return Outcome.UNDETERMINED
