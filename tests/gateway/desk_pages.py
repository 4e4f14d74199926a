# SPDX-License-Identifier: Apache-2.0
"""Every page of those who work here that can be looked at, and who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from builders_release import digest
from gateway.desk_town import DeskTown
from gateway.town import GATED

_REQUESTS = frozenset({"olga", "anna", "ivan", "udo"})
_RELEASES = frozenset({"olga", "eva", "anna", "ivan", "udo"})
_EVERYBODY = frozenset({"olga", "eva", "anna", "ivan", "udo", "pia"})


@dataclass(frozen=True, slots=True)
class Look:
    """One page."""

    path: str
    """Its address, with marks for what is there."""
    seen_by: frozenset[str]
    """Who of the staff sees it."""


LOOKS: Mapping[str, Look] = {
    "front": Look("/", _EVERYBODY),
    "model": Look(f"/{GATED}", _EVERYBODY),
    "requests": Look("/-/requests", _REQUESTS),
    "requests-decided": Look("/-/requests?state=all", _REQUESTS),
    "request": Look("/-/requests/<request>", _REQUESTS),
    "grants": Look("/-/grants?which=all", _REQUESTS),
    "grant": Look("/-/grants/<grant>", _REQUESTS),
    "releases": Look("/-/releases", _RELEASES),
    "release": Look("/-/releases/gated", _RELEASES),
    "release-frozen": Look("/-/releases/frozen", _RELEASES),
    "no-record": Look(f"/-/decisions/{digest(1).removeprefix('sha256:')}", _RELEASES),
    "log": Look("/-/log", frozenset({"olga", "udo"})),
    "stops": Look("/-/stops", _RELEASES),
    "stop": Look("/-/stops/new?about=*", frozenset({"olga", "ivan"})),
}


def address(town: DeskTown, look: Look) -> str:
    """Return the address of what is there."""
    marks = {"<request>": town.asked.id, "<grant>": town.grant_of("gwen")}
    path = look.path
    for mark, value in marks.items():
        path = path.replace(mark, value)
    return path
