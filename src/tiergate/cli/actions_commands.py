# SPDX-License-Identifier: Apache-2.0
"""Next commands of open items, for the decision and the policy that they are about."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace

from tiergate.decision.action import Action
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy, shipped_policies

_DEFAULT = "default"
_READS_POLICY = (
    "tiergate evidence claim ",
    "tiergate explain ",
    "tiergate check ",
    "tiergate attack ",
    "tiergate replay ",
    "tiergate release approve ",
)
"""Commands that take the shipped policy ``default`` where they are not told another one."""
_SHOW = "tiergate policy show "
_APPROVE = "tiergate release approve "


def with_what_was_given(
    found: Iterable[Action], decision: str, policy: Policy, name: str | None, *, is_signed: bool
) -> tuple[Action, ...]:
    """Name the decision and the policy in each command, so that it can be pasted.

    What the decision does not say, such as where the model is, stays in capitals.

    Args:
        found: the items.
        decision: where the decision was read from.
        policy: the policy that decided.
        name: the id or the path that it was given by; None where the decision names it.
        is_signed: whether it was read from a record. Nobody approves what nobody signed, so
            else the record stays in capitals there.
    """
    named = _name_of(policy) if name is None else name
    commands = (
        each.command
        if is_signed
        else each.command.replace(f"{_APPROVE}DECISION", f"{_APPROVE}RECORD")
        for each in found
    )
    return tuple(
        replace(each, command=_filled(command, decision, named, policy))
        for each, command in zip(found, commands, strict=True)
    )


def _filled(command: str, decision: str, name: str, policy: Policy) -> str:
    filled = " ".join(
        shlex.quote(decision) if word == "DECISION" else word for word in command.split(" ")
    )
    if filled == f"{_SHOW}{policy.id}":
        return f"{_SHOW}{shlex.quote(name)}"
    reads = filled.startswith(_READS_POLICY) and name != _DEFAULT
    return f"{filled} --policy {shlex.quote(name)}" if reads else filled


def _name_of(policy: Policy) -> str:
    """Return what the policy of a decision is called: with its version where that is an old one."""
    is_current = (
        policy.id in shipped_policies() and load_policy(policy.id).version == policy.version
    )
    return policy.id if is_current else f"{policy.id}@{policy.version}"
