# SPDX-License-Identifier: Apache-2.0
"""A row of the landscape by its id, from a vintage or from the records of obligations."""

from __future__ import annotations

from tiergate.cli.landscape_table_documents import RowDocument
from tiergate.cli.landscape_table_making import sourced
from tiergate.errors import InputError
from tiergate.landscape.matrix import obligation_values, row_id
from tiergate.landscape.obligations import Obligation, as_of, by_id, shipped_files
from tiergate.landscape.vintage import Vintage


def row_document(vintage: Vintage, wanted: str) -> RowDocument:
    """Return a row.

    Raises:
        InputError: there is none of that id.
    """
    for name, rows in vintage.tables.items():
        for row in rows:
            if row.id == wanted:
                return RowDocument(
                    vintage=vintage.id, table=name, values=dict(row.values), **sourced(row)
                )
    for obligation in by_id(shipped_files()).values():
        if row_id(obligation.id) == wanted:
            return _of_obligation(obligation)
    tables = ", ".join(sorted(name.replace(" ", "-") for name in vintage.tables))
    raise InputError(
        wanted, "no row of that id", f"a table and a number, as in practices-1; tables: {tables}"
    )


def _of_obligation(found: Obligation) -> RowDocument:
    return RowDocument(
        vintage=as_of(),
        table="obligations",
        values=obligation_values(found),
        row=row_id(found.id),
        source=found.source,
        mark=found.read_as.mark,
    )
