# SPDX-License-Identifier: Apache-2.0
"""Requests that follow no redirect: what they carry is for the host that was named."""

from __future__ import annotations

import urllib.request
from email.message import Message
from typing import IO


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the answer that it is."""

    def redirect_request(  # noqa: PLR0913, PLR0917  # as the standard library calls it
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return


OPENER = urllib.request.build_opener(_NoRedirects)
"""Opens a request; 3xx is an error like 4xx."""
