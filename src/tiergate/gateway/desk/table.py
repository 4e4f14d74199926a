# SPDX-License-Identifier: Apache-2.0
"""Every page there is under ``/-/``, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tiergate.gateway.desk import login
from tiergate.gateway.desk.visit import Needs, Page

PAGES: Mapping[tuple[str, str], Page] = MappingProxyType(
    {
        ("GET", "login"): Page(needs=Needs.NOTHING, show=login.show),
        ("POST", "logout"): Page(needs=Needs.LOGIN, show=login.leave),
    }
)
"""By method and path; a star stands for one segment. ``HEAD`` is answered as ``GET`` is."""
