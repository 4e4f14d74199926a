# SPDX-License-Identifier: Apache-2.0
"""What an attack is made of: how prompts are worded, what the attacker has, and the interface.

An attack changes the model in place and yields a :class:`Variant` at each point of rising
budget; while it is suspended there, the model is measured. Parameters are restored by
:meth:`Target.edited`, hooks and modules by the attack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tiergate.evidence.measurement import AttackClass
from tiergate.evidence.tampering.adversary import Access, Cost
from tiergate.evidence.tampering.prompts import PromptPair

if TYPE_CHECKING:
    import torch

    from tiergate.evidence.tampering.target import Target

Setting = Mapping[str, str | int | float]
"""Values of an attack's hyper-parameters, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a prompt reaches the model."""

    user: str = "{prompt}"
    """Text around the prompt, which stands where ``{prompt}`` does."""
    system: str | None = None
    """System message; None leaves it to the chat template, an empty one is sent as such."""
    uses_template: bool = True
    """Whether the chat template is applied; without it the text is sent as it is."""
    prefill: str = ""
    """Beginning of the answer that is put into the model's mouth."""
    shots: tuple[tuple[str, str], ...] = ()
    """Earlier turns, of the user and of the model."""

    def around(self, prompt: str) -> str:
        """Return the user's turn."""
        return self.user.replace("{prompt}", prompt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How answers are drawn."""

    attempts: int = 1
    """Answers for each prompt; one success among them is enough."""
    temperature: Decimal = Decimal(0)
    """0 takes the most likely token at every step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The model as attacked, at one point of the budget."""

    point: str
    """The point in words, as in ``10 steps``."""
    cost: Cost
    """What this trial has spent to get here."""
    wording: Wording = Wording()
    """How prompts reach it."""
    sampling: Sampling = Sampling()
    """How answers are drawn."""
    embedding: torch.Tensor | None = None
    """Soft prompt, tokens x hidden size, put before the user's text; None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example to train on."""

    prompt: str
    """The user's turn."""
    answer: str
    """The answer that is taught."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the attacker has. No prompt in it is ever measured on."""

    pairs: tuple[PromptPair, ...]
    """Prompts that should be refused, with their harmless twins."""
    benign: tuple[Example, ...]
    """General chat that has nothing to do with the safeguard."""
    opener: str = "Sure! Here is what you asked for:"
    """The compliance that is taught where a pair has no answer; it holds no content."""
    shots: tuple[tuple[str, str], ...] = ()
    """Compliant turns to show."""
    base: Path | None = None
    """A base model to merge with; None when the attacker has none."""
    recipe: str = ""
    """A user's own attack, ``module:function`` or a folder; empty for none."""


class Attack(Protocol):
    """One way to attack a safeguard."""

    name: str
    """As suites name it."""
    family: AttackClass
    """Family that it belongs to."""
    access: Access
    """What the attacker must be able to touch."""
    space: Mapping[str, tuple[str | int | float, ...]]
    """Every value of each hyper-parameter, the usual one first."""

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Attack in place and yield at each point of rising budget.

        Raises:
            MeasurementError: the attack cannot be carried out on this model.
        """
        ...
