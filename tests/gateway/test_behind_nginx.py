# SPDX-License-Identifier: Apache-2.0
"""The shipped configuration, with a real nginx that sends the bytes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.release import bodies

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
SHIPPED = Path(__file__).parents[2] / "examples" / "gateway" / "nginx.conf"
FILE = f"/{NAME}/resolve/main/model.safetensors"

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx is installed")


@contextmanager
def in_front_of(site: Site) -> Iterator[None]:
    """Start nginx with the shipped configuration, and ask it from here on."""
    behind, site.port = site.port, _free_port()
    home = site.folder / "nginx"
    home.mkdir()
    text = SHIPPED.read_text()
    for old, new in (
        ("listen 8080;", f"listen 127.0.0.1:{site.port};"),
        ("127.0.0.1:8642", f"127.0.0.1:{behind}"),
        ("/srv/hub/objects/", f"{site.folder}/gateway/objects/"),
        ("http {", f"http {{ access_log off; {_temporary(home)}"),
        ("worker_processes auto;", f"worker_processes 1; daemon off; pid {home}/pid; user root;"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    (home / "nginx.conf").write_text(text)
    server = subprocess.Popen(
        [str(NGINX), "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")]
    )
    try:
        _wait_for(site.port)
        yield
    finally:
        server.terminate()
        server.wait()
        site.port = behind


def _temporary(home: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {home}/{kind};" for kind in kinds)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nginx does not answer")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose model is for everybody, and which leaves the sending to nginx."""
    found = Site(folder=tmp_path, accelerated="/objects")
    found.release(found.publish(), Tier.T2, Tier.T4, Tier.T5)
    yield found
    found.house.close()


def test_that_nginx_sends_what_the_gateway_allows_with_the_headers_of_the_hub(site: Site) -> None:
    with site.served(), in_front_of(site):
        whole = site.ask(FILE)
        part = site.ask(FILE, Range="bytes=2-5")

    content = (site.folder / "model" / "model.safetensors").read_bytes()
    assert (whole.status, whole.body) == (200, content)
    assert (part.status, part.body) == (206, content[2:6])
    for name in ("etag", "x-repo-commit", "cache-control", "content-disposition"):
        assert whole.headers[name], name
    assert "x-accel-redirect" not in whole.headers
    assert [line.first for line in site.house.downloads()] == [0, 2]


def test_that_nobody_reaches_the_objects_past_the_gateway(site: Site) -> None:
    digest = next(site.folder.glob("gateway/objects/sha256/*/*/*"))
    inner = digest.relative_to(site.folder / "gateway" / "objects")
    with site.served(), in_front_of(site):
        for path in (
            f"/objects/{inner}",
            f"//objects/{inner}",
            f"/./objects/{inner}",
            f"/x/../objects/{inner}",
            f"/%6fbjects/{inner}",
            f"/objects/../objects/{inner}",
        ):
            found = site.ask(path, X_Accel_Redirect=f"/objects/{inner}")
            assert found.status in {400, 401, 404}, path
            assert digest.read_bytes() not in found.body, path


def test_that_a_freeze_is_obeyed_by_the_next_request(site: Site) -> None:
    with site.served(), in_front_of(site):
        assert site.ask(FILE).status == 200
        site.enter(bodies.Frozen(), "bea")
        time.sleep(1)
        assert site.ask(FILE).code == "GatedRepo"
