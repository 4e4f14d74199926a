# SPDX-License-Identifier: Apache-2.0
"""What `tiergate attack` writes beside its journal: the result, the curve as table and picture."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tiergate.cli.attack_document import AttackDocument
from tiergate.cli.attack_picture import write_pictures
from tiergate.cli.attack_session import Done
from tiergate.cli.attack_text import encoding
from tiergate.evidence.tampering.curve import curves
from tiergate.evidence.tampering.curve_text import csv_text, sparklines


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What was written, and the curve for a terminal."""

    paths: tuple[Path, ...]
    """Every file and folder of the run."""
    sparklines: tuple[str, ...]
    """The break-cost curve, a line for each family."""


def write_files(done: Done, document: AttackDocument) -> Files:
    """Write the result and the curve."""
    from tiergate.evidence.tampering.curve_points import points_of

    prepared = done.prepared
    folder = prepared.output
    points = points_of(done.result, prepared.context, done.untouched)
    found = curves(points)
    (folder / "result.json").write_text(document.model_dump_json(indent=2) + "\n", "utf-8")
    (folder / "curve.csv").write_text(csv_text(found, prepared.prices), "utf-8")
    pictures = write_pictures(done, found, folder)
    names = (
        "journal.jsonl",
        "transcripts",
        "inspect-logs",
        "result.json",
        "curve.csv",
        *pictures,
        "variants",
    )
    return Files(
        paths=tuple(folder / name for name in names if (folder / name).exists()),
        sparklines=sparklines(found, prepared.prices, encoding=encoding()),
    )
