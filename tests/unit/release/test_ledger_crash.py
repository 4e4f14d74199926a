# SPDX-License-Identifier: Apache-2.0
"""A program that is killed while it appends loses nothing that it had acknowledged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "ledger_crash.py"


def _rounds(folder: Path, count: int) -> list[int]:
    command = [sys.executable, str(SCRIPT), str(folder), str(count), "20261123"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def test_no_acknowledged_event_is_lost_when_a_writer_is_killed(tmp_path: Path) -> None:
    rounds, acknowledged, _ = _rounds(tmp_path, 15)

    assert rounds == 15
    assert acknowledged >= 15


@pytest.mark.slow
def test_no_acknowledged_event_is_lost_in_two_hundred_kills(tmp_path: Path) -> None:
    rounds, acknowledged, _ = _rounds(tmp_path, 200)

    assert rounds == 200
    assert acknowledged >= 200
