# SPDX-License-Identifier: Apache-2.0
"""A user's own evaluation of attacked models: which file it is in, and how it is known."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tiergate.errors import ExtensionError, InputError
from tiergate.evidence.small_file import read_small_file
from tiergate.model.digest import sha256_digest

_LARGEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A task of Inspect AI in a file of Python."""

    path: Path
    """The file."""
    name: str
    """Name of the task in it; empty for every task of the file."""

    @classmethod
    def of(cls, words: str) -> TaskFile:
        """Read ``FILE.py`` or ``FILE.py@NAME``.

        Raises:
            InputError: it is neither, or there is no such file.
        """
        file, _, name = words.rpartition("@")
        if words.endswith(".py"):
            file, name = words, ""
        elif not (file.endswith(".py") and name.isidentifier()):
            raise InputError(
                f"--task {words}",
                "no task",
                "FILE.py or FILE.py@NAME",
                "Name a Python file with a task of Inspect AI in it.",
            )
        if not Path(file).is_file():
            raise InputError(f"--task {words}", "no such file", "a Python file", "Check --task.")
        return cls(path=Path(file).absolute(), name=name)

    @property
    def specification(self) -> str:
        """The task as Inspect names it."""
        return f"{self.path}@{self.name}" if self.name else str(self.path)

    @property
    def stamp(self) -> str:
        """What trials of it are known by: its names and the digest of the file.

        Another file under the same name is another task, so a mistake in it can be corrected and
        the run goes on. What the file reads or imports is not covered.
        """
        digest = sha256_digest(read_small_file(self.path, _LARGEST_BYTES))
        return f"{self.path.name}@{self.name} {digest}"


def require_inspect() -> None:
    """Refuse to go on without Inspect AI.

    Raises:
        ExtensionError: it is not installed.
    """
    if find_spec("inspect_ai") is None:
        raise ExtensionError(
            "tiergate attack --task", "no inspect_ai", "it", "Install it: pip install inspect-ai"
        )
