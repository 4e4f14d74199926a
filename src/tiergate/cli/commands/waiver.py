# SPDX-License-Identifier: Apache-2.0
"""``tiergate waiver``: sign human exceptions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime
from tiergate.cli.failures import visible


@click.group("waiver")
def command() -> None:
    """Sign human exceptions. They weaken the gate, and show wherever they count."""


@command.command("sign")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key", required=True, help="Private key: a file in PEM (PKCS#8), or the URI of a key."
)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Signed file to write; a new file.",
)
@click.option("--at", type=UtcTime(), default=None, help="Time of signing; default: now.")
@options.json_option
def sign(*, file: Path, key: str, output: Path, at: datetime | None, as_json: bool) -> None:
    """Sign the waivers in FILE, which names who gives them and why.

    Only whoever a waiver names as its giver can sign it, and only in a role that the policy
    lets waive; `tiergate check --trust TRUST --waiver SIGNED` looks at both. A passphrase is
    asked for, or taken from TIERGATE_KEY_PASSPHRASE.
    """
    from tiergate.cli import clock
    from tiergate.cli.key_files import read_signing_key
    from tiergate.cli.store_documents import WaiverSigningDocument
    from tiergate.cli.waiver_file import sign_waivers, signed_waivers

    time = at or clock.now()
    signer = read_signing_key(key)
    made = sign_waivers(file, output, signer, at=time)
    document = WaiverSigningDocument(
        path=str(output),
        digest=signed_waivers(output).digest,
        key_id=signer.public.key_id,
        signed_at=time,
        requirements=tuple(waiver.requirement for waiver in made.waivers),
    )
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for waiver in made.waivers:
        until = f"up to {waiver.highest_tier}, until {waiver.expires_at:%Y-%m-%d}"
        click.echo(f"  {visible(waiver.requirement)}  {until}, by {visible(waiver.by)}")
    click.echo(f"{visible(str(output))}: signed with {document.key_id}.")
