# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape``: what is already downloadable, and where a model stands beside it."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import options
from tiergate.cli.commands.landscape_marginal import marginal_command
from tiergate.cli.commands.landscape_place import place_command
from tiergate.cli.commands.landscape_tables import add_commands, csv_option, print_document
from tiergate.cli.commands.landscape_threat_record import threat_record_command
from tiergate.cli.commands.landscape_update import update_command

if TYPE_CHECKING:
    from tiergate.landscape.compute import Run
    from tiergate.landscape.vintage import Vintage

_vintage = click.option(
    "--vintage",
    "folder",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of another vintage; default: the one that comes with the program.",
)


@click.group("landscape")
def command() -> None:
    """What is already downloadable, who does what about safety, who asks for what."""


command.add_command(update_command)
command.add_command(marginal_command)
command.add_command(place_command)
command.add_command(threat_record_command)
add_commands(command)


@command.command("models")
@click.option("--from", "least", type=float, default=0.0, help="Lowest index to list.")
@click.option("--open", "only_open", is_flag=True, help="Only what can be downloaded.")
@_vintage
@csv_option
@options.json_option
def models(
    least: float, folder: Path | None, *, only_open: bool, as_csv: bool, as_json: bool
) -> None:
    """List models by general capability, with their licence class."""
    from tiergate.cli import landscape_text
    from tiergate.cli.landscape_csv import rows_csv
    from tiergate.cli.landscape_documents import ModelsDocument, model_part
    from tiergate.landscape import frontier

    if math.isnan(least):
        raise click.BadParameter("no number", param_hint="--from")
    vintage = _read(folder)
    chosen = [
        model
        for model in frontier.known(vintage)
        if model.index >= least and (model.weights.is_open or not only_open)
    ]
    document = ModelsDocument(vintage=vintage.id, models=tuple(map(model_part, chosen)))
    csv = (lambda: rows_csv([model.row for model in chosen])) if as_csv else None
    print_document(
        as_json=as_json, csv=csv, document=document, lines=landscape_text.models_lines(document)
    )


@command.command("gap")
@_vintage
@options.at_option
@csv_option
@options.json_option
def gap(folder: Path | None, at: datetime | None, *, as_csv: bool, as_json: bool) -> None:
    """Say how far what can be downloaded is behind closed models, by two definitions.

    With --at a day, only models that had been released by then count.
    """
    from tiergate.cli import clock, landscape_text
    from tiergate.cli.landscape_csv import gap_csv
    from tiergate.cli.landscape_documents import gap_document

    document = gap_document(_read(folder), (at or clock.now()).date())
    print_document(
        as_json=as_json,
        csv=(lambda: gap_csv(document)) if as_csv else None,
        document=document,
        lines=landscape_text.gap_lines(document),
    )


@command.command("compute")
@click.option(
    "--run",
    "runs",
    multiple=True,
    help="A training run of one's own: NAME=PARAMETERS*TOKENS, as in pretraining=9e9*14e12;"
    " of a mixture of experts NAME=ALL/ACTIVE*TOKENS.",
)
@click.option("--base-run", "base_runs", multiple=True, help="The same, of the base model.")
@click.option(
    "--base-unknown", is_flag=True, help="There is a base model, and not all its runs are known."
)
@click.option(
    "--error", default=2.0, show_default=True, help="By what factor each sum may be wrong."
)
@options.json_option
def compute(
    runs: tuple[str, ...],
    base_runs: tuple[str, ...],
    error: float,
    *,
    base_unknown: bool,
    as_json: bool,
) -> None:
    """Sum up training compute, and say which thresholds of which laws it is above.

    Six operations for each parameter that a token goes through, which of a mixture of experts
    are the active ones, and each token. What is not known is never below a threshold.
    """
    from tiergate.cli import landscape_text
    from tiergate.cli.landscape_documents import compute_document
    from tiergate.landscape.compute import count

    given = [_run(text, is_own=True) for text in runs]
    given += [_run(text, is_own=False) for text in base_runs]
    document = compute_document(count(given, error, base_is_unknown=base_unknown))
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in landscape_text.compute_lines(document):
        click.echo(line)


@command.command("benchmarks")
@_vintage
@csv_option
@options.json_option
def benchmarks(folder: Path | None, *, as_csv: bool, as_json: bool) -> None:
    """List the benchmarks that `place` knows, the hardest first."""
    from tiergate.cli import landscape_text
    from tiergate.cli.landscape_benchmarks import benchmarks_document, hardest_first
    from tiergate.cli.landscape_csv import rows_csv

    vintage = _read(folder)
    document = benchmarks_document(vintage)
    print_document(
        as_json=as_json,
        csv=(lambda: rows_csv(hardest_first(vintage))) if as_csv else None,
        document=document,
        lines=landscape_text.benchmarks_lines(document),
    )


def _run(text: str, *, is_own: bool) -> Run:
    from tiergate.errors import InputError
    from tiergate.landscape.compute import Run

    name, _, product = text.rpartition("=")
    parameters, _, tokens = product.partition("*")
    every, slash, active = parameters.partition("/")
    try:
        return Run(
            name=name,
            parameters=float(active if slash else every),
            tokens=float(tokens),
            is_own=is_own,
            total_parameters=float(every) if slash else None,
        )
    except ValueError:
        expected = "NAME=PARAMETERS*TOKENS, or NAME=ALL/ACTIVE*TOKENS"
        raise InputError("--run" if is_own else "--base-run", repr(text), expected) from None


def _read(folder: Path | None) -> Vintage:
    from tiergate.landscape.vintage import load_vintage, shipped

    return shipped() if folder is None else load_vintage(folder)
