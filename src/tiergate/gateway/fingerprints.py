# SPDX-License-Identifier: Apache-2.0
"""Whether the keys in a folder are those that the database belongs to.

Machines that share a database each have a folder, with the same keys: with another secret no
token would be known, and with another key the log would not verify. The database keeps
fingerprints of both, from which no key follows.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from pathlib import Path

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.database import Database
from tiergate.gateway.tables import fingerprints

_PURPOSE = b"tiergate fingerprint of a secret 1"


def of_secret(secret: bytes) -> str:
    """Return the fingerprint of random bytes."""
    return hmac.new(secret, _PURPOSE, hashlib.sha256).hexdigest()


def is_known(database: Database, path: Path) -> bool:
    """Tell whether the database belongs to a key with the name of a file."""
    return bool(_known(database, path.name))


def refuse_missing(database: Database, path: Path) -> None:
    """Refuse to make a key anew that the database belongs to.

    Raises:
        InputError: the file is not there, and the database knows of one.
    """
    if not path.exists() and _known(database, path.name):
        raise InputError(str(path), "no such file", _expected(database), _remedy(path))


def refuse_other(database: Database, path: Path, fingerprint: str) -> None:
    """Refuse a key that is not that of the database, which takes the first one for its own.

    Raises:
        InputError: it is another.
    """
    with contextlib.suppress(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(fingerprints.insert(), {"name": path.name, "value": fingerprint})
    if _known(database, path.name) != fingerprint:
        raise InputError(str(path), "another key", _expected(database), _remedy(path))


def _known(database: Database, name: str) -> str:
    query = sa.select(fingerprints.c.value).filter_by(name=name)
    with database.reading() as connection:
        return connection.execute(query).scalar() or ""


def _expected(database: Database) -> str:
    return f"that of the database {database.place}"


def _remedy(path: Path) -> str:
    return (
        f"Copy {path.name} from the folder of the machine that began with this database,"
        " readable for nobody else, and start again."
    )
