# SPDX-License-Identifier: Apache-2.0
"""What a commit asks for, and what links are for: without a server."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.publishing_site import delete, inline, oid, stored
from tiergate.errors import DigestMismatchError
from tiergate.gateway.guards import Refused
from tiergate.gateway.objects import Objects
from tiergate.gateway.publishing_commit import Change, ChangeKind, Proposal, Reader, applied
from tiergate.gateway.publishing_paths import collision, is_left_out, is_possible
from tiergate.gateway.targets import Kind, read_target
from tiergate.gateway.uploads import Links, Upload, lasts

AT = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
UPLOAD = Upload(repository="acme/new", person="pia", sha256=f"sha256:{oid(b'a')}", size_bytes=1)


def read(content: bytes, step: int) -> Proposal:
    """Read a commit that comes in pieces of so many bytes."""
    reader = Reader()
    for start in range(0, len(content), step):
        reader.feed(content[start : start + step])
    return reader.finish()


@given(step=st.integers(1, 400), end=st.sampled_from([b"", b"\n", b"\r\n\n", b"\n  \n"]))
def test_that_it_does_not_matter_in_which_pieces_a_commit_comes(step: int, end: bytes) -> None:
    rows = [
        {"key": "header", "value": {"summary": "s", "parentCommit": "1" * 40}},
        inline("a", b"content"),
        stored("b/c", b"large"),
        delete("d"),
        delete("e/", is_folder=True),
        delete("/", is_folder=True),
    ]
    found = read(b"\n".join(json.dumps(row).encode() for row in rows) + end, step)

    content = f"sha256:{oid(b'content')}"
    assert found == Proposal(
        parent="1" * 40,
        changes=[
            Change(kind=ChangeKind.PUT, path="a", sha256=content, size_bytes=7),
            Change(kind=ChangeKind.PUT, path="b/c", sha256=f"sha256:{oid(b'large')}", size_bytes=5),
            Change(kind=ChangeKind.DELETE_FILE, path="d"),
            Change(kind=ChangeKind.DELETE_FOLDER, path="e"),
            Change(kind=ChangeKind.DELETE_FOLDER, path=""),
        ],
        contents={content: b"content"},
    )


@given(content=st.binary(max_size=300))
def test_that_bytes_are_read_or_refused(content: bytes) -> None:
    found: Proposal | None = None
    with suppress(Refused):
        found = read(content, 50)

    assert found == (None if content.strip() else Proposal())


PATHS = st.sampled_from(["a", "b", "f/a", "f/b", "f/g/a", "fa"])
CHANGES = st.lists(
    st.one_of(
        st.builds(
            Change,
            kind=st.just(ChangeKind.PUT),
            path=PATHS,
            sha256=st.sampled_from(["x", "y"]),
            size_bytes=st.just(1),
        ),
        st.builds(
            Change,
            kind=st.just(ChangeKind.DELETE_FOLDER),
            path=st.sampled_from(["", "f", "f/g", "a"]),
        ),
    ),
    max_size=8,
)


@given(one=CHANGES, two=CHANGES)
def test_that_two_commits_do_what_one_with_both_their_lines_does(
    one: list[Change], two: list[Change]
) -> None:
    first = applied({"f/a": ("z", 1)}, one, "")
    between = {path: (sha256, size or 0) for path, (sha256, size) in first.items()}

    assert applied(between, two, "") == applied({"f/a": ("z", 1)}, [*one, *two], "")


def test_that_deleting_a_folder_leaves_what_only_begins_like_it() -> None:
    before = {"f/a": ("x", 1), "fa": ("x", 1), "f": ("x", 1)}
    change = Change(kind=ChangeKind.DELETE_FOLDER, path="f")

    assert applied(before, [change], "") == {"fa": ("x", 1), "f": ("x", 1)}


@given(paths=st.lists(st.text("aAbB/é", min_size=1, max_size=5).filter(is_possible), unique=True))
def test_that_paths_that_fold_into_one_collide_in_whatever_order(paths: list[str]) -> None:
    assert (collision(paths) is None) == (collision(paths[::-1]) is None)
    if collision(paths) is None:
        assert len({path.casefold() for path in paths}) == len(paths)


@pytest.mark.parametrize(
    ("path", "is_out"),
    [
        (".git", False),
        (".git/config", True),
        ("a/.git/config", False),
        (".cache/huggingface/download/x", True),
        (".cache/other", False),
        (".tiergate/runs.jsonl", True),
        (".tiergate/other", False),
        (".gitattributes", False),
    ],
)
def test_that_what_identify_leaves_out_is_left_out(path: str, *, is_out: bool) -> None:
    assert is_left_out(path) is is_out


def test_that_a_link_is_read_as_it_was_made() -> None:
    links = Links(b"secret")
    path = links.path(UPLOAD, AT)

    assert links.read("acme/new", path, AT - dt.timedelta(seconds=1)) == UPLOAD
    assert links.read("acme/new", path, AT) is None
    assert links.read("acme/other", path, AT - dt.timedelta(days=1)) is None
    assert Links(b"other").read("acme/new", path, AT - dt.timedelta(days=1)) is None


@given(place=st.integers(0, 200), letter=st.sampled_from("0123456789abcdefp/.-é"))
def test_that_a_link_with_one_other_letter_is_none(place: int, letter: str) -> None:
    links = Links(b"secret")
    path = links.path(UPLOAD, AT)
    place %= len(path)
    other = path[:place] + letter + path[place + 1 :]
    if other != path and other.count("/") == path.count("/"):
        assert links.read("acme/new", other, AT - dt.timedelta(days=1)) is None


@given(size=st.integers(0, 10**15))
def test_that_a_link_lasts_for_a_slow_line_and_a_day_at_most(size: int) -> None:
    found = lasts(size)

    assert dt.timedelta(minutes=15) <= found <= dt.timedelta(days=1)
    assert found >= min(dt.timedelta(seconds=size // (1 << 20)), dt.timedelta(days=1))


def test_that_content_is_compared_although_it_is_there(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    objects.add([b"a"], f"sha256:{oid(b'a')}", "a")
    with objects.arriving() as arriving:
        arriving.write(b"b")
        with pytest.raises(DigestMismatchError):
            objects.keep(arriving, f"sha256:{oid(b'a')}", "a")
    with objects.arriving() as arriving:
        arriving.write(b"a")
        objects.keep(arriving, f"sha256:{oid(b'a')}", "a")

    assert objects.place_of(f"sha256:{oid(b'a')}").read_bytes() == b"a"
    assert list((tmp_path / "incoming").iterdir()) == []


def test_that_what_came_in_and_was_not_kept_is_gone(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    with objects.arriving() as arriving:
        arriving.write(b"half")

    assert arriving.size_bytes == 4
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (b"/api/repos/create", Kind.CREATE),
        (b"/api/repos/delete", Kind.LATER),
        (b"/api/validate-yaml", Kind.VALIDATE),
        (b"/api/models/a/b/commit/main", Kind.COMMIT),
        (b"/a/b.git/info/lfs/objects/batch", Kind.LFS_BATCH),
        (b"/a/b.git/info/lfs/verify", Kind.LFS_VERIFY),
        (b"/a/b.git/info/lfs/locks", Kind.LATER),
        (b"/a/b.git/info/lfs/objects/1/2/3/4/5", Kind.LFS_OBJECT),
        (b"/a/b.git/info/lfs/objects/1/2/3/4/5/6", Kind.LATER),
        (b"/a/b.git/info/lfs/objects/1%2f2/2/3/4/5", Kind.LATER),
    ],
)
def test_that_a_path_is_one_of_those_that_publish(path: bytes, kind: Kind) -> None:
    found = read_target(path)

    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize("path", [b"/a/.git/info/lfs/verify", b"/a/b/info/lfs/verify"])
def test_that_a_path_is_none_of_those_that_publish(path: bytes) -> None:
    assert read_target(path) is None
