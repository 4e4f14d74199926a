# SPDX-License-Identifier: Apache-2.0
"""A database of a gateway for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tiergate.gateway.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'gateway.sqlite'}")
    yield found
    found.close()
