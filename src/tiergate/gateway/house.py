# SPDX-License-Identifier: Apache-2.0
"""A folder that a gateway lives in, made when it is not there.

::

    FOLDER/
      gateway.sqlite    repositories, people, requests, grants
      secret            key of the digests of tokens; nobody else may read it
      audit.key         signs the log of downloads
      audit.sqlite      that log, a ledger; its signed heads are in audit.sqlite.heads
      audit.heads       heads of a log that is in the database on a server
      objects/          files by their digest
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tiergate.attestation.keys import Algorithm, PrivateKey, generate, read_private
from tiergate.attestation.trust import Trust
from tiergate.errors import InputError
from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.acts import Acts
from tiergate.gateway.audit import Audit, Download, Pseudonyms
from tiergate.gateway.catalogue import Catalogue, Repository, Revision
from tiergate.gateway.copies import Copies
from tiergate.gateway.database import Database
from tiergate.gateway.fingerprints import is_known, of_secret, refuse_missing, refuse_other
from tiergate.gateway.giving import Giving
from tiergate.gateway.guards import Parts
from tiergate.gateway.log import read_downloads
from tiergate.gateway.log_lines import LogLines
from tiergate.gateway.log_place import LogPlace
from tiergate.gateway.login_file import LoginRules
from tiergate.gateway.mine import Mine
from tiergate.gateway.object_store import Bucket
from tiergate.gateway.objects import Objects, chunks_of
from tiergate.gateway.overview import Overview
from tiergate.gateway.records import Records
from tiergate.gateway.releases import Releases
from tiergate.gateway.requests import Requests
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.sessions import Sessions
from tiergate.gateway.stops import Stops
from tiergate.gateway.uploads import Links, Uploads
from tiergate.gateway.verifying import Verification
from tiergate.gateway.ways_in import ways_in
from tiergate.model.checkpoint import Checkpoint
from tiergate.model.manifest import Manifest

_SECRET_BYTES = 32
_FIRST_TOKEN = timedelta(hours=24)
_LONGEST_ARRIVAL = timedelta(days=2)
"""What has not been written to for so long comes in no more: links for uploads last a day."""
LARGEST_FILE_BYTES = 50_000_000_000
"""Clients refuse more than that over HTTP (huggingface_hub, ``MAX_HTTP_DOWNLOAD_SIZE``)."""
OWNER = "owner"
"""Name of the account that a new gateway begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where decisions come from."""

    ledger: str
    """File or address of the ledger of releases."""
    heads: tuple[Path, ...]
    """Folders of its heads."""
    trust: Callable[[], Trust]
    """Says whose events count, whenever it is asked."""


class House:
    """The folder, open."""

    def __init__(self, folder: Path, database: str = "", objects: str = "") -> None:
        """Open it, or make it.

        Args:
            folder: the folder.
            database: ``postgresql://USER:PASSWORD@HOST/NAME`` for a database on a server; empty
                for the file in the folder.
            objects: ``s3://BUCKET/PREFIX`` for files in a bucket; empty for those in the folder.

        Raises:
            InputError: the database is of a newer version, or of a gateway with other keys.
            OSError: the folder cannot be written, or the database does not answer.
        """
        _make(folder)
        if not database:
            _private(folder / "gateway.sqlite")
        self._folder = folder
        self._database = Database(database or f"sqlite:///{folder / 'gateway.sqlite'}")
        self.catalogue = Catalogue(self._database)
        try:
            refuse_missing(self._database, folder / "secret")
            secret = _secret(folder / "secret")
            refuse_other(self._database, folder / "secret", of_secret(secret))
        except BaseException:
            self._database.close()
            raise
        self.log = LogPlace(folder, self._database.address)
        self._audit: Audit | None = None
        self.accounts = Accounts(self._database, secret)
        self.uploads = Uploads(self._database)
        self.links = Links(secret)
        self.requests = Requests(self._database)
        self.stops = Stops(self._database)
        self.sessions = Sessions(self._database, self.accounts, secret)
        self.mine = Mine(self._database)
        self._secret = secret
        self.ways_in = ways_in(self._database, self.accounts, secret)
        place = folder / "objects"
        self.objects = Bucket.at(objects, place) if objects else Objects(place)
        self.pseudonyms = Pseudonyms(self._database)
        self.acts = Acts(self._database)
        self.records = Records(self._database)
        self.overview = Overview(self._database)

    def parts(  # noqa: PLR0913 - how it is served
        self,
        watched: Watched,
        url: str,
        clock: Callable[[], datetime],
        accelerated: str = "",
        *,
        accelerates_all: bool = False,
        login: LoginRules | None = None,
    ) -> Parts:
        """Return what the routes work with.

        Args:
            watched: where decisions come from.
            url: address of the gateway as people write it.
            clock: gives the time.
            accelerated: where the nginx in front finds the objects; empty for no nginx.
            accelerates_all: whether that sends also what needs a grant.
            login: how people can log in; None for passwords alone.
        """
        self.objects.tidy((clock() - _LONGEST_ARRIVAL).timestamp())
        key = self.ready()
        releases = Releases(watched.ledger, watched.heads, watched.trust)
        copies = Copies(self._database, self.catalogue, self.objects, self.pseudonyms, key)
        giving = Giving(self.catalogue, releases, copies)
        return Parts(
            catalogue=self.catalogue,
            accounts=self.accounts,
            requests=Requests(self._database, giving.current, giving.prepare),
            copies=copies,
            releases=releases,
            objects=self.objects,
            audit=Audit(self.log, key),
            pseudonyms=self.pseudonyms,
            uploads=self.uploads,
            links=self.links,
            stops=self.stops,
            sessions=self.sessions,
            mine=self.mine,
            ways_in=ways_in(self._database, self.accounts, self._secret, login),
            acts=self.acts,
            records=self.records,
            lines=LogLines(self._database, self.log, key.public),
            overview=self.overview,
            together=self._database.together,
            clock=clock,
            url=url,
            accelerated=accelerated,
            accelerates_all=accelerates_all,
        )

    def ready(self) -> PrivateKey:
        """See that the log of downloads is there and can be added to; return the key that signs it.

        Raises:
            InputError: it cannot be made, or is of a gateway with another key.
            VerificationError: it is gone.
            OSError: the database does not answer, or the bucket.
        """
        self.objects.require()
        place = self._folder / "audit.key"
        refuse_missing(self._database, place)
        key = _key(place)
        # Made before the database knows of its key, and never again after that.
        self.log.prepare(self._database, is_new=not is_known(self._database, place))
        refuse_other(self._database, place, key.public.key_id)
        return key

    def downloads(self) -> Iterator[Download]:
        """Yield every line of the log, and only at the end know that all of them hold.

        Raises:
            VerificationError: something does not hold, or all of it is gone.
        """
        if self.log.exists() or is_known(self._database, self._folder / "audit.key"):
            yield from read_downloads(self.log, self.ready().public)

    def verification(self, only: frozenset[str]) -> Verification:
        """Return a look at whether the files are what was published.

        Args:
            only: names of repositories; empty for everything.

        Raises:
            InputError: there is none of such a name.
        """
        return Verification(self._database, self.catalogue, self.objects, only)

    def first_token(self, at: datetime) -> str:
        """Make the owner's account, and return a token for a first day; empty when it is there."""
        if self.accounts.person(OWNER) is not None:
            return ""
        roles = frozenset({GatewayRole.OWNER, GatewayRole.APPROVER})
        try:
            self.accounts.add(Person(name=OWNER, full_name="Owner", roles=roles, jurisdiction=""))
        except InputError:
            return ""  # another machine that starts was faster
        return self.accounts.new_token(OWNER, at + _FIRST_TOKEN)

    def login_link(self, name: str, at: datetime) -> str:
        """Return the path of a page where somebody chooses a password, once and within a day."""
        return self.ways_in.links.make(name, at)

    def publish(self, checkpoint: Checkpoint, repository: Repository, at: datetime) -> Revision:
        """Take the files of a checkpoint in, and offer them under a name.

        Nothing is served by it: that follows from the release.

        Raises:
            InputError: the name belongs to another release, or a file is larger than clients fetch.
            DigestMismatchError: a file changed since it was identified.
        """
        base = checkpoint.path if checkpoint.path.is_dir() else checkpoint.path.parent
        return self.publish_files(base, checkpoint.manifest, repository, at)

    def publish_files(
        self, folder: Path, manifest: Manifest, repository: Repository, at: datetime
    ) -> Revision:
        """Take files in and offer them under a name: a checkpoint's, or data.

        Raises:
            InputError: the name belongs to another release, or a file is larger than clients fetch.
            DigestMismatchError: a file changed since it was hashed.
        """
        known = self.catalogue.repository(repository.name)
        if known is not None and known.release != repository.release:
            found = f"a repository of the release {known.release}"
            raise InputError(repository.name, found, f"one of {repository.release}")
        for entry in manifest.entries:
            if entry.size_bytes > LARGEST_FILE_BYTES:
                raise InputError(
                    entry.path,
                    f"{entry.size_bytes} bytes",
                    f"at most {LARGEST_FILE_BYTES}, which is all that clients of the Hub fetch",
                    "Save the weights in smaller shards; they have another root digest then.",
                )
        for entry in manifest.entries:
            self.objects.add(chunks_of(folder / entry.path), entry.sha256, entry.path)
        if known is None:
            self.catalogue.add(repository)
        return self.catalogue.add_revision(repository.name, manifest, at)

    def offer(self, repository: Repository) -> None:
        """Offer a model under a name before its files are there, or in another way than before."""
        if self.catalogue.repository(repository.name) is None:
            self.catalogue.add(repository)
        else:
            self.catalogue.change(repository)

    @property
    def audit(self) -> Audit:
        """The log, to write into from outside of a server."""
        if self._audit is None:
            self._audit = Audit(self.log, self.ready())
        return self._audit

    def close(self) -> None:
        """Let the database and the log go."""
        if self._audit is not None:
            self._audit.close()
        self._database.close()


def _make(folder: Path) -> None:
    """Make the folder, for us and our group alone: an nginx in front reads files of it."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o750, exist_ok=True)


def _private(place: Path) -> None:
    """Make an empty database that nobody else may read; what SQLite lays beside it is alike."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _secret(path: Path) -> bytes:
    if not path.exists():
        _write_private(path, [secrets.token_bytes(_SECRET_BYTES)])
    return path.read_bytes()


def _key(path: Path) -> PrivateKey:
    if not path.exists():
        _write_private(path, [generate(Algorithm.ED25519).to_pem(None)])
    return read_private(path.read_bytes(), str(path), accepted=(Algorithm.ED25519,))


def _write_private(path: Path, content: Iterable[bytes]) -> None:
    """Write a file that only we may read; of those who start at once the first one's stands."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # which nobody else may read
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
