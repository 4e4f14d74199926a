# SPDX-License-Identifier: Apache-2.0
"""Commands that are printed to be copied: within 80 columns, and what a shell reads is the same."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cli_fixtures import a_folder
from cli_runner import run, unbroken
from tiergate.cli import text

WORDS = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=60)
ARGUMENTS = st.lists(st.one_of(WORDS, st.sampled_from(["--policy", "--field", "-x"])), min_size=1)


@given(ARGUMENTS)
def test_a_shell_reads_the_lines_as_the_command_that_was_meant(words: list[str]) -> None:
    command = shlex.join(words)

    lines = text.command(command, "      ", "   -> ")

    assert command == unbroken("\n".join(lines)).removeprefix("   -> ")
    for line in lines:
        of_line = shlex.split(line.removeprefix("   -> ").removesuffix(" \\"))
        assert len(line) <= text.WIDTH or len(of_line) <= 2
    assert all(line.endswith(" \\") for line in lines[:-1])


def test_bash_takes_a_command_that_goes_on_after_a_backslash() -> None:
    words = [
        "--field",
        "it's a long value " * 4,
        "--policy",
        "my policy.yaml",
        "$HOME",
        "`ls`",
        "a\\b",
    ]
    command = f"printf '%s\\n' {shlex.join(words)}"
    lines = text.command(command, "      ")

    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )

    assert len(lines) > 1
    assert words == done.stdout.removesuffix("\n").split("\n")


def test_an_option_stays_with_its_value() -> None:
    value = "v" * 40
    lines = text.command(f"tiergate check a-model --policy {value} --evidence {value}", "  ")

    assert [
        "  tiergate check a-model --policy " + value + " \\",
        "  --evidence " + value,
    ] == lines


def test_the_open_items_of_a_decision_fit_eighty_columns(tmp_path: Path) -> None:
    model = a_folder(tmp_path / "model")
    decided = tmp_path / "d.json"
    decided.write_text(run("check", model, "--tier", "T5", "--json").out)

    lines = run("actions", decided).out.splitlines()

    # The path of this test is longer than a line in itself.
    assert max(len(line.replace(str(tmp_path), "")) for line in lines) <= 80
