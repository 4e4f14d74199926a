# SPDX-License-Identifier: Apache-2.0
"""Who has uploaded what to where, and the links that they upload to.

A link is for one person, one repository and one content of known length and digest, ends soon,
and takes that content once. Clients send no token with it, so that it is signed instead.

Whoever knows the digest of a content does not have it: that somebody may put a content into a
revision follows from what they uploaded to that repository themselves, or from what is in one
of its revisions already.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from tiergate.gateway.database import Database
from tiergate.gateway.tables import uploads

LARGEST_OBJECT_BYTES = 50 * 1000**3
"""Clients of the Hub download nothing larger without a storage that this gateway is not."""
_SHORTEST = timedelta(minutes=15)
_LONGEST = timedelta(hours=24)
_SLOWEST_BYTES_PER_SECOND = 1 << 20
_OID = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
_PURPOSE = b"tiergate upload link 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One content that one person brings to one repository."""

    repository: str
    """Its name."""
    person: str
    """Name of their account."""
    sha256: str
    """Digest of the content, ``sha256:<64 hex>``."""
    size_bytes: int
    """Its length."""


def is_oid(text: object) -> bool:
    """Tell whether that names a content as Git LFS does: 64 hexadecimal digits."""
    return isinstance(text, str) and _OID.fullmatch(text) is not None


def lasts(size_bytes: int) -> timedelta:
    """Return how long links have to last until that much is uploaded, with a slow line.

    >>> lasts(0), lasts(10**12)
    (datetime.timedelta(seconds=900), datetime.timedelta(days=1))
    """
    seconds = min(size_bytes // _SLOWEST_BYTES_PER_SECOND, int(_LONGEST.total_seconds()))
    return min(_SHORTEST + timedelta(seconds=seconds), _LONGEST)


class Links:
    """Makes links and tells those that it made."""

    def __init__(self, secret: bytes) -> None:
        """Sign with a key that is for nothing else.

        Args:
            secret: from which that key is made.
        """
        self._key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()

    def path(self, upload: Upload, until: datetime) -> str:
        """Return the last parts of the path that a content is uploaded to."""
        oid = upload.sha256.removeprefix("sha256:")
        ends = str(int(until.timestamp()))
        return f"{oid}/{upload.size_bytes}/{ends}/{upload.person}/{self._sign(upload, ends)}"

    def read(self, repository: str, path: str, at: datetime) -> Upload | None:
        """Return what a link is for; None for one that is not ours, or has ended.

        Args:
            repository: of the request.
            path: the last parts of the request's path.
            at: the time.
        """
        oid, size, ends, person, signature = path.split("/")
        if not (is_oid(oid) and _NUMBER.fullmatch(size) and _NUMBER.fullmatch(ends)):
            return None
        upload = Upload(
            repository=repository, person=person, sha256=f"sha256:{oid}", size_bytes=int(size)
        )
        is_ours = hmac.compare_digest(self._sign(upload, ends).encode(), signature.encode())
        return upload if is_ours and at.astimezone(UTC).timestamp() < int(ends) else None

    def _sign(self, upload: Upload, ends: str) -> str:
        # No part can have a line break: names and numbers have none.
        parts = (upload.repository, upload.person, upload.sha256, str(upload.size_bytes), ends)
        return hmac.new(self._key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


class Uploads:
    """What has been uploaded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, upload: Upload, at: datetime) -> bool:
        """Write down that a content is there; return False when that stood there already."""
        row = {
            "repository": upload.repository,
            "person": upload.person,
            "sha256": upload.sha256,
            "size_bytes": upload.size_bytes,
            "at": at,
        }
        try:
            with self._database.writing() as connection:
                connection.execute(uploads.insert(), row)
        except sa.exc.IntegrityError:
            return False
        return True

    def has(self, upload: Upload) -> bool:
        """Tell whether that person has uploaded that content to that repository."""
        key = {
            "repository": upload.repository,
            "person": upload.person,
            "sha256": upload.sha256,
        }
        with self._database.reading() as connection:
            row = connection.execute(sa.select(uploads.c.sha256).filter_by(**key)).first()
        return row is not None

    def sizes(self, repository: str, person: str) -> dict[str, int]:
        """Return the length of everything that somebody has uploaded to a repository, by digest."""
        query = sa.select(uploads).filter_by(repository=repository, person=person)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return {row["sha256"]: row["size_bytes"] for row in rows}
