# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape place``: where a model stands in general capability."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tiergate.cli import options


@click.command("place")
@click.option(
    "--score",
    "scores",
    multiple=True,
    help="A benchmark and a score from 0 to 1, as in 'GPQA diamond=0.71'; three or more.",
)
@click.option(
    "--evidence",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Store or evidence document with counts for --measured. May be repeated.",
)
@click.option(
    "--measured",
    multiple=True,
    help="A metric in that evidence and the benchmark that it is, as in"
    " 'utility.gpqa=GPQA diamond'.",
)
@click.option(
    "--guessing",
    multiple=True,
    help="Share of a measured benchmark that guessing gets right, as in 'MMLU=0.25';"
    " 0 unless stated.",
)
@click.option(
    "--vintage",
    "folder",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of another vintage; default: the one that comes with the program.",
)
@options.at_option
@options.json_option
def place_command(  # noqa: PLR0913 - options of the command line
    *,
    scores: tuple[str, ...],
    evidence: tuple[Path, ...],
    measured: tuple[str, ...],
    guessing: tuple[str, ...],
    folder: Path | None,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Place a model in general capability, by scores on public benchmarks.

    A score is the share of what can be reached beyond guessing; below 0.02 and above 0.98 it
    counts for one end only. Scores are given, or counted in evidence. It says nothing about a
    hazard domain. With --at a day, it is held against models that had been released by then.
    """
    from tiergate.cli import clock, landscape_text
    from tiergate.cli.landscape_place_documents import place_document
    from tiergate.cli.landscape_scores import placed
    from tiergate.landscape import frontier
    from tiergate.landscape.vintage import load_vintage, shipped

    if not scores and not measured:
        raise click.UsageError("Give --score, or --evidence with --measured.")
    if bool(evidence) != bool(measured) or (guessing and not measured):
        raise click.UsageError("--evidence and --measured go together, and --guessing with them.")
    vintage = shipped() if folder is None else load_vintage(folder)
    found, counted = placed(scores, evidence, measured, guessing, frontier.items(vintage))
    document = place_document(vintage, found, (at or clock.now()).date(), counted)
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in landscape_text.place_lines(document):
        click.echo(line)
