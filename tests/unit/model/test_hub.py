# SPDX-License-Identifier: Apache-2.0
"""Fetching from a hub, with the real client against a tiny server on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builders_model import COMMIT, safetensors_bytes, safetensors_header, tensors, write_hub_cache
from tiergate.errors import CheckpointError
from tiergate.model.checkpoint import identify
from tiergate.model.hub import fetch, is_hub_id

FILES = {
    "config.json": b'{"architectures": ["LlamaForCausalLM"]}',
    "model.safetensors": safetensors_bytes(
        safetensors_header(tensors()), b"".join(item.data for item in tensors())
    ),
}
"""What the server offers as org/name."""


@dataclass(slots=True)
class Hub:
    """A server that knows one model."""

    url: str = ""
    """Base URL."""
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and error code by a part of the path."""


def _answer(hub: Hub, path: str) -> tuple[int, dict[str, str], bytes]:
    for part, (status, code) in hub.refusals.items():
        if part in path:
            headers = {"X-Error-Code": code, "X-Error-Message": f"{code}: refused"} if code else {}
            return status, headers, b"{}"
    if path.startswith("/api/models/org/name/tree/"):
        rows = [
            {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
            for name, data in FILES.items()
        ]
        return 200, {}, json.dumps(rows).encode()
    if path.startswith("/api/models/org/name"):
        siblings = [{"rfilename": name} for name in FILES]
        return 200, {}, json.dumps({"id": "org/name", "sha": COMMIT, "siblings": siblings}).encode()
    name = path.rpartition("/")[2]
    if path.startswith("/org/name/resolve/") and name in FILES:
        etag = hashlib.sha256(FILES[name]).hexdigest()
        return 200, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'}, FILES[name]
    return 404, {}, b"{}"


@contextmanager
def serve() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = _answer(hub, self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server asks for

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


def test_a_model_is_fetched_with_its_commit_and_identified(tmp_path: Path) -> None:
    with serve() as hub:
        folder = fetch("org/name", endpoint=hub.url, cache_dir=tmp_path)

    found = identify(folder)

    assert COMMIT == folder.name == found.revision
    assert found.name == "org/name"
    assert set(FILES) == {entry.path for entry in found.manifest.entries}


def test_a_hub_id_is_fetched_when_no_such_path_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))

    with serve() as hub:
        found = identify("org/name", endpoint=hub.url)

    assert (found.name, found.revision) == ("org/name", COMMIT)


def test_a_path_of_that_name_is_taken_before_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "name").mkdir(parents=True)

    with pytest.raises(CheckpointError, match="an empty folder"):
        identify("org/name", endpoint="http://127.0.0.1:9")


REFUSALS = {
    "no such model": ({"/api/models": (404, "RepoNotFound")}, "no such model on the hub"),
    "a gated model": ({"/api/models": (403, "GatedRepo")}, "no access"),
    "a model whose files are gated": ({"/resolve/": (403, "GatedRepo")}, "no access"),
    "no such revision": ({"/api/models": (404, "RevisionNotFound")}, "no such revision"),
    "a file that is gone": ({"/resolve/": (404, "EntryNotFound")}, "org/name@main: found"),
}


@pytest.mark.parametrize(("refusals", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_of_the_hub_becomes_an_error_with_a_remedy(
    tmp_path: Path, refusals: dict[str, tuple[int, str]], message: str
) -> None:
    with serve() as hub:
        hub.refusals = refusals
        with pytest.raises(CheckpointError, match=message) as caught:
            fetch("org/name", "main", endpoint=hub.url, cache_dir=tmp_path)

    assert caught.value.remedy


def test_a_hub_that_does_not_answer_and_an_empty_cache_are_an_error(tmp_path: Path) -> None:
    with serve() as hub:
        url = hub.url

    with pytest.raises(CheckpointError, match="neither a copy in the cache nor a hub"):
        fetch("org/name", endpoint=url, cache_dir=tmp_path)


def test_a_name_that_the_client_refuses_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="a download that failed"):
        fetch("org/na--me", endpoint="http://127.0.0.1:9", cache_dir=tmp_path)


OFFLINE = """
import sys
from tiergate.errors import CheckpointError
from tiergate.model.checkpoint import identify
try:
    print(identify(sys.argv[1]).revision)
except CheckpointError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("repo_id", "expected"),
    [("org/name", COMMIT), ("org/absent", "org/absent: found neither a copy in the cache")],
)
def test_the_offline_setting_of_the_client_is_respected(
    tmp_path: Path, repo_id: str, expected: str
) -> None:
    write_hub_cache(tmp_path / "hub", FILES)
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, repo_id],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=True,
    )

    assert done.stdout.startswith(expected)


IDS = {
    "org/name": True,
    "org/name-1.5_B": True,
    "name": False,
    "./org/name": False,
    "../name": False,
    "/org/name": False,
    "a/b/c": False,
    "org/": False,
    "org/name\n": False,
    "": False,
    "~/model": False,
}


@pytest.mark.parametrize(("text", "expected"), IDS.items())
def test_only_org_and_name_look_like_a_hub_id(text: str, expected: bool) -> None:  # noqa: FBT001
    assert expected is is_hub_id(text)
