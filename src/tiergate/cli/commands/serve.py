# SPDX-License-Identifier: Apache-2.0
"""``tiergate serve``: the gateway."""

from __future__ import annotations

import click

from tiergate.cli.release_options import heads_option


@click.command("serve")
@click.argument("folder", type=click.Path(path_type=str, file_okay=False))
@click.option(
    "--ledger",
    default="",
    envvar="TIERGATE_LEDGER",
    help="The ledger of releases: a file, or postgresql://USER@HOST/DATABASE; default:"
    " releases/ledger.sqlite in FOLDER, made when it is not there.",
)
@click.option(
    "--trust",
    default="",
    envvar="TIERGATE_TRUST",
    type=click.Path(path_type=str),
    help="Whom you believe: keys, people, roles and dates; default: releases/trust.yaml in"
    " FOLDER, and nobody while it is not there.",
)
@heads_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8642, show_default=True, type=click.IntRange(1, 65535), help="Port."
)
@click.option("--url", default="", help="Address as people write it; default: http://HOST:PORT.")
@click.option(
    "--database-url",
    default="",
    envvar="TIERGATE_DATABASE_URL",
    metavar="URL",
    help="postgresql://USER:PASSWORD@HOST/NAME; default: a file in FOLDER.",
)
@click.option(
    "--objects",
    default="",
    envvar="TIERGATE_OBJECTS",
    metavar="URL",
    help="s3://BUCKET/PREFIX; keys and endpoint are in AWS_*. Default: files in FOLDER.",
)
@click.option(
    "--login",
    default="",
    metavar="FILE",
    type=click.Path(path_type=str),
    help="Providers where people log in, and jobs that get tokens; default: passwords alone.",
)
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes."
)
@click.option(
    "--nginx",
    default="",
    metavar="PREFIX",
    help="Let the nginx in front send the bytes, from its internal location PREFIX; see"
    " docs/how-to/serve-models.md.",
)
@click.option(
    "--nginx-for",
    default="open",
    show_default=True,
    type=click.Choice(["open", "all"]),
    help="What nginx sends: weights that are open to everybody, or also those that need a grant,"
    " whose running downloads are not stopped then by a revocation.",
)
def command(  # noqa: PLR0913, PLR0917 - options of the command line
    folder: str,
    ledger: str,
    trust: str,
    heads: tuple[str, ...],
    host: str,
    port: int,
    url: str,
    database_url: str,
    objects: str,
    login: str,
    workers: int,
    nginx: str,
    nginx_for: str,
) -> None:
    """Serve the models of FOLDER to clients of the Hugging Face Hub, as the ledger allows.

    FOLDER is made when it is not there. Clients find the gateway by the variable HF_ENDPOINT.
    What a client may download follows from the release in the ledger and from the grants of
    the gateway, and is asked again while bytes flow.
    """
    from tiergate.cli.serving import Served, serve

    served = Served(
        folder=folder,
        database=database_url,
        ledger=ledger,
        trust=trust,
        heads=heads,
        url=url.rstrip("/") or f"http://{host}:{port}",
        nginx=nginx.rstrip("/"),
        nginx_for_all=nginx_for == "all",
        login=login,
        objects=objects,
    )
    serve(served, host=host, port=port, workers=workers)
