# SPDX-License-Identifier: Apache-2.0
"""A ledger's rows on PostgreSQL.

Whoever appends works as a role that may insert and nothing else; one that could also change
entries is refused. One writer at a time holds an advisory lock until its transaction ends.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import ssl
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

from tiergate.errors import InputError, TiergateError, VerificationError
from tiergate.release import ledger_postgresql_schema as schema_of
from tiergate.release.ledger_address import WAIT_SECONDS, Address, connected
from tiergate.release.ledger_entry import FORMAT, Entry, start_of

if TYPE_CHECKING:
    from pg8000.native import Connection

_PAGE = 500
# A schema is a plain word, which read_address sees to.
_VALUES = "SELECT name, value FROM ONLY {schema}.ledger"
_PAGES = (
    "SELECT sequence, previous, entry, chain FROM ONLY {schema}.entries"
    " WHERE sequence > :after ORDER BY sequence LIMIT {page}"
)
_INTO = "INSERT INTO {schema}.entries VALUES (:sequence, :previous, :data, :chain)"
_SESSION = (
    "SET search_path = pg_catalog",
    "SET bytea_output = hex",
    f"SET lock_timeout = '{WAIT_SECONDS}s'",
    # What is acknowledged is on the disk, whatever the database's own setting is.
    (
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    ),
)
_MAY_CHANGE = """
SELECT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
    OR pg_has_role(c.relowner, 'MEMBER'), current_user::text
  FROM pg_class c WHERE c.oid = to_regclass(:name)
"""


class PostgresqlStore:
    """A schema of a database, connected."""

    def __init__(self, connection: Connection, address: Address, origin: str) -> None:
        self._connection = connection
        self._address = address
        self._origin = origin
        digest = hashlib.sha256(origin.encode()).digest()
        self._lock = int.from_bytes(digest[:8], "big", signed=True)

    @classmethod
    def open(cls, address: Address, *, read_only: bool, settings: Sequence[str] = ()) -> Self:
        """Connect to a ledger that is there.

        Args:
            address: where it is.
            read_only: nothing will be appended.
            settings: statements that are run in the session first.

        Raises:
            InputError: there is none, or, to append, the user could change its entries.
            ExtensionError: the driver is not installed.
            OSError: the server cannot be reached.
        """
        with _translated(address.place):
            connection = connected(address)
        try:
            with _translated(address.place):
                for statement in (*_SESSION, *settings):
                    connection.run(statement)
                origin = _origin(connection, address)
                if not read_only:
                    _refuse_who_may_change(connection, address)
            return cls(connection, address, origin)
        except BaseException:
            _close(connection)
            raise

    @property
    def place(self) -> str:
        """The address, without its password."""
        return self._address.place

    @property
    def origin(self) -> str:
        """The ledger's own name."""
        return self._origin

    def close(self) -> None:
        """End the connection."""
        _close(self._connection)

    def entries(self, after: int) -> Iterator[Entry]:
        """Yield the entries after that place, as they are, in order.

        Raises:
            OSError: the server cannot be reached any more.
        """
        words = _PAGES.format(schema=self._address.schema, page=_PAGE)
        while True:
            rows = self._run(words, after=after)
            for sequence, previous, data, chain in rows:
                yield Entry(sequence=sequence, previous=previous, data=data, chain=chain)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def faults(self) -> Iterator[str]:
        """Say in what tables, triggers, functions and rights are not as they are made."""
        rows = self._run(schema_of.found_query(), schema=self._address.schema)
        found = {(kind, name): definition for kind, name, definition in rows}
        yield from schema_of.faults(self._address.schema, found)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the ledger for one writer; keep all that was done, or nothing.

        Raises:
            OSError: the server takes nothing, or was lost; lost while it wrote, nobody
                knows whether it did.
        """
        try:
            self._run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            self._run("SELECT pg_advisory_xact_lock(:lock)", lock=self._lock)
            yield
        except BaseException:
            # A connection that was lost has rolled back already.
            with contextlib.suppress(Exception):
                self._connection.run("ROLLBACK")
            raise
        try:
            self._run("COMMIT")
        except OSError as error:
            words = f"{error.strerror}; look into the log before anything is entered again"
            raise OSError(error.errno, words, self.place) from None

    def insert(self, entry: Entry) -> None:
        """Add one entry."""
        self._run(
            _INTO.format(schema=self._address.schema),
            sequence=entry.sequence,
            previous=entry.previous,
            data=entry.data,
            chain=entry.chain,
        )

    def _run(self, words: str, **values: object) -> list[Any]:
        with _translated(self.place):
            return self._connection.run(words, **values) or []


def create_postgresql(address: Address, origin: str) -> None:
    """Make the roles, the schema and the tables of a new ledger.

    Raises:
        InputError: something is there already, or the user may not.
        OSError: the server cannot be reached.
    """
    with _translated(address.place):
        connection = connected(address)
        try:
            connection.run("BEGIN")
            for statement in schema_of.statements(address, origin):
                connection.run(statement)
            connection.run("COMMIT")
        finally:
            _close(connection)


def _origin(connection: Connection, address: Address) -> str:
    rows = connection.run(_VALUES.format(schema=address.schema))
    try:
        values: dict[str, bytes] = {name: bytes(value) for name, value in rows or ()}
        origin = values["origin"].decode()
        known = values["format"].decode() == FORMAT
    except (KeyError, UnicodeDecodeError, TypeError) as error:
        raise InputError(address.place, f"no ledger ({error})", FORMAT) from None
    if not known or values.get("start", b"") != start_of(origin):
        raise InputError(address.place, "a ledger of another format", FORMAT)
    return origin


def _refuse_who_may_change(connection: Connection, address: Address) -> None:
    rows = connection.run(_MAY_CHANGE, name=f"{address.schema}.entries")
    for may, user in rows or ():
        if may:
            remedy = f"Connect as somebody to whom {address.writer} is granted, and no more."
            found = f"the user {user}, who may change entries"
            raise InputError(address.place, found, "one who can only add to them", remedy)


def _close(connection: Connection) -> None:
    # The server may have gone first.
    with contextlib.suppress(Exception):
        connection.close()


@contextlib.contextmanager
def _translated(place: str) -> Iterator[None]:
    """Say what the server met as the system or the program would have."""
    try:
        yield
    except TiergateError:
        raise
    except ssl.SSLError as error:
        found = f"a certificate that does not hold ({error.reason or error})"
        raise VerificationError(place, found, "one of this server") from None
    except OSError as error:
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), place) from None
    except Exception as error:
        from pg8000.native import DatabaseError, InterfaceError

        if isinstance(error, DatabaseError):
            raise _refusal(error, place) from None
        if isinstance(error, InterfaceError):
            raise OSError(errno.EIO, f"the connection failed ({error})", place) from None
        raise


def _refusal(error: Exception, place: str) -> Exception:
    told = error.args[0]
    code, words = told.get("C", ""), told.get("M", "no reason")
    if code.startswith("28") or code == "3D000":
        return InputError(place, f"a refusal ({words})", "a user and a database that are there")
    if code in {"42P06", "42P07", "42710", "42723"}:
        return InputError(place, f"something that is there already ({words})", "a new schema")
    if code in {"42501", "42P01", "3F000", "42703"}:
        remedy = "Make one with: tiergate ledger init"
        return InputError(place, f"no ledger ({words})", "one that this user may use", remedy)
    if code in {"P0001", "23505"}:
        remedy = "Run tiergate ledger verify."
        found = f"an entry that the database refuses ({words})"
        return VerificationError(place, found, "one that follows the last", remedy)
    return OSError(errno.ENOSPC if code == "53100" else errno.EIO, words, place)
