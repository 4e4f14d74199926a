# SPDX-License-Identifier: Apache-2.0
"""``tiergate sign``: a decision as a signed record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime
from tiergate.cli.failures import visible

if TYPE_CHECKING:
    from tiergate.release.record import Record


@click.command("sign")
@click.argument("decision", type=click.Path(path_type=str))
@click.option(
    "--key", default=None, help="Private key: a file in PEM (PKCS#8), or the URI of a key."
)
@click.option(
    "--identity-token",
    type=click.Path(path_type=str),
    default=None,
    help="File with a token of your identity provider, in place of --key: sign by Sigstore.",
)
@click.option(
    "--sigstore",
    type=click.Path(path_type=str),
    default=None,
    help="Which authority and log to use, as Sigstore's client trust configuration.",
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
    *,
    key: str | None,
    identity_token: str | None,
    sigstore: str | None,
    output: str,
    also: tuple[str, ...],
    at: datetime | None,
    as_json: bool,
) -> None:
    """Sign DECISION, which is what `tiergate check --json` printed, or a record.

    A record has every file of the checkpoint as its subject, and everything that is needed
    to compute the decision again. Signing a record adds a signature to the same bytes.
    A passphrase is asked for, or taken from TIERGATE_KEY_PASSPHRASE.

    With --identity-token and --sigstore in place of --key an identity signs, without a key
    of its own (extra: tiergate[sigstore]). Such a record has that one signature.
    """
    from tiergate.cli import clock, record_documents, record_text
    from tiergate.cli.key_files import read_signing_key
    from tiergate.cli.record_files import refuse_existing, signed_envelope, write_record
    from tiergate.release.record import read_record

    kinds = tuple(dict.fromkeys(also))
    refuse_existing(Path(output), kinds)
    now = at or clock.now()
    if key is None:
        record = _signed_by_identity(decision, output, (identity_token, sigstore, kinds), at=now)
        written: tuple[Path, ...] = ()
        words = "Signed with an identity, for which the record has proof."
    elif identity_token is not None or sigstore is not None:
        raise click.UsageError("Give either --key, or --identity-token and --sigstore.")
    else:
        signer = read_signing_key(key)
        record = read_record(signed_envelope(Path(decision), signer, at=now), output)
        written = write_record(record, Path(output), signer, kinds)
        words = f"Signed with {signer.public.key_id}."
    if as_json:
        part = record_documents.record_part(record)
        document = record_documents.SignDocument(
            path=output, record=part, also=tuple(map(str, written))
        )
        click.echo(document.model_dump_json(indent=2))
        return
    beside = [f"  also        {visible(str(path))}" for path in written]
    for line in (*record_text.record_lines(record, output), *beside, words):
        click.echo(line)


def _signed_by_identity(
    decision: str,
    output: str,
    how: tuple[str | None, str | None, tuple[str, ...]],
    *,
    at: datetime,
) -> Record:
    """Have an identity sign, and write the record."""
    from tiergate.attestation.keyless import sign_with_identity
    from tiergate.attestation.new_file import write_new_file
    from tiergate.cli.record_files import record_of, statement_at, token_at

    token, services, also = how
    if token is None or services is None:
        raise click.UsageError("Give either --key, or --identity-token and --sigstore.")
    if also:
        raise click.UsageError("--also needs --key: an identity signs one statement at a time.")
    payload = statement_at(Path(decision), at=at)
    data = sign_with_identity(payload, token_at(Path(token)), Path(services))
    # Read as any verifier will, before anybody gets it.
    record = record_of(data, output)
    write_new_file(Path(output), data)
    return record
