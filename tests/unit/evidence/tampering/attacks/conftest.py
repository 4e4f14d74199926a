# SPDX-License-Identifier: Apache-2.0
"""Tiny targets, loaded once: every attack gives them back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tiergate.evidence.tampering.target import Target
from unit.evidence.tampering.tiny import tiny_checkpoint, tiny_target


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = tiny_target(tmp_path_factory.mktemp("tiny"))
    yield target
    target.close()


@pytest.fixture(scope="session")
def loaded_in_bfloat16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = tiny_target(tmp_path_factory.mktemp("narrow"), dtype=torch.bfloat16, is_tied=True)
    yield target
    target.close()


@pytest.fixture
def target(loaded: Target) -> Iterator[Target]:
    """A model in single precision, and a look that it is as loaded after the test."""
    yield loaded
    assert loaded.is_untouched


@pytest.fixture
def narrow_target(loaded_in_bfloat16: Target) -> Iterator[Target]:
    """A model in bfloat16 whose head is its embedding."""
    yield loaded_in_bfloat16
    assert loaded_in_bfloat16.is_untouched


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another checkpoint of the same architecture."""
    return tiny_checkpoint(tmp_path_factory.mktemp("base"), seed=1)
