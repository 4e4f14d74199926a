# SPDX-License-Identifier: Apache-2.0
"""``tiergate attack``: what a safeguard survives, measured on these weights."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiergate.cli import options, text
from tiergate.cli.duration import Duration
from tiergate.evidence.provenance import ProducerRelation

if TYPE_CHECKING:
    from tiergate.cli.attack_request import Prepared
    from tiergate.cli.attack_session import Done
    from tiergate.evidence.tampering.forecast import Expected

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


def _what_options(command: options.Command) -> options.Command:
    """Add the options that say what is attacked, with what."""
    for option in (
        click.option(
            "--grader",
            default="markers",
            show_default=True,
            help="markers, http://host/v1#model or module:function.",
        ),
        click.option("--external", type=_FOLDER, help="Attacked checkpoint of another tool."),
        click.option("--hook", default="", metavar="MODULE:FUNCTION", help="An attack of yours."),
        click.option("--base", type=_FOLDER, help="Base model to merge with."),
        click.option(
            "--unguarded",
            type=_FOLDER,
            help="Twin without the safeguard: the positive control. Without one a run is void.",
        ),
        options.mapping_option,
        click.option(
            "--task",
            default="",
            metavar="FILE.py[@NAME]",
            help="An Inspect AI task of yours, run on the model that decides about each attack.",
        ),
        click.option("--prompts", type=_FILE, help="JSONL or CSV: guarded, twin, cluster."),
        click.option(
            "--suite",
            default="TR1",
            show_default=True,
            help="Suite of attacks: quick, TR1, TR2, TR3 or a suite file.",
        ),
    ):
        command = option(command)
    return command


def _how_options(command: options.Command) -> options.Command:
    """Add the options that say how it is carried out."""
    for option in (
        click.option("--prices", type=_FILE, help="Price file; default: the one that ships."),
        click.option(
            "--workers", type=click.IntRange(1), default=2, show_default=True, help="With Ray."
        ),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="Who runs trials: this process, or workers of a Ray cluster. Same results.",
        ),
        click.option("--device", default="auto", show_default=True, help="cpu, cuda or auto."),
        click.option(
            "--dtype",
            type=click.Choice(["auto", "bfloat16", "float32"]),
            default="auto",
            show_default=True,
            help="Type while searching; confirmations use float32.",
        ),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed."),
        click.option(
            "--budget", type=Duration(), help="Time after which the search stops, as in 20m."
        ),
        click.option("--confidence", default=None, help="Of the outcomes; default: the policy's."),
        click.option("--limit", default=None, help="Tolerated success; default: the policy's."),
        options.policy_option,
    ):
        command = option(command)
    return command


def _filing_options(command: options.Command) -> options.Command:
    """Add the options that say where results go, and whose they are."""
    for option in (
        click.option(
            "--relation",
            type=click.Choice([relation.value for relation in ProducerRelation]),
            default=ProducerRelation.UNKNOWN.value,
            show_default=True,
            help="How the producer stands to the developer of the model.",
        ),
        click.option("--organisation", default="", help="The producer's organisation."),
        click.option("--producer", default=None, help="Who runs it: person, team or tool."),
        options.store_option,
        click.option("--output", type=_FOLDER, help="Folder of the run; default: MODEL-attack."),
        click.option(
            "--keep-variants",
            is_flag=True,
            help="Write attacked weights, marked as such. They are dangerous to keep.",
        ),
    ):
        command = option(command)
    return command


@click.command("attack")
@click.argument("model")
@_what_options
@_how_options
@_filing_options
@options.model_options
@click.option("--dry-run", is_flag=True, help="Say what it would do and take; start nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing, and run without a positive control.")
@options.json_option
def command(*, dry_run: bool, yes: bool, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Attack the safeguard of MODEL, and file what it survives as evidence.

    The weights are changed in memory only, and put back. The same command goes on where a
    run was stopped.

    Exit codes: 0 every attack of the suite holds, 1 something is broken, 3 undecided, 6 void
    or not possible now.
    """
    from tiergate.cli.attack_request import prepare
    from tiergate.cli.attack_session import require_extra

    require_extra()
    prepared = prepare(_asked(given))
    planned = _expected(prepared)
    if dry_run:
        _say_plan(prepared, planned)
        return 0
    for warning in prepared.warnings:
        click.echo(f"warning: {warning}", err=True)
    _require_consent(prepared, yes=yes)
    done = _carried_out(prepared, planned)
    _say(done, as_json=as_json)
    for task in done.tasks:
        if task.error:
            click.echo(f"error: {task.error}", err=True)
    return done.code


def _asked(given: dict[str, Any]) -> Any:  # noqa: ANN401 - an Asked, imported when it is called
    from tiergate.cli.attack_request import Asked
    from tiergate.cli.filing import producer

    maker = producer(given.pop("producer"), given.pop("organisation"), given.pop("relation"))
    return Asked(producer=maker, **given)


def _expected(prepared: Prepared) -> tuple[Expected, ...]:
    from tiergate.evidence.tampering.attacks import attack_named
    from tiergate.evidence.tampering.forecast import expected

    spaces = {attack.name: attack_named(attack.name).space for attack in prepared.attacks}
    return expected(prepared.context, spaces, prepared.checkpoint.parameter_count)


def _say_plan(prepared: Prepared, planned: tuple[Expected, ...]) -> None:
    from tiergate.cli.attack_plan_text import plan_lines
    from tiergate.evidence.tampering.forecast import timed_flop_per_second

    speed = timed_flop_per_second(prepared.context.device, prepared.context.dtype)
    for line in plan_lines(prepared, planned, speed):
        click.echo(line)


def _require_consent(prepared: Prepared, *, yes: bool) -> None:
    """Ask on a terminal; elsewhere refuse to spend hours on a run that is void."""
    if yes:
        return
    if sys.stdin.isatty() and sys.stderr.isatty():
        click.confirm(f"Attack {prepared.checkpoint.name}?", abort=True, default=True, err=True)
    elif prepared.context.unguarded is None:
        raise click.UsageError("give --unguarded, or --yes to run without a positive control")


def _carried_out(prepared: Prepared, planned: tuple[Expected, ...]) -> Done:
    from tiergate.cli import attack_progress
    from tiergate.cli.attack_session import carry_out

    most = sum(row.trials + 1 for row in planned)
    try:
        with attack_progress.shown(prepared.context, most) as watcher:
            return carry_out(prepared, watcher, lambda line: click.echo(line, err=True))
    except KeyboardInterrupt:
        click.echo("The same command goes on where this run was stopped.", err=True)
        raise


def _say(done: Done, *, as_json: bool) -> None:
    from tiergate.cli.attack_document import attack_document
    from tiergate.cli.attack_files import write_files
    from tiergate.cli.attack_task import task_lines
    from tiergate.cli.attack_text import next_command, result_lines

    document = attack_document(done)
    files = write_files(done, document)
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in result_lines(document, files.sparklines, files.paths):
        click.echo(line)
    asked = done.prepared.asked
    for line in task_lines(done.tasks, asked):
        click.echo(line)
    for line in text.command(
        next_command(asked.model, asked.store, asked.policy_name), "   ", "-> "
    ):
        click.echo(line)
