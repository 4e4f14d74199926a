# SPDX-License-Identifier: Apache-2.0
"""How often something was tried, counted for every process together.

Each try is written down before it is judged, so that many at once are counted as many.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.gateway.database import Database
from tiergate.gateway.tables import attempts

WINDOW = timedelta(minutes=15)
"""How long a try that failed counts."""
_PURPOSE = b"tiergate attempts 1"
_HOUSE_BITS = 64
"""Of an address of IPv6: the rest of it is chosen by whoever has these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How often something may fail within the window."""

    about: str
    """Whose tries: an account, or an address."""
    most: int
    """How many may fail."""


class Attempts:
    """What was tried, and failed or is not judged yet."""

    def __init__(self, database: Database, secret: bytes) -> None:
        """Read a database.

        Args:
            database: where the tries are.
            secret: from which the key of the digests of names and addresses is made.
        """
        self._database = database
        self._key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()

    def begin(self, limits: Iterable[Limit], at: datetime) -> tuple[str, ...] | None:
        """Write a try down before it is judged.

        Returns:
            What :meth:`forget` takes; None when there were too many, and this one may not be.
        """
        wanted = [(secrets.token_hex(16), self._digest(limit.about), limit) for limit in limits]
        made = tuple(name for name, _, _ in wanted)
        rows = [{"id": name, "about": about, "at": at} for name, about, _ in wanted]
        with self._database.writing() as connection:
            connection.execute(attempts.delete().where(attempts.c.at <= at - WINDOW))
            connection.execute(attempts.insert(), rows)
        # Counted when this one stands for everybody: of many at once each sees those before it.
        with self._database.reading() as connection:
            is_over = any(_count(connection, about) > limit.most for _, about, limit in wanted)
        if is_over:
            self.forget(made)
            return None
        return made

    def forget(self, made: Iterable[str]) -> None:
        """Take back what did not fail."""
        with self._database.writing() as connection:
            connection.execute(attempts.delete().where(attempts.c.id.in_(tuple(made))))

    def forget_about(self, about: str) -> None:
        """Take back all that failed for an account."""
        with self._database.writing() as connection:
            connection.execute(attempts.delete().filter_by(about=self._digest(about)))

    def _digest(self, about: str) -> str:
        return hmac.new(self._key, about.encode(), hashlib.sha256).hexdigest()


def address_of(host: str) -> str:
    """Return what counts as one address: for IPv6 the network of a house.

    >>> address_of("192.0.2.7"), address_of("2001:db8:1:2:3::4"), address_of("")
    ('address 192.0.2.7', 'address 2001:db8:1:2::/64', 'address ')
    """
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return f"address {host[:64]}"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            network = ipaddress.ip_network((int(found), _HOUSE_BITS), strict=False)
            return f"address {network}"
        return f"address {found.ipv4_mapped}"
    return f"address {found}"


def _count(connection: sa.Connection, about: str) -> int:
    query = sa.select(sa.func.count()).select_from(attempts).where(attempts.c.about == about)
    return int(connection.execute(query).scalar_one())
