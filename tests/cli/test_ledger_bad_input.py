# SPDX-License-Identifier: Apache-2.0
"""Disks that take nothing, ledgers that were changed, people who are not who they seem.

Each row of the tables is one sentence: what is wrong, what somebody does, and the exit code;
and nothing is written.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cli_runner import Run, run
from record_fixtures import key_file, trust_file, trusted
from release_fixtures import PEOPLE, Release, day
from tiergate.attestation.merkle import leaf_hash
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_entry import chained

ADA, BEA, CEM, EVE = (f"{n}-ed25519" for n in ("ada", "bea", "cem", "eve"))


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a release whose first stage is open; tests change copies of it."""
    folder = tmp_path_factory.mktemp("release")
    Release(folder).opened()
    for name in PEOPLE:
        key_file(folder, name)
    # As it is left when nobody has it open: one file.
    with Ledger.open(folder / "ledger.sqlite"):
        pass
    return folder


@pytest.fixture
def opened(made_once: Path, tmp_path: Path) -> Release:
    """Return a release of the test's own, with five events."""
    shutil.copytree(made_once, tmp_path / "own")
    return Release(tmp_path / "own")


def _files(folder: Path) -> dict[str, bytes]:
    # The database's shared memory says only who has it open.
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".sqlite-shm", ".sqlite-wal"}
    }


def _put_in_again(own: Release, event: int) -> None:
    """Put an event at the end once more, chained as somebody careful would."""
    connection = sqlite3.connect(own.ledger)
    data = connection.execute("SELECT entry FROM entries WHERE sequence = ?", (event,)).fetchone()[
        0
    ]
    words = "SELECT sequence, chain FROM entries ORDER BY sequence DESC LIMIT 1"
    place, last = connection.execute(words).fetchone()
    row = (place + 1, last, data, chained(last, leaf_hash(data)))
    connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", row)
    connection.commit()
    connection.close()


def _newer(own: Release) -> Path:
    newer = own.decide(own.folder / "newer.json", day(1))
    assert own.submit(newer, at=day(2)).code == 0
    return newer


def _replaced(own: Release) -> None:
    own.decide(own.folder / "newer.json", day(1))
    assert own.act(CEM, "supersede").code == 0


def _swapped(own: Release) -> None:
    shutil.move(own.heads, own.folder / "kept")
    own.ledger.unlink()
    own.opened()
    shutil.rmtree(own.heads)
    shutil.move(own.folder / "kept", own.heads)


def _cut_in_half(own: Release) -> None:
    data = own.ledger.read_bytes()
    own.ledger.write_bytes(data[: len(data) // 2])


def _one_person_with_two_keys(own: Release) -> None:
    _begin_anew(own)
    people = {**PEOPLE, CEM: ("  bea ", "legal")}
    rows = [trusted(name, roles, person=person) for name, (person, roles) in people.items()]
    trust_file(own.trust, *rows)
    assert own.submit().code == 0
    for name in (BEA, CEM):
        assert own.approve(name).code == 0


def _one_signer_twice(own: Release) -> None:
    _begin_anew(own)
    assert own.submit().code == 0
    for _ in range(2):
        assert own.approve(BEA).code == 0


def _begin_anew(own: Release) -> None:
    own.ledger.unlink()
    shutil.rmtree(own.heads)


def _nothing(own: Release) -> None:
    del own


def _status(own: Release) -> Run:
    return run("release", "status", *own.where)


def _log(own: Release) -> Run:
    return run("release", "log", *own.where)


def _hold(own: Release) -> Run:
    return own.act(CEM, "hold", at=day(3))


def _sql(statement: str) -> Callable[[Release], object]:
    return lambda own: own.tamper(statement)


CUT = _sql("DELETE FROM entries WHERE sequence = 5")
GAP = _sql("DELETE FROM entries WHERE sequence = 3")
EDIT = _sql("UPDATE entries SET entry = x'00' WHERE sequence = 3")
Act = Callable[[Release], Run]
ROWS: dict[str, tuple[Callable[[Release], object], Act, int, str]] = {
    "the status of a ledger that was cut off": (CUT, _status, 5, "fewer events"),
    "the log of a ledger that was cut off": (CUT, _log, 5, "fewer events"),
    "the status of a ledger that lacks an event": (GAP, _status, 5, "event 3 is missing"),
    "the status of a ledger that was edited": (EDIT, _status, 5, "event 3 is not what was"),
    "the status of a ledger in the place of another": (_swapped, _status, 5, "of the ledger"),
    "an act on a ledger in the place of another": (_swapped, _hold, 5, "of the ledger"),
    "the status of half a file": (_cut_in_half, _status, 5, "damaged"),
    "an act on half a file": (_cut_in_half, _hold, 5, "damaged"),
    "an approval of before that was put in again": (
        lambda own: _put_in_again(own, 3),
        _hold,
        5,
        "signed for place 3",
    ),
    "the status of a ledger with an approval that was put in again": (
        lambda own: _put_in_again(own, 3),
        _status,
        5,
        "signed for place 3",
    ),
    "an approval of an older decision": (
        _newer,
        lambda own: own.approve(BEA, at=day(3)),
        5,
        "the newest decision of the ledger",
    ),
    "a record for a policy that was replaced": (
        _replaced,
        lambda own: own.submit(own.folder / "newer.json", at=day(2)),
        6,
        "policy was replaced by event 6 of Cem",
    ),
    "a further stage under a policy that was replaced": (
        _replaced,
        lambda own: own.act(ADA, "advance", "researchers", at=day(31)),
        6,
        "policy was replaced by event 6 of Cem",
    ),
    "a grant under a policy that was replaced": (
        _replaced,
        lambda own: own.act(ADA, "grant", "team-7", "--until", day(9)),
        6,
        "policy was replaced by event 6 of Cem",
    ),
    "the replacement of a policy that is not there": (
        _nothing,
        lambda own: own.act(CEM, "supersede", "no-such-policy"),
        4,
        "no-such-policy",
    ),
    "one person with two keys, as the two who have to approve": (
        _one_person_with_two_keys,
        lambda own: own.act(ADA, "open", "defenders"),
        6,
        "1 of 2 people approve",
    ),
    "one person who signed twice, as the two who have to approve": (
        _one_signer_twice,
        lambda own: own.act(ADA, "open", "defenders"),
        6,
        "1 of 2 people approve",
    ),
    "an act with a clock that was set back": (
        _newer,
        lambda own: own.act(CEM, "hold", at=day(1)),
        6,
        "the event before was at",
    ),
    "a submission to a file that is no ledger": (
        lambda own: own.ledger.write_bytes(b"x" * 5000),
        _hold,
        4,
        "no ledger",
    ),
    "a ledger where one is already": (
        _nothing,
        lambda own: run("ledger", "init", "--ledger", own.ledger),
        4,
        "there already",
    ),
    "a script for psql of a ledger in a file": (
        _nothing,
        lambda own: run("ledger", "init", "--ledger", own.ledger, "--print-sql"),
        2,
        "is for a ledger on PostgreSQL",
    ),
    "a head of somebody else among the heads": (
        lambda own: (own.heads / "head-0000000005.txt").write_text("x\n5\nx\n\nx\n"),
        _status,
        5,
        "head-0000000005.txt",
    ),
}


@pytest.mark.parametrize("what", ROWS)
def test_is_refused_with_its_code_and_nothing_is_written(opened: Release, what: str) -> None:
    prepare, act, code, said = ROWS[what]
    prepare(opened)
    before = _files(opened.folder)

    done = act(opened)

    assert (done.code, said in " ".join((done.out + done.err).split())) == (code, True), (
        done.out + done.err
    )
    assert _files(opened.folder) == before


def test_what_is_open_stays_open_when_its_policy_is_replaced(opened: Release) -> None:
    done = opened.act(CEM, "supersede", opened.policy)

    assert done.out.startswith("Event 6: replaced the policy sha256:")
    assert opened.status()["serves"] == "T1"
    gates = {g["rule"]: g["passes"] for g in opened.status()["stages"][1]["gates"]}
    assert not gates["policy"]


def test_a_policy_can_be_replaced_before_there_is_a_decision(opened: Release) -> None:
    other = opened.folder / "other.yaml"
    other.write_text(
        opened.policy.read_text().replace("roles: [safety lead, legal]", "roles: [legal]")
    )
    done = opened.act(CEM, "supersede", other)

    assert done.code == 0
    assert opened.act(ADA, "advance", "researchers", at=day(30)).code == 0


def test_a_new_ledger_is_made_in_a_file(tmp_path: Path) -> None:
    done = run("ledger", "init", "--ledger", tmp_path / "new" / "ledger")

    assert (done.code, done.out.startswith("tiergate.dev/ledger/")) == (0, True)
    with Ledger.open(tmp_path / "new" / "ledger", read_only=True) as ledger:
        assert ledger.origin == done.out.strip()


def _words(own: Release, *words: object) -> list[str]:
    who = ("--as", "legal", "--key", own.folder / f"{CEM}.key", "--reason", "because")
    return [sys.executable, "-m", "tiergate", *map(str, (*words, *who, *own.where))]


def _done(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _without_rights(command: Sequence[str]) -> list[str]:
    """Let a command run without the right of root to write everywhere."""
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]


def _in_own_mounts(script: str, *arguments: object) -> list[str]:
    return ["unshare", "--mount", "sh", "-ec", script, "sh", *map(str, arguments)]


def _can(command: Sequence[str]) -> bool:
    return shutil.which(command[0]) is not None and _done(command).returncode == 0


OBEYS = _can(_without_rights(["true"]))
MOUNTS = _can(_in_own_mounts("mount -t tmpfs none /mnt"))


@pytest.mark.skipif(not OBEYS, reason="setpriv cannot give up rights here")
@pytest.mark.parametrize("what", ["ledger.sqlite", "", "ledger.sqlite.heads"])
def test_a_file_or_folder_that_cannot_be_written_takes_no_event(opened: Release, what: str) -> None:
    place = opened.folder / what
    before = _files(opened.folder)
    mode = place.stat().st_mode
    place.chmod(0o444 if place.is_file() else 0o555)
    try:
        done = _done(_without_rights(_words(opened, "release", "hold")))
        readable = _done(_without_rights(_words(opened, "release", "hold")[:3] + _reading(opened)))
    finally:
        place.chmod(mode)

    assert (done.returncode, done.stderr.startswith("error: ")) == (_code(what), True), done.stderr
    assert readable.returncode == 0, readable.stderr
    assert _files(opened.folder) == before
    assert opened.size() == 5


def _code(what: str) -> int:
    # A folder that somebody named and may not write is input that cannot be used.
    return 4 if what.endswith("heads") else 6


def _reading(own: Release) -> list[str]:
    return [*map(str, ("ledger", "verify", *own.where))]


@pytest.mark.skipif(not MOUNTS, reason="nothing can be mounted here")
def test_a_disk_that_cannot_be_written_takes_no_event_and_can_be_read(opened: Release) -> None:
    before = _files(opened.folder)
    script = 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"'
    act, look = _words(opened, "release", "hold"), _words(opened)[:3] + _reading(opened)

    done = _done(_in_own_mounts(script, opened.folder, *act))
    readable = _done(_in_own_mounts(script, opened.folder, *look))

    assert (done.returncode, "error: " in done.stderr) == (6, True), done.stderr
    assert (readable.returncode, "holds" in readable.stdout) == (0, True), readable.stderr
    assert _files(opened.folder) == before


FULL = """
mount -t tmpfs -o size=1m none "$1"
cp -a "$2/ledger.sqlite" "$2/ledger.sqlite.heads" "$1"
head -c "$3" /dev/zero > "$1/room"
dd if=/dev/zero of="$1/fill" bs=4096 2> /dev/null || true
rm "$1/room"
out=$4; small=$1; shift 4; code=0; "$@" || code=$?
rm "$small/fill"; cp -a "$small/." "$out"
exit "$code"
"""
"""On a small disk: a ledger and its heads, so many bytes of room, a command; a copy of it all."""


@pytest.mark.skipif(not MOUNTS, reason="nothing can be mounted here")
@pytest.mark.parametrize("room_bytes", [0, 4096, 36_864])
def test_a_full_disk_takes_no_event_and_says_so(
    opened: Release, tmp_path: Path, room_bytes: int
) -> None:
    small, kept = tmp_path / "small", tmp_path / "kept"
    for folder in (small, kept):
        folder.mkdir()
    held = [
        word.replace(str(opened.ledger), str(small / "ledger.sqlite"))
        for word in _words(opened, "release", "hold")
    ]

    done = _done(_in_own_mounts(FULL, small, opened.folder, room_bytes, kept, *held))

    assert (done.returncode, "error: " in done.stderr) == (6, True), done.stderr
    words = ("--ledger", kept / "ledger.sqlite", "--trust", opened.trust)
    verified = run("ledger", "verify", *words, "--json").json
    assert (verified["size"], verified["heads"], verified["problems"]) == (5, 5, [])
    heads = [f"head-{number:010d}.txt" for number in range(1, 6)]
    assert sorted(p.name for p in (kept / "ledger.sqlite.heads").iterdir()) == heads


@pytest.mark.parametrize("blocks", [0, 40])
def test_a_limit_on_the_size_of_files_takes_no_event(opened: Release, blocks: int) -> None:
    before = _files(opened.folder)
    command = _words(opened, "release", "hold")

    done = _done(["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *command])

    assert (done.returncode, "error: " in done.stderr) == (6, True), done.stderr
    assert _files(opened.folder) == before
    assert opened.size() == 5
