# SPDX-License-Identifier: Apache-2.0
"""The manifest document and the difference between two."""

from __future__ import annotations

import hashlib
import json

import pytest

from tiergate.errors import CheckpointError
from tiergate.model.files import FileRole
from tiergate.model.manifest import Manifest, ManifestEntry, difference

ZERO = "sha256:" + "0" * 64
ONE = "sha256:" + "1" * 64


def entry(path: str, sha256: str = ZERO, role: FileRole = FileRole.OTHER) -> ManifestEntry:
    return ManifestEntry(path=path, size_bytes=3, sha256=sha256, role=role)


def test_the_document_is_canonical_json_with_every_field() -> None:
    manifest = Manifest((entry("b"), entry("a", ONE, FileRole.WEIGHTS)))

    expected = (
        f'{{"files":[{{"path":"a","role":"weights","sha256":"{ONE}","size_bytes":3}},'
        f'{{"path":"b","role":"other","sha256":"{ZERO}","size_bytes":3}}],"version":1}}'
    ).encode()
    assert expected == manifest.to_json_bytes()
    assert "sha256:" + hashlib.sha256(expected).hexdigest() == manifest.root_digest
    assert manifest.size_bytes == 6


def test_an_empty_manifest_is_a_document_too() -> None:
    assert Manifest.from_json_bytes(b'{"files":[],"version":1}') == Manifest(())


def test_the_order_in_which_entries_are_given_does_not_matter() -> None:
    assert Manifest((entry("a"), entry("b"))) == Manifest((entry("b"), entry("a")))


def test_a_path_twice_is_refused() -> None:
    with pytest.raises(CheckpointError, match="'a' twice"):
        Manifest((entry("a"), entry("a", ONE)))


GOOD = {"path": "a", "role": "other", "sha256": ZERO, "size_bytes": 3}
DOCUMENTS = {
    "no JSON": (b"{", "broken JSON"),
    "another type": (b"[]", "JSON of type list"),
    "a field more": (b'{"files":[],"more":1,"version":1}', "other fields"),
    "a field less": (b'{"files":[]}', "other fields"),
    "files that are no list": (b'{"files":{},"version":1}', "other fields"),
    "another version": (b'{"files":[],"version":2}', "version 2"),
    "spaces": (b'{"files": [],"version":1}', "not canonical"),
    "a key twice": (b'{"files":[],"files":[],"version":1}', "twice"),
}


@pytest.mark.parametrize(("data", "message"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_that_is_not_a_manifest_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        Manifest.from_json_bytes(data)


ENTRIES: dict[str, tuple[object, str]] = {
    "no object": (1, "other fields"),
    "a field more": (GOOD | {"more": 1}, "other fields"),
    "an empty path": (GOOD | {"path": ""}, "the path ''"),
    "an absolute path": (GOOD | {"path": "/etc/passwd"}, "the path '/etc/passwd'"),
    "a path out of the folder": (GOOD | {"path": "a/../../b"}, "the path"),
    "a path with an empty part": (GOOD | {"path": "a//b"}, "the path"),
    "a path that is no text": (GOOD | {"path": 1}, "the path 1"),
    "an unknown role": (GOOD | {"role": "magic"}, "the role 'magic'"),
    "a role that is no text": (GOOD | {"role": ["other"]}, "the role"),
    "a digest without its prefix": (GOOD | {"sha256": "0" * 64}, "the digest"),
    "a digest in capitals": (GOOD | {"sha256": "sha256:" + "A" * 64}, "the digest"),
    "a digest with a line break": (GOOD | {"sha256": ZERO + "\n"}, "the digest"),
    "a digest that is no text": (GOOD | {"sha256": 1}, "the digest"),
    "a size that is true": (GOOD | {"size_bytes": True}, "the size True"),
    "a size as text": (GOOD | {"size_bytes": "3"}, "the size '3'"),
    "a size beyond what JSON holds": (GOOD | {"size_bytes": 2**53}, "the size"),
}


@pytest.mark.parametrize(("row", "message"), ENTRIES.values(), ids=ENTRIES.keys())
def test_a_malformed_entry_is_refused(row: object, message: str) -> None:
    data = json.dumps({"files": [row], "version": 1}, separators=(",", ":")).encode()

    with pytest.raises(CheckpointError, match=message):
        Manifest.from_json_bytes(data)


def test_entries_out_of_order_are_not_canonical() -> None:
    rows = [GOOD | {"path": "b"}, GOOD | {"path": "a"}]
    data = json.dumps({"files": rows, "version": 1}, separators=(",", ":")).encode()

    with pytest.raises(CheckpointError, match="not canonical"):
        Manifest.from_json_bytes(data)


def test_a_difference_names_what_was_added_removed_changed_and_renamed() -> None:
    old = Manifest(
        (entry("same"), entry("edited"), entry("gone", ONE), entry("old", "sha256:" + "2" * 64))
    )
    new = Manifest(
        (
            entry("same"),
            entry("edited", ONE),
            entry("new", "sha256:" + "2" * 64),
            entry("more", "sha256:" + "3" * 64),
        )
    )

    found = difference(old, new)

    assert found.added == ("more",)
    assert found.removed == ("gone",)
    assert found.changed == ("edited",)
    assert found.renamed == (("old", "new"),)
    assert not found.is_empty


def test_copies_of_a_removed_file_give_one_rename_and_one_addition() -> None:
    found = difference(Manifest((entry("a"),)), Manifest((entry("b"), entry("c"))))

    assert found.renamed == (("a", "b"),)
    assert found.added == ("c",)


def test_a_change_of_role_is_a_change() -> None:
    old, new = Manifest((entry("a"),)), Manifest((entry("a", role=FileRole.CODE),))

    assert difference(old, new).changed == ("a",)


def test_equal_manifests_do_not_differ() -> None:
    assert difference(Manifest((entry("a"),)), Manifest((entry("a"),))).is_empty
