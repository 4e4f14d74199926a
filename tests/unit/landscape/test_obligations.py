# SPDX-License-Identifier: Apache-2.0
"""What laws, codes and developers ask, as it ships: with sources, dates and marks."""

from __future__ import annotations

import re
from datetime import date

import pytest

from tiergate.landscape.obligations import (
    Document,
    NotRequired,
    Obligation,
    ObligationPart,
    ObligationsFile,
    Standing,
    by_id,
    misnamed,
    obligations_of,
    shipped_files,
)
from tiergate.landscape.sources import ReadAs, a_date

FILES = shipped_files()
KNOWN = by_id(FILES)


def a_file(**changes: object) -> ObligationsFile:
    """Return a small file that is right but for what is named."""
    fields: dict[str, object] = {
        "format": "tiergate-obligations/1",
        "group": "A place",
        "as_of": date(2026, 11, 23),
        "documents": {"act": a_document()},
        "obligations": (an_obligation(),),
    }
    return ObligationsFile.model_validate({**fields, **changes})


def a_document() -> Document:
    return Document(
        name="An act",
        place="A place",
        standing=Standing.LAW,
        url="https://example.org/act",
        date="2026-01",
    )


def an_obligation(name: str = "XX-1", document: str = "act") -> ObligationPart:
    return ObligationPart(
        id=name,
        document=document,
        clause="1",
        asks="Do it.",
        applies_to="all",
        read_as=ReadAs.SECONDARY,
        in_force_from=date(2027, 1, 1),
    )


def test_the_data_ships_in_files_whose_names_all_lead_somewhere() -> None:
    assert len(KNOWN) == sum(len(file.obligations) for file in FILES)
    assert [] == [wrong for file in FILES for wrong in misnamed(file)]
    assert len(KNOWN) > 150


@pytest.mark.parametrize("found", KNOWN.values(), ids=list(KNOWN))
def test_an_obligation_has_a_source_with_address_and_date_and_a_sentence(
    found: Obligation,
) -> None:
    assert found.document.url.startswith("https://")
    assert re.match(r"\d{4}", found.document.date)
    assert found.asks.endswith(".")
    assert found.document.date <= "2026-11-23"


@pytest.mark.parametrize("found", KNOWN.values(), ids=list(KNOWN))
def test_what_was_not_read_at_first_hand_carries_its_mark_wherever_it_is_written(
    found: Obligation,
) -> None:
    is_primary = found.read_as is ReadAs.PRIMARY
    marks = ["[read second-hand]", "[not checked]"]

    assert is_primary or any(found.words.endswith(mark) for mark in marks)
    assert is_primary or any(found.source.endswith(mark) for mark in marks)
    assert not is_primary or found.mark == ""


def test_both_kinds_of_mark_and_unmarked_text_are_there() -> None:
    assert set(ReadAs) == {found.read_as for found in KNOWN.values()}


def test_a_source_names_document_clause_standing_address_and_force() -> None:
    (found,) = obligations_of(a_file())

    assert (
        "An act, 1 (law, in force from 2027-01-01); https://example.org/act, 2026-01"
        " [read second-hand]"
    ) == found.source


def test_an_address_that_is_not_the_documents_own_says_so() -> None:
    document = a_document().model_copy(update={"address": "site only"})

    (found,) = obligations_of(a_file(documents={"act": document}))

    assert "https://example.org/act (site only), 2026-01" in found.source


def test_an_obligation_that_no_release_can_answer_gives_its_reason() -> None:
    rows = (NotRequired(id="XX-1", reason="a penalty"),)

    (found,) = obligations_of(a_file(not_release_requirements=rows))

    assert "a penalty" == found.not_required


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "a document that is not there": (
        {"obligations": (an_obligation(), an_obligation("XX-2", "gone"))},
        "no document is called gone",
    ),
    "an id that stands twice": (
        {"obligations": (an_obligation(), an_obligation())},
        "XX-1 stands here twice",
    ),
    "a document of which nothing is said": (
        {"documents": {"act": a_document(), "other": a_document()}},
        "nothing is said to stand in this document",
    ),
    "a reason for an id that is none": (
        {"not_release_requirements": (NotRequired(id="XX-9", reason="none"),)},
        "no obligation is called XX-9",
    ),
    "two reasons for one id": (
        {
            "not_release_requirements": (
                NotRequired(id="XX-1", reason="one"),
                NotRequired(id="XX-1", reason="another"),
            )
        },
        "XX-1 stands here twice",
    ),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_file_whose_names_lead_nowhere_says_so(sentence: str) -> None:
    changes, words = WRONG[sentence]

    assert words in {text for _, text in misnamed(a_file(**changes))}


@pytest.mark.parametrize("text", ["2026", "2026-07", "2026-07-31", 2026])
def test_a_day_a_month_and_a_year_are_dates(text: str | int) -> None:
    assert str(text) == a_date(text)


@pytest.mark.parametrize("text", ["", "26", "2026-13", "2026-02-31", "31.07.2026", "2026-7"])
def test_what_is_no_date_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="of the calendar"):
        a_date(text)
