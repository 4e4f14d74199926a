# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the tests' own, in a temporary folder, and ledgers on it."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tiergate.release.ledger_address import read_address
from tiergate.release.ledger_entry import new_origin
from tiergate.release.ledger_postgresql import create_postgresql

ADMIN = "the_admin"
PASSWORD = "opens the server of these tests"  # noqa: S105 - as it says
_RULES = """\
local all all trust
host all with_password 127.0.0.1/32 scram-sha-256
host all nobody_may 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
"""
_SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
ssl = on
ssl_cert_file = '{folder}/server.crt'
ssl_key_file = '{folder}/server.key'
max_connections = 50
fsync = off
"""


def programs() -> Path | None:
    """Return the folder of the server's programs; None when there is no server here."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs."""

    folder: Path
    """Where its sockets and its certificate are."""
    port: int
    """Where it listens."""
    binaries: Path
    """Its programs."""

    def kill_and_start(self) -> None:
        """Kill every process of it, as a machine does that loses its power, and start it again."""
        self.kill()
        self.start()

    def kill(self) -> None:
        """Kill every process of it."""
        data = self.folder / "data"
        first = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGSTOP)  # so that it starts none meanwhile
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        every = (first, *map(int, children))
        for pid in every:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(map(_runs, every)):
            time.sleep(0.05)
        # Whoever was its parent may not have looked yet, and then its number is still taken.
        for lock in (data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)

    def start(self) -> None:
        """Start it again."""
        data = self.folder / "data"
        _do(self.binaries / "pg_ctl", "-D", data, "-w", "-l", self.folder / "log", "start")

    def address(self, user: str, schema: str, *, settings: str = "", host: str = "") -> str:
        """Return the address of a ledger for a user."""
        place = host or f"127.0.0.1:{self.port}"
        return f"postgresql://{user}@{place}/postgres?schema={schema}{settings}"

    def run(self, words: str, user: str = ADMIN) -> list[Any]:
        """Run one statement as somebody."""
        from pg8000.native import Connection

        host = {"host": "127.0.0.1", "port": self.port, "ssl_context": False}
        connection = Connection(user, database="postgres", **host)
        try:
            return connection.run(words) or []
        finally:
            connection.close()

    def new_ledger(self) -> OnServer:
        """Make a ledger, with somebody who writes and somebody who reads."""
        schema = f"l{secrets.token_hex(6)}"
        create_postgresql(read_address(self.address(ADMIN, schema)), new_origin())
        for role in ("writer", "reader"):
            self.run(f"CREATE ROLE {schema}_one_{role} LOGIN IN ROLE {schema}_{role}")
        return OnServer(server=self, schema=schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnServer:
    """A ledger of a test's own."""

    server: Server
    """Where it is."""
    schema: str
    """Its schema."""

    @property
    def writer(self) -> str:
        """Its address for somebody who appends."""
        return self.server.address(f"{self.schema}_one_writer", self.schema)

    @property
    def reader(self) -> str:
        """Its address for somebody who reads."""
        return self.server.address(f"{self.schema}_one_reader", self.schema)

    def admin(self, *statements: str) -> list[Any]:
        """Do something as whoever runs the server; ``entries`` and ``ledger`` are its tables."""
        rows: list[Any] = []
        for statement in statements:
            rows = self.server.run(f"SET search_path = {self.schema}; {statement}")
        return rows

    def without_triggers(self, *statements: str) -> None:
        """Do what the owner can: switch the triggers off, and on again as they were."""
        off = "ALTER TABLE entries DISABLE TRIGGER USER"
        on = [
            f"ALTER TABLE entries ENABLE ALWAYS TRIGGER {name}"
            for name in ("entries_are_never_changed", "entries_are_contiguous")
        ]
        self.admin("; ".join((off, *statements, *on)))


@contextlib.contextmanager
def running(binaries: Path) -> Iterator[Server]:
    """Start a server that nobody else knows of, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tiergate-postgresql-"))
    data = folder / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    try:
        _certificate(folder)
        _give_away(folder)
        _do(binaries / "initdb", "-D", data, "-U", ADMIN, "-A", "trust", "--no-sync", "-E", "UTF8")
        (data / "pg_hba.conf").write_text(_RULES)
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(port=port, folder=folder))
        _do(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "start")
        try:
            server = Server(folder=folder, port=port, binaries=binaries)
            server.run(f"CREATE ROLE with_password LOGIN PASSWORD '{PASSWORD}'")
            server.run("CREATE ROLE nobody_may LOGIN")
            yield server
        finally:
            _do(binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _runs(pid: int) -> bool:
    """Tell whether a process is there that is no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _account() -> pwd.struct_passwd | None:
    """Return as whom the server runs: it refuses to as root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _do(*words: object) -> None:
    account = _account()
    other: dict[str, Any] = {}
    if account is not None:
        other = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    # Into nothing: the server keeps what it was given open, and a pipe would never end.
    done = subprocess.run(
        [str(word) for word in words],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        **other,
    )
    assert done.returncode == 0, words


def _give_away(folder: Path) -> None:
    account = _account()
    if account is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)


def _certificate(folder: Path) -> None:
    """Write a certificate that vouches for itself, of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "server.crt").write_bytes(made.public_bytes(pem))
    path = folder / "server.key"
    path.touch(mode=0o600)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, form, plain))
