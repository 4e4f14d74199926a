# SPDX-License-Identifier: Apache-2.0
"""Attacks by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tiergate.errors import ExtensionError
from tiergate.evidence.tampering.attacks import ATTACK_NAMES, attack_named
from tiergate.evidence.tampering.suites import ACCESS, DRAWN, FAMILIES


@pytest.mark.parametrize("name", ATTACK_NAMES)
def test_that_an_attack_is_found_under_the_name_it_states(name: str) -> None:
    assert attack_named(name).name == name


@pytest.mark.parametrize("name", ATTACK_NAMES)
def test_that_an_attack_is_of_the_family_and_access_that_suites_file_it_under(name: str) -> None:
    attack = attack_named(name)
    assert (attack.family, attack.access) == (FAMILIES[name], ACCESS[name])


@pytest.mark.parametrize("name", ATTACK_NAMES)
def test_that_every_hyper_parameter_has_values_of_one_kind_without_repeats(name: str) -> None:
    for values in attack_named(name).space.values():
        assert values
        assert len(set(values)) == len(values)
        assert len({type(value) for value in values}) == 1


def test_that_there_is_an_attack_for_every_name_that_suites_may_use() -> None:
    assert set(ATTACK_NAMES) == set(FAMILIES) >= DRAWN


def test_that_an_unknown_name_is_refused_with_the_closest_one() -> None:
    with pytest.raises(ExtensionError, match="Did you mean 'prefill'"):
        attack_named("prefil")


def test_that_naming_the_attacks_does_not_import_torch() -> None:
    code = "import sys, tiergate.evidence.tampering.attacks; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
