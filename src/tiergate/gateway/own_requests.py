# SPDX-License-Identifier: Apache-2.0
"""What became of somebody's own request for access, in words and for programs."""

from __future__ import annotations

from datetime import datetime

from tiergate.gateway.grants import Given
from tiergate.gateway.requests import AccessRequest, Count, Status
from tiergate.gateway.wire import wire_time


def request_words(
    request: AccessRequest | None, count: Count | None = None, lasting: Given | None = None
) -> str:
    """Say what became of a request, to whoever asked.

    Args:
        request: the request; None for none.
        count: who is for it, where that is more than one person's answer.
        lasting: the grant that came of it, as long as it counts.
    """
    if request is None:
        return "You have not asked for access."
    said = {
        Status.PENDING: "Your request is waiting for an answer.",
        Status.ACCEPTED: "Your request was accepted.",
        Status.REJECTED: "Your request was turned down. You can ask again.",
        Status.RESET: "What was decided does not stand any more. Ask again.",
    }[request.status]
    asked = f"You asked on {request.asked_at:%Y-%m-%d}."
    votes = ""
    if count is not None and count.needed > 1 and request.status is Status.PENDING:
        votes = f"{len(count.people)} of {count.needed} reviewers are for it."
    until = ""
    if lasting is not None:
        ends, renewed = lasting.grant.until, lasting.renewable_from
        until = f"Your grant counts until {ends:%Y-%m-%d %H:%M} UTC."
        until += f" It can be renewed from {renewed:%Y-%m-%d %H:%M} UTC on."
    return " ".join(filter(None, (said, asked, until, votes, request.answer)))


def own_request(request: AccessRequest, lasting: Given | None, at: datetime) -> dict[str, object]:
    """Return what became of a request, for a program of whoever asked.

    Args:
        request: the request.
        lasting: the grant that came of it, as long as it counts.
        at: the time.
    """
    found: dict[str, object] = {"status": request.status.value, "requestId": request.id}
    if lasting is None:
        return found
    return {
        **found,
        "until": wire_time(lasting.grant.until),
        "renewableFrom": wire_time(lasting.renewable_from),
        "isRenewable": at >= lasting.renewable_from,
    }
