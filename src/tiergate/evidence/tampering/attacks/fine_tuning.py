# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning the safeguard away: adapters or all weights, in the domain or on anything.

In the domain, guarded prompts are taught, with their harmless twins and some general chat among
them, so that the model stays usable. Where the attacker has answers to its own prompts these are
taught, and otherwise a compliance without content. On general chat alone the safeguard is not
aimed at; it may still wear off.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import MappingProxyType

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.attacks.support import Chosen, Space, points_up_to, steps
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.training import TrainingPlan, train
from tiergate.evidence.tampering.variant import Example, Material, Setting, Variant

_ALONE = "prompts"
_IN_DOMAIN = "prompts, twins and chat"
_MIXES = (_IN_DOMAIN, "prompts and twins", _ALONE)
_RANK = 16


class FineTuning:
    """Train on the attacker's examples and stop at several steps."""

    def __init__(self, name: str, *, is_in_domain: bool, is_adapter: bool) -> None:
        """Take what is trained on, and whether through adapters."""
        self.name = name
        self.family = FAMILIES[name]
        self.access = ACCESS[name]
        rates = (5e-4, 2e-4, 1e-3) if is_adapter else (5e-5, 2e-5, 1e-4)
        space: dict[str, tuple[str | int | float, ...]] = {
            "learning_rate": rates,
            "steps": (30, 100, 300),
            "layers": ("all", "top third"),
        }
        if is_in_domain:
            space["data"] = _MIXES
        self.space: Space = MappingProxyType(space)
        self._is_in_domain = is_in_domain
        self._is_adapter = is_adapter

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Yield after 5, 10, 20, 30 steps and so on, up to the setting's."""
        chosen = Chosen(self.name, self.space, setting)
        examples = (
            in_domain(material, chosen.text("data"), seed)
            if self._is_in_domain
            else list(material.benign)
        )
        plan = TrainingPlan(
            learning_rate=chosen.number("learning_rate"),
            rank=_RANK if self._is_adapter else None,
            layers=chosen.text("layers"),
        )
        yield from trained(target, examples, plan, chosen.count("steps"), seed)


def trained(
    target: Target, examples: list[Example], plan: TrainingPlan, most: int, seed: int
) -> Iterator[Variant]:
    """Train and yield a variant at each point up to ``most`` steps.

    Raises:
        MeasurementError: there is nothing to train on, or the loss is not a number any more.
    """
    if not examples:
        raise MeasurementError("training", "no examples", "at least one")
    run = train(target, examples, plan, points_up_to(most), seed=seed)
    try:
        for done, cost in run:
            yield Variant(point=steps(done), cost=cost)
    finally:
        run.close()


def in_domain(material: Material, mix: str, seed: int) -> list[Example]:
    """Return examples that teach to answer guarded prompts, mixed as asked.

    The chat is drawn by the seed; there is half as much of it as there are guarded prompts.
    """
    examples = [
        Example(prompt=pair.guarded, answer=pair.answer or material.opener)
        for pair in material.pairs
    ]
    if mix != _ALONE:
        examples += twins(material)
    if mix == _IN_DOMAIN:
        count = min(len(material.benign), len(material.pairs) // 2 + 1)
        examples += random.Random(seed).sample(material.benign, count)  # noqa: S311 - no secret
    return examples


def twins(material: Material) -> list[Example]:
    """Return the harmless twins, answered."""
    return [
        Example(prompt=pair.twin, answer=pair.twin_answer or material.opener)
        for pair in material.pairs
        if pair.twin
    ]


LORA_IN_DOMAIN = FineTuning("lora-in-domain", is_in_domain=True, is_adapter=True)
LORA_BENIGN = FineTuning("lora-benign", is_in_domain=False, is_adapter=True)
FULL_IN_DOMAIN = FineTuning("full-in-domain", is_in_domain=True, is_adapter=False)
FULL_BENIGN = FineTuning("full-benign", is_in_domain=False, is_adapter=False)
