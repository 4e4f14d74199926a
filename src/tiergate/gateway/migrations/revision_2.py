# SPDX-License-Identifier: Apache-2.0
"""Revision 2: people log in, downloads are stopped, several machines share a database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(operations: Operations) -> None:
    """Make revision 2 out of revision 1."""
    _logins(operations)
    _tokens(operations)
    operations.create_table(
        "stops",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("repository", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("stopped_by", sa.Text, nullable=False),
        sa.Column("stopped_at", sa.DateTime, nullable=False),
        sa.Column("lifted_by", sa.Text, nullable=False),
        sa.Column("lifted_at", sa.DateTime),
        sa.Column("is_drill", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    _desk(operations)
    _requests(operations)
    _grants(operations)
    operations.create_table("erased_names", sa.Column("digest", sa.Text, primary_key=True))
    operations.create_table(
        "fingerprints",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def _logins(operations: Operations) -> None:
    operations.create_table(
        "passwords",
        sa.Column("person", sa.Text, sa.ForeignKey("people.name"), primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    operations.create_table(
        "identities",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False),
    )
    operations.create_table(
        "codes",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
    )
    operations.create_table(
        "sessions",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False, index=True),
        sa.Column("logged_in_at", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
    )


def _tokens(operations: Operations) -> None:
    every = "read request publish approve audit"
    for name, given in (("label", ""), ("scopes", every), ("repository", "")):
        column = sa.Column(name, sa.Text, nullable=False, server_default=given)
        operations.add_column("tokens", column)
    operations.add_column("tokens", sa.Column("created_at", sa.DateTime))
    operations.create_table(
        "attempts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("about", sa.Text, nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
    )
    words = ("browser", "provider", "nonce", "verifier", "back", "again", "code")
    operations.create_table(
        "logins_elsewhere",
        sa.Column("state", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in words),
        sa.Column("until", sa.DateTime, nullable=False),
    )
    operations.create_table(
        "devices",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("user_code", sa.Text, nullable=False, unique=True),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
        sa.Column("polled_at", sa.DateTime),
        sa.Column("interval_seconds", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("status", "person", "scopes")),
    )


def _desk(operations: Operations) -> None:
    operations.create_table(
        "acts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("whom", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    operations.create_table(
        "records",
        sa.Column("decision", sa.Text, primary_key=True),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("is_public", sa.Boolean, nullable=False),
        sa.Column("added_at", sa.DateTime, nullable=False),
    )
    words = ("at", "who", "repository", "commit", "path", "sha256")
    more = ("method", "reason", "grant", "decision")
    operations.create_table(
        "log_lines",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in words),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in more),
        sa.Column("original", sa.Text, nullable=False, server_default=""),
        sa.Index("log_lines_of_repository", "repository", "sequence", "line"),
        sa.Index("log_lines_of_person", "who", "sequence", "line"),
        sa.Index("log_lines_of_grant", "grant", "sequence", "line"),
    )


def _requests(operations: Operations) -> None:
    for column in (
        sa.Column("commit", sa.Text, nullable=False, server_default=""),
        sa.Column("wording", sa.Text, nullable=False, server_default=""),
        sa.Column("shares_name", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("answered_at", sa.DateTime),
    ):
        operations.add_column("requests", column)
    texts = ("answered_by", "answer", "commit", "wording")
    operations.create_table(
        "past_requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("repository", sa.Text, sa.ForeignKey("repositories.name"), nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("shares_name", sa.Boolean, nullable=False),
        sa.Column("answered_at", sa.DateTime),
        sa.Column("closed_at", sa.DateTime, nullable=False),
        sa.Index("past_requests_of_person", "repository", "person"),
    )
    operations.create_table(
        "votes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("request", sa.Text, nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("person", "choice", "words")),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer) for name in ("days", "downloads")),
        sa.Column("is_pinned", sa.Boolean, nullable=False),
    )
    operations.create_table(
        "wordings",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
    )


def _grants(operations: Operations) -> None:
    operations.create_table(
        "terms",
        sa.Column("repository", sa.Text, sa.ForeignKey("repositories.name"), primary_key=True),
        sa.Column("criteria", sa.Text, nullable=False),
        sa.Column("reviewers", sa.Integer, nullable=False),
        sa.Column("grant_days", sa.Integer, nullable=False),
        sa.Column("downloads", sa.Integer),
        sa.Column("is_pinned", sa.Boolean, nullable=False),
        sa.Column("is_marked", sa.Boolean, nullable=False),
    )
    marked = sa.Column("is_marked", sa.Boolean, nullable=False, server_default=sa.false())
    operations.add_column(
        "grants", sa.Column("request", sa.Text, nullable=False, server_default="")
    )
    operations.add_column("grants", marked)
    operations.create_table(
        "sent",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("grant", "commit", "path")),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    operations.create_table(
        "copies",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("grant", "original")),
        sa.Column("repository", sa.Text, sa.ForeignKey("repositories.name"), nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Index("copies_by_commit", "repository", "commit"),
    )
    operations.create_table(
        "marked_files",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("grant", "sha256")),
        sa.Column("original", sa.Text, nullable=False),
        sa.Column("header", sa.LargeBinary, nullable=False),
        sa.Column("skipped", sa.BigInteger, nullable=False),
    )
