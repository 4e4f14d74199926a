# SPDX-License-Identifier: Apache-2.0
"""Pieces of evidence in words, as a policy speaks of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

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


def piece_words(piece: Piece, best: Piece | None = None) -> str:
    """Write what a piece says in one line, and where it is less good than ``best``."""
    name = piece.topic.partition(":")[2]
    found = piece.found
    match found:
        case Rate():
            line = f"{name} {found.successes} of {found.trials}, {piece.variant}"
            if found.baseline is not None and not _is_rate(best, found.baseline):
                line += f", baseline {found.baseline[0]} of {found.baseline[1]}"
                line += " on the same behaviours" if found.is_joined else ""
        case Size():
            value = f"{found.value.normalize():f} {found.unit}".rstrip()
            line = f"{name} {value}, {piece.variant}"
        case Attacks():
            many = len(found.attacks)
            line = f"{name} {found.successes} of {found.trials} under {many} attacks"
            line += f" ({found.level})"
        case Statement():
            line = f"claim {name}{_details(found)}"
        case Files(code=code):
            return "files that run code" if code else "files that load without code"
        case Outputs(modalities=modalities):
            return f"generates {', '.join(sorted(modalities))}"
        case _:
            assert_never(found)
    less = quality_words(piece.quality, None if best is None else best.quality)
    kept = f", {piece.samples} samples kept" if best and best.samples > piece.samples else ""
    alone = f", by {piece.houses} alone" if best and best.houses > piece.houses else ""
    return f"{line}{kept}{alone}{f' ({less})' if less else ''}"


def _is_rate(best: Piece | None, baseline: tuple[int, int]) -> bool:
    found = None if best is None else best.found
    return isinstance(found, Rate) and found.baseline == baseline


def _details(found: Statement) -> str:
    numbers = ", ".join(f"{name} {value}" for name, value in found.fields if value[:1].isdigit())
    if not found.holds and not found.fields:
        return " that it does not hold"
    says = "" if found.holds else " that it does not hold"
    if not found.fields:
        return f"{says} without details"
    return f"{says} with {numbers}" if numbers else says


def quality_words(quality: Quality, best: Quality | None) -> str:
    """Write where a quality is less good than another."""
    if best is None:
        return ""
    less = [
        f"{dimension} graded {value}"
        for dimension, value in quality.grades
        if value < best.grade(dimension)
    ]
    if quality.relation is not best.relation:
        less.append(f"by {quality.relation}")
    if quality.age_days > best.age_days:
        less.append(f"{quality.age_days.normalize():f} days old")
    return ", ".join(less)


def lines(pieces: Iterable[Piece], lacking: Iterable[str], best: Iterable[Piece] = ()) -> list[str]:
    """Write pieces and what is lacking, one line each."""
    like = {(piece.topic, piece.variant): piece for piece in best}
    nothing = [f"nothing about {topic.partition(':')[2] or topic}" for topic in lacking]
    said = [piece_words(piece, like.get((piece.topic, piece.variant))) for piece in pieces]
    return [*said, *nothing]
