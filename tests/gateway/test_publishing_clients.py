# SPDX-License-Identifier: Apache-2.0
"""Publishing with the client of the Hub as it is installed, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.publishing_site import NEW, Publishing
from gateway.town import a_model
from tiergate.model.checkpoint import identify

_DEAD = "http://127.0.0.1:9"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Publishing]:
    found = Publishing(folder=tmp_path)
    found.settle()
    a_model(tmp_path / "model")
    with found.served():
        yield found
    found.house.close()


def variables(site: Publishing, who: str, **more: str) -> dict[str, str]:
    """Return the environment of a client that knows the gateway and nothing else."""
    found = {
        "PATH": os.environ["PATH"],
        "HOME": str(site.folder),
        "HF_HOME": str(site.folder / "hf"),
        "HF_ENDPOINT": f"http://127.0.0.1:{site.port}",
        "HF_TOKEN": site.tokens[who],
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
    }
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        found |= {name: _DEAD, name.lower(): _DEAD}
    return found | more


def run(site: Publishing, code: str, who: str = "pia", **more: str) -> Any:  # noqa: ANN401
    """Run a program with ``api`` and ``folder``; return what it leaves in ``found``."""
    program = f"""
import json, sys
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
api, folder = HfApi(), {str(site.folder / "model")!r}
try:
    found = None
    {code.strip().replace(chr(10), chr(10) + "    ")}
except Exception as error:
    found = [type(error).__name__, str(error)]
print(json.dumps(found))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=variables(site, who, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_that_a_folder_is_uploaded_as_it_is(site: Publishing) -> None:
    (site.folder / "model" / "empty.txt").write_bytes(b"")
    (site.folder / "model" / ".tiergate").mkdir()
    (site.folder / "model" / ".tiergate" / "register.jsonl").write_text("{}\n")
    found = run(
        site,
        f"""
url = api.create_repo("{NEW}")
again = api.create_repo("{NEW}", exist_ok=True)
info = api.upload_folder(repo_id="{NEW}", folder_path=folder)
rows = api.get_paths_info("{NEW}", ["model.safetensors"], revision=info.oid)
found = [url.repo_id, again.repo_id, info.oid, info.commit_url, rows[0].lfs.sha256]
""",
    )
    checkpoint = identify(site.folder / "model")
    commit = checkpoint.root_digest[7:47]
    sha256 = next(e.sha256 for e in checkpoint.manifest.entries if e.path == "model.safetensors")

    assert found[:3] == [NEW, NEW, commit]
    assert found[3] == f"http://127.0.0.1:{site.port}/{NEW}/commit/{commit}"
    assert found[4] == sha256.removeprefix("sha256:")
    wanted = ["POST /api/repos/create", "POST /api/models/acme/new/preupload/main"]
    wanted += ["POST /acme/new.git/info/lfs/objects/batch", "POST /api/models/acme/new/commit/main"]
    assert [line for line in site.seen if line in wanted] == [wanted[0], *wanted]
    assert sum(line.startswith("PUT ") for line in site.seen) == 4


def test_that_files_are_changed_copied_and_deleted(site: Publishing) -> None:
    found = run(
        site,
        f"""
api.create_repo("{NEW}")
first = api.upload_folder(repo_id="{NEW}", folder_path=folder).oid
api.upload_file(repo_id="{NEW}", path_or_fileobj=b"new", path_in_repo="a/new.txt")
api.delete_file("README.md", repo_id="{NEW}")
api.delete_folder("extra", repo_id="{NEW}")
last = api.create_commit("{NEW}", commit_message="copy", operations=[
    CommitOperationCopy("model.safetensors", "copy.safetensors")])
found = [first, last.oid, sorted(api.list_repo_files("{NEW}"))]
""",
    )

    assert found[2] == ["a/new.txt", "config.json", "copy.safetensors", "model.safetensors"]
    assert found[1] != found[0]
    assert site.house.catalogue.branches(NEW) == {"main": found[1]}


def test_that_a_parent_that_is_not_the_last_is_refused(site: Publishing) -> None:
    found = run(
        site,
        f"""
api.create_repo("{NEW}")
first = api.upload_folder(repo_id="{NEW}", folder_path=folder).oid
api.upload_file(repo_id="{NEW}", path_or_fileobj=b"b", path_in_repo="b", parent_commit=first)
api.upload_file(repo_id="{NEW}", path_or_fileobj=b"c", path_in_repo="c", parent_commit=first)
""",
    )

    assert found[0] == "HfHubHTTPError"
    assert "Somebody else has committed" in found[1]


def test_that_nobody_else_uploads_and_is_told_why(site: Publishing) -> None:
    before = site.kept()
    for who in ("nora", "una"):
        found = run(site, f'api.create_repo("{NEW}")', who)
        assert found[0] == "HfHubHTTPError"
        assert "You may not publish here" in found[1]
    assert site.kept() == before


def test_that_a_client_that_insists_on_another_storage_keeps_nothing(site: Publishing) -> None:
    site.create()
    before = site.kept()
    found = run(
        site,
        f'api.upload_folder(repo_id="{NEW}", folder_path=folder)',
        HF_HUB_DISABLE_XET="0",
    )

    assert "xet-write-token" in found[1]
    assert site.kept() == before


def test_that_the_command_of_the_client_uploads(site: Publishing) -> None:
    program = Path(sys.executable).with_name("hf")
    done = subprocess.run(
        [program, "upload", NEW, str(site.folder / "model")],
        env=variables(site, "pia"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert identify(site.folder / "model").root_digest[7:47] in done.stdout
