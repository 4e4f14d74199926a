# SPDX-License-Identifier: Apache-2.0
"""A hub on this machine that serves a list of models page by page, or fails to in a chosen way."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, Mapping[str, str], bytes]
Fault = Callable[[str], Answer | None]


@dataclass(slots=True, kw_only=True)
class ListHub:
    """What the server offers, and what it was asked for."""

    models: list[dict[str, object]]
    """Its models in the shape of ``/api/models``; sorted when they are asked for."""
    page_rows: int = 3
    """Rows of a page, however many are asked for."""
    files: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    """Files with digests by repository, for ``?blobs=true``."""
    url: str = ""
    """Base URL."""
    fault: Fault | None = None
    """Given a path, an answer in place of the right one."""
    requests: list[str] = field(default_factory=list)
    """Paths that were asked for."""
    tokens: list[str | None] = field(default_factory=list)
    """Authorization of each request."""

    def answer(self, path: str, token: str | None) -> Answer:
        """Return status, headers and body."""
        self.requests.append(path)
        self.tokens.append(token)
        if self.fault is not None and (found := self.fault(path)) is not None:
            return found
        parts = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        name = parts.path.removeprefix("/api/models").strip("/")
        if name:
            files = self.files.get(name)
            body = {"id": name, "siblings": files}
            return (404, {}, b"{}") if files is None else (200, {}, json.dumps(body).encode())
        rows = sorted(self.models, key=lambda row: str(row["lastModified"]), reverse=True)
        # As a hub does: the place is by what was last on the page before, not by a count.
        cursor = query.get("cursor")
        if cursor is not None:
            last, _, last_id = cursor.partition("|")
            places = [n for n, row in enumerate(rows) if row["id"] == last_id]
            start = places[0] + 1 if places else 0
            if places and rows[places[0]]["lastModified"] != last:
                start = next(
                    (n for n, row in enumerate(rows) if str(row["lastModified"]) <= last), len(rows)
                )
            rows = rows[start:]
        page, rest = rows[: self.page_rows], rows[self.page_rows :]
        headers = {}
        if rest:
            place = f"{page[-1]['lastModified']}|{page[-1]['id']}"
            after = urllib.parse.urlencode({**query, "cursor": place})
            headers = {"Link": f'<{self.url}/api/models?{after}>; rel="next"'}
        return 200, headers, json.dumps(page).encode()


def model(name: str, day: int, *bases: str, **more: object) -> dict[str, object]:
    """Return a row of the wire, last changed on that day of September 2026."""
    when = f"2026-09-{day:02}T10:00:00.000Z"
    tags = [f"base_model:{base}" for base in bases]
    return {"id": name, "createdAt": when, "lastModified": when, "tags": tags, **more}


@contextmanager
def serve(*models: dict[str, object], page_rows: int = 3) -> Iterator[ListHub]:
    """Serve these models until the block ends."""
    hub = ListHub(models=list(models), page_rows=page_rows)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = hub.answer(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
