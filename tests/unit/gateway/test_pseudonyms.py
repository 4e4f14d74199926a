# SPDX-License-Identifier: Apache-2.0
"""Digests that stand in the log for people."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tiergate.gateway.audit import Pseudonyms
from tiergate.gateway.database import Database

_AT_ONCE = 8


def test_that_somebody_has_one_digest_and_others_have_others(database: Database) -> None:
    names = Pseudonyms(database)
    found = names.of("nora")

    assert names.of("nora") == names.known("nora") == found
    assert names.of("petra") != found
    assert names.known("gwen") == ""
    assert found != hashlib.sha256(b"nora").hexdigest()


def test_that_a_client_that_asks_for_several_files_at_once_is_one_person(
    database: Database,
) -> None:
    names, start = Pseudonyms(database), Barrier(_AT_ONCE)

    def of(person: str) -> str:
        start.wait()
        return names.of(person)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for person in ("nora", "petra", "gwen"):
            assert len(set(threads.map(of, [person] * _AT_ONCE))) == 1


def test_that_a_digest_says_nothing_once_its_salt_is_erased(database: Database) -> None:
    names = Pseudonyms(database)
    before = names.of("nora")
    names.erase("nora")

    assert names.known("nora") == ""
    assert names.of("nora") != before
