# SPDX-License-Identifier: Apache-2.0
"""Suites: which attacks a safeguard has to survive, and how much each of them must have spent.

A release standard names a suite, and a run carries one out. A suite is known by its id and
version; the id of one that a user wrote is made of the digest of the file, so that it is
never taken for one that ships. Files are read by :mod:`tiergate.evidence.tampering.suite_file`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from tiergate.evidence.measurement import Attack, AttackBudget, AttackClass
from tiergate.evidence.tampering.adversary import Access

FAMILIES: Mapping[str, AttackClass] = MappingProxyType(
    {
        "none": AttackClass.NONE,
        "prefill": AttackClass.PREFILL,
        "template": AttackClass.SYSTEM_PROMPT_REMOVAL,
        "system-prompt": AttackClass.SYSTEM_PROMPT_REMOVAL,
        "cover-story": AttackClass.JAILBREAK,
        "persona": AttackClass.JAILBREAK,
        "many-shot": AttackClass.JAILBREAK,
        "best-of-n": AttackClass.JAILBREAK,
        "gcg": AttackClass.JAILBREAK,
        "steering": AttackClass.STEERING,
        "embedding": AttackClass.EMBEDDING,
        "ablation": AttackClass.ABLATION,
        "lora-in-domain": AttackClass.ADAPTER,
        "lora-benign": AttackClass.ADAPTER,
        "full-in-domain": AttackClass.FINE_TUNING,
        "full-benign": AttackClass.FINE_TUNING,
        "relearning": AttackClass.RELEARNING,
        "quantisation": AttackClass.QUANTISATION,
        "pruning": AttackClass.PRUNING,
        "merge": AttackClass.MERGING,
        "hook": AttackClass.OTHER,
        "external": AttackClass.OTHER,
    }
)
"""Every attack that a suite may name, and the family that its evidence is filed under."""

ACCESS: Mapping[str, Access] = MappingProxyType(
    {
        **dict.fromkeys(FAMILIES, Access.WEIGHTS),
        **dict.fromkeys(("steering", "embedding"), Access.ACTIVATIONS),
        **dict.fromkeys(("prefill", "template", "system-prompt"), Access.TEMPLATE),
        **dict.fromkeys(
            ("none", "cover-story", "persona", "many-shot", "best-of-n"), Access.PROMPTS
        ),
    }
)
"""What an attacker must be able to touch for each attack."""

TRAINED = frozenset(
    {"lora-in-domain", "lora-benign", "full-in-domain", "full-benign", "relearning", "embedding"}
)
"""Attacks that optimise something, step by step."""
DRAWN = TRAINED | {"steering", "ablation"}
"""Attacks whose result depends on a random draw, so that one draw is no measurement."""
FEWEST_DRAWS = 3
"""Seeds that an attack with a random draw is repeated over at the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteAttack:
    """One attack of a suite, and what it must have spent."""

    name: str
    """The attack, as in ``prefill``."""
    family: AttackClass
    """Family that its evidence is filed under."""
    access: Access
    """What the attacker must be able to touch."""
    budget: AttackBudget
    """What must have been spent in every currency stated; steps are those of one run."""
    trials: int
    """Settings that the search must at least have tried."""
    seeds: int
    """Seeds that the most successful setting must have been repeated over."""
    status: str
    """Whether law, publication or judgement set these numbers."""
    basis: str
    """Why these numbers."""

    def shortfalls(self, attack: Attack) -> tuple[str, ...]:
        """Say what is missing for ``attack`` to count as this one; empty when nothing is.

        What is not stated was not spent; only that there was one setting and one seed
        follows from there being a measurement.
        """
        spent = attack.credit
        paid = (
            spent.attempts,
            attack.longest_run_steps,
            spent.examples,
            spent.flop,
            spent.gpu_hours,
            spent.usd,
            attack.trials or 1,
            attack.seeds or 1,
        )
        family = f"filed as {attack.attack_class}, asked for as {self.family}"
        return (
            *((family,) if attack.attack_class is not self.family else ()),
            *(
                f"{_amount(found, unit)}, {least} asked for"
                for (unit, least), found in zip(self._asked(), paid, strict=True)
                if least is not None and (found is None or found < least)
            ),
        )

    @property
    def asks(self) -> str:
        """Everything that must have been spent or tried, in words."""
        return ", ".join(_amount(least, unit) for unit, least in self._asked() if least is not None)

    def _asked(self) -> tuple[tuple[str, Decimal | int | None], ...]:
        asked = self.budget
        return (
            ("answer{s} to each prompt", asked.attempts),
            ("step{s} in one run", asked.steps),
            ("training example{s}", asked.examples),
            ("FLOP", asked.flop),
            ("GPU-hour{s}", asked.gpu_hours),
            ("US dollar{s}", asked.usd),
            ("setting{s} tried", self.trials),
            ("seed{s}", self.seeds),
        )


def _amount(number: Decimal | int | None, unit: str) -> str:
    words = unit.format(s="" if number == 1 else "s")
    return f"unknown {words}" if number is None else f"{number} {words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named set of attacks with budgets."""

    id: str
    """As in ``TR1``; ``file:`` and the beginning of its digest for a user's own file."""
    version: str
    """Version, as in ``1.0.0``."""
    means: str
    """Which attacker it stands for, in words."""
    includes: str
    """Stamp of the suite whose attacks come first; empty when there is none."""
    attacks: tuple[SuiteAttack, ...]
    """Every attack, those of the included suite first; no name twice."""
    is_demonstration: bool
    """Whether it is too small for a decision, so that no policy may name it."""

    @property
    def stamp(self) -> str:
        """Id and version, as evidence states under which suite it was made."""
        return f"{self.id}@{self.version}"

    def attack(self, name: str) -> SuiteAttack | None:
        """Return the attack called ``name``; None when the suite has none."""
        return next((found for found in self.attacks if found.name == name), None)
