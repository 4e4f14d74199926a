# SPDX-License-Identifier: Apache-2.0
"""Next steps that can be copied: with the options of the command that printed them."""

from __future__ import annotations

import dataclasses
import shlex

from tiergate.cli.session import Question

_DEFAULT = "default"
_CLAIM = "tiergate evidence claim "
"""Claims are read by the policy that asks for them; logs are read without any."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """How to ask on, from one question."""

    model: str
    """The model, quoted for a shell."""
    asking: str
    """Options that a decision was asked with, each after a space."""
    filing: str
    """Options of commands that file evidence, each after a space."""
    claiming: str
    """Options of commands that file a claim besides, each after a space."""
    can_file: bool
    """Whether there is a checkpoint that evidence can be filed about."""

    @classmethod
    def of(cls, question: Question) -> Hints:
        """Return the hints for ``question``."""
        store = ["--store", question.store] if question.store is not None else []
        policy = ["--policy", question.policy_name] if question.policy_name != _DEFAULT else []
        return cls(
            model=shlex.quote(question.model),
            asking=_joined(deciding_options(question)),
            filing=_joined(store),
            claiming=_joined(policy),
            can_file=not question.without_weights,
        )

    def explain(self, requirement: str) -> str:
        """Return the command that explains a requirement."""
        return f"tiergate explain {self.model} {requirement}{self.asking}"

    def everything(self) -> str:
        """Return the command that leaves nothing out."""
        return f"tiergate check {self.model} --all{self.asking}"

    def step(self, step: str) -> tuple[str, str]:
        """Split a next step into words and a command; either may be empty."""
        words, _, command = step.rpartition(", then: ")
        if not words and not command.startswith("tiergate "):
            return command, ""
        if not self.can_file:
            return words, ""
        claiming = self.claiming if command.startswith(_CLAIM) else ""
        return words, f"{command.replace('MODEL', self.model)}{claiming}{self.filing}"


def deciding_options(question: Question) -> list[str]:
    """Return the options that ``question`` was asked with, defaults left out."""
    words = ["--without-weights"] if question.without_weights else []
    policy = None if question.policy_name == _DEFAULT else question.policy_name
    at = None if question.at is None else question.at.isoformat()
    for name, value in (
        ("--tier", question.tier),
        ("--policy", policy),
        ("--at", at),
        ("--revision", question.revision),
        ("--endpoint", question.endpoint),
        ("--store", question.store),
        ("--trust", question.trust_path),
        ("--mapping", question.mapping),
    ):
        words += [name, value] if value is not None else []
    for path in question.evidence_paths:
        words += ["--evidence", path]
    for path in question.signed_waiver_paths:
        words += ["--waiver", path]
    for path in question.waiver_paths:
        words += ["--unsafe-unsigned-waiver", path]
    return words


def _joined(words: list[str]) -> str:
    return f" {shlex.join(words)}" if words else ""
