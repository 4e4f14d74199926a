# SPDX-License-Identifier: Apache-2.0
"""``tiergate export``: a decision in the forms that other tools and people read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tiergate.cli.clock import UtcTime
from tiergate.cli.release_options import heads_option

if TYPE_CHECKING:
    from tiergate.cli.export_files import ExportGiven
    from tiergate.report.export_source import ExportSource

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--output",
        default=None,
        type=click.Path(path_type=str),
        help="New file to write; default: print.",
    ),
    click.option("--at", type=UtcTime(), default=None, help="Time of verifying; default: now."),
    heads_option,
    click.option(
        "--ledger",
        default=None,
        type=click.Path(path_type=str),
        help="Ledger of the release; approvals of the record that stand are named.",
    ),
    click.option(
        "--trust",
        default=None,
        type=click.Path(path_type=str),
        help="Whom you believe; signatures are verified, and who signed is named.",
    ),
    click.option(
        "--check",
        default=None,
        type=click.Path(path_type=str),
        help="What `check --json` printed about the same files: adds what a record lacks.",
    ),
    click.argument("decision", type=click.Path(path_type=str)),
)


def export_options(command: Command) -> Command:
    """Add what every export is given."""
    for option in _OPTIONS:
        command = option(command)
    return command


@click.group("export")
def command() -> None:
    """Write a decision for other tools.

    DECISION is what `tiergate check --json` printed, or a record. Nothing is added to it:
    what is unknown or not assessed is said, and an unsigned decision is called so. The
    bytes depend on the decision alone, not on the time of exporting.
    """


@command.command("bom")
@export_options
def bom(output: str | None, **rest: Any) -> None:  # noqa: ANN401 - options that exports share
    """Write a CycloneDX 1.6 bill of materials of the checkpoint.

    Every file with its digest, a model card with the measurements that the decision used,
    base models as declared, and the policy as a standard with a claim or counter-claim for
    each requirement. The G7 minimum elements that are not filled are named with why.
    """
    from tiergate.report.bom import bill_of_materials, to_bytes

    _write(to_bytes(bill_of_materials(_source(rest)[0])), output)


@command.command("oscal")
@export_options
def oscal(output: str | None, **rest: Any) -> None:  # noqa: ANN401 - options that exports share
    """Write OSCAL assessment results: a finding for each requirement, with its evidence."""
    from tiergate.report.bom import to_bytes
    from tiergate.report.oscal import assessment_results

    _write(to_bytes(assessment_results(_source(rest)[0])), output)


@command.command("card")
@click.option(
    "--into",
    default=None,
    type=click.Path(path_type=str),
    help="A model card to put it into; its text and its other keys stay as they are.",
)
@export_options
def card(output: str | None, into: str | None, **rest: Any) -> None:  # noqa: ANN401 - as above
    """Write front matter of a Hugging Face model card, with keys that gate a gated tier.

    A decision that has lapsed is refused with exit code 5.
    """
    from pathlib import Path

    from tiergate.cli import export_files
    from tiergate.report.model_card import card_with

    source, given = _source(rest)
    export_files.refuse_lapsed(source, given.now)
    made = card_with(source, None if into is None else export_files.card_at(Path(into)))
    _write(made.data, output)
    for key in made.kept:
        click.echo(f"note: the card has {key} of its own; it was kept.", err=True)


def _source(rest: dict[str, Any]) -> tuple[ExportSource, ExportGiven]:
    from tiergate.cli import clock
    from tiergate.cli.export_files import ExportGiven, export_source

    given = ExportGiven(now=rest.pop("at") or clock.now(), **rest)
    return export_source(given), given


def _write(data: bytes, output: str | None) -> None:
    from pathlib import Path

    from tiergate.attestation.new_file import write_new_file
    from tiergate.cli.export_files import printable

    if output is None:
        click.echo(printable(data), nl=False)
        return
    write_new_file(Path(output), data)
    click.echo(f"{click.format_filename(output)}: written", err=True)
