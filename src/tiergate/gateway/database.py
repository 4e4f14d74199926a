# SPDX-License-Identifier: Apache-2.0
"""The database of a gateway: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from tiergate.gateway.tables import metadata


class Database:
    """The database, open."""

    def __init__(self, url: str) -> None:
        """Open a database, and make the tables that are missing.

        Args:
            url: as SQLAlchemy reads it; PostgreSQL is spoken to by pg8000.
        """
        address = sa.make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+pg8000")
        self._engine = sa.create_engine(address, pool_pre_ping=True)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
        metadata.create_all(self._engine)

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection to read with."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield a connection whose changes stand when the block ends, or not at all."""
        with self._engine.begin() as connection:
            yield connection


def _prepare_sqlite(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
