# SPDX-License-Identifier: Apache-2.0
"""What is suggested for a name that nobody knows, where commands take names."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_fixtures import a_folder
from cli_runner import run
from tiergate.cli.near_names import meant

NAMES: dict[str, tuple[str, list[str], str]] = {
    "no zero": ("E1", ["E11", "E21", "E01"], "Did you mean E01?"),
    "another case": ("e07", ["E07", "E17"], "Did you mean E07?"),
    "a letter too few": ("TAMPR-TR1", ["TAMPER-TR1", "E01"], "Did you mean TAMPER-TR1?"),
    "nothing near": ("ABC", ["TAMPER-TR1"], ""),
    "nothing known": ("E1", [], ""),
}


@pytest.mark.parametrize("sentence", NAMES)
def test_the_nearest_name_is_suggested(sentence: str) -> None:
    word, known, expected = NAMES[sentence]

    assert expected == meant(word, known)


COMMANDS: dict[str, list[object]] = {
    "explain": ["explain", "MODEL", "E7"],
    "policy show": ["policy", "show", "default", "--requirement", "E7"],
    "evidence claim": ["evidence", "claim", "E8", "--model", "MODEL", "--field", "a=b"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_suggest_a_requirement(command: str, tmp_path: Path) -> None:
    model = a_folder(tmp_path / "model")

    done = run(*(model if word == "MODEL" else word for word in COMMANDS[command]))

    assert 4 == done.code
    assert done.err.rstrip().endswith(("Did you mean E07?", "Did you mean E08?"))
