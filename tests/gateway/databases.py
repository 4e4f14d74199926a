# SPDX-License-Identifier: Apache-2.0
"""Databases of gateways: new ones, those of released versions, and what is in them."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from postgresql_server import Server

SCHEMAS = Path(__file__).with_name("schemas")
"""What a filled database of each released revision was dumped as."""
KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


class Databases:
    """Makes databases of one kind."""

    def __init__(self, kind: str, folder: Path, server: Callable[[], Server]) -> None:
        self.kind = kind
        self._folder = folder
        self._server = server
        self._engines: list[sa.Engine] = []

    def close(self) -> None:
        """Let go of all that look into one."""
        for engine in self._engines:
            engine.dispose()

    def new(self) -> str:
        """Make an empty one, and return its address."""
        name = f"g{secrets.token_hex(6)}"
        if self.kind == "sqlite":
            return f"sqlite:///{self._folder / name}.sqlite"
        server = self._server()
        server.run(f"CREATE DATABASE {name}")
        return f"postgresql://the_admin@127.0.0.1:{server.port}/{name}"

    def of_revision(self, number: int) -> str:
        """Make one as a released version left it, and return its address."""
        url = self.new()
        text = (SCHEMAS / f"revision_{number}.{self.kind}.sql").read_text(encoding="utf-8")
        self.run(url, text)
        return url

    def run(self, url: str, text: str) -> None:
        """Run statements."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
                connection.executescript(text)
            return
        from pg8000.native import Connection

        address = sa.make_url(url)
        connection = Connection(
            address.username,
            host=address.host,
            port=address.port,
            database=address.database,
            ssl_context=False,
        )
        try:
            connection.run(text)
        finally:
            connection.close()

    def engine(self, url: str) -> sa.Engine:
        """Return what looks into one."""
        self._engines.append(sa.create_engine(url.replace("postgresql://", "postgresql+pg8000://")))
        return self._engines[-1]


def described(engine: sa.Engine) -> dict[str, Any]:
    """Return every table as the database itself describes it."""
    found = {}
    inspector = sa.inspect(engine)
    for name in inspector.get_table_names():
        found[name] = {
            "columns": sorted(
                (column["name"], repr(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(name)
            ),
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "others": sorted(_foreign(inspector, name)),
            "unique": sorted(
                tuple(each["column_names"]) for each in inspector.get_unique_constraints(name)
            ),
            "indexes": sorted(
                (each["name"], tuple(each["column_names"]), bool(each["unique"]))
                for each in inspector.get_indexes(name)
            ),
        }
    return found


def _foreign(inspector: sa.Inspector, name: str) -> Iterator[tuple[object, ...]]:
    for each in inspector.get_foreign_keys(name):
        yield (
            tuple(each["constrained_columns"]),
            each["referred_table"],
            tuple(each["referred_columns"]),
        )
