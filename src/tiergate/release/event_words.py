# SPDX-License-Identifier: Apache-2.0
"""What an event states, in a few words; the terminal and the gateway's pages say the same."""

from __future__ import annotations

from tiergate.release import bodies
from tiergate.release.events import Event


def words_of(event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 - one case each
    """Say what an event states."""
    match event.body:
        case bodies.Submitted() as body:
            return f"submitted {body.subject_name}"
        case bodies.Decided() as body:
            return f"decided: {body.supported} is supported"
        case bodies.Approved(matter=bodies.Matter.RELEASE):
            return "approved the release"
        case bodies.Approved() as body:
            return f"approved the {body.matter} of event {body.target}"
        case bodies.Opened() as body:
            return f"opened {body.stage}"
        case bodies.Advanced() as body:
            return f"advanced to {body.stage}"
        case bodies.Resumed() as body:
            return f"resumed after event {_numbers(body.holds)}"
        case bodies.Thawed() as body:
            return f"thawed event {_numbers(body.freezes)}"
        case bodies.Granted() as body:
            return f"granted {body.identity} until {body.until:%Y-%m-%d}"
        case bodies.Revoked() as body:
            return f"revoked event {body.grant}"
        case bodies.Incident(closes=None) as body:
            return f"incident, {body.severity}"
        case bodies.Incident() as body:
            return f"closed incident {body.closes}"
        case bodies.Reported() as body:
            return f"reported incident {body.incident} under {body.deadline}"
        case bodies.Superseded() as body:
            return f"replaced the policy {_short(body.policy_digest)}"
        case bodies.Tripwire() as body:
            return f"tripwire, {body.trigger}"
        case bodies.DerivativeSeen() as body:
            fires = "" if body.review is None else f", fires {', '.join(body.review.triggers)}"
            return f"saw {body.repository}: {body.what} ({body.strength}){fires}"
        case bodies.Reassessed() as body:
            return f"reassessed after event {_numbers(body.tripwires)}"
        case _:
            return event.body.kind


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def _short(digest: str) -> str:
    scheme, _, value = digest.partition(":")
    return f"{scheme}:{value[:12]}…{value[-4:]}"
