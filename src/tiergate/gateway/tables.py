# SPDX-License-Identifier: Apache-2.0
"""The gateway's tables. What a row means is said by the module that reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

metadata = sa.MetaData()
"""All of them."""


class UtcTime(sa.TypeDecorator[datetime]):
    """A time in UTC, kept without its zone, which SQLite has none of."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        """Take the zone off."""
        del dialect
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """Put the zone on."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


repositories = sa.Table(
    "repositories",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("release", sa.Text, nullable=False),
    sa.Column("is_announced", sa.Boolean, nullable=False),
    sa.Column("hosted_at", sa.Text, nullable=False),
    sa.Column("excluded", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)
salts = sa.Table(
    "salts",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("salt", sa.LargeBinary, nullable=False),
)
revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("repository", sa.ForeignKey(repositories.c.name), primary_key=True),
    sa.Column("commit", sa.Text, primary_key=True),
    sa.Column("manifest", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)
branches = sa.Table(
    "branches",
    metadata,
    sa.Column("repository", sa.ForeignKey(repositories.c.name), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("commit", sa.Text, nullable=False),
)
people = sa.Table(
    "people",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("roles", sa.JSON, nullable=False),
    sa.Column("jurisdiction", sa.Text, nullable=False),
    sa.Column("disabled_at", UtcTime),
)
tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)
namespaces = sa.Table(
    "namespaces",
    metadata,
    sa.Column("person", sa.ForeignKey(people.c.name), primary_key=True),
    sa.Column("namespace", sa.Text, primary_key=True),
)
uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("repository", sa.ForeignKey(repositories.c.name), primary_key=True),
    sa.Column("person", sa.ForeignKey(people.c.name), primary_key=True),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("repository", sa.ForeignKey(repositories.c.name), nullable=False),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("answered_by", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.UniqueConstraint("repository", "person"),
)
grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("repository", sa.ForeignKey(repositories.c.name), nullable=False, index=True),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("commit", sa.Text, nullable=False),
    sa.Column("jurisdiction", sa.Text, nullable=False),
    sa.Column("given_by", sa.Text, nullable=False),
    sa.Column("given_at", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
    sa.Column("downloads_left", sa.Integer),
    sa.Column("revoked_at", UtcTime),
)
passwords = sa.Table(
    "passwords",
    metadata,
    sa.Column("person", sa.ForeignKey(people.c.name), primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)
identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
)
codes = sa.Table(
    "codes",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False, index=True),
    sa.Column("logged_in_at", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)
stops = sa.Table(
    "stops",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("stopped_by", sa.Text, nullable=False),
    sa.Column("stopped_at", UtcTime, nullable=False),
    sa.Column("lifted_by", sa.Text, nullable=False),
    sa.Column("lifted_at", UtcTime),
)
