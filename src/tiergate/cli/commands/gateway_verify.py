# SPDX-License-Identifier: Apache-2.0
"""``tiergate gateway verify``: is everything still what was published?"""

from __future__ import annotations

import click

from tiergate.cli import options
from tiergate.cli.release_options import heads_option


@click.command("verify")
@click.option(
    "--folder", required=True, type=click.Path(path_type=str), help="Folder of the gateway."
)
@click.option(
    "--repository",
    "repositories",
    multiple=True,
    metavar="NAME",
    help="Only files of this repository; repeatable. Default: all, and what belongs to none.",
)
@click.option(
    "--ledger",
    default="",
    envvar="TIERGATE_LEDGER",
    help="The ledger of releases, as for tiergate serve; default: releases/ledger.sqlite in the"
    " folder.",
)
@click.option(
    "--trust",
    default="",
    envvar="TIERGATE_TRUST",
    type=click.Path(path_type=str),
    help="Whom you believe, as for tiergate serve; default: releases/trust.yaml in the folder.",
)
@heads_option
@options.json_option
def verify(  # noqa: PLR0913 - options of the command line
    *,
    folder: str,
    repositories: tuple[str, ...],
    ledger: str,
    trust: str,
    heads: tuple[str, ...],
    as_json: bool,
) -> int:
    """Hash every file of a gateway again, and say what is not as it was published.

    Found are files that were changed, cut or lost, also for the copies of recipients that are
    marked, and revisions of the database that name other files than they did. The log of
    downloads and the ledger of releases are verified as gateway log and ledger verify do. Files
    that no revision names are counted. The gateway may be serving meanwhile.

    Each fault is one line, with what to do. The exit code is 5 when there is any.
    """
    from tiergate.cli.gateway_verifying import Asked, lines, verified

    def say(line: str) -> None:
        if not as_json:
            click.echo(line)

    asked = Asked(folder=folder, repositories=repositories, ledger=ledger, trust=trust, heads=heads)
    found = verified(asked, say)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    for line in lines(found):
        say(line)
    return found.exit_code
