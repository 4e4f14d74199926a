# SPDX-License-Identifier: Apache-2.0
"""The log of downloads: what left stands in it, and nothing leaves that does not."""

from __future__ import annotations

import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cli_runner import run
from gateway.town import GATED, WEIGHTS, Town
from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.errors import VerificationError
from tiergate.gateway.delivery import ASK_AGAIN_SECONDS
from tiergate.release.ledger_sqlite import TRIGGERS

FILE = f"/{NAME}/resolve/main/config.json"


@pytest.fixture
def fetched(site: Site) -> Site:
    """A site from which Erin has fetched one file whole, and somebody a part of it."""
    site.release(site.publish(), Tier.T2, Tier.T4, Tier.T5)
    site.person("erin")
    with site.served():
        site.ask(FILE, who="erin")
        site.ask(FILE, method="HEAD")
        site.ask(FILE, Range="bytes=2-5")
    return site


def test_that_every_answer_with_bytes_has_its_line(fetched: Site) -> None:
    lines = list(fetched.house.downloads())
    assert [(line.method, line.first, line.last) for line in lines] == [
        ("GET", 0, 38),
        ("HEAD", 0, 38),
        ("GET", 2, 5),
    ]
    assert [bool(line.who) for line in lines] == [True, False, False]
    assert {line.decision for line in lines} == {f"sha256:{1:064x}"}
    assert "erin" not in str(lines)


def test_that_nothing_leaves_when_the_log_cannot_be_written(site: Site) -> None:
    site.release(site.publish(), Tier.T2, Tier.T4, Tier.T5)
    with site.served():
        before = site.ask(FILE)
        database = sqlite3.connect(site.folder / "gateway" / "audit.sqlite")
        _without_triggers(database, "DELETE FROM entries")
        after = site.ask(FILE)

    assert before.status == 200
    assert (after.status, after.code) == (403, "GatedRepo")
    assert "could not be written down" in after.said


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_that_who_was_revoked_while_it_was_written_down_gets_nothing(
    method: str, tmp_path: Path
) -> None:
    town = Town(folder=tmp_path)
    town.settle_one()
    path, log = f"/{GATED}/resolve/main/{WEIGHTS}", tmp_path / "gateway" / "audit.sqlite"
    with town.served(), ThreadPoolExecutor(1) as other, closing(sqlite3.connect(log)) as keeper:
        keeper.execute("BEGIN IMMEDIATE")
        asked = other.submit(lambda: town.ask(path, method=method, who="gwen"))
        time.sleep(0.5)
        waits = not asked.done()
        town.house.requests.revoke(GATED, "gwen", town.now)
        time.sleep(ASK_AGAIN_SECONDS)
        keeper.rollback()
        answer = asked.result()
    town.house.close()

    assert waits
    assert (answer.status, answer.code) == (403, "GatedRepo")
    assert answer.headers.get("etag") is None
    assert town.weights not in answer.body


def test_that_a_line_that_was_changed_is_noticed(fetched: Site) -> None:
    database = sqlite3.connect(fetched.folder / "gateway" / "audit.sqlite")
    _without_triggers(
        database, "UPDATE entries SET entry = CAST(entry || ' ' AS BLOB) WHERE sequence = 1"
    )
    with pytest.raises(VerificationError):
        list(fetched.house.downloads())


def test_that_the_log_is_printed_with_what_nothing_reaches_any_more(fetched: Site) -> None:
    shown = run("gateway", "log", "--folder", fetched.folder / "gateway")
    assert shown.code == 0
    assert "acme/model: 2 requests for files by 1 person and 1 by nobody known" in shown.out
    assert shown.out.endswith("The log holds.\n")

    hers = run("gateway", "log", "--folder", fetched.folder / "gateway", "--person", "erin")
    assert hers.out.count("acme/model@") == 1


def test_that_somebody_who_was_erased_is_found_no_more_and_the_log_holds(fetched: Site) -> None:
    folder = fetched.folder / "gateway"
    assert run("gateway", "erase", "erin", "--folder", folder).code == 0

    hers = run("gateway", "log", "--folder", folder, "--person", "erin")
    assert (hers.code, hers.out, "no account" in hers.err) == (4, "", True)
    assert run("gateway", "log", "--folder", folder).out.count("acme/model@") == 3


def test_that_a_log_that_does_not_hold_ends_with_code_5(fetched: Site) -> None:
    database = sqlite3.connect(fetched.folder / "gateway" / "audit.sqlite")
    _without_triggers(database, "DELETE FROM entries WHERE sequence = 3")
    assert run("gateway", "log", "--folder", fetched.folder / "gateway").code == 5


def test_that_a_log_that_was_never_begun_is_no_log_that_holds(site: Site) -> None:
    shown = run("gateway", "log", "--folder", site.folder / "gateway")
    assert (shown.code, shown.out) == (0, "Nothing was written yet.\n")


@pytest.mark.parametrize("also", [(), ("audit.sqlite.heads",)], ids=["heads left", "all gone"])
def test_that_a_log_that_is_gone_is_noticed_and_never_begun_anew(
    also: tuple[str, ...], fetched: Site
) -> None:
    folder = fetched.folder / "gateway"
    for path in folder.glob("audit.sqlite*"):
        if path.is_file():
            path.unlink()
    for name in also:
        shutil.rmtree(folder / name)
    shown = run("gateway", "log", "--folder", folder)

    assert (shown.code, "no log of downloads" in shown.err) == (5, True)
    assert "holds" not in shown.out
    with pytest.raises(VerificationError, match="no log of downloads"):
        fetched.house.ready()
    assert not (folder / "audit.sqlite").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--person", "nobody"), "no account"),
        (("--repository", "acme/nix"), "no repository"),
        (("--folder", "misspelt"), "no gateway"),
    ],
    ids=["person", "repository", "folder"],
)
def test_that_a_name_that_is_misspelt_is_said(
    words: tuple[str, str], said: str, fetched: Site
) -> None:
    where = fetched.folder / "misspelt"
    given = [str(where) if word == "misspelt" else word for word in words]
    shown = run("gateway", "log", "--folder", fetched.folder / "gateway", *given)

    assert (shown.code, said in shown.err, "holds" in shown.out) == (4, True, False)
    assert not where.exists()


def _without_triggers(database: sqlite3.Connection, statement: str) -> None:
    """Change a log as somebody can who may write its file."""
    for name in TRIGGERS:
        database.execute(f"DROP TRIGGER {name}")
    database.execute(statement)
    for name, body in TRIGGERS.items():
        database.execute(f"CREATE TRIGGER {name} {body}")
    database.commit()
    database.close()


def test_that_files_whose_place_is_empty_are_kept_nowhere_else(fetched: Site) -> None:
    incoming: Path = fetched.folder / "gateway" / "objects" / "incoming"
    assert list(incoming.iterdir()) == []
