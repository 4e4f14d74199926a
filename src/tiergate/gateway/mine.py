# SPDX-License-Identifier: Apache-2.0
"""What somebody asked for, over all repositories, for themselves to see."""

from __future__ import annotations

import sqlalchemy as sa

from tiergate.gateway.database import Database
from tiergate.gateway.request_rows import AccessRequest, read_request
from tiergate.gateway.tables import requests


class Mine:
    """The requests of one person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def requests(self, person: str) -> tuple[AccessRequest, ...]:
        """Return them, the newest first."""
        query = sa.select(requests).filter_by(person=person)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(requests.c.asked_at.desc(), requests.c.id))
            return tuple(map(read_request, rows.mappings()))
