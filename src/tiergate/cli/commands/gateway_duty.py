# SPDX-License-Identifier: Apache-2.0
"""``tiergate gateway stop``, ``lift`` and ``record``: for people on duty."""

from __future__ import annotations

import click

from tiergate.errors import InputError

_folder = click.option(
    "--folder", required=True, type=click.Path(path_type=str), help="Folder of the gateway."
)
_by = click.option("--by", required=True, metavar="ACCOUNT", help="Account of whoever does it.")


@click.command("stop")
@click.argument("repository", required=False)
@_folder
@click.option("--everything", is_flag=True, help="Every model, those offered later too.")
@click.option("--reason", required=True, help="Why; those who are refused are not told.")
@_by
def stop(repository: str | None, folder: str, reason: str, by: str, *, everything: bool) -> None:
    """Refuse every download of REPOSITORY from now on, and cut off those that are running.

    It needs no key and only closes. Whoever can write to the folder is believed to be the
    account that they name, which has to be one that may stop; somebody else lifts it. Stops that
    stand already are named; the same one by the same account is not made twice.
    """
    from tiergate.cli.duty import stopped

    if (repository is None) is not everything:
        raise InputError("stop", "neither or both", "either REPOSITORY or --everything")
    for line in stopped(folder, repository or "", reason=reason, by=by):
        click.echo(line)


@click.command("lift")
@click.argument("name", metavar="ID")
@_folder
@_by
def lift(name: str, folder: str, by: str) -> None:
    """Lift the stop ID, which another account made, and say which others stand still."""
    from tiergate.cli.duty import lifted

    for line in lifted(folder, name, by=by):
        click.echo(line)


@click.command("record")
@click.argument("record", type=click.Path(path_type=str))
@_folder
@click.option("--public", is_flag=True, help="Let everybody read it who may know of the model.")
@click.option(
    "--policy", help="Shipped id, or a path; default: the shipped policy that the record names."
)
def record(record: str, folder: str, policy: str | None, *, public: bool) -> None:
    """Take in a signed decision RECORD, so that pages show why.

    Its signatures are held against the trust file each time that it is shown. It replaces what
    was brought for the same decision before, with its --public.
    """
    from tiergate.cli.duty import bring_record

    for line in bring_record(folder, record, policy, is_public=public):
        click.echo(line)
