# SPDX-License-Identifier: Apache-2.0
"""A database belongs to the keys that it began with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiergate.errors import InputError
from tiergate.gateway.database import Database
from tiergate.gateway.fingerprints import of_secret, refuse_missing, refuse_other


def test_that_the_first_key_is_taken_and_another_refused(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    refuse_other(database, path, "one")
    refuse_other(database, path, "one")
    with pytest.raises(InputError, match="another key") as refused:
        refuse_other(database, path, "two")

    assert refused.value.remedy.startswith("Copy secret from the folder of the machine")


def test_that_a_key_that_is_gone_is_not_made_anew(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    refuse_missing(database, path)
    refuse_other(database, path, "one")
    with pytest.raises(InputError, match="no such file"):
        refuse_missing(database, path)
    path.touch()
    refuse_missing(database, path)


def test_that_nothing_follows_from_a_fingerprint() -> None:
    assert of_secret(b"a") != of_secret(b"b")
    assert b"secret".hex() not in of_secret(b"secret")
