# SPDX-License-Identifier: Apache-2.0
"""The system's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield found
        found.close()
