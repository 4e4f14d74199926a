# SPDX-License-Identifier: Apache-2.0
"""Clients of the Hub as they are installed, each in a process with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from gateway.front import Front
from gateway.town import Town
from tiergate.gateway.guards import Parts

PROGRAM = Path(__file__).parents[1] / "tools" / "run_hub_client.py"
_DEAD = "http://127.0.0.1:9"
"""Nobody listens there, so that a request for anywhere else fails."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a client is asked to do."""

    name: str
    words: tuple[object, ...] = ()
    options: dict[str, object] = field(default_factory=dict)


def do(name: str, *words: object, **options: object) -> Action:
    """Name an action of ``run_hub_client.py``; the option ``who`` says whose token to use."""
    return Action(name, words, options)


def _with_token(options: dict[str, object], town: Town) -> dict[str, object]:
    if "who" not in options:
        return options
    others = {name: value for name, value in options.items() if name != "who"}
    return {**others, "token": town.tokens[str(options["who"])] if options["who"] else False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it."""

    found: Any = None
    """What came back."""
    error: str = ""
    """Name of the error that was raised; empty for none."""
    kinds: tuple[str, ...] = ()
    """Names of its classes."""
    said: str = ""
    """Its text, on one line."""


class Watched(Town):
    """A town whose requests are looked at."""

    def application(self, parts: Parts) -> ASGIApp:
        """Return what is served."""
        self.front = Front(super().application(parts))
        return self.front


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One installed release of ``huggingface_hub``."""

    interpreter: Path
    version: str = "here"

    def run(
        self,
        town: Watched,
        *actions: Action,
        who: str = "",
        before: dict[int, Callable[[], None]] | None = None,
        variables: dict[str, str] | None = None,
    ) -> list[Outcome]:
        """Do what is asked for, one after the other in one process.

        Args:
            town: what is served.
            actions: what to do.
            who: whose token to use; empty for nobody's.
            before: what happens before the action of that number.
            variables: of the environment, beside those that every client gets.
        """
        town.front.before = before or {}
        town.front.logs = [[]]
        with tempfile.TemporaryDirectory(dir=town.folder) as name:
            folder = Path(name)
            asked = [[a.name, a.words, _with_token(a.options, town)] for a in actions]
            (folder / "actions.json").write_text(json.dumps(asked))
            given = environment(folder, town, who) | (variables or {})
            words = [self.interpreter, PROGRAM, folder]
            done = subprocess.run(
                words, env=given, capture_output=True, text=True, check=False, timeout=300
            )
            assert done.returncode == 0, done.stderr[-4000:]
            rows = json.loads((folder / "outcomes.json").read_text())
        return [Outcome(**{**row, "kinds": tuple(row.get("kinds", ()))}) for row in rows]

    def requests(self, town: Watched) -> list[list[str]]:
        """Return what the last run asked for, by action, with a mark in place of the commit."""
        return [
            [line.replace(town.revision.commit, "{sha}") for line in lines]
            for lines in town.front.logs[1:]
        ]


def environment(folder: Path, town: Town, who: str) -> dict[str, str]:
    """Return the variables of a client that knows the gateway and nothing else."""
    found = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HF_HOME": str(folder / "hf"),
        "HF_ENDPOINT": f"http://127.0.0.1:{town.port}",
        "NO_PROXY": "127.0.0.1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        found |= {name: _DEAD, name.lower(): _DEAD}
    if who:
        found["HF_TOKEN"] = town.tokens[who]
    return found
