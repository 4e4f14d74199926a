# SPDX-License-Identifier: Apache-2.0
"""Programs that are killed while they sign leave nothing that does not verify."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from builders_attestation import key
from record_fixtures import NOW, SIGNED, a_scene

PROGRAM = Path(__file__).parents[1] / "signing_crash.py"


@pytest.mark.parametrize(
    "rounds", [pytest.param(5, id="five kills"), pytest.param(200, marks=pytest.mark.slow)]
)
def test_a_program_killed_while_it_signs_leaves_only_what_verifies(
    rounds: int, tmp_path: Path
) -> None:
    scene = a_scene(tmp_path)
    (scene.folder / "ada.pub").write_text(key("ada").public.pem)

    words = [sys.executable, PROGRAM, scene.folder, rounds, 11, SIGNED, NOW]
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    killed, acknowledged, there = map(int, done.stdout.split())
    assert killed == rounds
    assert rounds <= acknowledged <= there
