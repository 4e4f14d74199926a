# SPDX-License-Identifier: Apache-2.0
"""The database of a gateway: SQLite in a file, or PostgreSQL.

Opening one brings its tables up to date. Whatever keeps it from answering later is one error,
:class:`DatabaseDownError`, so that one place can turn it into a refusal.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec

import sqlalchemy as sa

from tiergate.errors import ExtensionError
from tiergate.gateway.migrations import bring_up_to_date
from tiergate.release.ledger_address import Address, linked, read_address, tls
from tiergate.release.ledger_store import is_postgresql

ANSWER_SECONDS = 4
"""How long a database may take to answer, or somebody else to keep it: a revocation stops a
running download within five seconds, and clients wait ten for an answer."""
_UPGRADE_SECONDS = 600
_OWN_FAULTS = ("22", "23", "42601")
"""How codes of PostgreSQL begin that say that a value or a statement is wrong."""


class DatabaseDownError(OSError):
    """The database does not answer, or takes nothing; nothing can be known of anybody now."""


class Database:
    """The database, open."""

    def __init__(self, url: str) -> None:
        """Open a database, and bring its tables up to date.

        Args:
            url: ``sqlite:///FILE``, or ``postgresql://USER:PASSWORD@HOST/NAME`` with the
                settings of a ledger's address.

        Raises:
            InputError: its tables are of a newer version, or of none that was ever released.
            DatabaseDownError: it cannot be reached, or not be written.
            ExtensionError: the driver for PostgreSQL is not installed.
        """
        self.address = read_address(url) if is_postgresql(url) else None
        """Where it is, on a server; None for a file."""
        self.place = url.removeprefix("sqlite:///") if self.address is None else self.address.place
        """The same, as messages name it; without a password."""
        upgrading = _engine(url, self.address, _UPGRADE_SECONDS)
        try:
            with self._translated():
                bring_up_to_date(upgrading, self.place)
        finally:
            upgrading.dispose()
        self._engine = _engine(url, self.address, ANSWER_SECONDS)
        self._shared = threading.local()

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection to read with.

        Raises:
            DatabaseDownError: the database does not answer.
        """
        shared: sa.Connection | None = getattr(self._shared, "connection", None)
        if shared is not None:
            with self._translated():
                yield shared
            return
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let everything that this thread reads within the block go by one connection.

        A question that reads several tables is answered in half the time, because a connection
        from the pool is tried before it is used.

        Raises:
            DatabaseDownError: the database does not answer.
        """
        with self.reading() as connection:
            before = getattr(self._shared, "connection", None)
            self._shared.connection = connection
            try:
                yield
            finally:
                self._shared.connection = before

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield a connection whose changes stand when the block ends, or not at all.

        Raises:
            DatabaseDownError: the database does not answer, or takes nothing.
        """
        with self._translated(), self._engine.begin() as connection:
            yield connection

    def rewrite(self, names: Iterable[str]) -> bool:
        """Write tables anew, so that what was deleted from them is in no file of theirs.

        Args:
            names: of the tables; a database in a file is written anew as a whole.

        Returns:
            Whether that could be done; in a file not while others read what was there before.

        Raises:
            DatabaseDownError: the database does not answer, or takes nothing.
        """
        with self._translated(), self._engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            if self.address is not None:
                # What tried the connection out has left a transaction open, where none may be.
                plain.connection.rollback()
                for name in names:
                    connection.exec_driver_sql(f'VACUUM FULL "{name}"')
                return True
            connection.exec_driver_sql("VACUUM")
            found = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
            return int(found) == 0

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            if _is_own_fault(error):
                raise
            words = str(getattr(error, "orig", error) or error).splitlines()[0]
            raise DatabaseDownError(errno.EIO, f"no answer ({words})", self.place) from error


def _is_own_fault(error: Exception) -> bool:
    """Tell whether what was asked is wrong, and not the database."""
    if isinstance(error, sa.exc.IntegrityError | sa.exc.DataError):
        return True
    return _code(getattr(error, "orig", None)).startswith(_OWN_FAULTS)


def _code(error: BaseException | None) -> str:
    """Return the code of an error of PostgreSQL; empty for any other error."""
    told = error.args[0] if error is not None and error.args else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""


def _as_integrity(context: sa.engine.ExceptionContext) -> BaseException | None:
    """Name what breaks a rule of a table as SQLAlchemy does, which this driver does not."""
    if not _code(context.original_exception).startswith("23"):
        return None
    return sa.exc.IntegrityError(context.statement, context.parameters, context.original_exception)


def _engine(url: str, address: Address | None, seconds: int) -> sa.Engine:
    if address is None:
        engine = sa.create_engine(url, connect_args={"timeout": seconds}, pool_timeout=seconds)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine
    if find_spec("pg8000") is None:
        remedy = "Install it with: pip install 'tiergate[postgresql]'"
        raise ExtensionError(address.place, "no driver for PostgreSQL", "pg8000", remedy)
    engine = sa.create_engine(
        "postgresql+pg8000://",
        creator=partial(_connected, address, seconds),
        pool_pre_ping=True,
        pool_timeout=seconds,
    )
    sa.event.listen(engine, "handle_error", _as_integrity, retval=True)
    return engine


def _prepare_sqlite(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _connected(address: Address, seconds: int) -> sa.engine.interfaces.DBAPIConnection:
    """Connect as to a ledger: a server on another machine has to prove its name."""
    from pg8000 import dbapi

    try:
        link = linked(address, seconds)
        try:
            connection: sa.engine.interfaces.DBAPIConnection = dbapi.connect(
                address.user,
                host=address.host,
                database=address.database,
                password=address.password,
                ssl_context=tls(address),
                application_name="tiergate gateway",
                sock=link,
            )
        except BaseException:
            link.close()
            raise
    except OSError as error:
        raise dbapi.InterfaceError(f"network error: {error}") from error
    return connection
