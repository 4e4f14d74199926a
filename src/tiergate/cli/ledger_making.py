# SPDX-License-Identifier: Apache-2.0
"""New ledgers, and what makes one on PostgreSQL, for somebody else to read and run."""

from __future__ import annotations

import click

from tiergate.release.ledger import Ledger
from tiergate.release.ledger_entry import new_origin
from tiergate.release.ledger_store import is_postgresql


def made(place: str) -> str:
    """Make a ledger and return its name.

    Raises:
        InputError: something is there already.
        OSError: it cannot be made there.
    """
    if not is_postgresql(place):
        with Ledger.create(place) as ledger:
            return ledger.origin
    from tiergate.release.ledger_address import read_address
    from tiergate.release.ledger_postgresql import create_postgresql

    origin = new_origin()
    create_postgresql(read_address(place), origin)
    return origin


def sql(place: str) -> str:
    """Return what makes a ledger there, as a script for ``psql``."""
    if not is_postgresql(place):
        raise click.UsageError("--print-sql is for a ledger on PostgreSQL.")
    from tiergate.release.ledger_address import read_address
    from tiergate.release.ledger_postgresql_schema import script

    return script(read_address(place), new_origin())
