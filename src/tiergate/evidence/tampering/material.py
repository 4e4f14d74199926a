# SPDX-License-Identifier: Apache-2.0
"""What an attacker has: a part of the prompts, general chat, and turns to show."""

from __future__ import annotations

from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.prompts import PromptPair
from tiergate.evidence.tampering.shipped import shipped_rows
from tiergate.evidence.tampering.variant import Example, Material


def material_for(context: RunContext, pairs: tuple[PromptPair, ...]) -> Material:
    """Return the attacker's material; ``pairs`` is the attacker's part of the prompts."""
    benign = (Example(prompt=row["prompt"], answer=row["answer"]) for row in shipped_rows("benign"))
    return Material(
        pairs=pairs,
        benign=tuple(benign),
        shots=tuple((row["prompt"], row["answer"]) for row in shipped_rows("shots")),
        base=context.base,
        recipe=context.recipe,
    )
