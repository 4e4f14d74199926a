# SPDX-License-Identifier: Apache-2.0
"""A gateway on loopback for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway_site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(folder=tmp_path)
    yield found
    found.house.close()
