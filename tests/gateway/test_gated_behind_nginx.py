# SPDX-License-Identifier: Apache-2.0
"""What needs a grant, behind the shipped nginx: a revocation reaches a running download."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from gateway.attack_table import OURS, request
from gateway.raw_http import connected
from gateway.test_behind_nginx import NGINX, in_front_of
from gateway.town import GATED, WEIGHTS, Town, a_model
from tiergate.decision.tier import Tier
from tiergate.gateway.terms import Terms
from tiergate.release import bodies

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx is installed")

FILE = f"/{GATED}/resolve/main/{WEIGHTS}"
_LENGTH = 48 * 1024 * 1024
"""More than nginx and the system keep on the way to a slow reader."""
_SMALL = 64 * 1024
_LIMIT_SECONDS = 5.0


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[Town]:
    """A model that needs a grant, which Gwen has."""
    town = Town(folder=tmp_path, accelerated="/objects")
    town.settle_one(_LENGTH)
    yield town
    town.house.close()


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Town]:
    """The same model, for everybody."""
    town = Town(folder=tmp_path, accelerated="/objects")
    town.model = a_model(tmp_path / "model", _LENGTH)
    town.revision = town.old = town.publish(name=GATED, of="gated", model=town.model)
    town.release(town.revision, Tier.T2, Tier.T4, Tier.T5, of="gated")
    town.person("gwen")
    yield town
    town.house.close()


def _slowly(town: Town, happens: Callable[[], object]) -> tuple[int, bool]:
    """Begin a download, let something happen, and take the rest when the limit is over.

    Returns:
        How many bytes came, and whether it was cut: what the systems on the way hold by then
        arrives all the same.
    """
    with connected(town.port, receive_buffer=_SMALL) as connection:
        connection.sendall(town.fill(request(FILE, OURS)))
        got = len(connection.recv(_SMALL))
        happens()
        time.sleep(_LIMIT_SECONDS)
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1 << 20):
                got += len(piece)
    return got, got < _LENGTH


def test_that_the_gateway_sends_itself_what_needs_a_grant(gated: Town) -> None:
    with gated.served():
        direct = gated.ask(FILE, who="gwen")
        with in_front_of(gated):
            through = gated.ask(FILE, who="gwen", Range="bytes=100-199")

    assert "x-accel-redirect" not in direct.headers
    assert direct.body == gated.weights
    assert (through.status, through.body) == (206, gated.weights[100:200])


def test_that_a_revocation_cuts_a_download_behind_nginx(gated: Town) -> None:
    with gated.served(), in_front_of(gated):
        got, is_cut = _slowly(gated, lambda: gated.house.requests.revoke(GATED, "gwen", gated.now))

    assert is_cut
    assert got < _LENGTH // 2


def test_that_a_download_that_may_go_on_is_not_cut(gated: Town) -> None:
    with gated.served(), in_front_of(gated):
        got, is_cut = _slowly(gated, lambda: None)

    assert not is_cut
    assert got > _LENGTH


def test_that_nginx_sends_it_too_where_the_operator_says_so_and_then_nobody_cuts_it(
    gated: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gated.house, "parts", partial(gated.house.parts, accelerates_all=True))
    with gated.served():
        assert gated.ask(FILE, who="gwen").headers["x-accel-redirect"].startswith("/objects/")
        with in_front_of(gated):
            got, is_cut = _slowly(
                gated, lambda: gated.house.requests.revoke(GATED, "gwen", gated.now)
            )
            after = gated.ask(FILE, who="gwen")

    assert (is_cut, got > _LENGTH) == (False, True)
    assert after.status == 403


def test_that_nginx_never_sends_a_marked_copy(gated: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gated.house, "parts", partial(gated.house.parts, accelerates_all=True))
    gated.house.requests.set_terms(GATED, Terms(is_marked=True))
    gated.house.requests.give(GATED, "nora", by="anna", at=gated.now)
    with gated.served():
        while gated.ask(FILE, method="HEAD", who="nora").status != 200:
            time.sleep(0.2)
        marked = gated.ask(FILE, who="nora", Range="bytes=0-99")
        config = gated.ask(f"/{GATED}/resolve/main/config.json", who="nora")

    assert marked.status == 206
    assert "x-accel-redirect" not in marked.headers
    assert "x-accel-redirect" in config.headers


def test_that_a_reload_of_nginx_cuts_what_it_sends_itself(public: Town) -> None:
    home = public.folder / "nginx"

    def freeze_and_reload() -> None:
        public.enter(bodies.Frozen(), "bea", of="gated")
        words = [str(NGINX), "-s", "reload", "-p", str(home), "-c", str(home / "nginx.conf")]
        subprocess.run([*words, "-e", str(home / "error.log")], check=True)

    with public.served(), in_front_of(public):
        got, is_cut = _slowly(public, freeze_and_reload)
        refused = public.ask(FILE, who="gwen")

    assert is_cut
    assert got < _LENGTH // 2
    assert refused.status == 403


def test_that_without_a_reload_nginx_sends_to_the_end(public: Town) -> None:
    with public.served(), in_front_of(public):
        got, is_cut = _slowly(public, lambda: public.enter(bodies.Frozen(), "bea", of="gated"))

    assert (is_cut, got > _LENGTH) == (False, True)
