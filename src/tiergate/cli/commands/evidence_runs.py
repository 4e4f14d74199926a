# SPDX-License-Identifier: Apache-2.0
"""``tiergate evidence plan``, ``runs`` and ``compare``: runs beside each other."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tiergate.cli import clock, options
from tiergate.evidence.measurement import Variant


@click.command("plan")
@click.argument("metric")
@click.option("--model", required=True, help="The checkpoint that it is to measure.")
@click.option("--task", required=True, help="Task and version, as the log will name them.")
@click.option("--behaviours", type=click.IntRange(1), required=True, help="How many it will try.")
@click.option(
    "--variant",
    type=click.Choice([variant.value for variant in Variant]),
    default=Variant.AS_RELEASED.value,
    show_default=True,
    help="Form of the model.",
)
@click.option("--plan", "words", default="", help="What is fixed beforehand, in words.")
@options.store_option
@options.json_option
@options.model_options
def plan_command(  # noqa: PLR0913 - one parameter per option
    *,
    metric: str,
    model: str,
    task: str,
    behaviours: int,
    variant: str,
    words: str,
    store: str | None,
    as_json: bool,
    revision: str | None,
    endpoint: str | None,
    use_cache: bool,
) -> None:
    """Register a run that is to give METRIC, before it starts.

    A run that is registered and never shown counts as a try, and makes every other bound of
    the same claim wider.
    """
    from tiergate.cli import run_ledger
    from tiergate.cli.given_text import require_metric, require_text
    from tiergate.cli.session import identify_with_progress, store_folder
    from tiergate.evidence.runs import PlannedRun

    require_metric(metric)
    require_text("--task", task, 500, least=1)
    require_text("--plan", words, 4000)
    checkpoint = identify_with_progress(
        model, revision=revision, endpoint=endpoint, use_cache=use_cache
    )
    run = PlannedRun(
        id="",
        root_digest=checkpoint.root_digest,
        metric=metric,
        variant=Variant(variant),
        task=task,
        behaviours=behaviours,
        plan=words,
        registered_at=clock.now(),
    )
    _show(run_ledger.registered(store_folder(checkpoint, store), run), as_json=as_json)


@click.command("runs")
@click.option("--model", required=True, help="The checkpoint beside which the store is.")
@options.store_option
@options.json_option
def runs_command(*, model: str, store: str | None, as_json: bool) -> None:
    """List registered runs, those that were never shown, and logs of none of them."""
    from tiergate.cli import filing, run_ledger

    _show(run_ledger.listed(filing.store_beside(model, store)), as_json=as_json)


def _show(found: object, *, as_json: bool) -> None:
    from tiergate.cli import run_ledger
    from tiergate.cli.listing import RunsDocument

    assert isinstance(found, RunsDocument)  # noqa: S101 - typed as object to stay lazy
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    for line in run_ledger.lines(found):
        click.echo(line)


@click.command("grades")
@click.option("--model", required=True, help="The checkpoint beside which the store is.")
@options.store_option
@options.evidence_trust_option
@options.at_option
@options.json_option
def grades_command(
    *, model: str, store: str | None, trust_path: str | None, at: datetime | None, as_json: bool
) -> None:
    """Grade every measurement of a store, with what keeps each grade from being higher."""
    from tiergate.cli import filing, grading
    from tiergate.release.trust_file import load_trust

    trust = None if trust_path is None else load_trust(Path(trust_path))
    found = grading.graded(filing.store_beside(model, store), trust, at=at)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    for line in grading.lines(found):
        click.echo(line)


@click.command("compare")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option("--mapping", required=True, help="Mapping file that names both logs' tasks.")
@click.option("--confidence", default="0.95", show_default=True, help="Of each one-sided bound.")
@options.json_option
def compare_command(
    *, first: Path, second: Path, mapping: str, confidence: str, as_json: bool
) -> None:
    """Compare logs A and B over the same behaviours, pair by pair."""
    from tiergate.cli import comparing
    from tiergate.cli.evidence_input import read_mapping
    from tiergate.cli.limits_text import confidence_of
    from tiergate.evidence.readers.builtin import read_log

    meaning = read_mapping(Path(mapping))
    found = comparing.compared(
        read_log(first), read_log(second), meaning, confidence_of(confidence)
    )
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    for line in comparing.lines(found):
        click.echo(line)


@click.command("accrue")
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--mapping", required=True, help="Mapping file that names the logs' task.")
@click.option("--metric", default=None, help="The metric, where the logs give several.")
@click.option("--limit", required=True, help="The limit that is asked about, as in 0.05.")
@click.option("--confidence", default="0.95", show_default=True, help="Of each side.")
@options.json_option
def accrue_command(  # noqa: PLR0913 - one parameter per option
    *,
    logs: tuple[Path, ...],
    mapping: str,
    metric: str | None,
    limit: str,
    confidence: str,
    as_json: bool,
) -> int:
    """Look at LOGS one after another, in the order in which they were made.

    Bounds and e-values hold however often you look. Exit code 0 when the rate is shown to
    be below the limit, 1 when above, 3 while neither is.
    """
    from tiergate.cli import accruing_text
    from tiergate.cli.evidence_input import read_mapping
    from tiergate.cli.limits_text import confidence_of

    level = (confidence_of(limit, "--limit"), confidence_of(confidence))
    found = accruing_text.read(logs, read_mapping(Path(mapping)), metric, level)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    else:
        for line in accruing_text.lines(found):
            click.echo(line)
    # What was shown first stands: later runs can neither undo nor redo it.
    decided = next((step.decided for step in found.steps if step.decided), "")
    return {"below the limit": 0, "above the limit": 1}.get(decided, 3)
