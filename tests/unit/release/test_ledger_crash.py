# SPDX-License-Identifier: Apache-2.0
"""A program that is killed while it appends loses nothing that it had acknowledged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from postgresql_server import Server
from tiergate.release.ledger import Ledger

SCRIPT = Path(__file__).parents[2] / "ledger_crash.py"
MANY = 200


def _holds_after(place: Path | str, folder: Path, count: int) -> None:
    """Kill so many writers; the script ends with another code when anything was lost."""
    command = [
        sys.executable,
        str(SCRIPT),
        str(place),
        str(folder / "heads"),
        str(count),
        "20261123",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rounds, acknowledged, _ = (int(word) for word in done.stdout.split())
    assert rounds == count
    assert acknowledged >= count


def _file(folder: Path) -> Path:
    Ledger.create(folder / "ledger").close()
    return folder / "ledger"


def test_no_acknowledged_event_is_lost_when_a_writer_is_killed(tmp_path: Path) -> None:
    _holds_after(_file(tmp_path), tmp_path, 15)


@pytest.mark.postgresql
def test_no_acknowledged_event_is_lost_on_postgresql_when_a_writer_is_killed(
    postgresql: Server, tmp_path: Path
) -> None:
    _holds_after(postgresql.new_ledger().writer, tmp_path, 5)


@pytest.mark.slow
def test_no_acknowledged_event_is_lost_in_two_hundred_kills(tmp_path: Path) -> None:
    _holds_after(_file(tmp_path), tmp_path, MANY)


@pytest.mark.slow
@pytest.mark.postgresql
def test_no_acknowledged_event_is_lost_on_postgresql_in_two_hundred_kills(
    postgresql: Server, tmp_path: Path
) -> None:
    _holds_after(postgresql.new_ledger().writer, tmp_path, MANY)
