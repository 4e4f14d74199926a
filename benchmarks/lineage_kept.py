# SPDX-License-Identifier: Apache-2.0
"""Answers of the lineage bench that outlast the run that asked.

They are about one state of the program: when the code that answers or makes models is another,
nothing of them is taken over.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
_ROOT = Path(__file__).parents[1]
_CODE = ("src/tiergate/model/**/*.py", "benchmarks/lineage_*.py")


def state_of_the_code() -> str:
    """Return a digest of everything that answers and everything that makes models."""
    digest = hashlib.sha256()
    for pattern in _CODE:
        for path in sorted(_ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(slots=True)
class Kept:
    """Answers by candidate and base."""

    path: Path | None = None
    """Where they are kept; None where they are not."""
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    """What is known."""

    @classmethod
    def opened(cls, folder: Path | None, *, with_peer: bool) -> Kept:
        """Read the answers of earlier runs of the same code; None keeps nothing."""
        if folder is None:
            return cls()
        folder.mkdir(parents=True, exist_ok=True)
        name = f"answers-{state_of_the_code()[:16]}{'-peer' if with_peer else ''}.jsonl"
        found = cls(path=folder / name)
        if (folder / name).exists():
            for line in (folder / name).read_text().splitlines():
                row = json.loads(line)
                found.answers[row["candidate"], row["base"]] = row
        print(f"{len(found.answers)} answers of an earlier run of the same code in {folder / name}")
        return found

    def has(self, candidate: str, base: str) -> bool:
        """Whether the question was answered."""
        return (candidate, base) in self.answers

    def answer(self, candidate: str, base: str) -> Answer:
        """Return the answer."""
        return self.answers[candidate, base]

    def add(self, candidate: str, base: str, answer: Answer) -> None:
        """Keep an answer."""
        row = {"candidate": candidate, "base": base, **answer}
        self.answers[candidate, base] = row
        if self.path is not None:
            with self.path.open("a") as stream:
                stream.write(json.dumps(row) + "\n")
