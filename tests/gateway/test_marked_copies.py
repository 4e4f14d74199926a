# SPDX-License-Identifier: Apache-2.0
"""Each recipient's copy names their grant, and is nobody else's."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import struct
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cli_runner import run
from gateway.attack_table import OURS, request
from gateway.clients import Client, Watched, do
from gateway.raw_http import connected
from gateway.town import GATED, WEIGHTS, Town, a_model
from gateway_site import Answer
from tiergate.gateway.house import House
from tiergate.gateway.objects import Objects, Source
from tiergate.gateway.requests import GRANT_DAYS, Status
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.terms import Terms
from tiergate.model.checkpoint import identify
from tiergate.release import bodies

FILE = f"/{GATED}/resolve/main/{WEIGHTS}"
INFO = f"/api/models/{GATED}"
TREE = f"/api/models/{GATED}/tree/main?recursive=true"


def _settle(town: Town, length: int = 24 * 1024) -> None:
    """Give Gwen and Nora a grant with a mark."""
    town.settle_one(length)
    town.house.requests.revoke(GATED, "gwen", town.now)
    town.house.requests.set_terms(GATED, Terms(is_marked=True))
    for name in ("gwen", "nora"):
        town.house.requests.give(GATED, name, by="anna", at=town.now)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(folder=tmp_path)
    _settle(found)
    yield found
    found.house.close()


def _grant(town: Town, person: str) -> str:
    return town.house.requests.grants(GATED, person)[-1].id


def _json(answer: Answer) -> object:
    assert answer.status == 200, answer.said
    return json.loads(answer.body)


def _tensors(content: bytes) -> bytes:
    (length,) = struct.unpack("<Q", content[:8])
    return content[8 + length :]


def test_that_two_recipients_get_different_files_with_equal_tensors(town: Town) -> None:
    with town.served():
        one, two = town.ask(FILE, who="gwen"), town.ask(FILE, who="nora")

    assert (one.status, two.status) == (200, 200)
    assert len({one.body, two.body, town.weights}) == 3
    assert _tensors(one.body) == _tensors(two.body) == _tensors(town.weights)
    for answer in (one, two):
        assert struct.unpack("<Q", answer.body[:8])[0] % 8 == 0
        assert answer.headers["etag"] == f'"{hashlib.sha256(answer.body).hexdigest()}"'
        assert answer.headers["x-repo-commit"] != town.revision.commit
    assert one.headers["x-repo-commit"] != two.headers["x-repo-commit"]


def test_that_every_route_says_the_same_of_a_copy(town: Town) -> None:
    with town.served():
        info = _json(town.ask(f"{INFO}?blobs=true", who="gwen"))
        assert isinstance(info, dict)
        commit = info["sha"]
        by_name = _json(town.ask(f"{INFO}/revision/{commit}?blobs=true", who="gwen"))
        by_original = _json(
            town.ask(f"{INFO}/revision/{town.revision.commit}?blobs=true", who="gwen")
        )
        tree = _json(town.ask(TREE, who="gwen"))
        paths = _json(
            town.ask(
                f"{INFO}/paths-info/{commit}",
                method="POST",
                who="gwen",
                body=json.dumps({"paths": [WEIGHTS]}).encode(),
                Content_Type="application/json",
            )
        )
        refs = _json(town.ask(f"{INFO}/refs", who="gwen"))
        head = town.ask(FILE, method="HEAD", who="gwen")
        whole = town.ask(f"/{GATED}/resolve/{commit}/{WEIGHTS}", who="gwen")

    assert by_name == by_original == info
    assert isinstance(tree, list)
    assert isinstance(refs, dict)
    (sibling,) = [row for row in info["siblings"] if row["rfilename"] == WEIGHTS]
    (entry,) = [row for row in tree if row["path"] == WEIGHTS]
    digest = hashlib.sha256(whole.body).hexdigest()
    assert sibling["lfs"]["sha256"] == entry["lfs"]["oid"] == digest
    assert sibling["size"] == entry["size"] == len(whole.body)
    assert paths == [entry]
    assert refs["branches"][0]["targetCommit"] == commit
    assert head.headers["etag"] == whole.headers["etag"] == f'"{digest}"'
    assert head.headers["content-length"] == str(len(whole.body))
    assert head.headers["x-repo-commit"] == whole.headers["x-repo-commit"] == commit
    # What gets no mark is the same file as everybody's.
    (config,) = [row for row in info["siblings"] if row["rfilename"] == "config.json"]
    content = (town.model / "config.json").read_bytes()
    assert config["lfs"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_that_ranges_of_a_copy_are_parts_of_it_wherever_they_lie(town: Town) -> None:
    with town.served():
        whole = town.ask(FILE, who="gwen").body
        front = 8 + struct.unpack("<Q", whole[:8])[0]
        for first, last in (
            (0, 0),
            (0, front - 1),
            (front - 3, front + 3),
            (front, front),
            (front + 5, len(whole) - 1),
            (len(whole) - 1, len(whole) - 1),
        ):
            part = town.ask(FILE, who="gwen", Range=f"bytes={first}-{last}")
            assert part.status == 206
            assert part.body == whole[first : last + 1], (first, last)
            assert part.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
        assert town.ask(FILE, who="gwen", Range=f"bytes={len(whole)}-").status == 416


def test_that_a_copy_is_nobody_elses(town: Town) -> None:
    with town.served():
        commit = town.ask(FILE, who="gwen").headers["x-repo-commit"]
        for who in ("nora", "anna", ""):
            file = town.ask(f"/{GATED}/resolve/{commit}/{WEIGHTS}", who=who)
            info = town.ask(f"{INFO}/revision/{commit}", who=who)
            absent = town.ask(f"/{GATED}/resolve/{'0' * 40}/{WEIGHTS}", who=who)
            assert (file.status, file.code) == (info.status, info.code) == (404, "RevisionNotFound")
            assert (file.body, file.said) == (absent.body, absent.said)


def test_that_a_copy_ends_with_its_grant(town: Town) -> None:
    with town.served():
        commit = town.ask(FILE, who="gwen").headers["x-repo-commit"]
        mine = f"/{GATED}/resolve/{commit}/{WEIGHTS}"
        assert town.ask(mine, who="gwen").status == 200
        town.house.requests.revoke(GATED, "gwen", town.now)
        revoked = town.ask(mine, who="gwen")
        town.house.requests.give(GATED, "gwen", by="anna", at=town.now)
        # The copy belongs to a grant that was revoked, whatever they were given since.
        old, new = town.ask(mine, who="gwen"), town.ask(FILE, who="gwen")

    assert (revoked.code, "revoked" in revoked.said) == ("GatedRepo", True)
    assert (old.status, old.code) == (403, "GatedRepo")
    assert new.status == 200
    assert new.headers["x-repo-commit"] != commit


def test_that_a_copy_lasts_no_longer_than_its_grant_and_its_release(town: Town) -> None:
    import datetime as dt

    with town.served():
        commit = town.ask(FILE, who="gwen").headers["x-repo-commit"]
        mine = f"/{GATED}/resolve/{commit}/{WEIGHTS}"
        town.enter(bodies.Frozen(), "bea", of="gated")
        time.sleep(1)
        frozen = town.ask(mine, who="gwen")
        town.now += dt.timedelta(days=GRANT_DAYS)
        town.tokens["gwen"] = town.house.accounts.new_token("gwen", town.now + dt.timedelta(1))
        ended = town.ask(mine, who="gwen")

    assert (frozen.status, "stopped" in frozen.said) == (403, True)
    assert ended.status == 403


def test_that_the_log_has_both_digests(town: Town) -> None:
    with town.served():
        answer = town.ask(FILE, who="gwen")
        town.ask(f"/{GATED}/resolve/main/config.json", who="gwen")
    marked, plain = town.house.downloads()

    assert marked.sha256 == f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
    assert marked.original == f"sha256:{hashlib.sha256(town.weights).hexdigest()}"
    assert marked.commit == answer.headers["x-repo-commit"]
    assert (marked.grant, plain.original) == (_grant(town, "gwen"), "")


def test_that_no_second_copy_of_the_tensors_is_kept(tmp_path: Path) -> None:
    town = Town(folder=tmp_path)
    _settle(town, 8 * 1024 * 1024)
    with town.served():
        before = sum(p.stat().st_size for p in (tmp_path / "gateway").rglob("*") if p.is_file())
        assert town.ask(FILE, who="gwen").status == 200
        assert town.ask(FILE, who="nora").status == 200
        after = sum(p.stat().st_size for p in (tmp_path / "gateway").rglob("*") if p.is_file())
    town.house.close()

    assert after - before < 1024 * 1024


def test_that_the_client_downloads_a_copy_whose_weights_are_the_originals(
    tmp_path: Path,
) -> None:
    town = Watched(folder=tmp_path)
    _settle(town)
    with town.served():
        found = Client(interpreter=Path(sys.executable)).run(
            town,
            do("command", "download", GATED, "--local-dir", str(tmp_path / "copy")),
            do("snapshot", GATED),
            do("verify", GATED),
            who="gwen",
        )
    copy, original = tmp_path / "copy", identify(town.model)
    shutil.rmtree(copy / ".cache", ignore_errors=True)
    identified = identify(copy)

    assert [each.error for each in found] == ["", "", ""]
    assert found[0].found["code"] == 0, found[0].found["err"]
    assert identified.weights_digest == original.weights_digest
    assert identified.root_digest != original.root_digest
    said = run("gateway", "whose", copy / WEIGHTS, "--folder", tmp_path / "gateway")
    assert (said.code, _grant(town, "gwen") in said.out) == (0, True)
    from safetensors import safe_open

    with (
        safe_open(copy / WEIGHTS, framework="numpy") as ours,
        safe_open(town.model / WEIGHTS, framework="numpy") as theirs,
    ):
        assert list(ours.keys()) == list(theirs.keys())
        for name in theirs.keys():  # noqa: SIM118 - it is no dictionary
            assert (ours.get_tensor(name) == theirs.get_tensor(name)).all()
    town.house.close()


def _whose(town: Town, content: bytes) -> tuple[int, str]:
    path = town.folder / "leaked.safetensors"
    path.write_bytes(content)
    done = run("gateway", "whose", path, "--folder", town.folder / "gateway")
    return done.code, done.out + done.err


@pytest.fixture(scope="module")
def leaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, bytes]]:
    """Gwen's copy, where nobody serves any more."""
    town = Town(folder=tmp_path_factory.mktemp("leaked"))
    _settle(town)
    with town.served():
        content = town.ask(FILE, who="gwen").body
    yield town, content
    town.house.close()


def test_that_a_leaked_copy_names_its_grant_and_account(leaked: tuple[Town, bytes]) -> None:
    town, content = leaked
    code, said = _whose(town, content)

    assert code == 0
    assert "the mark holds" in said
    assert _grant(town, "gwen") in said
    assert "account     gwen (gwen)\n" in said
    assert "given by    anna" in said
    assert "tensors     those of the original" in said


def _header(content: bytes) -> dict[str, dict[str, str]]:
    (length,) = struct.unpack("<Q", content[:8])
    found: dict[str, dict[str, str]] = json.loads(content[8 : 8 + length])
    return found


def _with_header(header: object, content: bytes) -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + _tensors(content)


def test_that_a_mark_that_was_taken_out_proves_nothing(leaked: tuple[Town, bytes]) -> None:
    town, content = leaked
    header = _header(content)
    del header["__metadata__"]
    code, said = _whose(town, _with_header(header, content))

    assert code == 3
    assert "no mark" in said
    assert "says nothing about anybody" in said


@pytest.mark.parametrize(
    "change",
    [
        lambda mark: mark.replace("payload", "paylord"),
        lambda mark: mark[:40] + ("A" if mark[40] != "A" else "B") + mark[41:],
        lambda mark: json.dumps({**json.loads(mark), "payloadType": "text/plain"}),
        lambda mark: json.dumps(
            {
                **json.loads(mark),
                "signatures": [{"keyid": "x", "sig": "AAAA" * 21 + "AA=="}],
            }
        ),
        lambda mark: json.dumps({**json.loads(mark), "signatures": []}),
        lambda _: "a mark",
        lambda _: "[]",
        lambda _: "",
    ],
    ids=["a name", "a byte", "the kind", "the signature", "none", "text", "a list", "empty"],
)
def test_that_a_mark_that_was_changed_does_not_hold(
    change: object, leaked: tuple[Town, bytes]
) -> None:
    town, content = leaked
    header = _header(content)
    mark = header["__metadata__"]["tiergate.mark"]
    header["__metadata__"]["tiergate.mark"] = change(mark)  # type: ignore[operator]
    code, said = _whose(town, _with_header(header, content))

    assert code == 5, said


def test_that_a_mark_of_another_gateway_does_not_hold(
    leaked: tuple[Town, bytes], tmp_path: Path
) -> None:
    _, content = leaked
    path = tmp_path / "leaked.safetensors"
    path.write_bytes(content)
    House(tmp_path / "other").close()
    assert run("gateway", "whose", path, "--folder", tmp_path / "other").code == 5


def test_that_a_mark_on_other_tensors_is_told(leaked: tuple[Town, bytes], tmp_path: Path) -> None:
    town, content = leaked
    other = (a_model(tmp_path / "other", seed=9) / WEIGHTS).read_bytes()
    header = {**_header(other), "__metadata__": _header(content)["__metadata__"]}
    code, said = _whose(town, _with_header(header, other))

    assert code == 5
    assert "the mark holds" not in said
    assert "others than those of the original" in said
    assert "It says nothing about the account" in said


def test_that_a_mark_whose_original_is_gone_is_compared_with_nothing(tmp_path: Path) -> None:
    town = Town(folder=tmp_path)
    _settle(town)
    with town.served():
        content = town.ask(FILE, who="gwen").body
    shutil.rmtree(tmp_path / "gateway" / "objects")
    code, said = _whose(town, content)
    town.house.close()

    assert code == 3
    assert "the mark holds" not in said
    assert "the original is not here any more" in said


def test_that_a_leaked_copy_names_both_who_decided(tmp_path: Path) -> None:
    town = Town(folder=tmp_path)
    _settle(town)
    town.person("bert", GatewayRole.APPROVER)
    requests = town.house.requests
    requests.revoke(GATED, "gwen", town.now)
    requests.set_terms(GATED, Terms(is_marked=True, reviewers=2))
    asked = requests.ask(GATED, "gwen", {}, town.now)
    for by in ("anna", "bert"):
        requests.answer(asked, Status.ACCEPTED, by=by, at=town.now)
    with town.served():
        content = town.ask(FILE, who="gwen").body
    code, said = _whose(town, content)
    town.house.close()

    assert code == 0
    assert "given by    anna and bert\n" in said


def test_that_a_copy_of_many_bytes_is_made_beside_other_requests(tmp_path: Path) -> None:
    town = Town(folder=tmp_path)
    _settle(town, 64 * 1024 * 1024)
    with town.served():
        first = town.ask(FILE, method="HEAD", who="gwen")
        deadline = time.monotonic() + 60
        while first.status != 200 and time.monotonic() < deadline:
            assert (first.status, first.code) == (403, "GatedRepo")
            first = town.ask(FILE, method="HEAD", who="gwen")
        assert first.status == 200
    town.house.close()


def test_that_an_approver_without_a_mark_still_gets_the_original(town: Town) -> None:
    town.house.requests.set_terms(GATED, Terms())
    town.person("otto", GatewayRole.AUDITOR)
    town.house.requests.give(GATED, "otto", by="anna", at=town.now)
    with town.served():
        assert town.ask(FILE, who="otto").body == town.weights


def test_that_a_revocation_cuts_a_copy_too(tmp_path: Path) -> None:
    town = Town(folder=tmp_path)
    _settle(town, 12 * 1024 * 1024)
    with town.served():
        while town.ask(FILE, method="HEAD", who="gwen").status != 200:
            time.sleep(0.1)
        with connected(town.port, receive_buffer=64 * 1024) as connection:
            connection.sendall(town.fill(request(FILE, OURS)))
            got = len(connection.recv(64 * 1024))
            town.house.requests.revoke(GATED, "gwen", town.now)
            time.sleep(2.5)
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(1 << 20):
                    got += len(piece)
    town.house.close()

    assert 0 < got < 12 * 1024 * 1024


def test_that_of_somebody_who_was_erased_while_their_copy_waited_nothing_is_written(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on, source = Event(), Event(), Objects.source

    def slow(objects: Objects, *what: Any) -> Source:  # noqa: ANN401 - passed on
        begun.set()
        may_go_on.wait(20)
        return source(objects, *what)

    with town.served(), monkeypatch.context() as patch, ThreadPoolExecutor(2) as clients:
        patch.setattr(Objects, "source", slow)
        one = clients.submit(lambda: town.ask(FILE, method="HEAD", who="gwen").status)
        assert begun.wait(20)
        two = clients.submit(lambda: town.ask(FILE, method="HEAD", who="nora").status)
        time.sleep(1)
        town.house.accounts.erase("nora", town.now)
        may_go_on.set()
        found = one.result(), two.result()
        time.sleep(1)

    assert found == (200, 401)
    assert set(town.house.pseudonyms.names().values()) == {"gwen"}
