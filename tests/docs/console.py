# SPDX-License-Identifier: Apache-2.0
"""The commands that the documentation shows, read from its pages and run.

In a fenced ``console`` block a line that begins with ``$ `` is a command and the lines
below it are what it prints, with ``...`` for anything. A command must end with 0 unless
``$ echo $?`` follows it and says otherwise. A ``yaml`` or ``python`` block that begins with
a comment that is a file name is a file of the page.
"""

from __future__ import annotations

import contextlib
import doctest
import glob
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiergate.cli.main import main

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(
    r"^```(?:yaml|python)\n# (\S+\.(?:yaml|py))\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
_SHELL_ONLY = re.compile(r"[|<>&;$`]")
_COMPARE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of a page."""

    line: int
    """Line of the page, from 1."""
    command: str
    """What is typed."""
    output: str
    """What the page shows of its output; empty when it shows nothing."""
    exit_code: int
    """What it must end with."""


def steps(text: str) -> tuple[Step, ...]:
    """Read every command of a page, in order."""
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1)) + 1
        for line, command, output in _commands(block[1], first):
            if command == "echo $?":
                before = found.pop()
                found.append(
                    Step(
                        line=before.line,
                        command=before.command,
                        output=before.output,
                        exit_code=int(output),
                    )
                )
            else:
                found.append(Step(line=line, command=command, output=output, exit_code=0))
    return tuple(found)


def _commands(block: str, first: int) -> Iterator[tuple[int, str, str]]:
    current: tuple[int, str] | None = None
    output: list[str] = []
    for number, text in enumerate(block.splitlines(), start=first):
        if current is not None and current[1].endswith("\\"):
            current = (current[0], f"{current[1][:-1].rstrip()} {text.removeprefix('>').strip()}")
        elif text.startswith("$ "):
            if current is not None:
                yield (*current, "\n".join(output))
            current, output = (number, text[2:]), []
        else:
            output.append(text)
    if current is not None:
        yield (*current, "\n".join(output))


def write_files(text: str, folder: Path) -> None:
    """Write the files of a page: blocks whose first line is a comment with a file name."""
    for block in _FILE.finditer(text):
        (folder / block[1]).write_text(block[2], encoding="utf-8")


def run(step: Step, folder: Path) -> tuple[int, str]:
    """Run a command in ``folder``; return its exit code and everything it printed."""
    if step.command.startswith("tiergate ") and not _SHELL_ONLY.search(step.command):
        return _in_process(shlex.split(step.command)[1:], folder)
    done = subprocess.run(
        ["bash", "-c", step.command],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def environment(folder: Path) -> dict[str, str]:
    """Give programs of this interpreter's environment, and a home inside ``folder``."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(folder), "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}


def _in_process(words: list[str], folder: Path) -> tuple[int, str]:
    """Run tiergate without a new interpreter, which would take longer than the command."""
    printed = io.StringIO()
    before = sys.argv
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        expanded = [name for word in words for name in (sorted(glob.glob(word)) or [word])]  # noqa: PTH207 - as a shell does
        sys.argv = ["tiergate", *expanded]
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0), printed.getvalue()
        finally:
            sys.argv = before
    return 0, printed.getvalue()


def difference(step: Step, code: int, output: str) -> str:
    """Say how a command differs from the page; empty when it does not."""
    shown, where = step.output.strip(), f"line {step.line}: {step.command}"
    if code != step.exit_code:
        return f"{where}\nended with {code}, and the page says {step.exit_code}\n{output}"
    if shown and not doctest.OutputChecker().check_output(f"{shown}\n", output, _COMPARE):
        return f"{where}\nprinted\n{output}\nand the page says\n{shown}"
    return ""


def go_through(page: Path, folder: Path) -> None:
    """Run every command of ``page`` in ``folder``.

    Raises:
        AssertionError: one of them does not do what the page says.
    """
    for step in steps(page.read_text(encoding="utf-8")):
        problem = difference(step, *run(step, folder))
        if problem:
            raise AssertionError(f"{page.name}: {problem}")
