# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate landscape benchmarks`` prints: benchmarks with parameters, each with its row."""

from __future__ import annotations

from typing import Literal

from tiergate.decision.document import DocumentPart
from tiergate.landscape.vintage import Row, Vintage


class BenchmarkPart(DocumentPart):
    """A benchmark, as the index sees it."""

    name: str
    """Its name, as `tiergate landscape place` takes it."""
    difficulty: str
    """Capability at which a model scores one half, on the scale of the index."""
    slope: str
    """How steep it is there, per point of the index."""
    source: str
    """Where that stands."""


class BenchmarksDocument(DocumentPart):
    """What ``tiergate landscape benchmarks --json`` prints."""

    format: Literal["tiergate-benchmarks/1"] = "tiergate-benchmarks/1"
    """Version of this format."""
    vintage: str
    """The day of the data."""
    benchmarks: tuple[BenchmarkPart, ...]
    """The hardest first."""


def hardest_first(vintage: Vintage) -> tuple[Row, ...]:
    """Return the rows of benchmarks."""
    rows = vintage.rows("benchmarks")
    return tuple(sorted(rows, key=lambda row: -row.number("difficulty")))


def benchmarks_document(vintage: Vintage) -> BenchmarksDocument:
    """Return the benchmarks of a vintage as they are printed."""
    return BenchmarksDocument(
        vintage=vintage.id,
        benchmarks=tuple(
            BenchmarkPart(
                name=row["benchmark"],
                difficulty=f"{row.number('difficulty'):.1f}",
                slope=f"{row.number('slope'):.4f}",
                source=row.source,
            )
            for row in hardest_first(vintage)
        ),
    )
