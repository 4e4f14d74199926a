# SPDX-License-Identifier: Apache-2.0
"""Attacks that only word prompts in another way: one choice among wordings with a name each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.support import Chosen, Space
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant, Wording


class Rewording:
    """An attack that is one of several wordings; it changes nothing in the model."""

    def __init__(self, name: str, choice: str, wordings: Mapping[str, Wording]) -> None:
        """Take the wordings.

        Args:
            name: as suites name the attack.
            choice: name of its only hyper-parameter.
            wordings: each value of it with the wording that it stands for, the usual one first.
        """
        self.name = name
        self.family = FAMILIES[name]
        self.access = ACCESS[name]
        self.space: Space = {choice: tuple(wordings)}
        self._choice = choice
        self._wordings = wordings

    def variants(
        self,
        target: Target,  # noqa: ARG002 - the interface of every attack
        material: Material,  # noqa: ARG002 - the interface of every attack
        setting: Setting,
        seed: int,  # noqa: ARG002 - the interface of every attack
    ) -> Iterator[Variant]:
        """Yield the wording that was chosen."""
        chosen = Chosen(self.name, self.space, setting).text(self._choice)
        yield Variant(point=chosen, cost=Cost(), wording=self._wordings[chosen])
