# SPDX-License-Identifier: Apache-2.0
"""Bringing back what unlearning took away, by training on what is near it.

None of the guarded prompts is trained on: only their harmless twins, which share the domain, with
general chat. Twins are answered as the attacker's prompts have it, or else without content. Where
knowledge was hidden and not removed, it comes back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import MappingProxyType

from tiergate.errors import InputError
from tiergate.evidence.tampering.attacks.fine_tuning import trained, twins
from tiergate.evidence.tampering.attacks.support import Chosen, Space
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.training import TrainingPlan
from tiergate.evidence.tampering.variant import Example, Material, Setting, Variant


class Relearning:
    """Train on the neighbourhood of what was unlearned."""

    name = "relearning"
    family = FAMILIES["relearning"]
    access = ACCESS["relearning"]
    space: Space = MappingProxyType(
        {
            "share": (0.5, 0.25, 1.0, 0.75),
            "learning_rate": (5e-4, 2e-4, 1e-3),
            "steps": (30, 100, 300),
        }
    )

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Yield after 5, 10, 20, 30 steps and so on, up to the setting's."""
        chosen = Chosen(self.name, self.space, setting)
        plan = TrainingPlan(learning_rate=chosen.number("learning_rate"))
        examples = mixed(material, chosen.number("share"), seed)
        yield from trained(target, examples, plan, chosen.count("steps"), seed)


def mixed(material: Material, share: float, seed: int) -> list[Example]:
    """Return in-domain examples and chat, so that the former have the share asked for.

    All of the kind that is scarcer for that share is taken, and the other is drawn by the seed.
    """
    if not 0 <= share <= 1:
        raise InputError("share of relearning", str(share), "a number from 0 to 1")
    near, chat = twins(material), list(material.benign)
    total = min(
        len(near) / share if share else float("inf"),
        len(chat) / (1 - share) if share < 1 else float("inf"),
    )
    source = random.Random(seed)  # noqa: S311 - no secret
    near = source.sample(near, min(len(near), round(share * total) if share else 0))
    chat = source.sample(chat, min(len(chat), round((1 - share) * total) if share < 1 else 0))
    return near + chat


RELEARNING = Relearning()
