# SPDX-License-Identifier: Apache-2.0
"""What jurisdictions ask, and whether it binds on a day."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from tiergate.landscape.matrix import (
    GROUPS,
    UNSORTED,
    Applies,
    applies,
    duties,
    obligation_values,
    places,
    topics,
)
from tiergate.landscape.obligations import Standing, by_id, shipped_files

AT = date(2026, 11, 29)
KNOWN = by_id(shipped_files())


@pytest.mark.parametrize(
    ("clause", "at", "expected"),
    [
        ("EU-AIA-50-2", "2026-08-01", Applies.PENDING),
        ("EU-AIA-50-2", "2026-08-02", Applies.BINDING),
        ("EU-AIA-51-2", "2020-01-01", Applies.BINDING),
        ("NY-RAISE-1421", "2026-12-31", Applies.PENDING),
        ("NY-RAISE-1421", "2027-01-01", Applies.BINDING),
        ("IL-SB315-FW", "2030-01-01", Applies.PENDING),
        ("EU-COP-M1.1", "2026-11-29", Applies.VOLUNTARY),
        ("EU-GL-1E23", "2026-11-29", Applies.VOLUNTARY),
        ("UK-AISI-CYBERGAP", "2026-11-29", Applies.NOTED),
        ("US-CAISI-EVAL", "2026-11-29", Applies.NOTED),
    ],
)
def test_that_something_applies(clause: str, at: str, expected: Applies) -> None:
    assert applies(KNOWN[clause], date.fromisoformat(at)) is expected


def test_that_every_standing_applies_in_some_way() -> None:
    assert {found.document.standing for found in KNOWN.values()} == set(Standing)
    assert all(applies(found, AT) in Applies for found in KNOWN.values())


def test_that_every_record_of_a_jurisdiction_has_one_topic() -> None:
    times = Counter(name for names in topics().values() for name in names)
    own = {found.id for found in KNOWN.values() if found.group in GROUPS}

    assert set(times) == own
    assert set(times.values()) == {1}
    assert UNSORTED not in {duty.topic for duty in duties(AT)}


def test_that_no_record_is_left_out_or_said_twice() -> None:
    found = duties(AT)

    assert len(found) == len({duty.row for duty in found}) == 120
    assert places(found)[0] == "EU"
    assert set(places(found)) >= {"California", "China", "UK", "US federal", "International"}


def test_that_a_record_says_where_it_stands_and_from_when() -> None:
    values = obligation_values(KNOWN["KR-AIBA-32"])

    assert values["in_force_from"] == "2026-01-22"
    assert values["standing"] == "law"
    assert obligation_values(KNOWN["EU-AIA-51-2"])["in_force_from"] == ""
