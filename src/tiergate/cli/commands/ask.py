# SPDX-License-Identifier: Apache-2.0
"""``tiergate ask``: access to a model of a gateway, over HTTP."""

from __future__ import annotations

import click


@click.command("ask")
@click.argument("repository", metavar="ORG/MODEL")
@click.option("--endpoint", required=True, envvar="HF_ENDPOINT", help="Address of the gateway.")
@click.option("--purpose", default="", help="What you want to do with it.")
@click.option("--organisation", default="", help="For whom.")
@click.option("--jurisdiction", default="", help="Where you are, as in DE.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="Answer to a question of the model card; repeatable.",
)
@click.option("--share-name", is_flag=True, help="Show your full name to those who decide.")
@click.option("--agree", is_flag=True, help="Agree to what this command prints, and ask.")
@click.option("--renew", is_flag=True, help="Ask anew, however long your grant counts still.")
@click.option(
    "--unsafe-plain-http",
    is_flag=True,
    help="Send the token to another machine without TLS, for everybody on the way to read.",
)
def command(  # noqa: PLR0913 - options of the command line
    *,
    repository: str,
    endpoint: str,
    purpose: str,
    organisation: str,
    jurisdiction: str,
    fields: tuple[str, ...],
    share_name: bool,
    agree: bool,
    renew: bool,
    unsafe_plain_http: bool,
) -> None:
    """Ask for access to ORG/MODEL, and print what became of the request.

    The token is taken from TIERGATE_TOKEN or HF_TOKEN. What you would agree to and what the
    model card asks is printed first; without --agree nothing is asked for. Run again without it
    to see whether the request was decided; with --agree and other answers it is another request.
    A grant that counts is renewed in its last third, at most two weeks before it ends.
    """
    from tiergate.cli.asking import Asked, asked, read_fields

    stated = {"purpose": purpose, "organisation": organisation, "jurisdiction": jurisdiction}
    what = Asked(
        stated=stated,
        fields=read_fields(fields),
        shares_name=share_name,
        agrees=agree,
        renews=renew,
    )
    for line in asked(repository, endpoint, what, may_be_plain=unsafe_plain_http):
        click.echo(line)
