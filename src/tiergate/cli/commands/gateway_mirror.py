# SPDX-License-Identifier: Apache-2.0
"""``tiergate gateway mirror``: a repository of another hub, at one revision."""

from __future__ import annotations

import click


@click.command("mirror")
@click.argument("upstream", metavar="ORG/NAME")
@click.option(
    "--revision", required=True, help="Commit there; a branch is resolved, and its commit printed."
)
@click.option("--from", "url", required=True, metavar="URL", help="Address of the other hub.")
@click.option(
    "--folder", required=True, type=click.Path(path_type=str), help="Folder of the gateway."
)
@click.option("--repository", required=True, help="Name here, as in org/name.")
@click.option("--release", required=True, help="The release in the ledger that decides over it.")
@click.option("--announced", is_flag=True, help="Let the name be known before a stage is open.")
@click.option("--hosted-at", default="", help="Where it can be used without its weights.")
@click.option(
    "--exclude", multiple=True, help="Jurisdiction that it is not for, as in DE; repeatable."
)
@click.option(
    "--unsafe-plain-http",
    is_flag=True,
    help="Fetch from another machine without TLS, with the token for everybody on the way to read.",
)
def mirror(  # noqa: PLR0913 - options of the command line
    *,
    upstream: str,
    revision: str,
    url: str,
    folder: str,
    repository: str,
    release: str,
    announced: bool,
    hosted_at: str,
    exclude: tuple[str, ...],
    unsafe_plain_http: bool,
) -> None:
    """Pull ORG/NAME from another hub, compare every file with what that hub states, publish it.

    Nothing is served by it: that follows from the release in the ledger, which has to be
    about exactly these files. Files that run code are refused. A token for the other hub is
    taken from TIERGATE_TOKEN or HF_TOKEN. What has come whole is not fetched again, so that the
    same command goes on where it was cut off. The exit code is 5 when a file is another than is
    stated.
    """
    from tiergate.cli.mirroring import Wanted, mirrored

    wanted = Wanted(
        upstream=upstream,
        revision=revision,
        url=url,
        folder=folder,
        repository=repository,
        release=release,
        is_announced=announced,
        hosted_at=hosted_at,
        excluded=exclude,
    )
    for line in mirrored(wanted, may_be_plain=unsafe_plain_http):
        click.echo(line)
