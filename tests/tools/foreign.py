# SPDX-License-Identifier: Apache-2.0
"""Evaluation tools that live in environments of their own, made by ``make foreign``."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENTS = Path(__file__).parents[2] / ".venv-tools"
"""Folder of them."""


def run_tool(
    name: str,
    program: Path,
    folder: Path,
    *,
    timeout_seconds: int = 600,
    variables: Mapping[str, str] | None = None,
) -> None:
    """Run ``program FOLDER`` with the interpreter of the tool's environment.

    The program writes the tool's logs into ``folder``, and beside them what the tool itself
    makes of them. It has no network, but for the loopback. Without variables of its own it
    has those of the tests.
    """
    interpreter = ENVIRONMENTS / name / "bin" / "python"
    assert interpreter.exists(), f"{name} is not installed: run make foreign"
    done = subprocess.run(
        [interpreter, program, folder],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
