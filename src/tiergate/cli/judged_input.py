# SPDX-License-Identifier: Apache-2.0
"""A decision in a file, or one that is taken now, beside the policy that decides."""

from __future__ import annotations

from pathlib import Path

import click

from tiergate.cli.json_documents import CheckDocument
from tiergate.cli.record_files import decision_or_record_at
from tiergate.decision.document import DecisionPart
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy, policy_at, shipped_policies
from tiergate.decision.safety_case_judged import JudgedTier, of_record
from tiergate.decision.tier import Tier
from tiergate.errors import InputError
from tiergate.release.record import Record

_WEIGHTS = (".safetensors", ".gguf")


def is_written(given: str) -> bool:
    """Tell whether a path is one of a decision or a record, and not of a model."""
    path = Path(given)
    return path.is_file() and path.suffix not in _WEIGHTS


def written_decision(path: str) -> DecisionPart:
    """Read the decision that a file holds; no signature is looked at.

    Raises:
        InputError: there is no such file, or it holds none.
        VerificationError: it is a record that holds something ambiguous.
    """
    found = decision_or_record_at(Path(path))
    return found.decision if isinstance(found, CheckDocument) else found.predicate.decision


def is_signed(path: str) -> bool:
    """Tell whether a file holds a record, which is signed, and not a bare decision."""
    return isinstance(decision_or_record_at(Path(path)), Record)


def policy_of(decision: DecisionPart, name: str | None) -> Policy:
    """Return the policy that took a decision: the one named, or the shipped one that it names.

    Raises:
        InputError: none is named, and none of that name is shipped.
        PolicyError: the policy cannot be read.
    """
    if name is not None:
        return load_policy(name, is_recorded=True)
    if decision.policy_id not in shipped_policies():
        raise InputError(
            f"policy {decision.policy_id}",
            "none of that name among the policies that are shipped",
            "the file that was used",
            "Give it with --policy.",
        )
    return policy_at(decision.policy_id, decision.policy_version)


def judged_in(path: str, policy: str | None, tier: str | None) -> JudgedTier:
    """Return what a written decision says about a tier, or about the one in question.

    Raises:
        InputError: a file cannot be used, or the decision is by another policy.
    """
    decision = written_decision(path)
    asked = None if tier is None else Tier(tier)
    return of_record(decision, policy_of(decision, policy), asked)


def given_on_command_line(*names: str) -> tuple[str, ...]:
    """Return those of the current command's options that were typed, as they are written.

    What comes from the environment is meant for every command, and was not given to this one.
    """
    context = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    return tuple(
        parameter.opts[-1]
        for parameter in context.command.params
        if parameter.name in names and context.get_parameter_source(parameter.name) is typed
    )
