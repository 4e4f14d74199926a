# SPDX-License-Identifier: Apache-2.0
"""axe-core finds nothing serious on the pages for logging in and for oneself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chromium import chromium
from gateway.browser import AXE, axe, page_of
from gateway.issuer import an_issuer
from gateway.login_site import a_site
from gateway.test_login_pages import prepared
from gateway_site import Site
from tiergate.gateway.roles import GatewayRole

pytestmark = [pytest.mark.foreign, pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with an_issuer() as issuer:
        found = a_site(tmp_path, issuer)
        found.publish(is_announced=True)
        found.person("erin")
        found.person("olga", GatewayRole.OWNER)
        found.house.requests.ask("acme/model", "erin", {"purpose": "reading"}, found.now)
        found.house.requests.give("acme/model", "olga", by="erin", at=found.now)
        with found.served():
            yield found
        found.house.close()


def test_that_nothing_serious_is_found_on_any_page(site: Site) -> None:
    assert AXE.exists(), "axe-core is not installed: run make foreign"
    found = {}
    with chromium() as browser:
        for who, path in prepared(site):
            with page_of(browser, site, who) as opened:
                found[path] = axe(opened.go(path))

    assert {path: rows for path, rows in found.items() if rows} == {}
