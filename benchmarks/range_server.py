# SPDX-License-Identifier: Apache-2.0
"""A hub on this machine that has one model and serves ranges of its files, for benchmarks.

Run ``python -m benchmarks.range_server FOLDER``; it prints its address, and how many bytes of files
it sent when its input ends.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_PATH = re.compile(rf"/org/name/resolve/{COMMIT}/([^/?]+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def serve(folder: Path) -> None:
    """Serve a folder as org/name until the input ends."""
    sent: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = _answer(folder, self.path, self.headers.get("Range", ""))
            if status == 206:
                sent.append(len(body))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
    print(f"{sum(sent)} {len(sent)}", flush=True)
    server.shutdown()


def _answer(folder: Path, path: str, wanted: str) -> tuple[int, bytes]:
    if path.startswith("/api/models/org/name"):
        siblings = [{"rfilename": f.name, "size": f.stat().st_size} for f in folder.iterdir()]
        return 200, json.dumps({"id": "org/name", "sha": COMMIT, "siblings": siblings}).encode()
    found, span = _PATH.match(path), _RANGE.fullmatch(wanted)
    if found is None or span is None:
        return 404, b"{}"
    with (folder / found[1]).open("rb") as stream:
        stream.seek(int(span[1]))
        return 206, stream.read(int(span[2]) + 1 - int(span[1]))


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
