# SPDX-License-Identifier: Apache-2.0
"""Addresses of ledgers on PostgreSQL: what is taken from where, what is refused, what is shown."""

from __future__ import annotations

import getpass
import sys

import pytest

from tiergate.errors import ExtensionError, InputError
from tiergate.release.ledger_address import Address, connected, read_address
from tiergate.release.ledger_store import is_postgresql


def _read(text: str) -> Address:
    return read_address(text)


def test_every_part_of_an_address_is_taken() -> None:
    found = _read(
        "postgresql://a%20b:p%40ss@db.example:6000/my%2Fdata?schema=acme_2&sslmode=disable"
    )

    assert (found.user, found.password, found.host) == ("a b", "p@ss", "db.example")
    assert (found.port, found.database, found.schema) == (6000, "my/data", "acme_2")
    assert not found.encrypts
    assert (found.owner, found.writer, found.reader) == (
        "acme_2_owner",
        "acme_2_writer",
        "acme_2_reader",
    )


def test_what_an_address_leaves_out_is_what_other_programs_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGUSER", "somebody")
    monkeypatch.setenv("PGPASSWORD", "secret")
    found = _read("postgres:///data")
    monkeypatch.delenv("PGUSER")

    assert (found.user, found.password) == ("somebody", "secret")
    assert (found.host, found.port, found.schema) == ("localhost", 5432, "tiergate")
    assert _read("postgres:///data").user == getpass.getuser()


def test_a_password_is_never_shown() -> None:
    found = _read("postgresql://ada:secret@[::1]:6000/data?schema=x")

    assert found.place == "postgresql://ada@[::1]:6000/data?schema=x"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("text", "encrypts"),
    [
        ("postgresql://a@localhost/d", False),
        ("postgresql://a@127.0.0.1/d", False),
        ("postgresql://a@[::1]/d", False),
        ("postgresql://a@/d?host=/run/postgresql", False),
        ("postgresql://a@db.example/d", True),
        ("postgresql://a@10.0.0.1/d", True),
        ("postgresql://a@localhost/d?sslmode=verify-full", True),
        ("postgresql://a@localhost/d?host=db.example", True),
    ],
)
def test_a_server_elsewhere_has_to_say_who_it_is(text: str, *, encrypts: bool) -> None:
    assert _read(text).encrypts is encrypts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://a:secret@h:x/d", "cannot be read"),
        ("postgresql://a:secret@h:99999/d", "cannot be read"),
        ("postgresql://a:secret@[h/d", "cannot be read"),
        ("postgresql://a:secret@h/d?schema", "cannot be read"),
        ("postgresql://a:secret@h/", "no name of a database"),
        ("postgresql://a:secret@h", "no name of a database"),
        ("postgresql://a:secret@h/d?schema=a-b", "the schema 'a-b'"),
        ("postgresql://a:secret@h/d?schema=Acme", "the schema 'Acme'"),
        ("postgresql://a:secret@h/d?schema=" + "a" * 41, "the schema"),
        ("postgresql://a:secret@h/d?sslmode=require", "sslmode=require"),
        ("postgresql://a:secret@h/d?connect=1", "the setting 'connect'"),
    ],
)
def test_what_is_no_address_is_refused_without_its_password(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        _read(text)

    assert "secret" not in str(refused.value)


def test_a_path_is_no_address() -> None:
    assert is_postgresql("postgres://x/y")
    assert not is_postgresql("postgresql/ledger.sqlite")


def test_without_the_driver_it_is_said_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pg8000.native", None)

    with pytest.raises(ExtensionError, match=r"pip install 'tiergate\[postgresql\]'"):
        connected(_read("postgresql://a@localhost/d"))
