# SPDX-License-Identifier: Apache-2.0
"""A repository of another hub is mirrored whole and as stated, or not at all, and stays hidden.

The other hub is a gateway of its own on loopback.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clients import Watched, environment
from gateway.town import GATED, WEIGHTS, a_model
from gateway_site import Site
from tiergate.decision.tier import Tier
from tiergate.errors import InputError
from tiergate.gateway import wire
from tiergate.gateway.mirror import Stated, refuse
from tiergate.gateway.objects import name_of
from tiergate.model.manifest import ManifestEntry

HERE = "here/mirrored"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Watched]:
    (tmp_path / "upstream").mkdir()
    found = Watched(folder=tmp_path / "upstream")
    found.settle_one()
    yield found
    found.house.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "mine").mkdir()
    found = Site(folder=tmp_path / "mine")
    yield found
    found.house.close()


def _mirror(
    town: Watched, site: Site, *options: str, who: str = "gwen", revision: str = "main"
) -> subprocess.CompletedProcess[str]:
    town.front.logs = [[]]
    words = [sys.executable, "-m", "tiergate", "gateway", "mirror", GATED]
    words += ["--revision", revision, "--folder", str(site.folder / "gateway")]
    words += ["--repository", HERE, "--release", "acme"]
    if "--from" not in options:
        words += ["--from", f"http://127.0.0.1:{town.port}"]
    return subprocess.run(
        [*words, *options],
        # With the sources that this process has.
        env={**environment(site.folder, town, who), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _asked_for(town: Watched) -> list[str]:
    return [line for line in town.front.logs[0] if line.startswith("GET") and "/resolve/" in line]


def test_that_a_branch_is_resolved_and_what_came_is_hidden_until_a_decision_is_about_it(
    town: Watched, site: Site
) -> None:
    with town.served():
        done = _mirror(town, site)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == f"{GATED} at {town.revision.commit}"
    # A revision is named by its content, so that it has the same name here.
    assert f"{HERE} at {town.revision.commit}" in said
    assert f"  root digest {town.revision.root_digest}" in said

    path = f"/{HERE}/resolve/{town.revision.commit}/{WEIGHTS}"
    with site.served():
        hidden = site.ask(path)
        site.release(town.revision, Tier.T2, Tier.T4, Tier.T5)
        site.house.close()
    with site.served():
        after = site.ask(path)
    assert (hidden.status, hidden.code) == (401, "RepoNotFound")
    assert (after.status, after.body) == (200, town.weights)
    assert not list((site.folder / "gateway" / "mirror").iterdir())


def test_that_an_exact_commit_is_mirrored(town: Watched, site: Site) -> None:
    with town.served():
        done = _mirror(town, site, revision=town.revision.commit)

    assert done.returncode == 0, done.stderr
    assert site.house.catalogue.revision(HERE, town.revision.commit) is not None


@pytest.mark.parametrize(
    ("options", "who", "said"),
    [
        ((), "", "no access"),
        ((), "nora", "no access"),
        (("--from", "http://hub.example.org"), "gwen", "http to another machine"),
        (("--from", "ftp://127.0.0.1"), "gwen", "an address as in"),
        (("--from", "http://127.0.0.1:9"), "gwen", "found"),
        (("--repository", "a/../b"), "gwen", "org/name"),
    ],
)
def test_that_nothing_is_published_when_it_cannot_be_had(
    options: tuple[str, ...], who: str, said: str, *, town: Watched, site: Site
) -> None:
    with town.served():
        done = _mirror(town, site, *options, who=who)

    assert done.returncode == 4, done.stderr
    assert said in done.stderr
    assert site.house.catalogue.repositories() == ()


@pytest.mark.parametrize("is_true", [True, False], ids=["as stated", "other than stated"])
def test_that_files_outside_of_lfs_are_compared_by_the_digest_that_git_has_of_them(
    *, is_true: bool, town: Watched, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stated(entry: ManifestEntry, *, has_sizes: bool) -> dict[str, object]:
        content = (town.model / entry.path).read_bytes() + (b"" if is_true else b"more")
        blob = b"blob %d\0" % len(content) + content
        oid = hashlib.sha1(blob, usedforsecurity=False).hexdigest()
        return {"rfilename": entry.path, "size": entry.size_bytes, "blobId": oid} | (
            {} if has_sizes else {"blobId": ""}
        )

    monkeypatch.setattr(wire, "_sibling", stated)
    with town.served():
        done = _mirror(town, site)

    assert done.returncode == (0 if is_true else 5), done.stderr
    assert bool(site.house.catalogue.repositories()) is is_true


def test_that_a_revision_that_is_not_there_is_said(town: Watched, site: Site) -> None:
    with town.served():
        done = _mirror(town, site, revision="0" * 40)

    assert done.returncode == 4
    assert "no such revision" in done.stderr


def test_that_bytes_other_than_stated_are_refused_and_fetched_again_the_next_time(
    town: Watched, site: Site
) -> None:
    place = town.house.objects.place_of(f"sha256:{town.sha256}")
    true = place.read_bytes()
    place.chmod(0o644)
    place.write_bytes(true[:-1] + b"\xff")
    with town.served():
        wrong = _mirror(town, site)
        place.write_bytes(true)
        published = site.house.catalogue.repositories()
        right = _mirror(town, site)
        asked = _asked_for(town)

    assert wrong.returncode == 5
    assert f"{WEIGHTS}: found sha256" in wrong.stderr
    assert published == ()
    assert right.returncode == 0, right.stderr
    assert len(asked) == 1
    assert WEIGHTS in asked[0]


def test_that_what_came_whole_is_not_fetched_again_after_a_cut(town: Watched, site: Site) -> None:
    place = town.house.objects.place_of(f"sha256:{town.sha256}")
    with town.served():
        place.rename(place.with_suffix(".away"))
        cut = _mirror(town, site)
        first = _asked_for(town)
        place.with_suffix(".away").rename(place)
        whole = _mirror(town, site)
        second = _asked_for(town)

    assert cut.returncode == 4
    assert len(first) > 1
    assert whole.returncode == 0, whole.stderr
    assert [WEIGHTS in line for line in second] == [True]


@pytest.mark.parametrize(
    ("name", "content", "is_by_name"),
    [
        ("modeling_custom.py", b"print('runs')\n", True),
        ("weights.bin", b"\x80\x04.", True),
        ("start", b"#!/bin/sh\necho runs\n", False),
    ],
    ids=["a module", "a pickle", "a program without an ending"],
)
def test_that_files_that_run_code_are_refused(
    name: str,
    content: bytes,
    *,
    is_by_name: bool,
    tmp_path: Path,
    site: Site,
) -> None:
    (tmp_path / "upstream").mkdir()
    town = Watched(folder=tmp_path / "upstream")
    model = a_model(town.folder / "model")
    (model / name).write_bytes(content)
    town.model, town.revision = model, town.publish(name=GATED, of="gated", model=model)
    town.release(town.revision, Tier.T2, Tier.T4, Tier.T5, of="gated")
    with town.served():
        done = _mirror(town, site, who="")
        asked = _asked_for(town)
    town.house.close()

    assert done.returncode == 4
    assert name in done.stderr
    assert "run code" in done.stderr
    assert bool(asked) is not is_by_name
    assert site.house.catalogue.repositories() == ()
    assert not (site.folder / "gateway" / "objects" / name_of(f"sha256:{'0' * 64}")).exists()


_FILE = Stated(size_bytes=1, sha256="0" * 64)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"../model.safetensors": _FILE}, "a name that no file can have here"),
        ({"a//b.json": _FILE}, "a name that no file can have here"),
        ({".git/config": _FILE}, "a name that no file can have here"),
        ({"a.json": _FILE, "A.json": _FILE}, "beside it"),
        ({"model.safetensors": Stated(size_bytes=50_000_000_001, sha256="0" * 64)}, "at most"),
        ({"config.json": Stated(size_bytes=1)}, "no digest"),
        ({f"{number}.txt": _FILE for number in range(20_001)}, "20001 files"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_that_what_cannot_be_mirrored_is_refused_before_any_of_it_comes(
    files: dict[str, Stated], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        refuse(files)


def test_that_a_blob_of_git_is_compared_as_git_does(tmp_path: Path) -> None:
    from tiergate.gateway.mirror import _digest

    (tmp_path / "file").write_bytes(b"hello\n")

    assert _digest(tmp_path / "file", is_blob=True) == "ce013625030ba8dba906f756967f9e9ca394464a"
