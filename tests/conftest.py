# SPDX-License-Identifier: Apache-2.0
"""What every test shares: no deadlines on a busy machine, and scripts that are no tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from postgresql_server import Server

# Run by tests or by make in a process of their own; importing them starts their work.
collect_ignore = ["bare_install.py", "tools/run_inspect_ai.py"]

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

# Programs of their own, run by the interpreters that have the tools they import.
collect_ignore_glob = ["tools/run_*.py"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Start a server of PostgreSQL; without one on this machine the test is left out."""
    # Here, because most tests need none of it.
    import postgresql_server

    binaries = postgresql_server.programs()
    if binaries is None:
        pytest.skip("no PostgreSQL on this machine: neither initdb nor /usr/lib/postgresql")
    with postgresql_server.running(binaries) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium."""
    from chromium import chromium

    with chromium() as found:
        yield found
