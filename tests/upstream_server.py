# SPDX-License-Identifier: Apache-2.0
"""The publisher of the capability index on this machine, whole or spoiled in a chosen way."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tiergate.landscape.upstream import UPSTREAM, Upstream
from tiergate.landscape.vintage import shipped


def as_published(upstream: Upstream) -> list[dict[str, str]]:
    """Return the rows of a shipped table as the publisher has them, one column more."""
    return [
        {column.theirs: row[column.ours] for column in upstream.columns} | {"not taken over": "x"}
        for row in shipped().rows(upstream.table)
    ]


def written(rows: list[dict[str, str]]) -> bytes:
    """Return rows as a file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def published() -> dict[str, bytes]:
    """Return what the publisher had on the day of the shipped vintage, by file."""
    return {upstream.file: written(as_published(upstream)) for upstream in UPSTREAM}


@dataclass(slots=True, kw_only=True)
class Answer:
    """What is sent for a file."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/csv"
    headers: dict[str, str] = field(default_factory=dict)
    """More headers; one without text is left out."""
    pause_after: int | None = None
    """Bytes after which nothing comes until the client has gone."""


@dataclass(slots=True, kw_only=True)
class Publisher:
    """A server, and what it was asked for."""

    answers: dict[str, Answer]
    """By path."""
    url: str = ""
    """Base address."""
    asked: list[str] = field(default_factory=list)
    """Paths that were asked for."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when the client has had enough."""


@contextmanager
def serve(answers: dict[str, Answer]) -> Iterator[Publisher]:
    """Serve until the block ends."""
    publisher = Publisher(answers=answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.asked.append(self.path)
            answer = publisher.answers.get(self.path.removeprefix("/"), Answer(status=404))
            self.send_response(answer.status)
            length = str(len(answer.body))
            sent = {"Content-Type": answer.kind, "Content-Length": length} | answer.headers
            for name, words in sent.items():
                if words:
                    self.send_header(name, words)
            self.end_headers()
            self.wfile.write(answer.body[: answer.pause_after])
            if answer.pause_after is not None:
                self.wfile.flush()
                publisher.gone.wait(20)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    publisher.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield publisher
    finally:
        publisher.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()
