# SPDX-License-Identifier: Apache-2.0
"""What answers look like: headers that hold one line, and the forms that clients read."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.gateway import wire
from tiergate.gateway.requests import AccessRequest, Status
from tiergate.model.files import FileRole
from tiergate.model.manifest import ManifestEntry
from tiergate.release.access import Access, Reason

DIGEST = "sha256:" + "ab" * 32
NOW = dt.datetime(2026, 11, 29, 5, 6, 7, tzinfo=dt.UTC)


def _entry(path: str, size: int = 5) -> ManifestEntry:
    return ManifestEntry(path=path, size_bytes=size, sha256=DIGEST, role=FileRole.OTHER)


FILES = tuple(map(_entry, ("a.txt", "one/b.txt", "one/two/c.txt", "three/d.txt")))


@given(st.text(max_size=2000))
def test_that_a_header_is_one_line_of_printable_ascii(text: str) -> None:
    found = wire.header_text(text)

    assert re.fullmatch(r"[\x20-\x7e]{0,600}", found)
    assert found == found.strip()
    assert wire.header_text(found) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("two\r\nX-Access: yes", "two X-Access: yes"),
        ("\0a\x7fb\u2028c", "a b c"),
        (" caf\u00e9 ", "caf"),
        ("a" * 700, "a" * 600),
    ],
)
def test_that_a_header_says(text: str, expected: str) -> None:
    assert wire.header_text(text) == expected


def test_that_an_error_says_the_same_in_its_header_and_in_its_body() -> None:
    found = wire.error(403, "No.\r\nNo", "GatedRepo", Retry_After="3")

    assert found.headers == {
        "X-Error-Message": "No. No",
        "X-Error-Code": "GatedRepo",
        "Retry-After": "3",
    }
    assert found.body == {"error": "No. No"}
    assert "X-Error-Code" not in wire.error(405, "No").headers


def test_that_what_is_absent_and_what_is_hidden_have_one_answer() -> None:
    for is_known in (True, False):
        answer = wire.repository_not_found(is_known=is_known)

        assert answer.status == (404 if is_known else 401)
        assert answer.headers["X-Error-Code"] == "RepoNotFound"
        for reason in (Reason.CLOSED, Reason.OTHER_CHECKPOINT):
            hidden = Access(reason=reason, detail="a secret")
            assert wire.refusal(hidden, "acme/model", "page", is_known=is_known) == answer


@pytest.mark.parametrize("reason", [r for r in Reason if not r.hides and not r.allows])
def test_that_every_refusal_is_told_in_the_words_of_its_reason(reason: Reason) -> None:
    access = Access(reason=reason, detail="It was so.")
    found = wire.refusal(access, "acme/model", "https://hub.example/acme/model", is_known=True)

    status = {Reason.NO_TOKEN: 401, Reason.JURISDICTION: 451}.get(reason, 403)
    assert found.status == status
    assert found.headers["X-Error-Code"] == "GatedRepo"
    said = found.headers["X-Error-Message"]
    assert "acme/model" in said
    assert said.endswith(" It was so.")


@pytest.mark.parametrize("reason", [Reason.OPEN, Reason.GRANTED])
def test_that_there_is_no_refusal_of_what_is_allowed(reason: Reason) -> None:
    with pytest.raises(ValueError, match="allowed"):
        wire.refusal(Access(reason=reason), "acme/model", "page", is_known=True)


def test_that_warnings_stand_in_one_header_and_else_in_none() -> None:
    warned = Access(reason=Reason.OPEN, warnings=("one", "two\n"))

    assert wire.warning_header(warned) == {"X-HF-Warning": "release; one. two"}
    assert wire.warning_header(Access(reason=Reason.OPEN)) == {}


def test_that_the_name_of_a_file_cannot_leave_its_header() -> None:
    found = wire.file_headers(_entry('folder/a"\\\r\nX: y\u00fc.txt'), "c" * 40)

    assert found["Content-Disposition"] == 'attachment; filename="a X: y .txt"'
    assert found["ETag"] == f'"{"ab" * 32}"'
    assert found["X-Repo-Commit"] == "c" * 40


def _listed(folder: str, *, is_recursive: bool) -> list[tuple[object, object]]:
    rows = wire.tree(FILES, folder, is_recursive=is_recursive)
    return [(row["type"], row["path"]) for row in rows if isinstance(row, dict)]


def test_that_a_tree_shows_one_level() -> None:
    assert _listed("", is_recursive=False) == [
        ("directory", "one"),
        ("directory", "three"),
        ("file", "a.txt"),
    ]
    assert _listed("one", is_recursive=False) == [("directory", "one/two"), ("file", "one/b.txt")]


def test_that_a_tree_shows_everything_below() -> None:
    assert _listed("", is_recursive=True) == [
        ("directory", "one"),
        ("directory", "one/two"),
        ("directory", "three"),
        *(("file", entry.path) for entry in FILES),
    ]
    assert _listed("one", is_recursive=True) == [
        ("directory", "one/two"),
        ("file", "one/b.txt"),
        ("file", "one/two/c.txt"),
    ]


@pytest.mark.parametrize("folder", ["on", "one/tw", "a.txt", "none"])
def test_that_a_tree_of_what_is_no_folder_is_empty(folder: str) -> None:
    assert _listed(folder, is_recursive=True) == []


def test_that_paths_are_described_whether_they_are_files_or_folders() -> None:
    rows = wire.paths(FILES, {"one", "one/two", "a.txt", "none", "on", ""})

    assert [(r["type"], r["path"]) for r in rows if isinstance(r, dict)] == [
        ("directory", "one"),
        ("directory", "one/two"),
        ("file", "a.txt"),
    ]


def test_that_every_file_stands_in_a_tree_as_one_of_git_lfs() -> None:
    """The identifier is that of ``git hash-object`` of the pointer of Git LFS."""
    found = wire.tree_entry(_entry("a.txt", 12345))

    assert found["lfs"] == {"oid": "ab" * 32, "size": 12345, "pointerSize": 130}
    assert found["oid"] == "ce15dea791ee5386348438e36d33ea88df761fba"


def _info(*, has_sizes: bool, is_gated: bool) -> dict[str, object]:
    return wire.model_info(
        "acme/model",
        "c" * 40,
        FILES[:1],
        has_sizes=has_sizes,
        is_gated=is_gated,
        created_at=NOW,
        changed_at=NOW + dt.timedelta(days=1),
    )


def test_that_a_model_is_described_with_its_files_and_with_their_sizes_when_asked() -> None:
    plain = _info(has_sizes=False, is_gated=True)
    sized = _info(has_sizes=True, is_gated=False)

    assert plain["siblings"] == [{"rfilename": "a.txt"}]
    assert plain["gated"] == "manual"
    assert plain["sha"] == "c" * 40
    assert plain["createdAt"] == "2026-11-29T05:06:07.000Z"
    assert plain["lastModified"] == "2026-11-30T05:06:07.000Z"
    assert sized["gated"] is False
    assert sized["siblings"] == [
        {
            "rfilename": "a.txt",
            "size": 5,
            "blobId": wire.tree_entry(FILES[0])["oid"],
            "lfs": {"sha256": "ab" * 32, "size": 5, "pointerSize": 126},
        }
    ]


def test_that_a_request_is_shown_to_those_who_decide() -> None:
    asked = AccessRequest(
        id="1",
        repository="acme/model",
        person="petra",
        status=Status.PENDING,
        fields={"purpose": "a test"},
        asked_at=NOW,
        answered_by="",
        answer="",
    )
    found = wire.access_request(asked, "Petra P.")

    assert found["requestId"] == "1"
    assert found["status"] == "pending"
    assert found["timestamp"] == "2026-11-29T05:06:07.000Z"
    assert found["fields"] == {"purpose": "a test"}
    user = found["user"]
    assert isinstance(user, dict)
    assert (user["user"], user["fullname"], user["email"]) == ("petra", "Petra P.", None)
