# SPDX-License-Identifier: Apache-2.0
"""Decision records that the operator has brought here, so that pages can show why.

They are kept as they came, by the digest under which the ledger names a decision, and are
believed only after they were verified anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tiergate.attestation.bundle import read_bundle
from tiergate.gateway.database import Database
from tiergate.gateway.tables import records
from tiergate.release.entering import payload_digest
from tiergate.release.record import Record, read_record


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecord:
    """A record that is here."""

    record: Record
    """The record; nothing is known of its signatures."""
    policy: str
    """Text of the policy that decided; empty when it was not brought."""
    is_public: bool
    """Whether everybody may read it who may know of the model."""


def record_of(data: bytes, where: str) -> Record:
    """Read the bytes of a record.

    Raises:
        InputError: they are no bundle.
        VerificationError: they are one, and hold no record or something ambiguous.
    """
    return read_record(read_bundle(data, where, identities=True), where)


class Records:
    """The records that are here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, data: bytes, *, policy: str, is_public: bool, at: datetime) -> str:
        """Keep a record, in place of what was brought for the same decision before.

        Returns:
            The digest of the decision.

        Raises:
            InputError: it is no bundle.
            VerificationError: it holds no record.
        """
        decision = payload_digest(record_of(data, "record"))
        row = {
            "decision": decision,
            "record": data,
            "policy": policy,
            "is_public": is_public,
            "added_at": at,
        }
        with self._database.writing() as connection:
            connection.execute(records.delete().filter_by(decision=decision))
            connection.execute(records.insert(), row)
        return decision

    def of(self, decision: str) -> KeptRecord | None:
        """Return the record of a decision; None when nobody brought it.

        Raises:
            InputError: the database does not hold what was put into it.
            VerificationError: the same.
        """
        query = sa.select(records).filter_by(decision=decision)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        record = record_of(bytes(row["record"]), decision)
        if payload_digest(record) != decision:
            return None
        return KeptRecord(record=record, policy=row["policy"], is_public=row["is_public"])

    def is_public(self, decision: str) -> bool:
        """Tell whether the record of a decision is here, and for everybody."""
        query = sa.select(records.c.is_public).filter_by(decision=decision)
        with self._database.reading() as connection:
            return bool(connection.execute(query).scalar())
