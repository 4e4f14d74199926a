# SPDX-License-Identifier: Apache-2.0
"""Where the log of downloads is: a file in the gateway's folder, or a schema of its database.

On a server every machine appends to the same log. Its session works as a role that may add
entries and do nothing else, whatever else the gateway's login may do. Each machine signs heads
into its own folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import sqlalchemy as sa

from tiergate.errors import InputError, VerificationError
from tiergate.gateway.database import ANSWER_SECONDS, Database, DatabaseDownError
from tiergate.release.head_files import newest_head
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_address import Address
from tiergate.release.ledger_entry import new_origin
from tiergate.release.ledger_postgresql import PostgresqlStore, create_postgresql

SCHEMA = "tiergate_downloads"
"""Name of the log's schema, unless the address of the database names another."""
_OF_RELEASES = "tiergate"
_LOCK = 0x7469657267617466


class LogPlace:
    """Where the log is, which may not have been made yet."""

    def __init__(self, folder: Path, address: Address | None) -> None:
        """Say where it is.

        Args:
            folder: of the gateway.
            address: of its database, when that is on a server.
        """
        self._file = folder / "audit.sqlite"
        self._address = None if address is None else of_log(address)
        name = "audit.sqlite.heads" if address is None else "audit.heads"
        self.heads = folder / name
        """Folder of this machine's signed heads."""

    def _begin(self, *, is_new: bool) -> None:
        if not is_new or newest_head(self.heads) is not None:
            raise _gone(str(self._file))
        # Whoever starts at the same moment may be faster.
        with contextlib.suppress(InputError):
            Ledger.create(self._file).close()
        self._file.chmod(0o600)

    @property
    def survives(self) -> bool:
        """Whether it can be lost and come back, as a connection can."""
        return self._address is not None

    def exists(self) -> bool:
        """Tell whether there may be a log; on a server that is found out by opening it."""
        return self._address is not None or self._file.exists()

    def open(self, *, read_only: bool = False) -> Ledger:
        """Open the log, which :meth:`prepare` has made.

        Raises:
            InputError: it is no log.
            VerificationError: there is none.
            OSError: it cannot be opened or reached.
        """
        if self._address is None:
            if not self._file.exists():
                raise _gone(str(self._file))
            return Ledger.open(self._file, read_only=read_only)
        settings = (
            f"SET ROLE {self._address.writer}",
            f"SET lock_timeout = '{ANSWER_SECONDS}s'",
            # A machine that stops in the middle of an entry holds up the others no longer.
            f"SET idle_in_transaction_session_timeout = '{ANSWER_SECONDS}s'",
        )
        store = PostgresqlStore.open(self._address, read_only=read_only, settings=settings)
        return Ledger(store)

    def prepare(self, database: Database, *, is_new: bool) -> None:
        """Make the log unless it is there, and let the gateway add to it.

        Args:
            database: of the gateway.
            is_new: whether it may be made. A log that was begun is never begun again: one that
                is gone was lost or taken away.

        Raises:
            InputError: it is not there, and this login may not make it; says who has to do what.
            VerificationError: it is gone.
            OSError: the server does not answer.
        """
        if self._address is None:
            if not self._file.exists():
                self._begin(is_new=is_new)
            return
        with database.writing() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            of_entries = sa.func.to_regclass(f"{self._address.schema}.entries")
            is_there = connection.execute(sa.select(of_entries)).scalar() is not None
            if not is_there and not is_new:
                raise _gone(self._address.place)
            try:
                if not is_there:
                    create_postgresql(self._address, new_origin())
                if not _may_write(connection, self._address):
                    connection.exec_driver_sql(f"GRANT {self._address.writer} TO CURRENT_USER")
            except (InputError, sa.exc.DBAPIError) as error:
                raise _by_hand(self._address, error) from None


def _gone(place: str) -> VerificationError:
    return VerificationError(
        place,
        "no log of downloads",
        "the one that this gateway began",
        "Put it back from a copy. Without it nobody knows what has left, and nothing leaves.",
    )


def of_log(address: Address) -> Address:
    """Return where the log is, in that database."""
    schema = SCHEMA if address.schema == _OF_RELEASES else address.schema
    return dataclasses.replace(address, schema=schema)


def _may_write(connection: sa.Connection, address: Address) -> bool:
    """Tell whether the gateway's login may work as the log's writer."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL ROLE {address.writer}")
            connection.exec_driver_sql("RESET ROLE")
    except sa.exc.DBAPIError:
        return False
    return True


def _by_hand(address: Address, error: Exception) -> Exception:
    """Say what somebody with more rights has to do."""
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return DatabaseDownError(None, "no answer", address.place)
    host = f"{address.host}:{address.port}"
    ledger = f"postgresql://ADMIN@{host}/{address.database}?schema={address.schema}"
    grant = f'GRANT {address.writer} TO "{address.user}"'
    return InputError(
        address.place,
        f"no log of downloads that the login {address.user} may add to, nor make",
        "one",
        "Let somebody who may make roles run, once (ledger init only when there is none):"
        f" tiergate ledger init --ledger '{ledger}' ;"
        f" psql --host {address.host} --port {address.port} --dbname {address.database}"
        f" --username ADMIN --command '{grant}'",
    )
