# SPDX-License-Identifier: Apache-2.0
"""Repositories and their revisions.

A revision is the manifest of a checkpoint and never changes. Its name is the beginning of the
root digest, so that whoever knows the name can check what they have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.database import Database
from tiergate.gateway.tables import branches, repositories, revisions
from tiergate.model.manifest import Manifest, ManifestEntry

_COMMIT_DIGITS = 40
DATA_PREFIX = "datasets/"
"""How names of repositories of data begin, here and in addresses."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MOST_KEPT = 256
"""Revisions that are kept in memory once they were read; they never change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One name under which a model is offered."""

    name: str
    """``namespace/name``."""
    release: str
    """The release in the ledger that decides over it."""
    is_announced: bool
    """Whether its name may be known before anything is open."""
    hosted_at: str
    """Where the model can be used without its weights; empty for nowhere."""
    excluded: frozenset[str]
    """Jurisdictions that nothing is for."""
    created_at: datetime
    """When it was made."""

    @property
    def is_data(self) -> bool:
        """Whether it holds data, which no release decides about."""
        return is_data(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The files of a repository at one time."""

    files: Mapping[str, ManifestEntry]
    """The files, by path, in the order of the manifest."""
    root_digest: str
    """Root digest of the checkpoint."""
    created_at: datetime
    """When it was added."""

    @property
    def commit(self) -> str:
        """Its name: 40 hexadecimal digits."""
        return commit_of(self.root_digest)

    @classmethod
    def of(cls, manifest: Manifest, created_at: datetime) -> Self:
        """Return the revision with these files."""
        files = {entry.path: entry for entry in manifest.entries}
        return cls(files=files, root_digest=manifest.root_digest, created_at=created_at)


def commit_of(root_digest: str) -> str:
    """Return the name of the revision that has this root digest."""
    return root_digest.removeprefix("sha256:")[:_COMMIT_DIGITS]


def is_data(name: str) -> bool:
    """Tell whether a repository of that name holds data and no model.

    >>> is_data("datasets/acme/prompts"), is_data("acme/model")
    (True, False)
    """
    return name.startswith(DATA_PREFIX)


def is_commit(name: str) -> bool:
    """Tell whether that is the whole name of a revision, and not that of a branch."""
    return _COMMIT.fullmatch(name) is not None


class Catalogue:
    """What is offered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[tuple[str, str], Revision] = {}

    def add(self, repository: Repository) -> None:
        """Offer a model under a name.

        Raises:
            InputError: the name is taken.
        """
        row = {
            "name": repository.name,
            "release": repository.release,
            "is_announced": repository.is_announced,
            "hosted_at": repository.hosted_at,
            "excluded": sorted(repository.excluded),
            "created_at": repository.created_at,
        }
        try:
            with self._database.writing() as connection:
                connection.execute(repositories.insert(), row)
        except sa.exc.IntegrityError:
            raise InputError(repository.name, "a repository of that name", "a new name") from None

    def repository(self, name: str) -> Repository | None:
        """Return a repository; None when there is none of that name."""
        return next(self._select(repositories.c.name == name), None)

    def repositories(self) -> tuple[Repository, ...]:
        """Return every repository, by name."""
        return tuple(self._select(sa.true()))

    def _select(self, which: sa.ColumnElement[bool]) -> Iterator[Repository]:
        query = sa.select(repositories).where(which).order_by(repositories.c.name)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        for row in rows:
            yield Repository(**{**row, "excluded": frozenset(row["excluded"])})

    def add_revision(self, repository: str, manifest: Manifest, at: datetime) -> Revision:
        """Add a revision, whose files have to be there already, and let ``main`` name it."""
        commit = commit_of(manifest.root_digest)
        key = {"repository": repository, "commit": commit}
        known = sa.select(revisions.c.commit).filter_by(**key)
        with self._database.writing() as connection:
            if connection.execute(known).first() is None:
                content = {"manifest": manifest.to_json_bytes(), "created_at": at}
                connection.execute(revisions.insert(), {**key, **content})
            connection.execute(branches.delete().filter_by(repository=repository, name="main"))
            connection.execute(branches.insert(), {**key, "name": "main"})
        return Revision.of(manifest, at)

    def move(
        self, repository: str, manifest: Manifest, at: datetime, *, head: str
    ) -> Revision | None:
        """Add a revision as :meth:`add_revision` does, as long as ``main`` still names another.

        Args:
            repository: its name.
            manifest: the files, which have to be there already.
            at: the time.
            head: the commit that ``main`` has to name; empty for none yet.

        Returns:
            The revision; None when somebody else was faster, and nothing is changed then.
        """
        commit = commit_of(manifest.root_digest)
        key = {"repository": repository, "commit": commit}
        branch = {"repository": repository, "name": "main"}
        try:
            with self._database.writing() as connection:
                if head:
                    old = branches.update().filter_by(**branch, commit=head)
                    if connection.execute(old.values(commit=commit)).rowcount != 1:
                        return None
                else:
                    connection.execute(branches.insert(), {**branch, "commit": commit})
                known = sa.select(revisions.c.commit).filter_by(**key)
                if connection.execute(known).first() is None:
                    content = {"manifest": manifest.to_json_bytes(), "created_at": at}
                    connection.execute(revisions.insert(), {**key, **content})
        except sa.exc.IntegrityError:
            return None
        return Revision.of(manifest, at)

    def change(self, repository: Repository) -> None:
        """Offer a model of a name that is taken in another way, but for when it was made."""
        row = {
            "release": repository.release,
            "is_announced": repository.is_announced,
            "hosted_at": repository.hosted_at,
            "excluded": sorted(repository.excluded),
        }
        with self._database.writing() as connection:
            connection.execute(repositories.update().filter_by(name=repository.name).values(**row))

    def commits(self, repository: str) -> tuple[str, ...]:
        """Return the names of every revision, the newest first."""
        query = sa.select(revisions.c.commit).filter_by(repository=repository)
        with self._database.reading() as connection:
            newest_first = query.order_by(revisions.c.created_at.desc())
            return tuple(connection.execute(newest_first).scalars())

    def branches(self, repository: str) -> dict[str, str]:
        """Return what every branch names."""
        query = sa.select(branches).filter_by(repository=repository).order_by(branches.c.name)
        with self._database.reading() as connection:
            return {row["name"]: row["commit"] for row in connection.execute(query).mappings()}

    def revision(self, repository: str, name: str) -> Revision | None:
        """Return what a branch or a whole commit names; None when there is no such revision.

        Raises:
            CheckpointError: the database does not hold what was put into it.
        """
        commit = name if is_commit(name) else self.branches(repository).get(name, "")
        if (repository, commit) not in self._read:
            found = self._revision(repository, commit)
            if found is None:
                return None
            if len(self._read) >= _MOST_KEPT:
                self._read.clear()
            self._read[repository, commit] = found
        return self._read[repository, commit]

    def _revision(self, repository: str, commit: str) -> Revision | None:
        query = sa.select(revisions).filter_by(repository=repository, commit=commit)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        manifest = Manifest.from_json_bytes(row["manifest"])
        return Revision.of(manifest, row["created_at"])
