# SPDX-License-Identifier: Apache-2.0
"""Run the command line as a user does, in this process, and keep what it said."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
import sys
from typing import Any
from unittest.mock import patch

from tiergate.cli.main import main


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What one command did."""

    code: int
    """Exit code."""
    out: str
    """Standard output."""
    err: str
    """Standard error."""

    @property
    def flat(self) -> str:
        """Standard output with all white space as single spaces, so that wrapping is no matter."""
        return " ".join(self.unbroken.split())

    @property
    def unbroken(self) -> str:
        """Standard output, with commands that go on after a backslash on one line each."""
        return unbroken(self.out)

    @property
    def json(self) -> Any:  # noqa: ANN401 - tests look into it at any depth
        """Standard output as JSON."""
        return json.loads(self.out)


def unbroken(printed: str) -> str:
    """Join lines as a shell does, so that each command stands on one."""
    return re.sub(r" \\\n\s*", " ", printed)


def run(*arguments: object) -> Run:
    """Run ``tiergate`` with ``arguments``."""
    out, err = io.StringIO(), io.StringIO()
    words = ["tiergate", *map(str, arguments)]
    code = 0
    with (
        patch.object(sys, "argv", words),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Run(code, out.getvalue(), err.getvalue())
