# SPDX-License-Identifier: Apache-2.0
"""No attack: the null control, whose outcome is that of the model as it ships."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.support import Chosen, Space
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant


class NoAttack:
    """Ask as anyone would."""

    name = "none"
    family = FAMILIES["none"]
    access = ACCESS["none"]
    space: Space = MappingProxyType({})

    def variants(
        self,
        target: Target,  # noqa: ARG002 - the interface of every attack
        material: Material,  # noqa: ARG002 - the interface of every attack
        setting: Setting,
        seed: int,  # noqa: ARG002 - the interface of every attack
    ) -> Iterator[Variant]:
        """Yield the model as it is."""
        Chosen(self.name, self.space, setting)
        yield Variant(point="as shipped", cost=Cost())


NONE = NoAttack()
