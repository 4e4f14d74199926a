# SPDX-License-Identifier: Apache-2.0
"""``tiergate push``: a checkpoint to a gateway, over HTTP."""

from __future__ import annotations

import click


@click.command("push")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=str))
@click.option("--to", "url", required=True, envvar="HF_ENDPOINT", help="Address of the gateway.")
@click.option("--repository", required=True, help="Name, as in org/name.")
@click.option(
    "--unsafe-plain-http",
    is_flag=True,
    help="Send token and files to another machine without TLS, for everybody on the way to read.",
)
def command(*, directory: str, url: str, repository: str, unsafe_plain_http: bool) -> None:
    """Upload the files of DIR, or one weights file, as a new revision of a repository.

    The token is taken from TIERGATE_TOKEN or HF_TOKEN. What the gateway has already is not sent
    again, so an upload that was cut off is taken up by running the same command once more.
    The revision has exactly these files, and is hidden until a decision is about them. Its name
    is compared with the digest of the files here; the exit code is 5 when they differ.
    """
    from tiergate.cli.pushing import pushed

    found = pushed(directory, url, repository, may_be_plain=unsafe_plain_http)
    click.echo(f"{repository} at {found.commit}")
    click.echo(f"  root digest {found.root_digest}")
    click.echo(f"  files       {found.files}, of which {found.sent} were sent")
    click.echo(f"  release     {found.release}")
