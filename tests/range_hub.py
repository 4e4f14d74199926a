# SPDX-License-Identifier: Apache-2.0
"""A tiny hub on this machine that serves ranges, or fails to in a chosen way."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass(slots=True, kw_only=True)
class RangeHub:
    """What the server offers as org/name, and what it was asked for."""

    files: Mapping[str, bytes]
    """Files by path."""
    url: str = ""
    """Base URL."""
    whole_files: bool = False
    """Whether ranges are ignored, as some servers do."""
    extra_bytes: int = 0
    """Bytes that are sent beyond each range."""
    sent_bytes: int = 0
    """How many bytes of files were sent."""
    requests: list[str] = field(default_factory=list)
    """Paths that were asked for."""

    def answer(self, path: str, wanted: str | None) -> tuple[int, bytes]:
        """Return status and body."""
        self.requests.append(path)
        if path.startswith("/api/models/org/name"):
            siblings = [{"rfilename": n, "size": len(d)} for n, d in self.files.items()]
            about = {"id": "org/name", "sha": COMMIT, "siblings": siblings}
            return 200, json.dumps(about).encode()
        prefix = f"/org/name/resolve/{COMMIT}/"
        data = self.files.get(path.removeprefix(prefix)) if path.startswith(prefix) else None
        if data is None:
            return 404, b"{}"
        span = _RANGE.fullmatch(wanted or "")
        if span is None or self.whole_files:
            return 200, data
        part = data[int(span[1]) : int(span[2]) + 1] + bytes(self.extra_bytes)
        self.sent_bytes += len(part)
        return 206, part


@contextmanager
def serve(files: Mapping[str, bytes]) -> Iterator[RangeHub]:
    """Serve these files until the block ends."""
    hub = RangeHub(files=files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = hub.answer(self.path.partition("?")[0], self.headers.get("Range"))
            self.send_response(status)
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
