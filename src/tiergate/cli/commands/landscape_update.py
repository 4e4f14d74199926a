# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape update``: a new vintage beside the old one, on a machine with a network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tiergate.cli import options


@click.command("update")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--vintage",
    "before",
    type=click.Path(path_type=Path),
    default=None,
    help="Vintage to compare with and to take other tables from; default: the shipped one.",
)
@click.option("--from", "mirror", default=None, help="Address of a mirror that has the files.")
@click.option(
    "--expect",
    "expected",
    multiple=True,
    metavar="FILE=SHA256",
    help="Digest that a file must have; may be repeated.",
)
@options.at_option
@options.json_option
def update_command(  # noqa: PLR0913 - one parameter per option
    folder: Path,
    before: Path | None,
    mirror: str | None,
    expected: tuple[str, ...],
    at: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Fetch the index anew, check it, and write FOLDER/<today>. Nothing is written over.

    The files are Epoch's eci_scores.csv, edi_scores.csv and eci_benchmarks.csv, taken together
    or not at all. Other tables come along as they are, each with its own date.
    """
    from tiergate.cli import clock, landscape_update_text
    from tiergate.cli.landscape_update_documents import update_document
    from tiergate.landscape import updating
    from tiergate.landscape.fetching import Limits, checked_address

    base = None if mirror is None else checked_address(mirror, "--from")
    day = (at or clock.now()).date()
    _, old = updating.source_of(before)
    files = updating.fetched(old, day, Limits(), base, _digests(expected))
    document = update_document(updating.update(folder, before, day, files, base))
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in landscape_update_text.lines(document):
        click.echo(line)


def _digests(expected: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in expected:
        name, equals, digest = text.partition("=")
        if not equals:
            raise click.UsageError(f"--expect {text}: give FILE=SHA256")
        found[name] = digest.removeprefix("sha256:").lower()
    return found
