# SPDX-License-Identifier: Apache-2.0
"""Publishing over HTTP, request by request, to a running gateway."""

from __future__ import annotations

import io
import json
import pickle
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.publishing_site import (
    NEW,
    PLACE,
    STORAGE,
    Publishing,
    contents,
    delete,
    inline,
    oid,
    stored,
)
from gateway.raw_http import exchange, replies
from gateway.town import a_model
from tiergate.decision.tier import Tier
from tiergate.gateway.catalogue import Repository
from tiergate.gateway.publishing_commit import NO_COMMIT
from tiergate.model.checkpoint import identify


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Publishing]:
    found = Publishing(folder=tmp_path)
    found.settle()
    with found.served():
        yield found
    found.house.close()


def an_odd_model(folder: Path) -> Path:
    """Write a checkpoint whose files are not always what their names say."""
    a_model(folder)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps({}))
    (folder / "weights.bin").write_bytes(archive.getvalue())
    (folder / "notes.txt").write_bytes(pickle.dumps(print, protocol=2))
    (folder / "run").write_text("#!/bin/sh\necho\n")
    (folder / "small.dat").write_bytes((folder / "model.safetensors").read_bytes())
    (folder / "quantised").write_bytes(b"GGUF\x03\0\0\0" + bytes(16))
    (folder / "LICENSE").write_text("Apache License, Version 2.0")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 and nothing more")
    (folder / "empty").write_bytes(b"")
    (folder / "größe 1.txt").write_text("A name that is not ASCII.\n")
    return folder


def test_that_a_revision_is_named_by_the_root_digest_that_check_finds(site: Publishing) -> None:
    folder = an_odd_model(site.folder / "odd")
    commit = site.publish_files(contents(folder))
    revision = site.house.catalogue.revision(NEW, commit)

    checkpoint = identify(folder)
    assert revision is not None
    assert revision.root_digest == checkpoint.root_digest
    assert tuple(revision.files.values()) == checkpoint.manifest.entries
    assert len({entry.role for entry in revision.files.values()}) >= 6


def test_that_what_is_published_is_hidden_from_everybody_else(site: Publishing) -> None:
    commit = site.publish_files(contents(a_model(site.folder / "model")))
    paths = [f"{PLACE}{rest}" for rest in ("", f"/revision/{commit}", "/tree/main", "/refs")]
    paths += [f"/{NEW}/resolve/{commit}/config.json", f"/{NEW}/resolve/main/config.json"]

    for who, status in (("", 401), ("nora", 404), ("anna", 404), ("una", 404)):
        for path in paths:
            found = site.ask(path, who=who)
            absent = site.ask(path.replace("acme/new", "acme/absent"), who=who)
            assert (found.status, found.code, found.body) == (status, "RepoNotFound", absent.body)
    assert json.loads(site.ask("/api/models").body) == []


def test_that_a_publisher_sees_what_arrived_and_has_no_bytes_of_it(site: Publishing) -> None:
    files = contents(a_model(site.folder / "model"))
    commit = site.publish_files(files)

    for who in ("pia", "paul", "olga"):
        found = site.post(f"{PLACE}/paths-info/{commit}", {"paths": list(files)}, who)
        rows = {row["path"]: (row["lfs"]["oid"], row["size"]) for row in json.loads(found.body)}
        assert rows == {path: (oid(data), len(data)) for path, data in files.items()}
        assert json.loads(site.ask(PLACE, who=who).body)["sha"] == commit
        bytes_of_it = site.ask(f"/{NEW}/resolve/{commit}/config.json", who=who)
        assert (bytes_of_it.status, bytes_of_it.code) == (404, "RepoNotFound")


def test_that_publishing_does_not_move_main_for_those_who_download(site: Publishing) -> None:
    released = site.publish(name=NEW)
    site.release(released, Tier.T2, Tier.T4, Tier.T5)
    before = site.ask(f"/{NEW}/resolve/main/config.json")
    commit = site.publish_files({"config.json": b"{}", "other.txt": b"new"})
    after = site.ask(f"/{NEW}/resolve/main/config.json")

    assert commit != released.commit
    assert before.status == after.status == 200
    assert (before.body, after.headers["x-repo-commit"]) == (after.body, released.commit)
    hidden = site.ask(f"/{NEW}/resolve/{commit}/config.json", who="nora")
    absent = site.ask(f"/{NEW}/resolve/{'0' * 40}/config.json", who="nora")
    assert (hidden.status, hidden.code) == (absent.status, absent.code) == (404, "RevisionNotFound")
    assert hidden.body == absent.body
    assert json.loads(site.ask(f"{PLACE}/refs").body)["branches"][0]["targetCommit"] != commit


def test_that_what_is_published_is_served_once_a_decision_is_about_it(site: Publishing) -> None:
    files = contents(a_model(site.folder / "model"))
    commit = site.publish_files(files)
    revision = site.house.catalogue.revision(NEW, commit)
    assert revision is not None
    site.release(revision, Tier.T2, Tier.T4, Tier.T5, of="acme--new")
    found = site.ask(f"/{NEW}/resolve/main/model.safetensors")
    until = time.monotonic() + 10
    while found.status != 200 and time.monotonic() < until:
        found = site.ask(f"/{NEW}/resolve/main/model.safetensors")

    assert (found.status, found.body) == (200, files["model.safetensors"])


def test_that_a_repository_belongs_to_the_release_of_its_name(site: Publishing) -> None:
    found = json.loads(site.create(name="acme/Model-1B").body)

    assert found["release"] == "acme--model-1b"
    again = site.create(name="acme/model-1b")
    assert (again.status, again.said) == (409, "There is a repository of that name already.")


def test_that_the_operator_says_which_release_a_repository_belongs_to(site: Publishing) -> None:
    offered = Repository(
        name=NEW,
        release="chosen",
        is_announced=False,
        hosted_at="",
        excluded=frozenset({"DE"}),
        created_at=site.now,
    )
    site.house.offer(offered)
    site.publish_files({"a.txt": b"a"})
    assert site.house.catalogue.repository(NEW) == offered

    site.create(name="acme/second")
    site.house.offer(
        Repository(
            name="acme/second",
            release="later",
            is_announced=True,
            hosted_at="",
            excluded=frozenset(),
            created_at=site.now,
        )
    )
    second = site.house.catalogue.repository("acme/second")
    assert second is not None
    assert (second.release, second.is_announced) == ("later", True)


def test_that_a_release_of_another_repository_cannot_be_taken_by_a_name(site: Publishing) -> None:
    site.publish(name="other/thing", of="acme--new")

    assert site.create().status == 403
    assert site.house.catalogue.repository(NEW) is None


def test_that_an_owner_publishes_everywhere_and_a_publisher_in_their_namespaces(
    site: Publishing,
) -> None:
    assert site.create("olga", "anybody/model").status == 200
    assert site.create("una", "other/model").status == 200
    assert site.create("una", "acme/model").status == 403
    assert site.create("pia", "other/second").status == 403


def test_that_somebody_who_names_no_organisation_means_their_own_name(site: Publishing) -> None:
    site.publisher("pim", *site.house.accounts.person("pia").roles, namespaces=["pim"])  # type: ignore[union-attr]

    assert site.post("/api/repos/create", {"name": "mine"}, "pim").status == 200
    assert site.house.catalogue.repository("pim/mine") is not None


@pytest.mark.parametrize(
    "name",
    ["acme/..", "acme/a--b", "acme/a.git", "acme/a/b", "acme/", "acme/ä", "acme/" + "a" * 97],
)
def test_that_a_repository_cannot_be_named(name: str, site: Publishing) -> None:
    assert site.create("olga", name).status == 400


def test_that_a_name_that_is_too_long_for_a_release_is_for_the_operator(site: Publishing) -> None:
    found = site.create(name="acme/" + "a" * 60)

    assert found.status == 400
    assert "tiergate gateway offer" in found.said


def test_that_data_sets_and_spaces_are_not_made(site: Publishing) -> None:
    for kind in ("dataset", "space", ["model"]):
        body = {"organization": "acme", "name": "new", "type": kind}
        assert site.post("/api/repos/create", body).status == 400


def test_that_files_are_added_changed_and_deleted_one_after_the_other(site: Publishing) -> None:
    site.publish_files({"a.txt": b"a", "b/c.txt": b"c", "b/d.txt": b"d", "e.txt": b"e"})
    found = site.commit(
        delete("b", is_folder=True),
        inline("b/new.txt", b"n"),
        delete("a.txt"),
        inline("e.txt", b"E"),
    )
    revision = site.house.catalogue.revision(NEW, json.loads(found.body)["commitOid"])

    assert revision is not None
    assert {path: entry.sha256 for path, entry in revision.files.items()} == {
        "b/new.txt": f"sha256:{oid(b'n')}",
        "e.txt": f"sha256:{oid(b'E')}",
    }
    content = site.house.objects.place_of(f"sha256:{oid(b'n')}").read_bytes()
    assert content == b"n"


def test_that_deleting_the_root_leaves_what_is_added_after_it(site: Publishing) -> None:
    first = site.publish_files({"a.txt": b"a", "b/c.txt": b"c"})
    again = site.commit(delete("/", is_folder=True), stored("b/c.txt", b"c"))
    revision = site.house.catalogue.revision(NEW, json.loads(again.body)["commitOid"])

    assert revision is not None
    assert list(revision.files) == ["b/c.txt"]
    assert revision.commit != first


def test_that_a_commit_that_changes_nothing_gives_the_same_revision(site: Publishing) -> None:
    first = site.publish_files({"a.txt": b"a"})

    assert json.loads(site.commit(stored("a.txt", b"a")).body)["commitOid"] == first
    assert json.loads(site.commit().body)["commitOid"] == first


def test_that_a_file_that_is_not_there_cannot_be_deleted(site: Publishing) -> None:
    site.publish_files({"a.txt": b"a"})
    found = site.commit(delete("b.txt"))

    assert (found.status, found.code) == (404, "EntryNotFound")


def test_that_a_revision_without_files_is_refused(site: Publishing) -> None:
    site.create()
    assert site.commit().status == 422
    site.publish_files({"a.txt": b"a"})
    assert site.commit(delete("a.txt")).status == 422


def test_that_a_commit_follows_the_one_that_it_names(site: Publishing) -> None:
    site.create()
    assert site.commit(inline("a.txt", b"a"), parent="1" * 40).status == 412
    first = site.commit(inline("a.txt", b"a"), parent=NO_COMMIT)
    assert first.status == 200
    commit = json.loads(first.body)["commitOid"]
    assert site.commit(inline("a.txt", b"b"), parent=NO_COMMIT).status == 412
    assert site.commit(inline("a.txt", b"b"), parent=commit).status == 200
    late = site.commit(inline("a.txt", b"c"), parent=commit)

    assert (late.status, late.code) == (412, "")
    assert "Somebody else has committed" in late.said


def test_that_content_of_a_revision_need_not_be_sent_again(site: Publishing) -> None:
    site.publish_files({"a.txt": b"a"})
    site.commit(delete("/", is_folder=True), inline("b.txt", b"b"))
    (row,) = site.batch(b"a", who="paul")

    assert "actions" not in row
    assert site.commit(stored("again.txt", b"a"), who="paul").status == 200


def test_that_the_length_of_content_that_is_there_need_not_be_said(site: Publishing) -> None:
    site.publish_files({"a.txt": b"a"})
    line = {"key": "lfsFile", "value": {"path": "b.txt", "algo": "sha256", "oid": oid(b"a")}}

    assert site.commit(line).status == 200


def test_that_content_whose_file_is_gone_is_asked_for_again(site: Publishing) -> None:
    site.create()
    site.upload(b"content")
    site.house.objects.place_of(f"sha256:{oid(b'content')}").unlink()
    assert site.commit(stored("a.txt", b"content")).status == 422
    link = site.link(b"content")
    site.put(link, b"content")

    assert site.commit(stored("a.txt", b"content")).status == 200


def test_that_what_arrived_can_be_asked_about(site: Publishing) -> None:
    site.create()
    asked = {"oid": oid(b"content"), "size": 7}
    assert site.post(f"{STORAGE}/verify", asked).status == 404
    site.upload(b"content")
    assert site.post(f"{STORAGE}/verify", asked).status == 200
    assert site.post(f"{STORAGE}/verify", {**asked, "size": 8}).status == 404
    assert site.post(f"{STORAGE}/verify", asked, "paul").status == 404
    assert site.post(f"{STORAGE}/verify", {"oid": "x"}).status == 400


def test_that_evidence_and_folders_of_tools_are_left_out_of_uploads(site: Publishing) -> None:
    site.create()
    paths = [
        ".tiergate/register.jsonl",
        ".git/config",
        ".cache/huggingface/x",
        "config.json",
        ".gitignore",
    ]
    rows = [{"path": path, "size": 1, "sample": ""} for path in paths]
    found = json.loads(site.post(f"{PLACE}/preupload/main", {"files": rows}).body)["files"]

    assert [row["shouldIgnore"] for row in found] == [True, True, True, False, False]
    assert {row["uploadMode"] for row in found} == {"lfs"}
    for path in paths[:3]:
        assert site.commit(inline(path, b"x")).status == 422


def test_that_a_file_that_clients_cannot_download_is_refused_before_it_is_sent(
    site: Publishing,
) -> None:
    site.create()
    rows = [{"oid": "1" * 64, "size": size} for size in (50 * 1000**3, 50 * 1000**3 + 1, -1)]
    body = {"operation": "upload", "objects": rows}
    found = json.loads(site.post(f"{STORAGE}/objects/batch", body).body)["objects"]

    assert ["error" in row for row in found] == [False, True, True]


def test_that_a_client_of_another_storage_is_told_what_to_set(site: Publishing) -> None:
    found = site.ask(f"{PLACE}/xet-write-token/main")

    assert found.status == 400
    assert "HF_HUB_DISABLE_XET=1" in found.said


def test_that_other_branches_and_pull_requests_are_refused(site: Publishing) -> None:
    site.create()
    body = b'{"key": "header", "value": {}}\n'
    for rest in ("other", quote("refs/pr/1", safe=""), "1" * 40):
        assert site.post(f"{PLACE}/commit/{rest}", body).status == 400
        assert site.post(f"{PLACE}/preupload/{rest}", {"files": []}).status == 400
    assert site.post(f"{PLACE}/commit/main?create_pr=1", body).status == 400


def test_that_downloads_by_git_lfs_are_not_offered(site: Publishing) -> None:
    site.publish_files({"a.txt": b"a"})
    body = {"operation": "download", "objects": [{"oid": oid(b"a"), "size": 1}]}

    assert site.post(f"{STORAGE}/objects/batch", body).status == 501


def test_that_an_archive_with_an_index_that_takes_much_memory_is_refused(site: Publishing) -> None:
    site.create()
    length = 9 << 20
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, length, 4, 0)
    content = b"PK\x03\x04" + bytes(length) + end
    site.upload(content)
    found = site.commit(stored("weights.bin", content))

    assert found.status == 422
    assert "weights.bin" in found.said
    assert site.house.catalogue.branches(NEW) == {}


def test_that_a_gateway_that_cannot_write_says_so(site: Publishing) -> None:
    site.create()
    link = site.link(b"content")
    (site.folder / "gateway" / "objects").mkdir(exist_ok=True)
    (site.folder / "gateway" / "objects" / "incoming").write_text("in the way")
    found = site.put(link, b"content")

    assert found.status == 507
    assert site.house.uploads.sizes(NEW, "pia") == {}


def test_that_an_upload_of_which_nothing_comes_is_not_waited_for(
    site: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiergate.gateway.uploads_receiving.IDLE_SECONDS", 0.3)
    site.create()
    link = site.link(b"content")
    head = f"PUT {link} HTTP/1.1\r\nHost: hub.example\r\nContent-Length: 7\r\n\r\nc"
    (found,) = replies(exchange(site.port, head.encode()))

    assert found.status == 408
