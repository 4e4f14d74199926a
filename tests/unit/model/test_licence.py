# SPDX-License-Identifier: Apache-2.0
"""Licence claims and where they disagree."""

from __future__ import annotations

import pytest

from tiergate.model.card import ModelCard
from tiergate.model.licence import LicenceClaim, guess_licence, licence_claims, licence_notes

TEXTS = {
    "\n   Apache License\n   Version 2.0, January 2004\n": "apache-2.0",
    "MIT License\n\nCopyright (c) 2025": "mit",
    "Copyright\n\nPermission is hereby granted, free of charge, to any person\nobtaining a copy": (
        "mit"
    ),
    "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007": "gpl-3.0",
    "GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3": "agpl-3.0",
    "Attribution-NonCommercial 4.0 International": "cc-by-nc-4.0",
    "Creative Commons Attribution 4.0 International Public License": "cc-by-4.0",
    "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT": "llama3.1",
    "BigScience OpenRAIL-M": "openrail",
    "All rights reserved.": None,
    "": None,
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_the_first_lines_suggest_an_identifier(text: str, expected: str | None) -> None:
    assert expected == guess_licence(text)


def test_claims_come_from_the_card_and_from_every_licence_file() -> None:
    card = ModelCard(licence="Apache-2.0")

    found = licence_claims(card, {"NOTICE": b"\xff", "LICENSE": b"MIT License"})

    assert (
        LicenceClaim(source="card", identifier="apache-2.0"),
        LicenceClaim(source="LICENSE", identifier="mit"),
        LicenceClaim(source="NOTICE", identifier=None),
    ) == found


@pytest.mark.parametrize("card", [None, ModelCard()])
def test_no_card_and_no_file_claim_nothing(card: ModelCard | None) -> None:
    assert licence_claims(card, {}) == ()


NOTES = {
    "both agree": ("mit", "mit", 0),
    "they disagree": ("apache-2.0", "mit", 1),
    "the card has a licence of its own": ("other", "mit", 0),
    "the card says nothing": (None, "mit", 0),
    "the text is not recognised": ("mit", None, 0),
}


@pytest.mark.parametrize(("said", "read", "count"), NOTES.values(), ids=NOTES.keys())
def test_a_disagreement_is_a_note(said: str | None, read: str | None, count: int) -> None:
    claims = [LicenceClaim(source="card", identifier=said)] if said else []
    claims.append(LicenceClaim(source="LICENSE", identifier=read))

    notes = licence_notes(claims)

    assert count == len(notes)
    assert all(f"{said}" in note and f"LICENSE reads like {read}" in note for note in notes)
