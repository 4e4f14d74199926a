# SPDX-License-Identifier: Apache-2.0
"""One wrong line in a copy of the program, and the named test that has to notice it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

import tiergate

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(tiergate.__file__).resolve().parent

NOT_THE_COPY = 99
RUN = f"""
import sys, pathlib, pytest, tiergate
copy, *tests = sys.argv[1:]
if pathlib.Path(tiergate.__file__).resolve().parent != pathlib.Path(copy).resolve():
    sys.exit({NOT_THE_COPY})
sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "pytest_socket", *tests]))
"""


class Mutation(NamedTuple):
    """One line that is changed, and the test that must notice."""

    file: str
    """Module below the package."""
    old: str
    """Text that stands in it exactly once."""
    new: str
    """What is put in its place."""
    test: str
    """Test below ``tests/unit`` that must fail."""


def assert_noticed(mutation: Mutation, folder: Path) -> None:
    """Change the line in a copy, and run the test on it."""
    copy = _copy(folder)
    source = (copy / mutation.file).read_text(encoding="utf-8")
    assert source.count(mutation.old) == 1
    (copy / mutation.file).write_text(source.replace(mutation.old, mutation.new), encoding="utf-8")

    found = _run(copy, mutation.test)

    # 1 is pytest's "a test failed"; a copy that cannot be imported would be another number.
    assert found.returncode == pytest.ExitCode.TESTS_FAILED, found.stdout + found.stderr
    assert "1 failed" in found.stdout


def assert_all_pass(mutations: Iterable[Mutation], folder: Path) -> None:
    """Run every one of the tests on a copy without any change."""
    tests = sorted({mutation.test for mutation in mutations})

    found = _run(_copy(folder), *tests)

    assert found.returncode == pytest.ExitCode.OK, found.stdout + found.stderr
    passed = re.search(r"(\d+) passed", found.stdout)
    # A test with parameters counts once for each of them.
    assert passed is not None
    assert int(passed[1]) >= len(tests)


def _copy(folder: Path) -> Path:
    copy = folder / "tiergate"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def _run(copy: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    settings = {
        "PYTHONPATH": str(copy.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Only the plugin that the project's own settings need: each run starts faster.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", RUN, str(copy), *(f"tests/unit/{test}" for test in tests)],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
