# SPDX-License-Identifier: Apache-2.0
"""``tiergate evidence sign``: vouch for evidence documents."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime
from tiergate.cli.failures import visible


@click.command("sign")
@click.argument("documents", metavar="DOCUMENT...", nargs=-1, required=True)
@click.option(
    "--key", required=True, help="Private key: a file in PEM (PKCS#8), or the URI of a key."
)
@click.option(
    "--store",
    type=click.Path(path_type=str),
    default=None,
    help="Folder of evidence; DOCUMENT is then a digest, or eight digits of one.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File to write, for a single DOCUMENT; default: beside it, or in its store.",
)
@click.option("--at", type=UtcTime(), default=None, help="Time of signing; default: now.")
@options.json_option
def sign_command(  # noqa: PLR0913 - options of the command line
    *,
    documents: tuple[str, ...],
    key: str,
    store: str | None,
    output: Path | None,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Vouch for each DOCUMENT, a path, with a signed statement about its bytes.

    The statement goes beside the document, or into its store; the document stays as it is,
    and nothing is written over. Whether it counts is for the trust file of whoever decides:
    `tiergate check --trust`. A passphrase is asked for, or taken from
    TIERGATE_KEY_PASSPHRASE.
    """
    from tiergate.cli import clock, text
    from tiergate.cli.evidence_signing import chosen, sign_documents
    from tiergate.cli.key_files import read_signing_key
    from tiergate.cli.store_documents import EvidenceSigningDocument

    if output is not None and len(documents) != 1:
        raise click.UsageError("--output is for a single DOCUMENT")
    time = at or clock.now()
    found = chosen(documents, store)
    signer = read_signing_key(key)
    written = sign_documents(found, output, signer, at=time)
    if as_json:
        document = EvidenceSigningDocument(
            key_id=signer.public.key_id, signed_at=time, written=written
        )
        click.echo(document.model_dump_json(indent=2))
        return
    for part in written:
        click.echo(f"  {text.short_digest(part.document)}  {visible(part.path)}")
    click.echo(f"Signed with {signer.public.key_id}.")
