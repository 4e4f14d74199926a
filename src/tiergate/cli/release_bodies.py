# SPDX-License-Identifier: Apache-2.0
"""What acts refer to, taken from what has happened so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tiergate.decision.policy_document import load_policy
from tiergate.errors import InputError
from tiergate.release.bodies import Body, Superseded
from tiergate.release.events import Event
from tiergate.release.facts import Facts


def newest(facts: Facts) -> str:
    """Return the digest of the newest decision.

    Raises:
        InputError: there is none.
    """
    if facts.decided is None:
        remedy = "Enter one with: tiergate release submit RECORD"
        raise InputError("ledger", "no decision", "a decision", remedy)
    return facts.decided.decision


def superseded(policy: str | None) -> Callable[[Facts], Body]:
    """Return what declares a policy replaced: that one, or that of the newest decision.

    Args:
        policy: a shipped id or a path.

    Raises:
        InputError: there is no such policy.
    """
    digest = None if policy is None else load_policy(policy, is_recorded=True).digest

    def body_of(facts: Facts) -> Body:
        if digest is not None:
            return Superseded(policy_digest=digest)
        newest(facts)
        assert facts.decided is not None  # noqa: S101 - newest() refuses it
        return Superseded(policy_digest=facts.decided.policy_digest)

    return body_of


def targets(named: tuple[int, ...], standing: Mapping[int, Event], word: str) -> tuple[int, ...]:
    """Return the events that were named, or all that stand.

    Raises:
        InputError: none was named and none stands.
    """
    found = named or tuple(standing)
    if not found:
        raise InputError("ledger", f"no {word} that stands", f"a {word} to lift")
    return found
