# SPDX-License-Identifier: Apache-2.0
"""``tiergate ledger``: make a ledger, verify it, prove what is in it, export it."""

from __future__ import annotations

import click

from tiergate.cli import options
from tiergate.cli.release_options import heads_option, ledger_option, trust_option


@click.group("ledger")
def command() -> None:
    """Verify what happened to releases, prove it, export it."""


@command.command("init")
@click.option(
    "--print-sql",
    is_flag=True,
    help="Connect to nothing and change nothing: print what would be done, for psql.",
)
@ledger_option
def init(ledger: str, *, print_sql: bool) -> None:
    """Make a new ledger, with a name of its own: a file, or a schema on PostgreSQL.

    On PostgreSQL it makes three roles, NAME_owner, NAME_writer and NAME_reader, where NAME is
    the schema, and needs somebody who may make roles and schemas. Who appends is granted the
    writer; who only reads, the reader; nobody is granted the owner.
    """
    from tiergate.cli.ledger_making import made, sql

    click.echo(sql(ledger) if print_sql else made(ledger), nl=not print_sql)


@command.command("verify")
@heads_option
@click.option(
    "--head-key",
    "head_keys",
    multiple=True,
    type=click.Path(path_type=str),
    help="Public key whose heads you believe, besides those of the trust file.",
)
@trust_option
@ledger_option
@options.json_option
def verify(
    ledger: str,
    trust: str,
    heads: tuple[str, ...],
    head_keys: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Say whether a ledger holds: its chain, its signatures, and every head at hand.

    A head is one signed line-up of all events at one time. Give those that you kept, or got
    from somebody else: a file or a folder. The exit code is 5 when anything does not hold,
    and the first event that disagrees is named.
    """
    from tiergate.cli import release_documents, release_text
    from tiergate.cli.exit_codes import ExitCode
    from tiergate.cli.ledger_checking import checked

    report, verified = checked(ledger, trust, heads, head_keys)
    code = ExitCode.SUPPORTED if report.holds else ExitCode.VERIFICATION_FAILED
    if as_json:
        click.echo(release_documents.ledger_document(report, code).model_dump_json(indent=2))
        return code
    for line in release_text.ledger_lines(report, code, verified):
        click.echo(line)
    return code


@command.command("prove")
@click.option("--event", default=None, type=click.IntRange(min=1), help="That it is there.")
@click.option(
    "--since",
    default=None,
    type=click.IntRange(min=1),
    help="That what was there when the ledger had so many events is its beginning.",
)
@ledger_option
def prove(ledger: str, event: int | None, since: int | None) -> None:
    """Print a proof of RFC 6962 as JSON, to be held against a signed head."""
    from tiergate.cli.ledger_checking import consistency, inclusion

    if (event is None) == (since is None):
        raise click.UsageError("Give one of: --event, --since.")
    document = inclusion(ledger, event) if event is not None else consistency(ledger, since or 1)
    click.echo(document.model_dump_json(indent=2))


@command.command("export")
@ledger_option
def export(ledger: str) -> None:
    """Print every entry as it is in the ledger, one a line: signed envelopes in JSON."""
    from tiergate.cli.ledger_checking import lines

    for line in lines(ledger):
        click.echo(line)
