# SPDX-License-Identifier: Apache-2.0
"""Schemathesis finds no answer of the gateway's JSON routes that the document does not allow.

For ten minutes, as ``make nightly`` does, with ``TIERGATE_FUZZ_MINUTES=10``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.town import Town
from tools.foreign import ENVIRONMENTS

pytestmark = [pytest.mark.foreign, pytest.mark.enable_socket]
DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "gateway-openapi.yaml"
MINUTES = float(os.environ.get("TIERGATE_FUZZ_MINUTES", "0.5"))
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


@pytest.mark.parametrize("who", ["", "nora", "anna"])
def test_that_every_answer_is_one_of_the_document(town: Town, who: str, tmp_path: Path) -> None:
    program = ENVIRONMENTS / "schemathesis" / "bin" / "schemathesis"
    assert program.exists(), "schemathesis is not installed: run make foreign"
    words: list[str] = [str(program), "run", str(DOCUMENT)]
    words += ["--url", f"http://127.0.0.1:{town.port}", "--checks", ",".join(CHECKS)]
    words += ["--max-time", str(max(1, int(MINUTES * 60 / 3))), "--no-color"]
    words += ["--warnings", "off", "--suppress-health-check", "all", "--max-failures", "3"]
    # Lines of JSON are not written by it: `test_publishing_attacks` has those.
    words += ["--exclude-path-regex", "/commit/"]
    if who:
        words += ["--header", f"Authorization: Bearer {town.tokens[who]}"]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    assert "passed" in done.stdout, done.stdout[-2000:]
