# SPDX-License-Identifier: Apache-2.0
"""``tiergate sign``: a decision as a signed record."""

from __future__ import annotations

from datetime import datetime

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime
from tiergate.cli.failures import visible


@click.command("sign")
@click.argument("decision", type=click.Path(path_type=str))
@click.option(
    "--key", required=True, type=click.Path(path_type=str), help="Private key in PEM (PKCS#8)."
)
@click.option(
    "--output", required=True, type=click.Path(path_type=str), help="Record to write; a new file."
)
@click.option(
    "--also",
    multiple=True,
    type=click.Choice(["vsa", "svr"]),
    help="Also sign a summary for other tools, beside RECORD as .vsa.json or .svr.json.",
)
@click.option("--at", type=UtcTime(), default=None, help="Time of signing; default: now.")
@options.json_option
def command(  # noqa: PLR0913 - options of the command line
    decision: str,
    key: str,
    output: str,
    also: tuple[str, ...],
    at: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Sign DECISION, which is what `tiergate check --json` printed, or a record.

    A record has every file of the checkpoint as its subject, and everything that is needed
    to compute the decision again. Signing a record adds a signature to the same bytes.
    A passphrase is asked for, or taken from TIERGATE_KEY_PASSPHRASE.
    """
    from pathlib import Path

    from tiergate.cli import clock, record_documents, record_text
    from tiergate.cli.key_files import read_signing_key
    from tiergate.cli.record_files import refuse_existing, signed_envelope, write_record
    from tiergate.release.record import read_record

    kinds = tuple(dict.fromkeys(also))
    refuse_existing(Path(output), kinds)
    signer = read_signing_key(Path(key))
    envelope = signed_envelope(Path(decision), signer, at=at or clock.now())
    record = read_record(envelope, output)
    written = write_record(record, Path(output), signer, kinds)
    if as_json:
        part = record_documents.record_part(record)
        document = record_documents.SignDocument(
            path=output, record=part, also=tuple(map(str, written))
        )
        click.echo(document.model_dump_json(indent=2))
        return
    for line in record_text.record_lines(record, output):
        click.echo(line)
    for path in written:
        click.echo(f"  also        {visible(str(path))}")
    click.echo(f"Signed with {signer.public.key_id}.")
