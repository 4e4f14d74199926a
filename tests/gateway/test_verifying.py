# SPDX-License-Identifier: Apache-2.0
"""What was changed, cut or lost on the disk of a gateway is found, and what to do is said."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli_runner import Run, run
from gateway.town import GATED, WEIGHTS, Town, a_model
from gateway_site import Site
from tiergate.gateway.backup import back_up
from tiergate.gateway.house import House
from tiergate.gateway.terms import Terms
from tiergate.gateway.uploads import Upload

if TYPE_CHECKING:
    from postgresql_server import Server

FILE = f"/{GATED}/resolve/main/{WEIGHTS}"
CONFIG = f"/{GATED}/resolve/main/config.json"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(folder=tmp_path)
    found.settle_one()
    yield found
    found.house.close()


def _verified(town: Site, *more: object, code: int = 5) -> Run:
    done = run(
        *("gateway", "verify", "--folder", town.folder / "gateway"),
        *("--ledger", town.ledger, "--trust", town.folder / "trust.yaml", *more),
    )
    assert done.code == code, done.out + done.err
    return done


def _faults(town: Site, *more: object) -> list[dict[str, str]]:
    document = json.loads(_verified(town, *more, "--json").out)
    faults = document["faults"]
    assert isinstance(faults, list)
    return faults


def _place(town: Town, path: str = WEIGHTS) -> Path:
    return town.house.objects.place_of(town.revision.files[path].sha256)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _flip(place: Path, at: int = -1) -> None:
    """Change one bit of a file, and neither its length nor when it was written."""
    before, content = place.stat(), bytearray(place.read_bytes())
    content[at] ^= 1
    place.chmod(0o644)
    place.write_bytes(content)
    place.chmod(0o444)
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))


def _cut(place: Path, to: int = 100) -> None:
    place.chmod(0o644)
    os.truncate(place, to)


def _grow(place: Path) -> None:
    place.chmod(0o644)
    with place.open("ab") as file:
        file.write(b"more")


def test_that_a_gateway_that_is_as_it_was_holds(town: Town) -> None:
    with town.served():
        assert town.ask(FILE, who="gwen").status == 200
        done = _verified(town, code=0)

    assert done.err == ""
    first, *_, last = done.out.splitlines()
    assert first == "files    4 files of 1 revision, 24.8 kB"
    assert "log      holds; 1 line\n" in done.out
    assert "ledger   holds; 6 events, 6 heads; signatures: all 6 hold\n" in done.out
    assert last == "Everything holds. Exit 0."


@pytest.mark.parametrize(
    ("spoil", "found", "expected"),
    [
        (_flip, "content with digest sha256:", "sha256:"),
        (_cut, "100 bytes", "bytes"),
        (_grow, "bytes", "bytes"),
        (Path.unlink, "no file", "bytes"),
    ],
    ids=["a flipped bit", "a cut file", "a file that grew", "a missing file"],
)
def test_that_a_file_is_found_that_is_not_as_it_was_while_the_gateway_serves(
    town: Town, spoil: Callable[[Path], object], found: str, expected: str
) -> None:
    place = _place(town)
    with town.served():
        spoil(place)
        (fault,) = _faults(town)
        done = _verified(town)

    where = f"{GATED}@{town.revision.commit[:8]}/{WEIGHTS}, {place}"
    assert fault["where"] == where
    assert found in fault["found"]
    assert expected in fault["expected"]
    assert "from a backup" in fault["remedy"]
    line, *_, last = done.out.splitlines()
    assert (
        line
        == f"{where}: found {fault['found']}, expected {fault['expected']}. " + (fault["remedy"])
    )
    assert last == "What the gateway keeps is not what it was: 1 fault. Exit 5."


def test_that_a_file_that_cannot_be_read_is_a_fault_and_the_others_are_looked_at(
    town: Town,
) -> None:
    place = _place(town)
    place.unlink()
    place.symlink_to(place.name)
    _cut(_place(town, "config.json"), 3)

    unreadable, cut = sorted(_faults(town), key=lambda each: WEIGHTS not in each["where"])

    assert unreadable["found"] == "what cannot be read (Too many levels of symbolic links)"
    assert cut["found"] == "3 bytes"


def test_that_what_no_revision_names_and_cannot_be_read_is_a_fault(town: Town) -> None:
    for name, content in (("loop", b"one"), ("nowhere", b"two")):
        place = town.house.objects.place_of(_digest(content))
        place.parent.mkdir(parents=True)
        place.symlink_to(place.name if name == "loop" else name)

    (fault,) = _faults(town)

    assert fault["where"] == f"named by no revision, {town.house.objects.shown(_digest(b'one'))}"
    assert fault["found"].startswith("what cannot be read")


def test_that_publishing_again_mends_what_was_moved_away_as_the_fault_says(town: Town) -> None:
    words = ("--folder", town.folder / "gateway", "--repository", GATED, "--release", "gated")
    place = _place(town)
    _flip(place)
    assert run("gateway", "publish", town.model, *words).code == 0
    (fault,) = _faults(town)
    assert "while it is there, publishing leaves it as it is" in fault["remedy"]

    place.rename(town.folder / "evidence")
    assert run("gateway", "publish", town.model, *words).code == 0
    _verified(town, code=0)


def test_that_a_file_put_back_from_a_backup_mends_it(town: Town) -> None:
    copy = town.folder / "copy"
    back_up(town.folder / "gateway", copy, town.now)
    place = _place(town)
    _flip(place)
    _verified(town)

    place.rename(town.folder / "evidence")
    shutil.copy2(copy / place.relative_to(town.folder / "gateway"), place)
    _verified(town, code=0)


def test_that_what_no_revision_names_is_counted_and_is_no_fault(town: Town) -> None:
    objects = town.house.objects
    content = b"not published yet"
    sha256 = _digest(content)
    objects.add([content], sha256, "a file")
    upload = Upload(repository=GATED, person="anna", sha256=sha256, size_bytes=len(content))
    town.house.uploads.add(upload, town.now)
    other = objects.place_of(sha256).with_name("left.part")
    other.write_bytes(b"half")
    (town.folder / "gateway" / "objects" / "incoming" / "coming").write_bytes(b"on its way")

    document = json.loads(_verified(town, "--json", code=0).out)
    done = _verified(town, code=0)

    assert (document["unnamed"], document["unnamed_bytes"]) == (2, len(content) + 4)
    assert document["uploaded"] == 1
    assert "unnamed  2 files that no revision names, 21 bytes; 1 uploaded" in done.out


def test_that_a_file_that_no_revision_names_stands_under_its_own_digest(town: Town) -> None:
    """Whoever publishes a file with that digest would get this one."""
    objects = town.house.objects
    sha256 = _digest(b"true")
    objects.add([b"true"], sha256, "a file")
    _flip(objects.place_of(sha256))

    (fault,) = _faults(town)

    assert fault["where"] == f"named by no revision, {objects.place_of(sha256)}"
    assert fault["found"] == f"content with digest {_digest(b'trud')}"
    assert fault["remedy"].startswith("Move it away")


def _second(town: Town) -> None:
    other = a_model(town.folder / "other", seed=3)
    town.revision = town.publish(name="acme/other", of="other", model=other)


def test_that_only_the_repositories_that_are_named_are_looked_at(town: Town) -> None:
    _second(town)
    _flip(_place(town))

    document = json.loads(_verified(town, "--repository", GATED, "--json", code=0).out)
    assert (document["revisions"], document["unnamed"]) == (1, None)
    assert "unnamed" not in _verified(town, "--repository", GATED, code=0).out
    both = ("--repository", "acme/other", "--repository", GATED)
    assert len(_faults(town, *both)) == 1
    missing = _verified(town, "--repository", "acme/absent", code=4)
    assert "acme/absent: found no repository of that name" in missing.err


def test_that_a_file_of_several_revisions_is_one_fault(town: Town) -> None:
    _second(town)
    _place(town, "config.json").unlink()

    (fault,) = _faults(town)

    assert f"{GATED}@" in fault["where"]
    assert "(1 more in revisions)" in fault["where"]


def _mark(town: Town) -> Town:
    """Give two people copies of their own."""
    town.house.requests.set_terms(GATED, Terms(is_marked=True))
    town.house.requests.revoke(GATED, "gwen", town.now)
    for name in ("gwen", "nora"):
        town.house.requests.give(GATED, name, by="anna", at=town.now)
    with town.served():
        for name in ("gwen", "nora"):
            assert town.ask(FILE, who=name).status == 200
    return town


@pytest.fixture
def marked(town: Town) -> Town:
    """The town, where two people have copies of their own."""
    return _mark(town)


def _change(town: Town, statement: str, *values: object) -> None:
    """Change the database behind the back of the gateway."""
    with closing(sqlite3.connect(town.folder / "gateway" / "gateway.sqlite")) as connection:
        assert connection.execute(statement, values).rowcount > 0
        connection.commit()


def test_that_marked_copies_are_hashed_with_their_original(marked: Town) -> None:
    assert "copies   2 marked files\n" in _verified(marked, code=0).out


def test_that_a_copy_is_found_whose_front_was_changed(marked: Town) -> None:
    grant = marked.house.requests.grants(GATED, "gwen")[-1].id
    words = "UPDATE marked_files SET header = CAST(replace(header, 'U8', 'I8') AS BLOB)"
    _change(marked, f'{words} WHERE "grant" = ?', grant)

    (fault,) = _faults(marked)

    commit = marked.revision.commit[:8]
    assert fault["where"] == f"{GATED}@{commit}, the copy for {grant}, {WEIGHTS}"
    assert "revoke the grant and give another one" in fault["remedy"]


def test_that_a_broken_original_is_said_once_with_how_many_copies_it_breaks(marked: Town) -> None:
    _flip(_place(marked))

    (fault,) = _faults(marked)

    assert "(2 marked copies of it)" in fault["where"]


@pytest.mark.postgresql
def test_that_a_gateway_whose_database_is_on_a_server_is_looked_at_too(
    postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"v{secrets.token_hex(6)}"
    postgresql.run(f"CREATE DATABASE {name}")
    url = f"postgresql://the_admin@127.0.0.1:{postgresql.port}/{name}?schema=log_{name}"
    monkeypatch.setenv("TIERGATE_DATABASE_URL", url)
    town = Town(folder=tmp_path)
    town.house.close()
    town.house = House(tmp_path / "gateway", url)
    town.settle_one()
    _mark(town)

    whole = _verified(town, code=0)
    _flip(_place(town))
    (fault,) = _faults(town)
    town.house.close()

    assert "copies   2 marked files\n" in whole.out
    assert "log      holds; 2 lines\n" in whole.out
    assert "(2 marked copies of it)" in fault["where"]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM marked_files", "neither a front of its own nor an original"),
        ("UPDATE marked_files SET original = 'sha256:0'", "neither a front"),
        ("UPDATE copies SET manifest = CAST('{}' AS BLOB)", "a damaged manifest (other fields)"),
        ("UPDATE copies SET \"commit\" = 'other'", "files that make another copy"),
        ("UPDATE marked_files SET skipped = skipped + 1", "sha256:"),
    ],
)
def test_that_copies_are_found_that_cannot_be_made_any_more(
    marked: Town, statement: str, found: str
) -> None:
    _change(marked, statement)

    faults = _faults(marked)

    assert len(faults) == 2
    assert {fault["found"].startswith(found) for fault in faults} == {True}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE revisions SET manifest = CAST('{}' AS BLOB)", ["a damaged manifest"]),
        ("UPDATE revisions SET \"commit\" = 'e0'", ["files that make another revision", "e0"]),
        ("UPDATE branches SET \"commit\" = 'e0'", ["e0, which is not there"]),
    ],
)
def test_that_revisions_are_found_that_are_not_what_their_names_were_made_from(
    town: Town, statement: str, found: list[str]
) -> None:
    _change(town, statement)

    said = " ".join(f"{fault['found']} {fault['where']}" for fault in _faults(town))

    assert {words in said for words in found} == {True}


def test_that_what_is_published_meanwhile_is_not_called_unnamed(town: Town) -> None:
    """A file of a revision that came after the others were read is no stray."""
    looked = town.house.verification(frozenset())

    def publish(_: int) -> None:
        if town.house.catalogue.repository("acme/other") is None:
            _second(town)

    assert list(looked.faults(publish)) == []
    assert town.house.catalogue.repository("acme/other") is not None
    assert (looked.counted.revisions, looked.counted.unnamed) == (1, 0)


def test_that_progress_is_told_in_bytes(town: Town) -> None:
    looked, told = town.house.verification(frozenset()), list[int]()
    list(looked.faults(told.append))

    assert told == sorted(told)
    assert told[-1] == looked.counted.size_bytes


def test_that_a_log_that_does_not_hold_is_a_fault_and_files_are_looked_at(town: Town) -> None:
    with town.served():
        town.ask(FILE, who="gwen")
    place = town.folder / "gateway" / "audit.sqlite"
    with closing(sqlite3.connect(place)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE entries SET entry = CAST(replace(entry, 'a', 'b') AS BLOB)")
        connection.commit()
    _cut(_place(town))

    log, cut = _faults(town)

    assert log["where"].startswith("log of downloads, ")
    assert log["remedy"]
    assert cut["found"] == "100 bytes"


def test_that_a_log_that_is_gone_is_a_fault(town: Town) -> None:
    with town.served():
        town.ask(FILE, who="gwen")
    (town.folder / "gateway" / "audit.sqlite").unlink()

    (fault,) = _faults(town)

    assert fault["found"] == "no log of downloads"


def test_that_a_ledger_that_does_not_hold_is_a_fault(town: Town) -> None:
    with closing(sqlite3.connect(town.ledger)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM entries WHERE sequence = 6")
        connection.commit()

    faults = _faults(town)

    assert {fault["where"] for fault in faults} == {str(town.ledger)}
    assert any("event 6 is missing" in fault["found"] for fault in faults)


def test_that_a_ledger_that_cannot_be_read_is_a_fault(town: Town) -> None:
    town.ledger.write_bytes(b"nothing of the kind" * 1000)

    (fault,) = _faults(town)

    assert str(town.ledger) in fault["where"]


def test_that_a_ledger_elsewhere_that_is_not_named_is_said_not_to_be_looked_at(
    town: Town,
) -> None:
    folder = town.folder / "gateway"
    done = run("gateway", "verify", "--folder", folder)
    assert done.code == 0
    assert "ledger   was not looked at; it is not in the folder: name it with --ledger" in done.out
    assert done.out.endswith("All that was looked at holds. Exit 0.\n")

    untrusted = run("gateway", "verify", "--folder", folder, "--ledger", town.ledger)
    assert "was not looked at; there is no trust file: name it with --trust" in untrusted.out

    (folder / "releases" / "ledger.sqlite.heads").mkdir(parents=True)
    lost = run("gateway", "verify", "--folder", folder)
    assert lost.code == 5
    assert "releases/ledger.sqlite: found no ledger, expected the one that" in lost.out


@pytest.mark.parametrize("option", ["--ledger", "--trust"])
def test_that_what_was_named_has_to_be_there(option: str, town: Town) -> None:
    done = _verified(town, option, town.folder / "absent", code=4)
    assert str(town.folder / "absent") in done.err


def test_that_an_empty_gateway_holds(site: Site) -> None:
    done = run("gateway", "verify", "--folder", site.folder / "gateway")
    assert done.code == 0
    assert "files    0 files of 0 revisions" in done.out
    assert "log      nothing was written yet" in done.out


def test_that_there_has_to_be_a_gateway(tmp_path: Path) -> None:
    done = run("gateway", "verify", "--folder", tmp_path / "nothing")
    assert done.code == 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoil", [_cut, _grow, Path.unlink], ids=["cut", "grown", "missing"])
@pytest.mark.parametrize(
    "how", ["whole", "its end", "its start", "to a person with a copy of their own"]
)
def test_that_no_byte_is_sent_of_a_file_that_is_not_as_long_as_it_was(
    town: Town, how: str, spoil: Callable[[Path], object]
) -> None:
    if how == "to a person with a copy of their own":
        town.house.requests.set_terms(GATED, Terms(is_marked=True))
        town.house.requests.revoke(GATED, "gwen", town.now)
        town.house.requests.give(GATED, "gwen", by="anna", at=town.now)
    part = {"its end": "bytes=50-", "its start": "bytes=0-9"}.get(how)
    headers = {"Range": part} if part else {}
    with town.served():
        whole = town.ask(FILE, who="gwen", **headers)  # type: ignore[arg-type]
        spoil(_place(town))
        refused = town.ask(FILE, who="gwen", **headers)  # type: ignore[arg-type]
        other = town.ask(CONFIG, who="gwen")

    assert whole.status in {200, 206}
    assert (refused.status, refused.code) == (403, "GatedRepo")
    assert "cannot be read now" in refused.said
    assert other.status == 200
