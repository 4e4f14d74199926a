# SPDX-License-Identifier: Apache-2.0
"""Rows of the landscape as CSV: what they say, then their id, source, licence and vintage."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from tiergate.cli.landscape_documents import GapDocument
from tiergate.cli.landscape_table_documents import MatrixDocument
from tiergate.landscape.vintage import Row

_OF_SOURCE = ("source_url", "source_date", "source_note", "read_as", "licence")


def rows_csv(rows: Sequence[Row]) -> str:
    """Return rows of one table."""
    own = [name for name in rows[0].values if name not in _OF_SOURCE] if rows else []
    return _csv(
        (*own, "row", *_OF_SOURCE, "vintage"),
        (
            {
                **{name: row[name] for name in own},
                "row": row.id,
                "source_url": row.source_url,
                "source_date": row.source_date,
                "source_note": row.source_note,
                "read_as": row.read_as.value,
                "licence": row.licence,
                "vintage": row.vintage,
            }
            for row in rows
        ),
    )


def matrix_csv(found: MatrixDocument) -> str:
    """Return what jurisdictions ask, a clause a line."""
    columns = (
        "place", "id", "topic", "applies", "since", "asks", "applies_to",
        "outcome", "state", "answered_by", "row", "source", "mark",
    )  # fmt: skip
    lines = []
    for duty in found.duties:
        line = {name: str(getattr(duty, name) or "") for name in columns}
        line["answered_by"] = " ".join(duty.answered_by)
        lines.append({**line, "as_of": found.as_of})
    return _csv((*columns, "as_of"), lines)


def gap_csv(found: GapDocument) -> str:
    """Return the open models that set a record, with how long closed ones had been there."""
    columns = (
        "model", "organisation", "released", "weights", "index", "months_after_the_first_closed",
        "first_closed", "source", "vintage",
    )  # fmt: skip
    lines = (
        {
            "model": record.model.name,
            "organisation": record.model.organisation,
            "released": record.model.released,
            "weights": record.model.weights,
            "index": record.model.index,
            "months_after_the_first_closed": record.lag.months or "",
            "first_closed": record.lag.first or "",
            "source": record.model.source,
            "vintage": found.vintage,
        }
        for record in found.records
    )
    return _csv(columns, lines)


def _csv(columns: Sequence[str], lines: Iterable[Mapping[str, str]]) -> str:
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return written.getvalue()
