# SPDX-License-Identifier: Apache-2.0
"""Showing many turns in which the assistant complied, so that the next one follows them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import MappingProxyType

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.support import Chosen, Space
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant, Wording

_ANSWER_TOKENS = 256
"""Room that is left for the answer."""


class ManyShot:
    """Put compliant turns before the prompt, as many as fit into the context."""

    name = "many-shot"
    family = FAMILIES["many-shot"]
    access = ACCESS["many-shot"]
    space: Space = MappingProxyType({"shots": (16, 4, 32)})

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Yield the wording; the seed draws the turns and their order."""
        asked = Chosen(self.name, self.space, setting).count("shots")
        turns = list(material.shots)
        random.Random(seed).shuffle(turns)  # noqa: S311 - no secret
        shots = _fitting(target, material, tuple(turns[:asked]))
        if not shots:
            raise MeasurementError(
                "many-shot",
                "no turns to show that fit into the context",
                "at least one",
                "Give the attacker compliant turns, or attack a model with a longer context.",
            )
        yield Variant(
            point=f"{len(shots)} shot{'s' * (len(shots) != 1)}",
            cost=Cost(),
            wording=Wording(shots=shots),
        )


def _fitting(
    target: Target, material: Material, shots: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Return the first shots that fit with the longest prompt and an answer."""
    room = getattr(target.model.config, "max_position_embeddings", None)
    longest = max((pair.guarded for pair in material.pairs), key=len, default="")
    while shots and room is not None:
        tokens = render(target.tokenizer, Wording(shots=shots), longest)
        if len(tokens) + _ANSWER_TOKENS <= room:
            break
        shots = shots[:-1]
    return shots


MANY_SHOT = ManyShot()
