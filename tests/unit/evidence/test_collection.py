# SPDX-License-Identifier: Apache-2.0
"""What belongs to a checkpoint, what is about another, and what is gone."""

from __future__ import annotations

import pytest

from builders_decision import (
    OTHER_ROOT,
    ROOT,
    claim,
    counts,
    document,
    measurement,
    registered,
    subject,
)
from tiergate.evidence.collection import RegisteredDocument, collect

OWN = document(measurement(), measurement(value=counts(1, 2)), claim("E01"))
NAMED = document(claim("E02"), root="")
FOREIGN = document(measurement(), root=OTHER_ROOT)


def test_documents_about_this_checkpoint_or_about_no_digest_are_its_own() -> None:
    found = collect(subject(), [FOREIGN, NAMED, OWN])

    assert {OWN.digest, NAMED.digest} == {d.digest for d in found.documents}
    assert (FOREIGN,) == found.elsewhere
    assert () == found.missing


def test_documents_come_sorted_and_once() -> None:
    found = collect(subject(), [OWN, NAMED, OWN])

    assert tuple(sorted((OWN, NAMED), key=lambda d: d.digest)) == found.documents


def test_measurements_and_claims_carry_their_place() -> None:
    found = collect(subject(), [OWN, NAMED])

    first, second = found.measurements("cbrn.uplift")
    assert (f"{OWN.digest}#m0", f"{OWN.digest}#m1") == (first.id, second.id)
    assert (OWN.measurements[1], OWN) == (second.measurement, second.document)
    (stated,) = found.claims("E01")
    assert (f"{OWN.digest}#c0", OWN.claims[0], OWN) == (stated.id, stated.claim, stated.document)
    assert () == found.measurements("cbrn.other")
    assert () == found.claims("E09")


GONE: dict[str, tuple[RegisteredDocument, tuple[str, ...]]] = {
    "registered for this checkpoint": (
        RegisteredDocument(digest="x", root_digest=ROOT, topics=frozenset({"E01"})),
        ("x",),
    ),
    "registered by name": (
        RegisteredDocument(digest="x", root_digest="", topics=frozenset({"E01"})),
        ("x",),
    ),
    "registered for another checkpoint": (
        RegisteredDocument(digest="x", root_digest=OTHER_ROOT, topics=frozenset({"E01"})),
        (),
    ),
    "registered about something else": (
        RegisteredDocument(digest="x", root_digest=ROOT, topics=frozenset({"E02"})),
        (),
    ),
}


@pytest.mark.parametrize("case", GONE)
def test_a_registered_document_that_is_not_there_is_missed(case: str) -> None:
    entry, expected = GONE[case]

    assert expected == collect(subject(), [OWN], [entry]).missing_about("E01")


def test_a_document_that_is_registered_and_there_is_not_missed() -> None:
    assert () == collect(subject(), [OWN], registered([OWN, OWN])).missing


def test_a_document_that_is_gone_is_missed_once_however_often_it_was_registered() -> None:
    assert (OWN.digest,) == collect(subject(), [], registered([OWN, OWN])).missing_about("E01")
