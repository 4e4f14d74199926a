# SPDX-License-Identifier: Apache-2.0
"""``tiergate gateway``: what a gateway offers, and to whom."""

from __future__ import annotations

import click

_folder = click.option(
    "--folder", required=True, type=click.Path(path_type=str), help="Folder of the gateway."
)


@click.group("gateway")
def command() -> None:
    """Offer a checkpoint, make accounts and tokens."""


@command.command("publish")
@click.argument("model", type=click.Path(path_type=str))
@_folder
@click.option("--repository", required=True, help="Name, as in org/name.")
@click.option("--release", required=True, help="The release in the ledger that decides over it.")
@click.option("--announced", is_flag=True, help="Let the name be known before a stage is open.")
@click.option("--hosted-at", default="", help="Where it can be used without its weights.")
@click.option(
    "--exclude", multiple=True, help="Jurisdiction that it is not for, as in DE; repeatable."
)
def publish(  # noqa: PLR0913, PLR0917 - options of the command line
    model: str,
    folder: str,
    repository: str,
    release: str,
    hosted_at: str,
    exclude: tuple[str, ...],
    *,
    announced: bool,
) -> None:
    """Take in the files of MODEL and offer them under a name.

    Nothing is served by it: that follows from the release in the ledger, which has to be
    about exactly these files.
    """
    from tiergate.cli.serving import published

    revision = published(
        model,
        folder,
        repository,
        release=release,
        is_announced=announced,
        hosted_at=hosted_at,
        excluded=exclude,
    )
    click.echo(f"{repository} at {revision.commit}")
    click.echo(f"  root digest {revision.root_digest}")
    click.echo(f"  files       {len(revision.files)}")


@command.command("offer")
@click.argument("repository")
@_folder
@click.option("--release", required=True, help="The release in the ledger that decides over it.")
@click.option("--announced", is_flag=True, help="Let the name be known before a stage is open.")
@click.option("--hosted-at", default="", help="Where it can be used without its weights.")
@click.option(
    "--exclude", multiple=True, help="Jurisdiction that it is not for, as in DE; repeatable."
)
def offer(  # noqa: PLR0913 - options of the command line
    repository: str,
    folder: str,
    release: str,
    hosted_at: str,
    exclude: tuple[str, ...],
    *,
    announced: bool,
) -> None:
    """Say which release decides over REPOSITORY, whose files publishers upload.

    The repository is made when it is not there. One that is there is offered as these options
    say from now on; an option that is left out is taken back.
    """
    from tiergate.cli.serving import offered

    offered(
        folder,
        repository,
        release=release,
        is_announced=announced,
        hosted_at=hosted_at,
        excluded=exclude,
    )
    click.echo(f"{repository} belongs to the release {release}")


@command.command("person")
@click.argument("name")
@_folder
@click.option("--full-name", default="", help="Name for people; default: NAME.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(["owner", "approver", "auditor", "publisher"]),
    help="What they may do beside asking for access; repeatable.",
)
@click.option("--jurisdiction", default="", help="Where they are, as in DE.")
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    help="Where a publisher may publish, as in acme for acme/model; repeatable.",
)
def person(  # noqa: PLR0913, PLR0917 - options of the command line
    name: str,
    folder: str,
    full_name: str,
    roles: tuple[str, ...],
    jurisdiction: str,
    namespaces: tuple[str, ...],
) -> None:
    """Make an account."""
    from tiergate.cli.serving import new_person

    new_person(folder, name, full_name or name, roles, jurisdiction, namespaces=namespaces)
    click.echo(f"Made the account {name}.")


@command.command("token")
@click.argument("name")
@_folder
@click.option(
    "--days",
    default=90,
    show_default=True,
    type=click.IntRange(1, 3650),
    help="How long it counts.",
)
def token(name: str, folder: str, days: int) -> None:
    """Make a token for the account NAME, and print it once."""
    from tiergate.cli.serving import new_token

    click.echo(new_token(folder, name, days))


@command.command("log")
@_folder
@click.option("--repository", default="", help="Only of this repository.")
@click.option("--person", default="", help="Only of this account.")
def log(folder: str, repository: str, person: str) -> None:
    """Verify the log of downloads, and print it: what left, and what nothing reaches any more.

    The exit code is 5 when it does not hold; what was printed until then is not to be
    believed either.
    """
    from tiergate.cli.serving import log_lines

    for line in log_lines(folder, repository, person):
        click.echo(line)


@command.command("erase")
@click.argument("name")
@_folder
def erase(name: str, folder: str) -> None:
    """Disable the account NAME, and make its lines in the log nobody's for good.

    The log itself stays as it is and still verifies.
    """
    from tiergate.cli.serving import erased

    erased(folder, name)
    click.echo(f"Disabled {name}; no line of the log can be told to be theirs any more.")


@command.command("backup")
@click.argument("copy", type=click.Path(path_type=str, file_okay=False))
@_folder
def backup(copy: str, folder: str) -> None:
    """Copy a gateway, which may be serving, into the folder COPY, which is a gateway then.

    An earlier copy is brought up to date. It has the keys and the names of people: keep it as
    you keep the gateway. A database on PostgreSQL is copied with pg_dump, before this.
    """
    from tiergate.cli.serving import backed_up

    count = backed_up(folder, copy)
    click.echo(f"{copy}: up to date, with {count} more files of models.")
