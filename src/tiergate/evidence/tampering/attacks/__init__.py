# SPDX-License-Identifier: Apache-2.0
"""The attacks by name, one module for each way to attack.

A module, and with it torch, is imported when its attack is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from tiergate.evidence.tampering.variant import Attack
from tiergate.extension import Registry

_MODULES: Mapping[str, tuple[str, str]] = {
    "none": ("none", "NONE"),
    "prefill": ("prefill", "PREFILL"),
    "template": ("template", "TEMPLATE"),
    "system-prompt": ("system_prompt", "SYSTEM_PROMPT"),
    "cover-story": ("cover_story", "COVER_STORY"),
    "persona": ("persona", "PERSONA"),
    "many-shot": ("many_shot", "MANY_SHOT"),
    "best-of-n": ("best_of_n", "BEST_OF_N"),
    "steering": ("steering", "STEERING"),
    "ablation": ("ablation", "ABLATION"),
    "lora-in-domain": ("fine_tuning", "LORA_IN_DOMAIN"),
    "lora-benign": ("fine_tuning", "LORA_BENIGN"),
    "full-benign": ("fine_tuning", "FULL_BENIGN"),
    "full-in-domain": ("fine_tuning", "FULL_IN_DOMAIN"),
    "relearning": ("relearning", "RELEARNING"),
    "embedding": ("embedding", "EMBEDDING"),
    "quantisation": ("quantisation", "QUANTISATION"),
    "pruning": ("pruning", "PRUNING"),
    "merge": ("merge", "MERGE"),
    "gcg": ("gcg", "GCG"),
    "hook": ("hook", "HOOK"),
    "external": ("external", "EXTERNAL"),
}


def _registered() -> Registry[tuple[str, str]]:
    registry: Registry[tuple[str, str]] = Registry("attack")
    for name, place in _MODULES.items():
        registry.register(name, place)
    registry.freeze()
    return registry


_ATTACKS = _registered()

ATTACK_NAMES: tuple[str, ...] = tuple(_MODULES)
"""Every attack, cheapest access first."""


def attack_named(name: str) -> Attack:
    """Return an attack, importing what it needs.

    Raises:
        ExtensionError: no attack has this name.
    """
    module, attribute = _ATTACKS[name]
    attack: Attack = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
    return attack
