# SPDX-License-Identifier: Apache-2.0
"""What ``release`` and ``ledger`` print for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tiergate.cli import text
from tiergate.cli.release_acting import Outcome
from tiergate.release.bodies import DerivativeSeen
from tiergate.release.event_words import words_of
from tiergate.release.events import Clock, Event
from tiergate.release.ledger_checks import LedgerReport
from tiergate.release.state import ReleaseState, StageState

_INDENT = "              "
_DEEP = "                        "


def act_lines(outcome: Outcome) -> Iterator[str]:
    """Say what came of an act."""
    event = outcome.event
    if not outcome.refused:
        who = f"{event.person} as {event.role}"
        yield from text.wrapped(f"Event {event.sequence}: {words_of(event)}, by {who}.", "  ", "")
        return
    yield f"Not allowed, and nothing was entered: {words_of(event)}."
    for refusal in outcome.refused:
        yield from text.wrapped(refusal.text, _DEEP, f"  {refusal.rule.ljust(22)}")


def log_lines(events: tuple[Event, ...]) -> Iterator[str]:
    """List events."""
    for event in events:
        given = " (time given)" if event.clock is Clock.GIVEN else ""
        head = f"{event.sequence:4}  {event.at:%Y-%m-%d %H:%M}{given}  {event.release}: "
        who = f"{event.person} as {event.role}"
        yield from text.wrapped(f"{words_of(event)}, by {who}: {event.reason}", "      ", head)


def status_lines(release: str, state: ReleaseState) -> Iterator[str]:
    """Draw the lane of a release."""
    yield text.heading(text.plain(f"{release}: {state.standing}"))
    yield from _row("time", f"{state.at:%Y-%m-%d %H:%M} UTC")
    if state.submitted is not None:
        name, root = state.submitted.subject_name, state.submitted.root_digest
        yield from _row("checkpoint", f"{name}  {text.short_digest(root)}")
    yield from _decision(state)
    yield from _row("serves", state.serves or "nothing")
    yield ""
    following = True
    for stage in state.stages:
        yield from _stage(stage, is_next=following and stage.opened_at is None)
        following = following and stage.opened_at is not None
    yield ""
    yield from _people(state)
    yield from _standing(state)


def ledger_lines(report: LedgerReport, code: int, verified: str) -> Iterator[str]:
    """Say whether a ledger holds."""
    yield report.origin
    yield from _row("events", str(report.size))
    yield from _row("root", report.root.hex())
    yield from _row("heads", str(report.heads))
    yield from _row("signatures", verified)
    for problem in report.problems:
        yield from _row("FAILED", problem.found)
    yield ""
    if not report.holds:
        first = "" if report.first is None else f" Event {report.first} is the first to disagree."
        yield f"The ledger does not hold.{first} Exit {code:d}."
    elif report.heads:
        yield f"The ledger holds, and agrees with every head. Exit {code:d}."
    else:
        yield "The ledger agrees with itself. Without a head from elsewhere nobody can tell"
        yield f"whether its end was cut off, or all of it written anew. Exit {code:d}."


def _decision(state: ReleaseState) -> Iterator[str]:
    decided = state.decided
    if decided is None:
        yield from _row("decision", "none")
        return
    until = f"valid until {decided.valid_until:%Y-%m-%d}"
    problem = f"; {state.decision_problem}" if state.decision_problem else ""
    short = text.short_digest(decided.decision)
    yield from _row("decision", f"{decided.supported} is supported, {until}{problem}  {short}")


def _stage(state: StageState, *, is_next: bool) -> Iterator[str]:
    stage = state.stage
    mark = "x" if state.opened_at else ">" if is_next else " "
    name = f"  [{mark}] {stage.name.ljust(16)} {stage.tier}  "
    when = f"open since {state.opened_at:%Y-%m-%d %H:%M} UTC" if state.opened_at else "closed"
    yield from text.wrapped(f"{when}; {stage.audience}", "        ", name)
    for gate in state.gates if is_next else ():
        word = "ok  " if gate.passes else "shut"
        yield from text.wrapped(gate.text, f"      {_DEEP}", f"      {word} {gate.rule.ljust(19)}")


def _people(state: ReleaseState) -> Iterator[str]:
    quorum = state.quorum
    if quorum is None:
        return
    # Who approves twice is one person, and must not look like two.
    people = dict.fromkeys(f"{event.person} as {event.role}" for event in quorum.approved_by)
    yield from _row("signed", ", ".join(people) or "nobody")
    yield from _row("missing", quorum.words or "nobody")


def _standing(state: ReleaseState) -> Iterator[str]:
    rows = (
        ("frozen", state.freezes),
        ("held", state.holds),
        ("objections", state.objections),
        ("reviews", state.reviews),
        ("incidents", state.incidents),
    )
    for name, events in rows:
        for event in events:
            yield from _row(name, f"event {event.sequence}, {event.person}: {event.reason}")
    if state.derivatives:
        yield from _row("derivatives", _seen(state))
    if state.grants:
        yield from _row("grants", f"{len(state.grants)} valid")
    for refusal in state.refused:
        yield from _row("refused", f"event {refusal.sequence}: {refusal.rule}; {refusal.text}")
    if state.is_irreversible:
        yield from _row("open for good", f"left to do: {', '.join(state.remedies)}")


def _seen(state: ReleaseState) -> str:
    """Count what was seen elsewhere, kind by kind, most first."""
    kinds = Counter(
        body.what for event in state.derivatives if isinstance(body := event.body, DerivativeSeen)
    )
    words = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"{len(state.derivatives)} seen elsewhere: {words}"


def _row(name: str, words: str) -> Iterator[str]:
    yield from text.wrapped(words, _INDENT, f"  {name.ljust(12)}", keep_words=True)
