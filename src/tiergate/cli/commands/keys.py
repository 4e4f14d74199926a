# SPDX-License-Identifier: Apache-2.0
"""``tiergate keys``: make keys that sign, and show what others need to know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tiergate.cli import options

if TYPE_CHECKING:
    from tiergate.attestation.keys import PublicKey


@click.group("keys")
def command() -> None:
    """Make keys that sign, and show what others need to know of them."""


@command.command("generate")
@click.argument("key", type=click.Path(path_type=str))
@click.option(
    "--algorithm",
    type=click.Choice(["ecdsa-p256", "ed25519"]),
    default="ecdsa-p256",
    show_default=True,
    help="How the key signs; most other tools take ecdsa-p256.",
)
@click.option(
    "--unsafe-no-passphrase",
    is_flag=True,
    help="Weakens the key: whoever can read the file can sign with it.",
)
@options.json_option
def generate(key: str, algorithm: str, *, unsafe_no_passphrase: bool, as_json: bool) -> None:
    """Write a new private key to KEY, and its public key beside it as .pub.

    The passphrase is asked for, or taken from TIERGATE_KEY_PASSPHRASE. Nothing is
    written over. What is printed can be put into a trust file once the rest of it is
    filled in.
    """
    from pathlib import Path

    from tiergate.attestation.keys import Algorithm
    from tiergate.cli.key_files import new_passphrase, write_new_key

    passphrase = new_passphrase(without=unsafe_no_passphrase)
    _show(write_new_key(Path(key), Algorithm(algorithm), passphrase), as_json=as_json)


@command.command("show")
@click.argument("key", type=click.Path(path_type=str))
@options.json_option
def show(key: str, *, as_json: bool) -> None:
    """Print the id and the public key of KEY, private or public, as for a trust file."""
    from tiergate.cli.key_files import read_verifying_key

    _show(read_verifying_key(key), as_json=as_json)


def _show(public: PublicKey, *, as_json: bool) -> None:
    if as_json:
        from tiergate.cli.record_documents import KeyDocument

        document = KeyDocument(
            key_id=public.key_id, algorithm=public.algorithm, public_key=public.pem
        )
        click.echo(document.model_dump_json(indent=2))
        return
    click.echo(f"- key_id: {public.key_id}")
    click.echo("  public_key: |")
    for line in public.pem.splitlines():
        click.echo(f"    {line}")
