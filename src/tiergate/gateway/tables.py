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
    sa.Column("label", sa.Text, nullable=False, server_default=""),
    sa.Column(
        "scopes", sa.Text, nullable=False, server_default="read request publish approve audit"
    ),
    sa.Column("repository", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", UtcTime),
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
    sa.Column("commit", sa.Text, nullable=False, server_default=""),
    sa.Column("wording", sa.Text, nullable=False, server_default=""),
    sa.Column("shares_name", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("answered_at", UtcTime),
    sa.UniqueConstraint("repository", "person"),
)
past_requests = sa.Table(
    "past_requests",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("repository", sa.ForeignKey(repositories.c.name), nullable=False),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("answered_by", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("commit", sa.Text, nullable=False),
    sa.Column("wording", sa.Text, nullable=False),
    sa.Column("shares_name", sa.Boolean, nullable=False),
    sa.Column("answered_at", UtcTime),
    sa.Column("closed_at", UtcTime, nullable=False),
    sa.Index("past_requests_of_person", "repository", "person"),
)
votes = sa.Table(
    "votes",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("request", sa.Text, nullable=False, index=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("choice", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("counts", sa.Boolean, nullable=False),
    sa.Column("days", sa.Integer),
    sa.Column("downloads", sa.Integer),
    sa.Column("is_pinned", sa.Boolean, nullable=False),
)
wordings = sa.Table(
    "wordings",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)
terms = sa.Table(
    "terms",
    metadata,
    sa.Column("repository", sa.ForeignKey(repositories.c.name), primary_key=True),
    sa.Column("criteria", sa.Text, nullable=False),
    sa.Column("reviewers", sa.Integer, nullable=False),
    sa.Column("grant_days", sa.Integer, nullable=False),
    sa.Column("downloads", sa.Integer),
    sa.Column("is_pinned", sa.Boolean, nullable=False),
    sa.Column("is_marked", sa.Boolean, nullable=False),
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
    sa.Column("request", sa.Text, nullable=False, server_default=""),
    sa.Column("is_marked", sa.Boolean, nullable=False, server_default=sa.false()),
)
sent = sa.Table(
    "sent",
    metadata,
    sa.Column("grant", sa.Text, primary_key=True),
    sa.Column("commit", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("bytes", sa.BigInteger, nullable=False),
)
copies = sa.Table(
    "copies",
    metadata,
    sa.Column("grant", sa.Text, primary_key=True),
    sa.Column("original", sa.Text, primary_key=True),
    sa.Column("repository", sa.ForeignKey(repositories.c.name), nullable=False),
    sa.Column("person", sa.ForeignKey(people.c.name), nullable=False),
    sa.Column("commit", sa.Text, nullable=False),
    sa.Column("manifest", sa.LargeBinary, nullable=False),
    sa.Column("made_at", UtcTime, nullable=False),
    sa.Index("copies_by_commit", "repository", "commit"),
)
marked_files = sa.Table(
    "marked_files",
    metadata,
    sa.Column("grant", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("original", sa.Text, nullable=False),
    sa.Column("header", sa.LargeBinary, nullable=False),
    sa.Column("skipped", sa.BigInteger, nullable=False),
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
attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("about", sa.Text, nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False, index=True),
)
logins_elsewhere = sa.Table(
    "logins_elsewhere",
    metadata,
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("browser", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text, nullable=False),
    sa.Column("verifier", sa.Text, nullable=False),
    sa.Column("back", sa.Text, nullable=False),
    sa.Column("again", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)
devices = sa.Table(
    "devices",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("user_code", sa.Text, nullable=False, unique=True),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
    sa.Column("polled_at", UtcTime),
    sa.Column("interval_seconds", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
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
    sa.Column("is_drill", sa.Boolean, nullable=False, server_default=sa.false()),
)
acts = sa.Table(
    "acts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", UtcTime, nullable=False, index=True),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("whom", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)
records = sa.Table(
    "records",
    metadata,
    sa.Column("decision", sa.Text, primary_key=True),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("is_public", sa.Boolean, nullable=False),
    sa.Column("added_at", UtcTime, nullable=False),
)
log_lines = sa.Table(
    "log_lines",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("commit", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("first", sa.BigInteger, nullable=False),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("grant", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("original", sa.Text, nullable=False, server_default=""),
    sa.Index("log_lines_of_repository", "repository", "sequence", "line"),
    sa.Index("log_lines_of_person", "who", "sequence", "line"),
    sa.Index("log_lines_of_grant", "grant", "sequence", "line"),
)
erased_names = sa.Table(
    "erased_names",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
)
fingerprints = sa.Table(
    "fingerprints",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
