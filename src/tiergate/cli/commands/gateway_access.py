# SPDX-License-Identifier: Apache-2.0
"""``tiergate gateway requests``, ``accept``, ``reject`` and ``revoke``, without a browser."""

from __future__ import annotations

import click

from tiergate.cli import options

_folder = click.option(
    "--folder", required=True, type=click.Path(path_type=str), help="Folder of the gateway."
)
_by = click.option("--by", required=True, metavar="ACCOUNT", help="Account of whoever decides.")
_STATES = ("pending", "accepted", "rejected", "reset", "all")


@click.command("requests")
@_folder
@click.option(
    "--state",
    type=click.Choice(_STATES),
    default="pending",
    show_default=True,
    help="Only those of which that became.",
)
@click.option("--repository", default="", help="Only for this model.")
@options.json_option
def requests(folder: str, state: str, repository: str, *, as_json: bool) -> None:
    """List who asks for access, with what they state; those that wait longest come first.

    Of those that were accepted, the grant is printed that counts longest.
    """
    from tiergate.cli.gateway_access import listed, request_lines

    found = listed(folder, state, repository)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    for line in request_lines(found.requests):
        click.echo(line)
    if not found.requests:
        click.echo("No request.")


@click.command("accept")
@click.argument("name", metavar="ID")
@_folder
@_by
@click.option("--words", default="", help="What is said to it; whoever asked reads it.")
@click.option(
    "--days", type=click.IntRange(1, 3650), help="How long, where that is less than the terms."
)
@click.option(
    "--downloads",
    type=click.IntRange(1, 1_000_000),
    help="Downloads of each file, where those are fewer than the terms give.",
)
def accept(  # noqa: PLR0913, PLR0917 - options of the command line
    name: str, folder: str, by: str, words: str, days: int | None, downloads: int | None
) -> None:
    """Be for the request ID; where one is enough, or another one was, they get a grant.

    Whoever can write to the folder is believed to be the account that they name, which has to be
    one that decides, and not that of whoever asked. Where a grant is for one revision alone, it
    is for the one that was current when they asked.
    """
    from tiergate.cli.gateway_access import accepted

    for line in accepted(folder, name, by=by, words=words, days=days, downloads=downloads):
        click.echo(line)


@click.command("reject")
@click.argument("name", metavar="ID")
@_folder
@_by
@click.option("--words", required=True, help="Why; whoever asked reads it.")
def reject(name: str, folder: str, by: str, words: str) -> None:
    """Turn the request ID down, and take every grant of that account for the model."""
    from tiergate.cli.gateway_access import rejected

    click.echo(rejected(folder, name, by=by, words=words))


@click.command("revoke")
@click.argument("grant")
@_folder
@_by
@click.option("--words", default="", help="Why; for those who work here.")
def revoke(grant: str, folder: str, by: str, words: str) -> None:
    """Take back GRANT, and every other one of that account for the same model.

    A running download ends within seconds. No copy that was made before is reached.
    """
    from tiergate.cli.gateway_access import revoked

    for line in revoked(folder, grant, by=by, words=words):
        click.echo(line)
