# SPDX-License-Identifier: Apache-2.0
"""A provider that takes connections and answers nothing keeps nobody from downloading."""

from __future__ import annotations

import socket
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlencode

import pytest

from gateway.issuer import Issuer
from gateway.login_site import a_site
from gateway_site import NAME, Answer, Site
from tiergate.decision.tier import Tier
from tiergate.gateway import elsewhere
from tiergate.gateway.oauth import EXCHANGE_GRANT, ID_TOKEN

FILE = f"/{NAME}/resolve/main/config.json"
_MANY = 24
_SOON_SECONDS = 2.0


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A model for everybody, and a way in by a provider that hangs."""
    monkeypatch.setattr(elsewhere, "PATIENCE_SECONDS", 1.0)
    with closing(socket.create_server(("127.0.0.1", 0), backlog=1000)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        found = a_site(tmp_path / "site", cast("Issuer", SimpleNamespace(url=url)))
        found.release(found.publish(), Tier.T2, Tier.T4, Tier.T5)
        with found.served():
            yield found
        found.house.close()


def _token(issuer: str) -> str:
    parts = ('{"alg":"RS256","kid":"a"}', f'{{"iss":"{issuer}"}}', "signature")
    return ".".join(urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


def _by_page(site: Site) -> Answer:
    return site.ask("/-/oidc/test")


def _by_route(site: Site) -> Answer:
    assert site.login is not None
    fields = {
        "grant_type": EXCHANGE_GRANT,
        "subject_token_type": ID_TOKEN,
        "subject_token": _token(site.login.ci[0].issuer),
    }
    kind = "application/x-www-form-urlencoded"
    body = urlencode(fields).encode()
    return site.ask("/oauth/token", method="POST", body=body, Content_Type=kind)


@pytest.mark.parametrize("come_in", [_by_page, _by_route], ids=["page", "route"])
def test_that_nobody_who_downloads_waits_for_those_who_log_in(
    come_in: Callable[[Site], Answer], site: Site
) -> None:
    with ThreadPoolExecutor(_MANY) as others:
        waiting = [others.submit(come_in, site) for _ in range(_MANY)]
        time.sleep(1)
        begun = time.monotonic()
        answer = site.ask(FILE)
        took = time.monotonic() - begun
        statuses = Counter(each.result().status for each in waiting)

    assert answer.status == 200
    assert took < _SOON_SECONDS
    assert statuses == {400: elsewhere.MOST_AT_ONCE, 429: _MANY - elsewhere.MOST_AT_ONCE}
