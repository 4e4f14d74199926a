# SPDX-License-Identifier: Apache-2.0
"""The folder of evidence: a table of damage, each of which is noticed and opens nothing."""

from __future__ import annotations

import dataclasses
import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from builders_decision import claim, document, measurement, subject
from tiergate.errors import DigestMismatchError, EvidenceError, TiergateError
from tiergate.evidence.collection import EvidenceDocument, collect
from tiergate.evidence.conversion import with_digest, write_document
from tiergate.evidence.document import digest_of
from tiergate.evidence.provenance import SourceFile
from tiergate.evidence.store import FOLDER_NAME, EvidenceStore

FIRST = document(measurement(), claim("E01"))
SECOND = document(claim("E02"))
LOG = b"a foreign log"


def _from_log() -> EvidenceDocument:
    source = SourceFile(
        file_name="log.json",
        sha256=digest_of(LOG),
        size_bytes=len(LOG),
        format="inspect-eval/2",
        reader="inspect_ai/1",
        tool="",
    )
    return with_digest(dataclasses.replace(FIRST, source=source))


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / FOLDER_NAME)


def _filed(store: EvidenceStore, found: EvidenceDocument) -> Path:
    return store.folder / "documents" / f"{found.digest.removeprefix('sha256:')}.json"


def _fill(store: EvidenceStore) -> None:
    for found in (FIRST, SECOND):
        store.add(write_document(found))


def test_a_store_creates_nothing_before_something_is_added(store: EvidenceStore) -> None:
    assert () == store.documents()
    assert () == store.register()
    assert not store.folder.exists()


def test_what_was_added_comes_back_and_is_registered(store: EvidenceStore) -> None:
    _fill(store)

    assert tuple(sorted((FIRST, SECOND), key=lambda d: d.digest)) == store.documents()
    assert [FIRST.digest, SECOND.digest] == [entry.digest for entry in store.register()]
    assert [FIRST.topics, SECOND.topics] == [entry.topics for entry in store.register()]
    assert {FIRST.binding.root_digest} == {entry.root_digest for entry in store.register()}


def test_the_same_document_twice_changes_nothing(store: EvidenceStore) -> None:
    _fill(store)
    before = (store.folder / "register.jsonl").read_bytes()

    store.add(write_document(FIRST))

    assert before == (store.folder / "register.jsonl").read_bytes()
    assert 2 == len(store.documents())


def test_a_document_is_kept_byte_for_byte(store: EvidenceStore) -> None:
    spaced = json.dumps(json.loads(write_document(FIRST)), indent=2).encode()

    found = store.add(spaced)

    assert spaced == _filed(store, found).read_bytes()
    assert digest_of(spaced) == found.digest


def test_the_foreign_file_is_kept_for_a_recount(store: EvidenceStore, tmp_path: Path) -> None:
    (tmp_path / "log.json").write_bytes(LOG)

    store.add(write_document(_from_log()), tmp_path / "log.json")

    kept = store.folder / "sources" / digest_of(LOG).removeprefix("sha256:")
    assert LOG == kept.read_bytes()


def test_a_file_beside_a_document_without_a_source_is_not_kept(
    store: EvidenceStore, tmp_path: Path
) -> None:
    (tmp_path / "log.json").write_bytes(LOG)

    store.add(write_document(dataclasses.replace(FIRST, source=None)), tmp_path / "log.json")

    assert not (store.folder / "sources").exists()


def test_a_source_that_is_not_the_file_that_was_read_is_refused_and_nothing_is_filed(
    store: EvidenceStore, tmp_path: Path
) -> None:
    (tmp_path / "log.json").write_bytes(LOG + b" ")

    with pytest.raises(DigestMismatchError, match=r"log\.json: found digest sha256:"):
        store.add(write_document(_from_log()), tmp_path / "log.json")

    assert not store.folder.exists()


def test_bytes_that_are_no_document_are_refused_and_nothing_is_filed(store: EvidenceStore) -> None:
    with pytest.raises(EvidenceError, match="document: found no valid JSON"):
        store.add(b"{")

    assert not store.folder.exists()


def _change_a_byte(store: EvidenceStore) -> None:
    path = _filed(store, FIRST)
    path.write_bytes(path.read_bytes().replace(b"task 1", b"task 2"))


def _swap_names(store: EvidenceStore) -> None:
    first, second = _filed(store, FIRST), _filed(store, SECOND)
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)


def _empty(store: EvidenceStore) -> None:
    _filed(store, FIRST).write_bytes(b"")


def _smuggle(store: EvidenceStore) -> None:
    added = document(claim("E03"))
    _filed(store, added).write_bytes(write_document(added))


def _odd_name(store: EvidenceStore) -> None:
    (store.folder / "documents" / "notes.json").write_bytes(write_document(FIRST))


def _drop_the_register(store: EvidenceStore) -> None:
    (store.folder / "register.jsonl").unlink()


def _register(text: str) -> Callable[[EvidenceStore], None]:
    def damage(store: EvidenceStore) -> None:
        with (store.folder / "register.jsonl").open("a", encoding="utf-8") as file:
            file.write(text)

    return damage


_LINE = '{"digest":"sha256:' + "0" * 64 + '","root_digest":"","topics":'

DAMAGE: dict[str, tuple[Callable[[EvidenceStore], None], type[TiergateError], str]] = {
    "a document was changed after it was filed": (
        _change_a_byte,
        DigestMismatchError,
        "changed after it was filed",
    ),
    "two documents changed places": (_swap_names, DigestMismatchError, "bytes with digest"),
    "a document was emptied": (_empty, EvidenceError, "no valid JSON"),
    "a document was put in by hand": (_smuggle, EvidenceError, "tiergate evidence add"),
    "a document has a name of its own": (_odd_name, EvidenceError, "does not know"),
    "the register is gone": (_drop_the_register, EvidenceError, "does not know"),
    "half a line was registered": (
        _register('{"digest":"sha'),
        EvidenceError,
        "jsonl:3: found a d",
    ),
    "an empty line was registered": (_register("\n"), EvidenceError, "a damaged line"),
    "a line is no object": (_register("[]\n"), EvidenceError, "a damaged line"),
    "a line lacks its topics": (
        _register(_LINE.replace(',"topics":', "}\n")),
        EvidenceError,
        "a damaged line",
    ),
    "a line has one topic where a list belongs": (
        _register(f'{_LINE}"cbrn.uplift"}}\n'),
        EvidenceError,
        "a damaged line",
    ),
    "a line names no digest": (
        _register('{"digest":"","root_digest":"","topics":[]}\n'),
        EvidenceError,
        "a damaged line",
    ),
    "a line is nested too deeply": (_register("[" * 100_000), EvidenceError, "a damaged line"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_noticed(case: str, store: EvidenceStore) -> None:
    damage, kind, message = DAMAGE[case]
    _fill(store)
    damage(store)

    with pytest.raises(kind, match=message) as caught:
        store.documents()

    assert store.folder.name in str(caught.value)


def test_a_damaged_document_is_mended_by_adding_it_anew(store: EvidenceStore) -> None:
    _fill(store)
    _change_a_byte(store)

    store.add(write_document(FIRST))

    assert 2 == len(store.documents())
    assert 2 == len(store.register())


def test_a_document_that_was_taken_out_stays_known(store: EvidenceStore) -> None:
    _fill(store)
    _filed(store, FIRST).unlink()

    found = collect(subject(), store.documents(), store.register())

    assert (FIRST.digest,) == found.missing_about("E01")
    assert () == found.missing_about("E02")


def _a_file(path: Path) -> None:
    path.write_bytes(b"")


def _a_file_for_documents(path: Path) -> None:
    path.mkdir()
    (path / "documents").write_bytes(b"")


BLOCKED = {
    "the folder is a file": _a_file,
    "the folder of documents is a file": _a_file_for_documents,
}


@pytest.mark.parametrize("case", BLOCKED)
def test_a_folder_that_cannot_be_written_registers_nothing(case: str, tmp_path: Path) -> None:
    BLOCKED[case](tmp_path / FOLDER_NAME)
    store = EvidenceStore(tmp_path / FOLDER_NAME)

    with pytest.raises(OSError, match=FOLDER_NAME):
        store.add(write_document(FIRST))

    assert not (tmp_path / FOLDER_NAME / "register.jsonl").exists()


def test_a_write_that_fails_leaves_no_part_behind(store: EvidenceStore) -> None:
    # A folder in the place of the document: the finished bytes cannot be moved there.
    _filed(store, FIRST).mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        store.add(write_document(FIRST))

    assert [_filed(store, FIRST)] == list((store.folder / "documents").iterdir())
    assert not (store.folder / "register.jsonl").exists()


def test_a_full_disk_leaves_no_part_behind(store: EvidenceStore) -> None:
    data = write_document(FIRST)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(data) - 1, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            store.add(data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert [] == list((store.folder / "documents").iterdir())
    assert () == store.documents()


def test_a_document_that_could_not_be_registered_supports_nothing(store: EvidenceStore) -> None:
    (store.folder / "register.jsonl").mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        store.add(write_document(FIRST))

    (store.folder / "register.jsonl").rmdir()
    with pytest.raises(EvidenceError, match="does not know"):
        store.documents()
