# SPDX-License-Identifier: Apache-2.0
"""Measuring what another tool made of the model: its checkpoint is copied in by tensor name.

What the tool spent is not known here, so the cost states nothing but the time of copying.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.support import Chosen, Clock, Space
from tiergate.evidence.tampering.attacks.weights import blend_in
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant


class External:
    """Take the weights of an attacked checkpoint."""

    name = "external"
    family = FAMILIES["external"]
    access = ACCESS["external"]
    space: Space = MappingProxyType({})

    def variants(
        self,
        target: Target,
        material: Material,
        setting: Setting,
        seed: int,  # noqa: ARG002 - the interface of every attack
    ) -> Iterator[Variant]:
        """Copy the weights in and yield once."""
        Chosen(self.name, self.space, setting)
        clock, folder = Clock(), Path(material.recipe)
        if not material.recipe or not folder.exists():
            raise MeasurementError(
                "external",
                f"no such folder as {material.recipe}" if material.recipe else "no folder",
                "the checkpoint that the other tool wrote",
                "Name it with --recipe.",
            )
        blend_in(target, folder, lambda _own, other: other)
        yield Variant(point=f"as in {folder.name}", cost=Cost(seconds=clock.seconds()))


EXTERNAL = External()
