# SPDX-License-Identifier: Apache-2.0
"""``tiergate evidence export``: evidence in the form that other programs read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tiergate.cli import clock, options, text


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", required=True, help="The checkpoint beside which the store is.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["every-eval-ever"]),
    default="every-eval-ever",
    show_default=True,
    help="What to write.",
)
@click.option("--at", type=clock.UtcTime(), default=None, help="Time of the export; default: now.")
@options.store_option
def export_command(
    *, folder: Path, model: str, kind: str, at: datetime | None, store: str | None
) -> None:
    """Write every measurement of a store into FOLDER, one record each.

    What the format cannot hold is named and left out. A record is a claim to whoever reads
    it: samples and the tie to the weights stay in the store.
    """
    from tiergate.cli import exporting, missing_documents

    del kind  # there is one; the option says which
    written, left_out, missing = exporting.every_eval_ever(folder, model, store, at=at)
    click.echo(f"{folder}: {text.plural(len(written), 'record')}")
    for line in missing_documents.lines(missing):
        click.echo(line)
    for path in written:
        click.echo(f"  {text.plain(path)}")
    for words in left_out:
        for line in text.wrapped(f"left out: {words}", "    ", "  "):
            click.echo(line)
