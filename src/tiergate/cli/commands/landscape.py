# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape``: what is already downloadable, and where a model stands beside it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import options

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
    """What is already downloadable, and where a model stands beside it."""


@command.command("place")
@click.option(
    "--score",
    "scores",
    multiple=True,
    required=True,
    help="A benchmark and a score from 0 to 1, as in 'GPQA diamond=0.71'; three or more.",
)
@_vintage
@options.at_option
@options.json_option
def place(
    scores: tuple[str, ...], folder: Path | None, at: datetime | None, *, as_json: bool
) -> None:
    """Place a model in general capability, by scores on public benchmarks.

    A score is the share of what can be reached beyond guessing. It says nothing about a hazard
    domain.
    """
    from tiergate.cli import clock, landscape_text
    from tiergate.cli.landscape_documents import place_document
    from tiergate.landscape import frontier, placement

    vintage = _read(folder)
    found = placement.place(_scores(scores), frontier.items(vintage))
    models = frontier.known(vintage)
    document = place_document(
        vintage.id,
        found,
        frontier.age(models, found.index, (at or clock.now()).date()),
        frontier.downloadable(models, found.index),
    )
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in landscape_text.place_lines(document):
        click.echo(line)


@command.command("models")
@click.option("--from", "least", type=float, default=0.0, help="Lowest index to list.")
@click.option("--open", "only_open", is_flag=True, help="Only what can be downloaded.")
@_vintage
@options.json_option
def models(least: float, folder: Path | None, *, only_open: bool, as_json: bool) -> None:
    """List models by general capability, with their licence class."""
    from tiergate.cli import landscape_text
    from tiergate.cli.landscape_documents import ModelsDocument, model_part
    from tiergate.landscape import frontier

    vintage = _read(folder)
    chosen = (
        model
        for model in frontier.known(vintage)
        if model.index >= least and (model.weights.is_open or not only_open)
    )
    document = ModelsDocument(vintage=vintage.id, models=tuple(map(model_part, chosen)))
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in landscape_text.models_lines(document):
        click.echo(line)


@command.command("gap")
@_vintage
@options.at_option
@options.json_option
def gap(folder: Path | None, at: datetime | None, *, as_json: bool) -> None:
    """Say how far what can be downloaded is behind closed models, by two definitions."""
    from tiergate.cli import clock, landscape_text
    from tiergate.cli.landscape_documents import (
        GapDocument,
        RecordPart,
        decimal,
        lag_part,
        model_part,
    )
    from tiergate.landscape import frontier

    vintage = _read(folder)
    found = frontier.known(vintage)
    closed = next(model for model in found if model.weights is frontier.Weights.CLOSED)
    best = next(model for model in found if model.weights.is_open)
    document = GapDocument(
        vintage=vintage.id,
        best_closed=model_part(closed),
        best_open=model_part(best),
        points=decimal(closed.index - best.index),
        age=lag_part(frontier.age(found, best.index, (at or clock.now()).date())),
        records=tuple(
            RecordPart(model=model_part(model), lag=lag_part(lag))
            for model, lag in reversed(frontier.catch_up(found))
        ),
    )
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in landscape_text.gap_lines(document):
        click.echo(line)


@command.command("compute")
@click.option(
    "--run",
    "runs",
    multiple=True,
    help="A training run of one's own: NAME=PARAMETERS*TOKENS, as in pretraining=37e9*14.8e12.",
)
@click.option("--base-run", "base_runs", multiple=True, help="The same, of the base model.")
@click.option(
    "--error", default=2.0, show_default=True, help="By what factor each sum may be wrong."
)
@options.json_option
def compute(
    runs: tuple[str, ...], base_runs: tuple[str, ...], error: float, *, as_json: bool
) -> None:
    """Sum up training compute, and say which thresholds of which laws it is above.

    PARAMETERS are those that a token goes through: of a mixture of experts the active ones.
    """
    from tiergate.cli import landscape_text
    from tiergate.cli.landscape_documents import compute_document
    from tiergate.landscape.compute import count

    given = [_run(text, is_own=True) for text in runs]
    given += [_run(text, is_own=False) for text in base_runs]
    document = compute_document(count(given, error))
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in landscape_text.compute_lines(document):
        click.echo(line)


@command.command("benchmarks")
@_vintage
def benchmarks(folder: Path | None) -> None:
    """List the benchmarks that `place` knows, the hardest first."""
    from tiergate.landscape import frontier

    found = frontier.items(_read(folder))
    for name, item in sorted(found.items(), key=lambda pair: -pair[1].difficulty):
        click.echo(f"{item.difficulty:6.1f}  {name}")


def _run(text: str, *, is_own: bool) -> Run:
    from tiergate.errors import InputError
    from tiergate.landscape.compute import Run

    name, _, product = text.rpartition("=")
    parameters, _, tokens = product.partition("*")
    try:
        return Run(name=name, parameters=float(parameters), tokens=float(tokens), is_own=is_own)
    except ValueError:
        expected = "NAME=PARAMETERS*TOKENS"
        raise InputError("--run" if is_own else "--base-run", repr(text), expected) from None


def _read(folder: Path | None) -> Vintage:
    from tiergate.landscape.vintage import load_vintage, shipped

    return shipped() if folder is None else load_vintage(folder)


def _scores(given: tuple[str, ...]) -> dict[str, float]:
    from tiergate.errors import InputError

    found: dict[str, float] = {}
    for text in given:
        name, _, value = text.rpartition("=")
        try:
            score = float(value)
        except ValueError:
            raise InputError(
                "--score", repr(text), "BENCHMARK=SCORE, a score from 0 to 1"
            ) from None
        if name in found:
            raise InputError("--score", f"{name!r} twice", "each benchmark once")
        found[name] = score
    return found
