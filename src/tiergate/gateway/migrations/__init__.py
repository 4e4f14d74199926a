# SPDX-License-Identifier: Apache-2.0
"""Brings the tables of a gateway up to date, whichever version of the program made them.

Every revision of the tables that was released has a number and a module here that makes it out
of the one before. An empty database gets the tables as they are; one that is behind goes through
what is missing, in one transaction, and everybody else who starts waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.tables import metadata

if TYPE_CHECKING:
    from alembic.operations import Operations

NEWEST = 2
"""The revision that ``tables.py`` describes. Whatever that changes after a release needs another
number, and a module of that name; a test compares both."""
_FIRST = frozenset(
    (
        *("repositories", "revisions", "branches", "uploads", "requests", "grants"),
        *("people", "tokens", "namespaces", "salts"),
    )
)
"""The tables of revision 1, which had no number."""
_LOCK = 0x7469657267617465
version = sa.Table(
    "schema_version", sa.MetaData(), sa.Column("number", sa.Integer, primary_key=True)
)
"""The number of the revision, in one row."""


def bring_up_to_date(engine: sa.Engine, place: str) -> None:
    """Make the tables what this version of the program expects.

    Args:
        engine: of the database.
        place: how messages name it.

    Raises:
        InputError: they are of a newer version, or of none; nothing is changed then.
        sqlalchemy.exc.DBAPIError: the database takes nothing.
    """
    with engine.connect() as connection:
        number = _number(connection)
    if number == NEWEST:
        return
    with _alone(engine) as connection:
        # Somebody else may have been faster.
        number = _number(connection)
        _refuse_unknown(number, place)
        if number is None:
            metadata.create_all(connection)
            version.create(connection)
            connection.execute(version.insert().values(number=NEWEST))
        elif number < NEWEST:
            _upgrade(connection, number)


def _number(connection: sa.Connection) -> int | None:
    """Return which revision is there; None for no tables."""
    here = set(sa.inspect(connection).get_table_names())
    if version.name in here:
        number: int = connection.execute(sa.select(version.c.number)).scalar_one()
        return number
    ours = here & set(metadata.tables)
    if not ours:
        return None
    return 1 if ours == _FIRST else 0


def _refuse_unknown(number: int | None, place: str) -> None:
    if number is not None and number > NEWEST:
        raise InputError(
            place,
            f"tables of a newer version (revision {number})",
            f"those of this one (revision {NEWEST})",
            "Install the version of Tiergate that was here before, or restore a backup.",
        )
    if number == 0:
        found = "tables that no version of Tiergate has made"
        raise InputError(place, found, "an empty database, or that of a gateway")


def _upgrade(connection: sa.Connection, number: int) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    operations = Operations(MigrationContext.configure(connection))
    for following in range(number + 1, NEWEST + 1):
        _step(following)(operations)
    if not sa.inspect(connection).has_table(version.name):
        version.create(connection)
    connection.execute(version.delete())
    connection.execute(version.insert().values(number=NEWEST))


def _step(number: int) -> Callable[[Operations], None]:
    module = import_module(f"tiergate.gateway.migrations.revision_{number}")
    step: Callable[[Operations], None] = module.upgrade
    return step


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection while nobody else changes tables; keep all that was done, or nothing."""
    begin, end = _HOLD[engine.dialect.name]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # By hand, because the driver of SQLite begins no transaction for changes to tables.
        for statement in begin:
            connection.exec_driver_sql(statement)
        try:
            yield connection
            for statement in end:
                _refuse_any(connection.exec_driver_sql(statement))
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            # A connection that was lost has rolled back already.
            with suppress(sa.exc.DBAPIError):
                connection.exec_driver_sql("ROLLBACK")
            raise


def _refuse_any(rows: sa.CursorResult[Any]) -> None:
    found = rows.first()
    if found is not None:
        raise InputError(f"the table {found[0]}", "rows that point at nothing", "none")


_HOLD: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        # A table that is made anew must not take with it what points at the old one.
        "sqlite": (
            ("PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE"),
            ("PRAGMA foreign_key_check",),
        ),
        "postgresql": (("BEGIN", f"SELECT pg_advisory_xact_lock({_LOCK})"), ()),
    }
)
"""What is said before tables are changed, and what has to give no row afterwards."""
