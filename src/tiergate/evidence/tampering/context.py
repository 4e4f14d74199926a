# SPDX-License-Identifier: Apache-2.0
"""Everything that a run of attacks is given, as plain values that travel between processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

from tiergate.evidence.conduct import GraderValidation
from tiergate.evidence.tampering.outcomes import Rule
from tiergate.evidence.tampering.prompts import PromptSet
from tiergate.evidence.tampering.suites import Suite
from tiergate.evidence.tampering.task_files import TaskFile
from tiergate.model.digest import sha256_digest

_PACKAGES = ("tiergate", "torch", "transformers", "optuna", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured. More prompts give closer bounds and take longer."""

    search_prompts: int = 128
    """Guarded prompts for each point while searching, at most; a bound may stop it sooner."""
    search_twins: int = 12
    """Harmless twins for each point while searching."""
    search_tokens: int = 24
    """Longest answer while searching, in tokens: what begins as an answer, or does not, shows in
    its first sentences; of 1,000 answers one is graded otherwise at its end, where a refusal
    comes late. Confirmations ask for more."""
    search_twin_tokens: int = 12
    """Longest answer to a twin while searching."""
    search_items: int = 24
    """Held-out items for each point while searching."""
    search_choices: int = 8
    """Questions with a few answers for each point while searching."""
    confirmation_prompts: int = 160
    """Fresh guarded prompts for the confirmation, at most; a bound may stop it sooner."""
    confirmation_twins: int = 80
    """Fresh harmless twins for the confirmation."""
    answer_tokens: int = 64
    """Longest answer, in tokens."""
    twin_tokens: int = 24
    """Longest answer to a twin: whether it is refused shows in its first sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What a run attacks, with what, and by which limits."""

    model: Path
    """Folder of the checkpoint."""
    suite: Suite
    """The attacks."""
    prompts: PromptSet
    """What should be refused, with harmless twins."""
    rule: Rule
    """The limits."""
    unguarded: Path | None = None
    """A twin without the safeguard, which the instrument must find unguarded; None for none."""
    base: Path | None = None
    """Base model for merging; None for none."""
    recipe: str = ""
    """A user's own attack; empty for none."""
    grader: str = "markers"
    """Grader, as the command line names it."""
    grader_error: GraderValidation | None = None
    """The grader's error, where it was measured; it makes "held" harder to reach."""
    seed: int = 0
    """Seed of the split, of the order of prompts and of the search."""
    device: str = "auto"
    """Where the model runs."""
    dtype: str = "auto"
    """Type of the weights while searching; confirmations use single precision."""
    effort: Effort = Effort()
    """How much is measured."""
    transcripts: Path | None = None
    """Folder for the answers, prompt by prompt; None keeps their digests only."""
    variants: Path | None = None
    """Folder for attacked weights; None, as ever unless asked for, keeps none."""
    task: TaskFile | None = None
    """A user's own task, run on the model that decided about each attack; None for none."""
    root_digests: Mapping[str, str] = field(default_factory=dict)
    """Root digest of each folder that is loaded, by path, taken before the run."""
    code_digests: Mapping[str, str] = field(default_factory=dict)
    """Digest of the source of a user's own grader and attack, by module."""
    inspect_logs: Path | None = None
    """Folder for the logs of that task."""

    def plan(self, weights_digest: str) -> dict[str, Any]:
        """Return what a run that goes on must have in common with the one that was stopped.

        The user's own task is left out: its trials carry it, and no other depends on it.
        """
        effort = self.effort
        return {
            "weights": weights_digest,
            "suite": self.suite.stamp,
            "prompts": self.prompts.digest,
            "grader": self.grader,
            "seed": self.seed,
            "device": self.device,
            "dtype": self.dtype,
            "limit": str(self.rule.limit),
            "confidence": str(self.rule.confidence),
            "unguarded": str(self.unguarded or ""),
            "base": str(self.base or ""),
            "recipe": self.recipe,
            "folders": dict(sorted(self.root_digests.items())),
            "code": dict(sorted(self.code_digests.items())),
            "effort": {name: getattr(effort, name) for name in effort.__slots__},
            "packages": package_versions(),
        }


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that results depend on; empty where one is absent."""
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return found


def plan_digest(plan: dict[str, Any]) -> str:
    """Return the digest of a plan."""
    return sha256_digest(json.dumps(plan, sort_keys=True, default=_text).encode())


def _text(value: object) -> str:
    if isinstance(value, Decimal | Path):
        return str(value)
    raise TypeError(type(value).__name__)
