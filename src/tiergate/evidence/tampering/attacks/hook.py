# SPDX-License-Identifier: Apache-2.0
"""A user's own attack: a function ``module:function`` that edits the model in place.

It is called with the model, the tokenizer, the setting and the seed, and returns nothing or a
mapping with what it spent: ``steps``, ``examples``, ``flop``, ``attempts``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.support import Clock, Space
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant

_SPENT = ("steps", "examples", "flop", "attempts")


class Hook:
    """Call the user's function. Which settings there are is known to it alone."""

    name = "hook"
    family = FAMILIES["hook"]
    access = ACCESS["hook"]
    space: Space = MappingProxyType({})

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Call it and yield once."""
        recipe, clock = material.recipe, Clock()
        function = _function(recipe)
        try:
            spent = function(target.model, target.tokenizer, dict(setting), seed)
        except Exception as error:
            raise MeasurementError(
                recipe, f"{type(error).__name__}: {error}", "a model that was attacked"
            ) from error
        counts = _counts(recipe, spent)
        yield Variant(point=recipe, cost=Cost(**counts, seconds=clock.seconds()))


def _function(recipe: str) -> Callable[..., object]:
    module, separator, name = recipe.partition(":")
    if not (module and separator and name):
        raise MeasurementError(
            "hook", repr(recipe), "module:function", "Name your function with --recipe."
        )
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:
        raise MeasurementError(
            recipe,
            f"no function to call ({type(error).__name__}: {error})",
            "one that can be imported",
            "Set PYTHONPATH to the folder that holds the module.",
        ) from error
    if not callable(function):
        raise MeasurementError(recipe, f"a {type(function).__name__}", "a function")
    called: Callable[..., object] = function
    return called


def _counts(recipe: str, spent: object) -> dict[str, int]:
    """Read what the function says that it spent."""
    if spent is None:
        return {}
    is_counts = isinstance(spent, Mapping) and all(
        name in _SPENT and isinstance(count, int) and not isinstance(count, bool) and count >= 0
        for name, count in spent.items()
    )
    if not is_counts or not isinstance(spent, Mapping):
        raise MeasurementError(
            recipe,
            f"{spent!r:.80} returned",
            f"None, or whole numbers for some of {', '.join(_SPENT)}",
        )
    return dict(spent)


HOOK = Hook()
