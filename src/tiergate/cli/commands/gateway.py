# SPDX-License-Identifier: Apache-2.0
"""``tiergate gateway``: what a gateway offers, and to whom."""

from __future__ import annotations

import click

from tiergate.cli.commands import (
    gateway_access,
    gateway_data,
    gateway_duty,
    gateway_mirror,
    gateway_verify,
)

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


@command.command("terms")
@click.argument("repository")
@_folder
@click.option("--criteria", help="Text file that says who gets access; empty for none any more.")
@click.option("--reviewers", type=click.IntRange(1, 2), help="People who have to be for it.")
@click.option("--grant-days", type=click.IntRange(1, 3650), help="How long a grant lasts.")
@click.option(
    "--downloads",
    type=click.IntRange(0, 1_000_000),
    help="How often each file may be downloaded under one grant; 0 for any number.",
)
@click.option("--pin/--no-pin", default=None, help="Whether a grant is for one revision alone.")
@click.option(
    "--mark/--no-mark", default=None, help="Whether each recipient's weights name their grant."
)
def terms(  # noqa: PLR0913, PLR0917 - options of the command line
    repository: str,
    folder: str,
    criteria: str | None,
    reviewers: int | None,
    grant_days: int | None,
    downloads: int | None,
    pin: bool | None,  # noqa: FBT001 - an option with a third state
    mark: bool | None,  # noqa: FBT001 - an option with a third state
) -> None:
    """Print on which terms access to REPOSITORY is given, and change what options name.

    They count for what is decided from now on: grants that were given stay as they are.
    """
    from tiergate.cli.granting import changed_terms

    for line in changed_terms(
        folder,
        repository,
        criteria=criteria,
        reviewers=reviewers,
        grant_days=grant_days,
        downloads=downloads,
        is_pinned=pin,
        is_marked=mark,
    ):
        click.echo(line)


@command.command("whose")
@click.argument("file", type=click.Path(path_type=str))
@_folder
def whose(file: str, folder: str) -> int:
    """Verify the mark in the weights FILE, and name the grant and the account that had it.

    The exit code is 3 when there is no mark, which proves nothing, or no original to compare
    with, and 5 when the mark was changed, is of another gateway, or stands in front of other
    tensors than those that it was made for. Who was erased stands under another name.
    """
    from tiergate.cli.granting import whose as found

    code, lines = found(file, folder)
    for line in lines:
        click.echo(line)
    return code


@command.command("person")
@click.argument("name")
@_folder
@click.option("--full-name", default="", help="Name for people; default: NAME.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(["owner", "evaluator", "approver", "operator", "auditor", "publisher"]),
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
    from tiergate.cli.gateway_accounts import new_person

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
@click.option("--label", default="", help="What it is for, for whoever lists it.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "request", "publish", "approve", "audit"]),
    help="What it counts for, of what the account may do; repeatable. Default: everything.",
)
def token(name: str, folder: str, days: int, label: str, scopes: tuple[str, ...]) -> None:
    """Make a token for the account NAME, and print it once."""
    from tiergate.cli.gateway_accounts import new_token

    click.echo(new_token(folder, name, days, label=label, scopes=scopes))


@command.command("tokens")
@click.argument("name")
@_folder
@click.option("--revoke", multiple=True, metavar="ID", help="Token that ends now; repeatable.")
def tokens(name: str, folder: str, revoke: tuple[str, ...]) -> None:
    """List the tokens of the account NAME that count, and end some of them."""
    from tiergate.cli.gateway_accounts import token_lines

    for line in token_lines(folder, name, revoke):
        click.echo(line)


@command.command("login")
@click.argument("name")
@_folder
@click.option(
    "--url",
    default="http://127.0.0.1:8642",
    show_default=True,
    help="Address of the gateway as people write it.",
)
def login(name: str, folder: str, url: str) -> None:
    """Make a link with which NAME chooses a password, for a new account or a forgotten one.

    It counts once and for 24 hours, in place of an older one. Whoever has it can log in as
    NAME. When it is used, NAME is logged out everywhere else.
    """
    from tiergate.cli.gateway_accounts import login_link

    click.echo(login_link(folder, name, url))


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
    """Erase who NAME was, for good, whether the account counts or is disabled.

    Gone afterwards: the name of the account and the name for people, passwords, logins and
    tokens, what they stated in requests and what was said to it, where they are, and the salt
    without which no line of the log can be told to be theirs. Requests, grants, votes and stops
    stay, with their dates, under a name that is drawn by lot; grants that count end.

    Not gone: the signed log, in which the words stand that people wrote as they decided; grants
    and approvals in the ledger of releases; and copies of the gateway. The name stays taken.
    """
    from tiergate.cli.gateway_accounts import erased

    for line in erased(folder, name):
        click.echo(line)


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


for _each in (
    gateway_data.publish_data,
    gateway_access.requests,
    gateway_access.accept,
    gateway_access.reject,
    gateway_access.revoke,
    gateway_duty.stop,
    gateway_duty.lift,
    gateway_duty.record,
    gateway_mirror.mirror,
    gateway_verify.verify,
):
    command.add_command(_each)
