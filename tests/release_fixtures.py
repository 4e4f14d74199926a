# SPDX-License-Identifier: Apache-2.0
"""A release on disk, taken through its stages with the command line."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path
from typing import Any

import cli_fixtures
from builders_attestation import key
from cli_runner import Run, run
from record_fixtures import key_file, trust_file, trusted
from tiergate.cli import clock
from tiergate.release.ledger_sqlite import TRIGGERS

EXAMPLE = Path(__file__).parents[1] / "examples" / "release"
_START = clock.now()

PEOPLE = {
    "ada-ed25519": ("Ada", "release owner"),
    "bea-ed25519": ("Bea", "safety lead, legal"),
    "cem-ed25519": ("Cem", "legal"),
    "eve-ed25519": ("Eve", "evaluator, safety lead"),
    "ada2-ed25519": ("ADA", "safety lead"),
    "dua-p256": ("Dua", "release owner, safety lead"),
}
"""Keys, whose they are and as what they sign; Ada has two keys."""


def day(number: float) -> str:
    """Return a time that many days after the tests began."""
    return (_START + dt.timedelta(days=number)).isoformat()


class Release:
    """A folder with a checkpoint, a record, a plan, keys and a trust file."""

    def __init__(self, folder: Path) -> None:
        """Make them when they are not there."""
        self.folder = folder
        self.ledger = folder / "ledger.sqlite"
        self.heads = folder / "ledger.sqlite.heads"
        self.trust = folder / "trust.yaml"
        self.record = folder / "record.json"
        self.policy = EXAMPLE / "policy.yaml"
        self.plan = EXAMPLE / "plan.yaml"
        if not self.trust.exists():
            cli_fixtures.a_folder(folder / "model")
            self.believe()
            self.decide(self.record, day(-1))

    def believe(self, **changes: str) -> None:
        """Write the trust file; ``changes`` are for Bea's key."""
        entries = [
            trusted(name, roles, person=person, **(changes if name.startswith("bea") else {}))
            for name, (person, roles) in PEOPLE.items()
        ]
        trust_file(self.trust, *entries)

    def decide(self, path: Path, at: str, *names: str) -> Path:
        """Write a record of a decision at that time, signed by Ada unless others are named."""
        words = ("check", self.folder / "model", "--policy", self.policy, "--tier", "T1")
        decision = self.folder / "decision.json"
        decision.write_text(run(*words, "--at", at, "--json").out)
        signer = key_file(self.folder, (names or ("ada-ed25519",))[0])
        done = run("sign", decision, "--key", signer, "--output", path, "--at", at)
        assert done.code == 0, done.err
        return path

    @property
    def where(self) -> tuple[object, ...]:
        """The options that say where the ledger is, and whom it believes."""
        return ("--ledger", self.ledger, "--trust", self.trust)

    def act(self, name: str, *words: object, role: str = "", at: str = day(0)) -> Run:
        """Let somebody act, as the first of their roles unless one is named."""
        role = role or PEOPLE[name][1].partition(",")[0]
        who = ("--as", role, "--key", key_file(self.folder, name), "--reason", "because")
        return run("release", *words, *who, *self.where, "--unsafe-at", at)

    def submit(self, record: Path | None = None, *words: object, at: str = day(0)) -> Run:
        """Submit the record, the first time with the plan."""
        plan = () if self.ledger.exists() else ("--plan", self.plan)
        what = (record or self.record, "--policy", self.policy, *plan, *words)
        return self.act("ada-ed25519", "submit", *what, at=at)

    def approve(self, name: str, *, role: str = "", at: str = day(0)) -> Run:
        """Let somebody approve the record."""
        words = ("approve", self.record, "--policy", self.policy)
        return self.act(name, *words, role=role, at=at)

    def opened(self) -> None:
        """Submit, approve by two, and open the first stage."""
        for done in (
            self.submit(),
            self.approve("bea-ed25519"),
            self.approve("cem-ed25519"),
            self.act("ada-ed25519", "open", "defenders"),
        ):
            assert done.code == 0, done.out + done.err

    def status(self, at: str = day(0)) -> Any:  # noqa: ANN401 - JSON
        """Return what ``status --json`` prints."""
        return run("release", "status", *self.where, "--at", at, "--json").json

    def size(self) -> int:
        """Return the number of events that the ledger has."""
        return int(run("ledger", "verify", *self.where, "--json").json["size"])

    def tamper(self, statement: str) -> None:
        """Change the ledger as somebody can who may write its file."""
        connection = sqlite3.connect(self.ledger)
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        for name, body in TRIGGERS.items():
            connection.execute(f"CREATE TRIGGER {name} {body}")
        connection.commit()
        connection.close()


def public_file(folder: Path, name: str) -> Path:
    """Write the public key of that name."""
    path = folder / f"{name}.pub"
    path.write_text(key(name).public.pem)
    return path
