# SPDX-License-Identifier: Apache-2.0
"""Releases as lanes: how far each has come, what it waits for, and who has to do what.

The words are those of the standard: a release begins with evidence, goes to people who were
vetted, then wider, then to the public. Which lane a stage is in follows from its tier.
"""

from __future__ import annotations

import enum
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tiergate.decision.tier import Tier
from tiergate.release.facts import Rule
from tiergate.release.gates import Gate
from tiergate.release.state import ReleaseState, StageState, Standing

_COMMON = "--reason TEXT --key KEY --ledger LEDGER --trust TRUST"


class Lane(enum.StrEnum):
    """How far a release has come."""

    EVIDENCE = "evidence"
    """Nothing is open: evidence is gathered and decided on."""
    VETTED = "vetted"
    """Named people under contract, at T1."""
    WIDER = "wider"
    """Users of a service, researchers, people with a grant: T2 to T4."""
    PUBLIC = "public"
    """Everybody may have the weights, T5 and T6; nothing takes them back."""


def lane_of(tier: Tier | None) -> Lane:
    """Return the lane of a tier; None is for nothing open.

    >>> [lane_of(tier).value for tier in (None, Tier.T0, Tier.T1, Tier.T4, Tier.T5)]
    ['evidence', 'evidence', 'vetted', 'wider', 'public']
    """
    if tier is None or tier is Tier.T0:
        return Lane.EVIDENCE
    if tier is Tier.T1:
        return Lane.VETTED
    return Lane.WIDER if tier.rank <= Tier.T4.rank else Lane.PUBLIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One release, as it is shown in its lane."""

    name: str
    """Its name."""
    models: tuple[str, ...]
    """Repositories that it decides over."""
    state: ReleaseState
    """Where it stands."""
    stops: tuple[str, ...]
    """What the operator told those whom a stop of theirs refuses."""

    @property
    def lane(self) -> Lane:
        """The lane of the stage that opened last, whatever stands in the way now."""
        opened = [each.stage.tier for each in self.state.stages if each.opened_at is not None]
        return lane_of(opened[-1] if opened else None)

    @property
    def next_stage(self) -> StageState | None:
        """The stage that would open next; None when there is none."""
        if self.state.standing is Standing.WITHDRAWN:
            return None
        return next((each for each in self.state.stages if each.opened_at is None), None)

    @property
    def next_lane(self) -> Lane | None:
        """The lane of that stage."""
        return None if self.next_stage is None else lane_of(self.next_stage.stage.tier)

    @property
    def waits_for(self) -> tuple[Gate, ...]:
        """The gates of that stage that do not let it open."""
        found = () if self.next_stage is None else self.next_stage.gates
        return tuple(gate for gate in found if not gate.passes)

    @property
    def dates(self) -> tuple[tuple[datetime, str], ...]:
        """What comes next by the calendar, the first date first."""
        return tuple(sorted(_dates(self.state)))


def _dates(state: ReleaseState) -> Iterator[tuple[datetime, str]]:
    if state.review_due is not None:
        yield state.review_due, "the review is due"
    if state.decided is not None and state.decided.valid_until > state.at:
        yield state.decided.valid_until, "the decision lapses"


def commands(name: str, state: ReleaseState) -> tuple[tuple[str, str], ...]:
    """Return what moves a release on, each with what it is for. The gateway has no keys for it.

    Args:
        name: of the release.
        state: where it stands.
    """
    return tuple((why, _command(name, act, role)) for why, act, role in _steps(state))


def freeze_command(name: str) -> str:
    """Return what freezes a release in the ledger, which outlives the gateway."""
    return _command(name, "freeze", "")


def _command(name: str, act: str, role: str) -> str:
    quoted = shlex.quote(role) if role else "ROLE"
    return f"tiergate release {act} --release {shlex.quote(name)} --as {quoted} {_COMMON}"


def _steps(state: ReleaseState) -> Iterator[tuple[str, str, str]]:
    """Yield what is to be done, why, and as what."""
    standing = state.standing
    if standing is Standing.NOTHING:
        yield "Put a checkpoint forward", "submit RECORD --plan PLAN", "release owner"
        return
    if standing is Standing.WITHDRAWN:
        return
    for event in state.freezes:
        what = f"the freeze of event {event.sequence}"
        yield f"Approve lifting {what}", f"approve --thaw {event.sequence}", ""
        yield f"Lift {what}, once it is approved", f"thaw --event {event.sequence}", ""
    for event in state.holds:
        what = f"the hold of event {event.sequence}"
        yield f"Approve lifting {what}", f"approve --resume {event.sequence}", ""
        yield f"Lift {what}, once it is approved", f"resume --event {event.sequence}", ""
    if state.decided is None or state.decision_problem or state.reviews:
        yield "Enter a newer decision", "submit RECORD", "release owner"
    for event in state.reviews:
        act = f"reassess --event {event.sequence}"
        yield f"End the review of event {event.sequence} with it", act, ""
    yield from _opening(state)


def _opening(state: ReleaseState) -> Iterator[tuple[str, str, str]]:
    """Yield what opens the next stage."""
    following = next((each for each in state.stages if each.opened_at is None), None)
    if following is None or state.decided is None or state.decision_problem:
        return
    if state.quorum is not None and not state.quorum.is_there:
        for role in state.quorum.missing or ("",):
            who = f" as {role}" if role else ""
            yield f"Approve the newest decision{who}", "approve RECORD", str(role)
    act = "advance" if any(each.opened_at for each in state.stages) else "open"
    shut = [gate.rule for gate in following.gates if not gate.passes]
    later = "" if not shut else f", once its gates let it ({_rules(shut)})"
    yield f"Open {following.stage.name}{later}", f"{act} {following.stage.name}", "release owner"


def _rules(shut: list[Rule]) -> str:
    return ", ".join(dict.fromkeys(rule.value for rule in shut))
