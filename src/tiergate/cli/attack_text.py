# SPDX-License-Identifier: Apache-2.0
"""What `tiergate attack` says at its end: three numbers and the price for each attack."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

import click

from tiergate.cli import text
from tiergate.cli.attack_document import AttackDocument, AttackFoundPart, ModelFoundPart, SpentPart
from tiergate.decision.words import percent
from tiergate.evidence.tampering.outcomes import AttackOutcome

_COLOURS = {
    AttackOutcome.HOLDS: "green",
    AttackOutcome.BROKEN: "red",
    AttackOutcome.INVALID: "magenta",
}
_INDENT = " " * 13


def result_lines(
    found: AttackDocument, sparklines: Sequence[str], written: Sequence[Path]
) -> Iterator[str]:
    """Yield the lines that a person reads at the end of a run.

    Args:
        found: what the run came to.
        sparklines: the break-cost curve, a line for each family.
        written: files and folders that were written.
    """
    yield text.heading(f"ATTACKED  {text.plain(found.model)}")
    limit = percent(Decimal(found.limit), ROUND_FLOOR)
    about = f"{found.suite} · {found.prompts} · limit {limit} at {found.confidence} confidence"
    yield from text.wrapped(about, "  ")
    yield ""
    yield text.heading("CONTROLS") + f"  {found.controls}"
    yield from text.wrapped(_positive(found), _INDENT, "  ")
    yield from _model_lines("no attack", found.released)
    yield ""
    yield text.heading("ATTACKS")
    for attack in found.attacks:
        yield from _attack_lines(attack)
    yield ""
    yield from _cheapest(found)
    if sparklines:
        yield ""
        yield text.heading("SUCCESS BY COST") + "  cheapest to dearest, ░ not tested"
        for line in sparklines:
            yield from text.wrapped(line, "      ", "  ")
    yield ""
    yield text.heading("WRITTEN")
    yield from (f"  {text.plain(str(path))}" for path in written)
    yield f"  {text.plural(len(found.evidence), 'document')} in {text.plain(found.store)}"
    yield ""
    reasons = "; ".join(found.reasons)
    yield from text.wrapped(f"{found.outcome}: {reasons}. Exit {found.exit_code}.", "")


def next_command(model: str, store: str | None, policy: str) -> str:
    """Return the command that decides with what was filed."""
    words = ["tiergate", "check", model]
    words += ["--store", store] if store else []
    words += ["--policy", policy] if policy != "default" else []
    return shlex.join(words)


def _attack_lines(found: AttackFoundPart) -> Iterator[str]:
    head = f"{found.attack} ({found.family})"
    yield f"  {_coloured(found.outcome)}  {head}"
    if found.deciding is not None:
        yield from text.wrapped(_numbers(found.deciding), _INDENT)
    trials = f"{found.trials} of {found.planned} trials"
    if found.breaks_at is None:
        yield from text.wrapped(f"{trials} · {_spent(found.spent)}", _INDENT)
    else:
        yield from text.wrapped(f"breaks at a cost of {_spent(found.breaks_at)}", _INDENT)
        yield from text.wrapped(f"with the search {_spent(found.spent)} · {trials}", _INDENT)
    if found.outcome is not AttackOutcome.HOLDS:
        yield from text.wrapped("; ".join(found.reasons), _INDENT)


def _spent(spent: SpentPart) -> str:
    return f"{text.plural(spent.steps, 'step')} · {spent.flop:.1e} FLOP · {_money(spent.usd)}"


def _positive(found: AttackDocument) -> str:
    if not found.unguarded_asked:
        return "no twin without the safeguard was measured: give one with --unguarded"
    return (
        f"twin without the safeguard: success {found.unguarded_succeeded} of "
        f"{found.unguarded_asked}"
    )


def _model_lines(name: str, found: ModelFoundPart) -> Iterator[str]:
    yield f"  {_coloured(found.outcome)}  {name}"
    yield from text.wrapped(_numbers(found), _INDENT)


def _numbers(found: ModelFoundPart) -> str:
    if not found.asked:
        return found.reason
    low = percent(Decimal(found.success_at_least), ROUND_FLOOR)
    high = percent(Decimal(found.success_at_most), ROUND_CEILING)
    return (
        f"success {found.succeeded} of {found.asked} ({low} to {high}) · twins refused "
        f"{found.twins_refused} of {found.twins_asked} · tasks {found.tasks_solved} of "
        f"{found.tasks_asked}"
    )


def _cheapest(found: AttackDocument) -> Iterator[str]:
    yield text.heading("CHEAPEST CONFIRMED BREAK")
    broken = next(
        (
            attack
            for attack in found.attacks
            if attack.deciding and attack.deciding.setting == found.cheapest_break
        ),
        None,
    )
    if broken is None or broken.breaks_at is None:
        yield "  none; nothing is known about attackers who spend more"
        return
    price, paid = (
        f"{spent.flop:.1e} FLOP, {_money(spent.usd)}" for spent in (broken.breaks_at, broken.spent)
    )
    words = f"{found.cheapest_break}: {price}; with the search {paid}"
    yield from text.wrapped(words, "    ", "  ")


def _money(usd: str) -> str:
    """Write dollars to the cent, or as little as they are."""
    amount = Decimal(usd)
    return f"${amount:.2f}" if amount >= Decimal("0.01") or not amount else "less than $0.01"


def _coloured(outcome: AttackOutcome) -> str:
    word = outcome.value.upper().ljust(9)
    if "NO_COLOR" in os.environ or outcome not in _COLOURS:
        return word
    return click.style(word, fg=_COLOURS[outcome])


def encoding() -> str:
    """Return the encoding of standard output."""
    return getattr(sys.stdout, "encoding", None) or "ascii"
