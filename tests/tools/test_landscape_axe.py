# SPDX-License-Identifier: Apache-2.0
"""axe-core finds nothing serious on any page of the landscape."""

from __future__ import annotations

from pathlib import Path

import pytest

from chromium import chromium
from cli_runner import run
from gateway.browser import PHONE, WIDE, axe

pytestmark = [pytest.mark.foreign, pytest.mark.enable_socket]

PAGES = ("index", "timeline", "models", "practice", "openness", "obligations", "cases", "costs")


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_that_nothing_serious_is_found(width: int, tmp_path: Path) -> None:
    assert run("landscape", "site", tmp_path / "site", "--at", "2026-11-29").code == 0
    found = {}
    with chromium() as browser:
        for name in (*PAGES, "sources", "rows-practices"):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto((tmp_path / "site" / f"{name}.html").as_uri())
            found[name] = axe(page)
            page.close()
    assert {name: rows[:3] for name, rows in found.items() if rows} == {}
