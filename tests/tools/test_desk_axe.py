# SPDX-License-Identifier: Apache-2.0
"""axe-core finds nothing serious on any page of those who work here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chromium import chromium
from gateway.browser import PHONE, WIDE, axe, page_of
from gateway.desk_pages import LOOKS, address
from gateway.desk_town import DeskTown
from gateway.town import GATED

pytestmark = [pytest.mark.foreign, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path_factory.mktemp("desk"))
    found.open_desk()
    found.house.stops.stop("acme/hosted", by="bert", reason="x", at=found.now)
    with found.served():
        found.ask(f"/{GATED}/resolve/main/model.safetensors", who="gwen")
        yield found
    found.house.close()


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_that_nothing_serious_is_found(width: int, town: DeskTown) -> None:
    found = {}
    with chromium() as browser, page_of(browser, town, "olga", width=width) as opened:
        for name, look in LOOKS.items():
            page = opened.go(address(town, look))
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            found[name] = axe(page)
    assert {name: rows for name, rows in found.items() if rows} == {}


def test_that_nothing_serious_is_found_on_a_decision(town: DeskTown) -> None:
    decided = town.decide_by_record().removeprefix("sha256:")
    data = town.scene.record.read_bytes()
    text = town.scene.policy.read_text()
    town.house.records.keep(data, policy=text, is_public=False, at=town.now)
    with chromium() as browser, page_of(browser, town, "eva") as opened:
        page = opened.go(f"/-/decisions/{decided}")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

        assert axe(page) == []
