# SPDX-License-Identifier: Apache-2.0
"""The registry: one definition per name, none after start, no name guessed."""

from __future__ import annotations

import pytest

from tiergate.errors import ExtensionError
from tiergate.extension import Registry


def _registry() -> Registry[int]:
    registry: Registry[int] = Registry("reader")
    registry.register("inspect", 1)
    registry.register("garak", 2)
    return registry


def test_what_was_registered_is_found_by_its_name() -> None:
    registry = _registry()

    assert (1, 2) == (registry["inspect"], registry["garak"])
    assert "inspect" in registry
    assert "pyrit" not in registry
    assert 2 == len(registry)


def test_names_come_sorted_whatever_the_order_of_registration() -> None:
    assert ["garak", "inspect"] == list(_registry())


def test_a_name_that_is_taken_is_refused_and_the_first_stays() -> None:
    registry = _registry()

    with pytest.raises(ExtensionError, match="reader 'inspect': found a name that is taken"):
        registry.register("inspect", 3)

    assert 1 == registry["inspect"]


def test_nothing_is_registered_after_start() -> None:
    registry = _registry()
    registry.freeze()

    with pytest.raises(ExtensionError, match="found a registration after start"):
        registry.register("pyrit", 3)

    assert 2 == len(registry)


def test_an_unknown_name_is_refused_and_a_close_one_offered() -> None:
    with pytest.raises(ExtensionError) as caught:
        _registry()["inspekt"]

    assert "one of garak, inspect" == caught.value.expected
    assert "Did you mean 'inspect'?" == caught.value.remedy


def test_a_name_that_is_close_to_nothing_gets_no_offer() -> None:
    with pytest.raises(ExtensionError) as caught:
        _registry()["zzz"]

    assert "" == caught.value.remedy


def test_an_empty_registry_says_that_nothing_is_registered() -> None:
    registry: Registry[int] = Registry("reader")

    with pytest.raises(ExtensionError, match="expected one of none registered"):
        registry["inspect"]
