# SPDX-License-Identifier: Apache-2.0
"""Every page there is under ``/-/``, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tiergate.gateway.desk import (
    decisions,
    device,
    first,
    grants,
    log,
    login,
    me,
    oidc,
    people,
    queue_of_requests,
    releases,
    stops,
)
from tiergate.gateway.desk.visit import Needs, Page
from tiergate.gateway.roles import Right

PAGES: Mapping[tuple[str, str], Page] = MappingProxyType(
    {
        ("GET", "login"): Page(needs=Needs.NOTHING, show=login.show),
        ("POST", "login"): Page(needs=Needs.NOTHING, show=login.enter),
        ("GET", "first/*"): Page(needs=Needs.NOTHING, show=first.show),
        ("POST", "first/*"): Page(needs=Needs.NOTHING, show=first.choose),
        ("POST", "first/*/*"): Page(needs=Needs.NOTHING, show=oidc.connect),
        ("GET", "oidc/*"): Page(needs=Needs.NOTHING, show=oidc.go),
        ("GET", "oidc/*/callback"): Page(needs=Needs.NOTHING, show=oidc.back),
        ("GET", "device"): Page(needs=Needs.LOGIN, show=device.show, is_fresh=True),
        ("POST", "device"): Page(needs=Needs.LOGIN, show=device.look, is_fresh=True),
        ("POST", "device/answer"): Page(needs=Needs.LOGIN, show=device.answer, is_fresh=True),
        ("POST", "logout"): Page(needs=Needs.LOGIN, show=login.leave),
        ("GET", "me"): Page(needs=Needs.LOGIN, show=me.show),
        ("POST", "me/leave"): Page(needs=Needs.LOGIN, show=login.leave_everywhere),
        ("POST", "me/take-back"): Page(needs=Needs.LOGIN, show=me.take_back),
        ("POST", "me/end-token"): Page(needs=Needs.LOGIN, show=me.end_token),
        ("GET", "me/token"): Page(needs=Needs.LOGIN, show=me.token_form, is_fresh=True),
        ("POST", "me/token"): Page(needs=Needs.LOGIN, show=me.make_token, is_fresh=True),
        ("GET", "people"): Page(needs=Right.MANAGE, show=people.show),
        **{
            (method, f"people/{path}"): Page(needs=Right.MANAGE, show=function, is_fresh=True)
            for method, path, function in (
                ("GET", "new/account", people.new_form),
                ("POST", "new/account", people.add),
                ("GET", "*", people.one),
                ("POST", "*/roles", people.change),
                ("POST", "*/link", people.link),
                ("POST", "*/leave", people.log_out),
                ("POST", "*/disable", people.disable),
                ("POST", "*/enable", people.enable),
            )
        },
        ("GET", "requests"): Page(needs=Right.SEE_REQUESTS, show=queue_of_requests.show_all),
        ("GET", "requests/*"): Page(needs=Right.SEE_REQUESTS, show=queue_of_requests.show),
        ("POST", "requests/*"): Page(
            needs=Right.DECIDE, show=queue_of_requests.decide, is_fresh=True
        ),
        ("GET", "grants"): Page(needs=Right.SEE_REQUESTS, show=grants.show_all),
        ("GET", "grants/*"): Page(needs=Right.SEE_REQUESTS, show=grants.show),
        ("POST", "grants/*/revoke"): Page(needs=Right.DECIDE, show=grants.revoke, is_fresh=True),
        ("GET", "releases"): Page(needs=Right.SEE_RELEASES, show=releases.show_all),
        ("GET", "releases/*"): Page(needs=Right.SEE_RELEASES, show=releases.show),
        # Asks by itself: a record may have been made public.
        ("GET", "decisions/*"): Page(needs=Needs.NOTHING, show=decisions.show),
        ("GET", "log"): Page(needs=Right.READ_LOG, show=log.show),
        ("GET", "log/export"): Page(needs=Right.READ_LOG, show=log.export),
        ("POST", "log/verify"): Page(needs=Right.READ_LOG, show=log.verify),
        ("GET", "stops"): Page(needs=Right.SEE_RELEASES, show=stops.show),
        ("GET", "stops/new"): Page(needs=Right.STOP, show=stops.preview),
        # A stop only closes, and has to be fast: it asks for no login a moment ago.
        ("POST", "stops"): Page(needs=Right.STOP, show=stops.stop),
        ("POST", "stops/drill"): Page(needs=Right.STOP, show=stops.try_out),
        ("POST", "stops/*/lift"): Page(needs=Right.LIFT, show=stops.lift, is_fresh=True),
    }
)
"""By method and path; a star stands for one segment. ``HEAD`` is answered as ``GET`` is."""
