# SPDX-License-Identifier: Apache-2.0
"""Addresses of ledgers on PostgreSQL, and connections to them.

``postgresql://USER@HOST:PORT/DATABASE?schema=NAME``, as other programs write it. Without
``sslmode=disable``, a server on another machine has to show a certificate that its name and
the system, or ``sslrootcert``, vouch for.
"""

from __future__ import annotations

import errno
import getpass
import os
import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tiergate.errors import ExtensionError, InputError

if TYPE_CHECKING:
    from pg8000.native import Connection

WAIT_SECONDS = 30
"""How long somebody else may keep the ledger, or the server be silent, before it is an error."""
_EXPECTED = "postgresql://USER@HOST:PORT/DATABASE?schema=NAME"
_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KNOWN = frozenset({"schema", "sslmode", "sslrootcert", "host"})
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a ledger is."""

    place: str
    """The same as a text, without the password."""
    user: str
    """As whom to connect."""
    password: str = field(repr=False)
    """Their password; empty for none."""
    host: str
    """The server; a path is the folder of its socket."""
    port: int
    """Its port."""
    database: str
    """The database."""
    schema: str
    """The schema that holds the ledger; also how its roles begin."""
    encrypts: bool
    """Whether to ask for a certificate."""
    authorities: str | None
    """A file of certificates that are believed; None for those of the system."""

    @property
    def owner(self) -> str:
        """Role that owns the tables; nobody works as it."""
        return f"{self.schema}_owner"

    @property
    def writer(self) -> str:
        """Role of those who append."""
        return f"{self.schema}_writer"

    @property
    def reader(self) -> str:
        """Role of those who read."""
        return f"{self.schema}_reader"


def read_address(text: str) -> Address:
    """Read an address; what it leaves out comes from PGUSER and PGPASSWORD.

    Raises:
        InputError: it is no address of that kind.
    """
    try:
        parts = urlsplit(text)
        port = parts.port or 5432
        given = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
    except ValueError:
        # Not shown, because a password may stand anywhere in it.
        raise InputError("ledger", "an address that cannot be read", _EXPECTED) from None
    place = _without_password(parts)
    for name in sorted(given.keys() - _KNOWN):
        raise InputError(place, f"the setting {name!r}", f"only {', '.join(sorted(_KNOWN))}")
    host = given.get("host") or unquote(parts.hostname or "") or "localhost"
    schema, database = given.get("schema", "tiergate"), unquote(parts.path.removeprefix("/"))
    if not _SCHEMA.fullmatch(schema):
        raise InputError(place, f"the schema {schema!r}", "small letters, digits and underscores")
    if not database:
        raise InputError(place, "no name of a database", _EXPECTED)
    return Address(
        place=place,
        user=unquote(parts.username or "") or os.environ.get("PGUSER") or getpass.getuser(),
        password=unquote(parts.password or "") or os.environ.get("PGPASSWORD", ""),
        host=host,
        port=port,
        database=database,
        schema=schema,
        encrypts=_encrypts(given.get("sslmode"), host, place),
        authorities=given.get("sslrootcert"),
    )


def connected(address: Address) -> Connection:
    """Connect.

    Raises:
        ExtensionError: the driver is not installed.
        OSError: nobody answers there.
        pg8000.native.Error: the server refuses.
    """
    try:
        from pg8000.native import Connection
    except ImportError:
        remedy = "Install it with: pip install 'tiergate[postgresql]'"
        raise ExtensionError(address.place, "no driver for PostgreSQL", "pg8000", remedy) from None
    # Longer than a lock is waited for, so that the server's own words come first.
    link = linked(address, 2 * WAIT_SECONDS)
    try:
        return Connection(
            address.user,
            host=address.host,
            database=address.database,
            password=address.password,
            ssl_context=tls(address),
            application_name="tiergate",
            sock=link,
        )
    except BaseException:
        link.close()
        raise


def linked(address: Address, seconds: float) -> socket.socket:
    """Return a socket to the server.

    Args:
        address: where it is.
        seconds: how long it may be silent.

    Raises:
        OSError: nobody answers there.
    """
    try:
        if not address.host.startswith("/"):
            link = socket.create_connection((address.host, address.port), seconds)
            # The driver writes in small pieces, each of which would wait for the one before.
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return link
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.settimeout(seconds)
            link.connect(f"{address.host}/.s.PGSQL.{address.port}")
        except BaseException:
            link.close()
            raise
    except OSError as error:
        raise OSError(errno.EIO, f"no connection ({error})", address.place) from None
    return link


def tls(address: Address) -> ssl.SSLContext | bool:
    """Return how to have the server prove its name; False for not at all."""
    # Not None, which the driver takes for "with any certificate or without".
    if not address.encrypts:
        return False
    return ssl.create_default_context(cafile=address.authorities)


def _encrypts(mode: str | None, host: str, place: str) -> bool:
    if mode not in {None, "disable", "verify-full"}:
        raise InputError(place, f"sslmode={mode}", "disable or verify-full")
    if mode is None:
        return not (host in _HERE or host.startswith("/"))
    return mode == "verify-full"


def _without_password(parts: SplitResult) -> str:
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return parts._replace(netloc=f"{name}{at}{host}").geturl()
