# SPDX-License-Identifier: Apache-2.0
"""The command and the addresses that the report gives open a log in Inspect View itself."""

from __future__ import annotations

import html
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from cli_fixtures import MAPPING, a_folder
from cli_runner import run
from tiergate.report.inspect_view import ADDRESS

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

PATIENCE_MS = 30_000
LONGEST_S = 300
PROGRAM = """
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import match

samples = [Sample(id=name, input=f"What is {name}?", target="4") for name in ("2 + 2", "3 + 3")]
task = Task(name="arithmetic", dataset=samples, scorer=match(), epochs=2)
eval(task, model="mockllm/model", log_dir=sys.argv[1], display="none", fail_on_error=False)
"""
"""Writes a log with Inspect AI itself."""
INSPECT = Path(sys.executable).parent / "inspect"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view")
    logs = folder / "my logs"
    subprocess.run([sys.executable, "-c", PROGRAM, str(logs)], check=True, cwd=folder)
    (written_log,) = logs.glob("*.eval")
    log = written_log.rename(logs / "a run.eval")
    (folder / "mapping.yaml").write_text(MAPPING)
    written = folder / "report.html"
    options = ("--evidence", log, "--mapping", folder / "mapping.yaml", "-o", written)
    run("report", a_folder(folder / "model"), "--tier", "T5", *options)
    return written


@pytest.fixture(scope="module")
def viewer(page: Path) -> Iterator[str]:
    """Run the command of the page on a free port, and return where it listens."""
    command = re.search(r"inspect view start --log-dir [^\n<]+", html.unescape(page.read_text()))
    assert command is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    # If the tests are killed, the viewer still ends.
    words = ["timeout", str(LONGEST_S), str(INSPECT), *shlex.split(command[0])[1:], "--port", port]
    process = subprocess.Popen(
        words, cwd=page.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    for _ in range(PATIENCE_MS // 100):
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 - loopback
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"nothing listens at {address}")


def _addresses(page: Path) -> tuple[str, str]:
    text = html.unescape(page.read_text())
    log = re.search(rf'href="({re.escape(ADDRESS)}[^"]+)"', text)
    sample = re.search(rf"<code>({re.escape(ADDRESS)}[^<]+)</code>", text)
    assert log is not None
    assert sample is not None
    return log[1], sample[1]


def test_the_address_of_the_log_opens_it(page: Path, viewer: str, browser: Browser) -> None:
    address, _ = _addresses(page)
    tab = browser.new_page()

    tab.goto(address.replace(ADDRESS, viewer))
    tab.get_by_text("What is 3 + 3?").first.wait_for(timeout=PATIENCE_MS)

    assert "arithmetic" in tab.inner_text("body")
    tab.close()


def test_the_address_of_a_sample_opens_that_sample(
    page: Path, viewer: str, browser: Browser
) -> None:
    _, address = _addresses(page)
    wanted = address.replace("/ID/", "/2%20%2B%202/").replace("/EPOCH", "/2")
    tab = browser.new_page()

    tab.goto(wanted.replace(ADDRESS, viewer))
    tab.get_by_text("What is 2 + 2?").first.wait_for(timeout=PATIENCE_MS)

    assert "2 + 2 (Epoch 2)" in tab.inner_text("body")
    assert "What is 3 + 3?" not in tab.inner_text("body")
    tab.close()
