# SPDX-License-Identifier: Apache-2.0
"""Repositories and revisions: a name is given once, and a revision never changes."""

from __future__ import annotations

import datetime as dt

import pytest

from tiergate.errors import InputError
from tiergate.gateway.catalogue import Catalogue, Repository, commit_of
from tiergate.gateway.database import Database
from tiergate.model.files import FileRole
from tiergate.model.manifest import Manifest, ManifestEntry

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
MODEL = Repository(
    name="acme/model",
    release="acme",
    is_announced=True,
    hosted_at="https://api.example.org",
    excluded=frozenset({"DE", "FR"}),
    created_at=NOW,
)


_DIGEST = f"sha256:{'1' * 64}"


def _manifest(*paths: str) -> Manifest:
    return Manifest(
        tuple(
            ManifestEntry(path=path, size_bytes=1, sha256=_DIGEST, role=FileRole.OTHER)
            for path in paths
        )
    )


ONE, TWO = _manifest("a"), _manifest("a", "b")


@pytest.fixture
def catalogue(database: Database) -> Catalogue:
    found = Catalogue(database)
    found.add(MODEL)
    return found


def test_that_a_repository_is_as_it_was_added(catalogue: Catalogue) -> None:
    assert catalogue.repository("acme/model") == MODEL
    assert catalogue.repository("acme/other") is None
    assert catalogue.repository("ACME/model") is None
    assert catalogue.repositories() == (MODEL,)


def test_that_a_name_is_taken_once(catalogue: Catalogue) -> None:
    with pytest.raises(InputError, match="acme/model"):
        catalogue.add(MODEL)


def test_that_a_revision_is_named_by_the_beginning_of_its_digest(catalogue: Catalogue) -> None:
    added = catalogue.add_revision("acme/model", ONE, NOW)

    assert added.commit == commit_of(ONE.root_digest) == ONE.root_digest[7:47]
    assert catalogue.revision("acme/model", added.commit) == added
    assert catalogue.revision("acme/model", "main") == added
    assert list(added.files) == ["a"]


def test_that_a_revision_stays_when_main_names_another(catalogue: Catalogue) -> None:
    first = catalogue.add_revision("acme/model", ONE, NOW)
    second = catalogue.add_revision("acme/model", TWO, NOW)

    assert catalogue.revision("acme/model", "main") == second
    assert catalogue.revision("acme/model", first.commit) == first


def test_that_what_was_added_before_keeps_its_date(catalogue: Catalogue) -> None:
    catalogue.add_revision("acme/model", ONE, NOW)
    catalogue.add_revision("acme/model", TWO, NOW)
    catalogue.add_revision("acme/model", ONE, NOW + dt.timedelta(days=1))
    found = catalogue.revision("acme/model", "main")

    assert found is not None
    assert (found.root_digest, found.created_at) == (ONE.root_digest, NOW)


@pytest.mark.parametrize(
    "name", ["", "absent", ONE.root_digest, ONE.root_digest[7:46], ONE.root_digest[7:47].upper()]
)
def test_that_nothing_but_a_branch_or_a_whole_commit_names_a_revision(
    name: str, catalogue: Catalogue
) -> None:
    catalogue.add_revision("acme/model", ONE, NOW)

    assert catalogue.revision("acme/model", name) is None


def test_that_a_revision_is_of_its_repository_alone(
    catalogue: Catalogue, database: Database
) -> None:
    added = catalogue.add_revision("acme/model", ONE, NOW)

    assert catalogue.revision("acme/other", added.commit) is None
    assert Catalogue(database).revision("acme/model", added.commit) == added
