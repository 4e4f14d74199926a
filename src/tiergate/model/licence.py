# SPDX-License-Identifier: Apache-2.0
"""What the card and the licence files claim about the licence.

A guess by the first lines is good enough to notice that two claims disagree, and not
meant for more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiergate.model.card import ModelCard

READ_CHARACTERS = 2000
"""How much of a licence file the guess looks at."""

_PHRASES = (
    ("apache license version 2.0", "apache-2.0"),
    ("mit license", "mit"),
    ("permission is hereby granted, free of charge, to any person obtaining a copy", "mit"),
    ("gnu affero general public license version 3", "agpl-3.0"),
    ("gnu lesser general public license version 3", "lgpl-3.0"),
    ("gnu general public license version 3", "gpl-3.0"),
    ("gnu general public license version 2", "gpl-2.0"),
    ("mozilla public license version 2.0", "mpl-2.0"),
    ("attribution-noncommercial 4.0 international", "cc-by-nc-4.0"),
    ("attribution-sharealike 4.0 international", "cc-by-sa-4.0"),
    ("attribution 4.0 international", "cc-by-4.0"),
    ("cc0 1.0 universal", "cc0-1.0"),
    ("this is free and unencumbered software", "unlicense"),
    ("llama 2 community license", "llama2"),
    ("llama 3 community license", "llama3"),
    ("llama 3.1 community license", "llama3.1"),
    ("llama 3.2 community license", "llama3.2"),
    ("llama 3.3 community license", "llama3.3"),
    ("gemma terms of use", "gemma"),
    ("openrail", "openrail"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceClaim:
    """One place that says what the licence is."""

    source: str
    """``card``, or the path of a licence file."""
    identifier: str | None
    """Identifier in lower case as the hub writes it; None when the text was not recognised."""


def guess_licence(text: str) -> str | None:
    """Return the identifier that the first lines of a licence text suggest.

    >>> guess_licence("MIT License")
    'mit'
    """
    flat = " ".join(text[:READ_CHARACTERS].lower().replace(",", " , ").split())
    flat = flat.replace(" , version", " version").replace(" ,", ",")
    return next((identifier for phrase, identifier in _PHRASES if phrase in flat), None)


def licence_claims(
    card: ModelCard | None, documents: Mapping[str, bytes]
) -> tuple[LicenceClaim, ...]:
    """Collect the claims: first the card, then each licence file by path.

    Args:
        card: the model card, if there is one.
        documents: bytes of the licence files, by path.
    """
    claims: list[LicenceClaim] = []
    if card is not None and card.licence is not None:
        claims.append(LicenceClaim(source="card", identifier=card.licence.lower()))
    for path in sorted(documents):
        text = documents[path][: 4 * READ_CHARACTERS].decode("utf-8", errors="replace")
        claims.append(LicenceClaim(source=path, identifier=guess_licence(text)))
    return tuple(claims)


def licence_notes(claims: Sequence[LicenceClaim]) -> tuple[str, ...]:
    """Say where the card and a recognised licence text disagree."""
    said = next((claim.identifier for claim in claims if claim.source == "card"), None)
    if said is None or said == "other":
        return ()
    return tuple(
        f"the card says the licence is {said}, but {claim.source} reads like {claim.identifier}"
        for claim in claims
        if claim.source != "card" and claim.identifier not in {None, said}
    )
