# SPDX-License-Identifier: Apache-2.0
"""Pieces of evidence in words, as a policy speaks of them."""

from __future__ import annotations

from collections.abc import Iterable

from tiergate.decision.analysis.pieces import (
    Attacks,
    Files,
    Outputs,
    Piece,
    Quality,
    Rate,
    Size,
    Statement,
)
from tiergate.evidence.grades import Dimension

_BEST = {Dimension.BINDING: 2, Dimension.INTERNAL_VALIDITY: 2, Dimension.PRECISION: 2}


def piece_words(piece: Piece) -> str:  # noqa: PLR0911 - one per kind
    """Write what a piece says in one line."""
    name = piece.topic.partition(":")[2]
    found = piece.found
    match found:
        case Rate():
            line = f"{name} {found.successes} of {found.trials}, {piece.variant}"
            if found.baseline is not None:
                line += f", baseline {found.baseline[0]} of {found.baseline[1]}"
            return f"{line}, {quality_words(piece.quality)}"
        case Size():
            value = f"{found.value.normalize():f} {found.unit}".rstrip()
            return f"{name} {value}, {piece.variant}, {quality_words(piece.quality)}"
        case Attacks():
            return (
                f"{name} {found.successes} of {found.trials} under {len(found.attacks)} attacks "
                f"({found.level}), {quality_words(piece.quality)}"
            )
        case Statement():
            says = "" if found.holds else " (that it does not hold)"
            details = ", ".join(
                f"{field} {value}" for field, value in found.fields if value[:1].isdigit()
            )
            bare = "" if found.fields else " without details"
            line = f"claim {name}{says}{bare}{f' with {details}' if details else ''}"
            return f"{line}, {quality_words(piece.quality)}"
        case Files():
            return "files that run code" if found.code else "files that load without code"
        case Outputs():
            return f"generates {', '.join(sorted(found.modalities))}"


def quality_words(quality: Quality) -> str:
    """Write how good a piece is: who made it, its grades and its age."""
    grades = ", ".join(
        f"{dimension} {value}" for dimension, value in quality.grades if value not in {1, 3}
    )
    made = f"by {quality.relation}, {quality.age_days.normalize():f} days old"
    return f"{made}, graded {grades}" if grades else made


def lines(pieces: Iterable[Piece], lacking: Iterable[str]) -> list[str]:
    """Write pieces and what is lacking, one line each."""
    nothing = [f"nothing about {topic.partition(':')[2] or topic}" for topic in lacking]
    return [*(piece_words(piece) for piece in pieces), *nothing]
