# SPDX-License-Identifier: Apache-2.0
"""Pieces of evidence in words: how it was attacked, by whom it was made, when, how much."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.decision.words import percent
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import Attack, AttackBudget, Comparison, Quantity


def many(number: int, word: str) -> str:
    """Write a number of things.

    >>> many(1, "run"), many(2, "run")
    ('1 run', '2 runs')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"


def range_words(lower: Decimal, upper: Decimal) -> str:
    """Write two bounds of a rate."""
    return f"{percent(lower, ROUND_FLOOR)} to {percent(upper, ROUND_CEILING)}"


def quantity_words(found: Quantity) -> str:
    """Write a quantity with its unit."""
    ends_words = f"{found.lower.normalize():f} to {found.upper.normalize():f}"
    return f"{ends_words} {found.unit}".rstrip()


def attack_words(attack: Attack) -> str:
    """Write an attack, its family, what it cost and whether its controls worked."""
    spent = budget_words(attack.budget)
    if attack.search_budget not in {None, attack.budget}:
        spent += f"; with the search {budget_words(attack.credit)}"
    return f"{attack.name} ({attack.attack_class}); {spent}; controls {attack.controls}"


def budget_words(budget: AttackBudget) -> str:
    """Write what an attacker spent."""
    parts = (
        (budget.usd, "USD"),
        (budget.gpu_hours, "GPU-hours"),
        (budget.steps, "steps"),
        (budget.examples, "examples"),
        (budget.attempts, "answers to each prompt"),
        (budget.flop, "FLOP"),
    )
    return ", ".join(f"{n} {unit}" for n, unit in parts if n is not None) or "cost not stated"


def baseline_words(found: Comparison) -> str:
    """Write the baseline of a comparison with its counts."""
    counts = found.counts
    public = "downloadable" if found.downloadable else "not downloadable"
    both = "" if found.paired is None else f", {found.paired.shared} behaviours in both"
    return f"{found.baseline_name} ({public}): {counts.successes} of {counts.planned}{both}"


def maker_words(document: EvidenceDocument) -> str:
    """Write who made a document."""
    maker = document.producer
    return f"{maker.name}, {maker.organisation}" if maker.organisation else maker.name


def day(when: datetime) -> str:
    """Write the day of ``when`` in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d}"
