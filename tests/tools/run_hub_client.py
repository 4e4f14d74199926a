# SPDX-License-Identifier: Apache-2.0
"""Do what ``actions.json`` in a folder says with this interpreter's ``huggingface_hub``.

Writes ``outcomes.json`` beside it: for each action what came back, or the error that was
raised. Runs with every release of the client from 0.36 on, so it uses nothing newer.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import HfApi, HfFileSystem

API = HfApi()
FOLDER = Path(sys.argv[1])


def digests(folder: str) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder, but for what the client keeps there."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(".cache/"):
            found[name] = digest(path)
    return found


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def version() -> str:
    """Return the client's own version."""
    return huggingface_hub.__version__


def download(repo: str, file: str, **options: Any) -> str:  # noqa: ANN401 - as the client has them
    """Download one file."""
    return digest(huggingface_hub.hf_hub_download(repo, file, **options))


def snapshot(repo: str, **options: Any) -> dict[str, str]:  # noqa: ANN401 - as the client has them
    """Download a repository."""
    return digests(huggingface_hub.snapshot_download(repo, max_workers=1, **options))


def snapshot_wide(repo: str, **options: Any) -> dict[str, str]:  # noqa: ANN401 - likewise
    """Download a repository, several files at once."""
    return digests(huggingface_hub.snapshot_download(repo, **options))


def command(*words: str) -> dict[str, Any]:
    """Run ``hf``."""
    program = Path(sys.executable).with_name("hf")
    done = subprocess.run(
        [program, *words], capture_output=True, text=True, check=False, cwd=FOLDER, timeout=120
    )
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


def verify(repo: str, **options: Any) -> list[str] | None:  # noqa: ANN401 - as the client has them
    """Compare what was downloaded; return what differs, None where the client cannot."""
    check = getattr(API, "verify_repo_checksums", None)
    if check is None:
        return None
    found = check(repo, **options)
    assert found.checked_count, "nothing was compared"
    mismatches = [mismatch["path"] for mismatch in found.mismatches]
    return sorted([*mismatches, *found.missing_paths, *found.extra_paths])


def files(path: str) -> list[str]:
    """List a folder as a file system."""
    rows: list[Any] = HfFileSystem().ls(path, detail=True)
    return sorted(row["name"] for row in rows)


def facts(path: str) -> dict[str, Any]:
    """Describe a path as a file system."""
    row = HfFileSystem().info(path)
    return {"type": row["type"], "size": row["size"]}


def read(path: str, start: int | None = None, end: int | None = None) -> str:
    """Read part of a file as a file system."""
    return hashlib.sha256(HfFileSystem().cat_file(path, start=start, end=end)).hexdigest()


def seek(path: str, start: int, length: int) -> str:
    """Read part of an open file."""
    with HfFileSystem().open(path, block_size=1024) as file:
        file.seek(start)
        return hashlib.sha256(file.read(length)).hexdigest()


def info(repo: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - as the client has them
    """Describe a model."""
    row = API.model_info(repo, **options)
    siblings = {s.rfilename: s.size for s in row.siblings or ()}
    return {"sha": row.sha, "gated": row.gated, "siblings": siblings}


def paths(repo: str, *names: str) -> dict[str, int | None]:
    """Describe files by their paths."""
    return {row.path: getattr(row, "size", None) for row in API.get_paths_info(repo, list(names))}


def requests(repo: str, status: str, **options: Any) -> list[list[Any]]:  # noqa: ANN401 - likewise
    """List requests for access."""
    rows = getattr(API, f"list_{status}_access_requests")(repo, **options)
    return [[row.username, row.fullname, row.status, row.fields] for row in rows]


def by_number(repo: str, status: str, do: str) -> int:
    """Decide every request of a kind by its number."""
    rows = list(getattr(API, f"list_{status}_access_requests")(repo))
    for row in rows:
        getattr(API, f"{do}_access_request")(repo, request_id=row.request_id)
    return len(rows)


ACTIONS: dict[str, Callable[..., Any]] = {
    "version": version,
    "download": download,
    "snapshot": snapshot,
    "snapshot_wide": snapshot_wide,
    "command": command,
    "verify": verify,
    "fs_files": files,
    "fs_facts": facts,
    "fs_read": read,
    "fs_seek": seek,
    "info": info,
    "paths": paths,
    "requests": requests,
    "by_number": by_number,
    "whoami": lambda: API.whoami()["name"],
    "auth_check": API.auth_check,
    "models": lambda **options: sorted(row.id for row in API.list_models(**options)),
    "file_exists": API.file_exists,
    "repo_exists": API.repo_exists,
    "revision_exists": API.revision_exists,
    "list_files": lambda repo: sorted(API.list_repo_files(repo)),
    "refs": lambda repo: [[r.name, r.target_commit] for r in API.list_repo_refs(repo).branches],
    "accept": API.accept_access_request,
    "reject": API.reject_access_request,
    "cancel": API.cancel_access_request,
    "grant": API.grant_access,
    "pause": lambda: None,
}


def main() -> None:
    """Go through the actions; the server is told before each of them."""
    outcomes = []
    for number, (name, words, options) in enumerate(
        json.loads((FOLDER / "actions.json").read_text())
    ):
        mark = f"{os.environ['HF_ENDPOINT']}/-/{number}"
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(mark).close()
        try:
            outcomes.append({"found": ACTIONS[name](*words, **options)})
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the outcome is what is looked at
            kinds = [kind.__name__ for kind in type(error).__mro__]
            said = " ".join(f"{error} {error.__cause__ or ''}".split())
            outcomes.append({"error": kinds[0], "kinds": kinds, "said": said})
    (FOLDER / "outcomes.json").write_text(json.dumps(outcomes))


if __name__ == "__main__":
    main()
