# SPDX-License-Identifier: Apache-2.0
"""The gateway's tables, and the database that they are in: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa

_metadata = sa.MetaData()


class UtcTime(sa.TypeDecorator[datetime]):
    """A time in UTC, kept without its zone, which SQLite has none of."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        """Take the zone off."""
        del dialect
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """Put the zone on."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


repositories = sa.Table(
    "repositories",
    _metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("release", sa.Text, nullable=False),
    sa.Column("is_announced", sa.Boolean, nullable=False),
    sa.Column("hosted_at", sa.Text, nullable=False),
    sa.Column("excluded", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)
salts = sa.Table(
    "salts",
    _metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("salt", sa.LargeBinary, nullable=False),
)
revisions = sa.Table(
    "revisions",
    _metadata,
    sa.Column("repository", sa.ForeignKey(repositories.c.name), primary_key=True),
    sa.Column("commit", sa.Text, primary_key=True),
    sa.Column("manifest", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)
branches = sa.Table(
    "branches",
    _metadata,
    sa.Column("repository", sa.ForeignKey(repositories.c.name), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("commit", sa.Text, nullable=False),
)
people = sa.Table(
    "people",
    _metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("roles", sa.JSON, nullable=False),
    sa.Column("jurisdiction", sa.Text, nullable=False),
    sa.Column("disabled_at", UtcTime),
)
tokens = sa.Table(
    "tokens",
    _metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)
namespaces = sa.Table(
    "namespaces",
    _metadata,
    sa.Column("person", sa.ForeignKey(people.c.name), primary_key=True),
    sa.Column("namespace", sa.Text, primary_key=True),
)
uploads = sa.Table(
    "uploads",
    _metadata,
    sa.Column("repository", sa.ForeignKey(repositories.c.name), primary_key=True),
    sa.Column("person", sa.ForeignKey(people.c.name), primary_key=True),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
requests = sa.Table(
    "requests",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("repository", sa.ForeignKey(repositories.c.name), nullable=False),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("answered_by", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.UniqueConstraint("repository", "person"),
)
grants = sa.Table(
    "grants",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("repository", sa.ForeignKey(repositories.c.name), nullable=False, index=True),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("commit", sa.Text, nullable=False),
    sa.Column("jurisdiction", sa.Text, nullable=False),
    sa.Column("given_by", sa.Text, nullable=False),
    sa.Column("given_at", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
    sa.Column("downloads_left", sa.Integer),
    sa.Column("revoked_at", UtcTime),
)


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
        _metadata.create_all(self._engine)

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
