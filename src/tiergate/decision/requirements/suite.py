# SPDX-License-Identifier: Apache-2.0
"""Every attack of a suite must be survived, each tried as hard as the suite asks.

An attack is survived when a measurement under its name and family, with working controls,
about this checkpoint, spent what the suite asks for in every currency and stays at or below
the limit. It is broken by anything adverse under its name or in its family, whatever it is
called, that was within the attacker's means.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tiergate.decision.explanation import Explanation, Reading
from tiergate.decision.outcome import Outcome, all_of
from tiergate.decision.requirements.attacked import Attacked, next_step
from tiergate.evidence.measurement import AttackBudget
from tiergate.evidence.tampering.suites import Suite, SuiteAttack


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """What is known about one attack of a suite."""

    asked: SuiteAttack
    readings: tuple[Reading, ...]
    within: tuple[Outcome, ...]
    survived: bool


def rows(
    suite: Suite,
    means: AttackBudget,
    attacks: tuple[Attacked, ...],
    gone: tuple[str, ...],
    below: frozenset[SuiteAttack],
) -> tuple[Explanation, ...]:
    """Judge each attack of ``suite``; those never run share the first row.

    ``attacks`` is what was measured, and ``gone`` what was registered and is not there.
    ``below`` are attacks that a lower level asks for in the same way. Here they are only shown
    when these means break them, because all else about them is said there.
    """
    tried = [_tried(asked, means, attacks) for asked in suite.attacks]
    new = [found for found in tried if found.asked not in below or found.within] or tried
    todo = f"tiergate attack MODEL --suite {suite.id}"
    never = [found.asked.name for found in new if not found.readings]
    judged = [_row(found, gone, todo) for found in new if found.readings]
    return (*((_never_run(suite, never, gone, todo),) if never else ()), *judged)


def _tried(asked: SuiteAttack, means: AttackBudget, attacks: tuple[Attacked, ...]) -> _Tried:
    readings: list[Reading] = []
    within: list[Outcome] = []
    survived = False
    for found in attacks:
        if not found.bears_on(asked.family, asked.name):
            continue
        is_named = found.attack.name == asked.name
        short = asked.shortfalls(found.attack) if is_named else ()
        reading, breaks = found.reading, found.breaks(means)
        if breaks:
            within.append(reading.outcome)
        if is_named or breaks:
            under = f" under {found.attack.name}" if found.attack.name else ""
            label, set_aside = f"{reading.label}{under}", (*reading.set_aside, *short)
            readings.append(dataclasses.replace(reading, label=label, set_aside=set_aside))
        survived |= is_named and not short and found.holds
    return _Tried(asked=asked, readings=tuple(readings), within=tuple(within), survived=survived)


def _never_run(suite: Suite, names: list[str], gone: tuple[str, ...], todo: str) -> Explanation:
    return Explanation(
        id="",
        title=f"every attack of {suite.stamp} was run",
        outcome=Outcome.UNDETERMINED,
        reason=f"not run: {', '.join(names)}",
        next_step=next_step(Outcome.UNDETERMINED, gone, todo),
        is_adverse=bool(gone),
    )


def _row(found: _Tried, gone: tuple[str, ...], todo: str) -> Explanation:
    held = Outcome.MET if found.survived and not gone else Outcome.UNDETERMINED
    outcome = all_of([held, *found.within])
    return Explanation(
        id="",
        title=f"{found.asked.name} holds at {found.asked.asks}",
        outcome=outcome,
        reason=_reason(found, gone, outcome),
        readings=found.readings,
        used=tuple(reading.item for reading in found.readings),
        next_step=next_step(outcome, gone, todo),
        is_adverse=bool(found.within or gone),
    )


def _reason(found: _Tried, gone: tuple[str, ...], outcome: Outcome) -> str:
    if outcome is not Outcome.UNDETERMINED:
        return ""
    if gone:
        return f"registered evidence is gone: {', '.join(gone)}"
    return "" if found.survived else "no run of it counts as asked"
