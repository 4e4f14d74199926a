# SPDX-License-Identifier: Apache-2.0
"""``tiergate gateway publish-data``: data for people with a grant."""

from __future__ import annotations

import click


@click.command("publish-data")
@click.argument("data", metavar="FOLDER_OF_DATA", type=click.Path(path_type=str))
@click.option(
    "--folder", required=True, type=click.Path(path_type=str), help="Folder of the gateway."
)
@click.option("--repository", required=True, help="Name, as in org/name.")
@click.option("--announced", is_flag=True, help="Let everybody know of it, and ask for access.")
@click.option(
    "--exclude", multiple=True, help="Jurisdiction that it is not for, as in DE; repeatable."
)
def publish_data(
    data: str, folder: str, repository: str, exclude: tuple[str, ...], *, announced: bool
) -> None:
    """Take in a folder of data, as prompts for evaluators, and offer it at datasets/NAME.

    Data has no weights and no tier: nobody gets it without a grant. What is published later under
    the same name is what those with a grant get from then on.
    """
    from tiergate.cli.serving import published_data

    name, revision = published_data(
        data, folder, repository, is_announced=announced, excluded=exclude
    )
    click.echo(f"{name} at {revision.commit}")
    click.echo(f"  root digest {revision.root_digest}")
    click.echo(f"  files       {len(revision.files)}")
