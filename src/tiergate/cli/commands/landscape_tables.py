# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape developers|matrix|cases|costs|row|site``: who does what, who asks what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime

if TYPE_CHECKING:
    from pydantic import BaseModel

    from tiergate.cli.landscape_table_documents import DeveloperPart
    from tiergate.decision.safety_case_judged import JudgedTier
    from tiergate.landscape.matrix import Duty
    from tiergate.landscape.vintage import Vintage

_vintage = click.option(
    "--vintage",
    "folder",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of another vintage; default: the one that comes with the program.",
)
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
_at = click.option(
    "--at", type=UtcTime(), default=None, help="The day for which to look; default: today."
)
_decision = click.option(
    "--decision",
    type=click.Path(path_type=str),
    default=None,
    help="A decision to hold against it: what `tiergate check --json` printed, or a record.",
)
_policy = click.option(
    "--policy",
    "policy_name",
    default=None,
    help="The policy of that decision: shipped id, or a path; default: the one that it names.",
)


def add_commands(group: click.Group) -> None:
    """Add the commands of this module to ``group``."""
    for command in (
        developers_command,
        matrix_command,
        cases_command,
        costs_command,
        row_command,
        site_command,
    ):
        group.add_command(command)


@click.command("developers")
@click.argument("developer", required=False)
@_vintage
@csv_option
@options.json_option
def developers_command(
    developer: str | None, folder: Path | None, *, as_csv: bool, as_json: bool
) -> None:
    """Say what developers of open weights publish about safety, with counts.

    With DEVELOPER, say everything that is known of one, each statement with its source.
    """
    from tiergate.cli import landscape_table_text as text
    from tiergate.cli.landscape_csv import rows_csv
    from tiergate.cli.landscape_table_making import developers_document

    vintage = _read(folder)
    found = developers_document(vintage)
    chosen = [] if developer is None else [_named(found.developers, developer)]
    if as_csv:
        names = {one.name for one in chosen}
        rows = vintage.rows("practices")
        kept = [row for row in rows if not names or row["developer"] in names]
        print_document(as_json=as_json, csv=lambda: rows_csv(kept), document=found, lines=())
        return
    lines = text.developers_lines(found)
    if chosen:
        lines = text.developer_lines(chosen[0], found)
        found = found.model_copy(update={"developers": tuple(chosen)})
    print_document(as_json=as_json, csv=None, document=found, lines=lines)


@click.command("matrix")
@click.option("--place", "place_names", multiple=True, help="A jurisdiction, as in EU; repeatable.")
@click.option("--topic", default=None, help="Only topics with this word in them.")
@click.option("--all", "in_full", is_flag=True, help="Every clause with its source.")
@_decision
@_policy
@_at
@csv_option
@options.json_option
def matrix_command(  # noqa: PLR0913 - options of the command line
    *,
    place_names: tuple[str, ...],
    topic: str | None,
    in_full: bool,
    decision: str | None,
    policy_name: str | None,
    at: datetime | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Say what jurisdictions ask, what of it binds, and how a decision stands to it."""
    from tiergate.cli import clock
    from tiergate.cli import landscape_table_text as text
    from tiergate.cli.landscape_csv import matrix_csv
    from tiergate.cli.landscape_table_making import matrix_document
    from tiergate.landscape.matrix import duties
    from tiergate.report.duty_states import duty_states

    day = (at or clock.now()).date()
    chosen = _chosen(duties(day), place_names, topic)
    judged = _judged(decision, policy_name)
    states = {} if judged is None else duty_states(judged, [duty.obligation for duty in chosen])
    document = matrix_document(chosen, day, judged, states)
    print_document(
        as_json=as_json,
        csv=(lambda: matrix_csv(document)) if as_csv else None,
        document=document,
        lines=text.matrix_lines(document, in_full=in_full or bool(place_names or topic)),
    )


@click.command("cases")
@_vintage
@csv_option
@options.json_option
def cases_command(folder: Path | None, *, as_csv: bool, as_json: bool) -> None:
    """List releases that used an element of tiering, or lacked one."""
    from tiergate.cli import landscape_table_text as text
    from tiergate.cli.landscape_csv import rows_csv
    from tiergate.cli.landscape_table_making import cases_document

    vintage = _read(folder)
    found = cases_document(vintage)
    csv = (lambda: rows_csv(vintage.rows("release cases"))) if as_csv else None
    print_document(as_json=as_json, csv=csv, document=found, lines=text.cases_lines(found))


@click.command("costs")
@_vintage
@csv_option
@options.json_option
def costs_command(folder: Path | None, *, as_csv: bool, as_json: bool) -> None:
    """List what it took to remove safeguards from models, or to fail."""
    from tiergate.cli import landscape_table_text as text
    from tiergate.cli.landscape_csv import rows_csv
    from tiergate.cli.landscape_table_making import costs_document

    vintage = _read(folder)
    found = costs_document(vintage)
    csv = (lambda: rows_csv(vintage.rows("safeguard removal"))) if as_csv else None
    print_document(as_json=as_json, csv=csv, document=found, lines=text.costs_lines(found))


@click.command("row")
@click.argument("row_id", metavar="ROW")
@_vintage
@options.json_option
def row_command(row_id: str, folder: Path | None, *, as_json: bool) -> None:
    """Show ROW as it stands among the sources, as in practices-1."""
    from tiergate.cli import landscape_table_text as text
    from tiergate.cli.landscape_rows import row_document

    found = row_document(_read(folder), row_id)
    print_document(as_json=as_json, csv=None, document=found, lines=text.row_lines(found))


@click.command("site")
@click.argument("target", metavar="FOLDER", type=click.Path(path_type=Path))
@_vintage
@_decision
@_policy
@_at
def site_command(
    target: Path,
    folder: Path | None,
    decision: str | None,
    policy_name: str | None,
    at: datetime | None,
) -> None:
    """Write the landscape as pages into FOLDER, to browse without a network.

    Open FOLDER/index.html. Nothing that is there already is written over.
    """
    from tiergate.cli import clock
    from tiergate.report.landscape_site import render_site, write_site

    judged = _judged(decision, policy_name)
    files = dict(render_site(_read(folder), (at or clock.now()).date(), judged))
    written = write_site(target, files)
    click.echo(f"{len(written)} pages in {target}; open {target / 'index.html'}")


def print_document(
    *,
    as_json: bool,
    csv: Callable[[], str] | None,
    document: BaseModel,
    lines: Iterable[str],
) -> None:
    """Print a document in one of its three ways.

    Raises:
        UsageError: two ways at once were asked for.
    """
    if as_json and csv is not None:
        raise click.UsageError("--csv and --json are two ways to print the same; give one.")
    if csv is not None:
        click.echo(csv(), nl=False)
    elif as_json:
        click.echo(document.model_dump_json(indent=2))
    else:
        for line in lines:
            click.echo(line)


def _read(folder: Path | None) -> Vintage:
    from tiergate.landscape.vintage import load_vintage, shipped

    return shipped() if folder is None else load_vintage(folder)


def _named(found: Sequence[DeveloperPart], name: str) -> DeveloperPart:
    from tiergate.errors import InputError

    for one in found:
        if one.name.casefold() == name.casefold():
            return one
    known = ", ".join(one.name for one in found)
    raise InputError(name, "no developer of that name", f"one of {known}")


def _chosen(
    found: tuple[Duty, ...], place_names: tuple[str, ...], topic: str | None
) -> tuple[Duty, ...]:
    from tiergate.errors import InputError
    from tiergate.landscape.matrix import places, topics

    known = {place.casefold(): place for place in places(found)}
    for name in place_names:
        if name.casefold() not in known:
            raise InputError(
                name, "no jurisdiction of that name", f"one of {', '.join(known.values())}"
            )
    wanted = {known[name.casefold()] for name in place_names}
    chosen = tuple(
        duty
        for duty in found
        if (not wanted or duty.obligation.place in wanted)
        and (topic is None or topic.casefold() in duty.topic)
    )
    if topic is not None and not any(topic.casefold() in name for name in topics()):
        raise InputError(topic, "no topic with that word", f"one of {'; '.join(topics())}")
    return chosen


def _judged(decision: str | None, policy_name: str | None) -> JudgedTier | None:
    from tiergate.cli.judged_input import judged_in

    if decision is None:
        if policy_name is not None:
            raise click.UsageError("--policy says by what a decision was taken; give --decision.")
        return None
    return judged_in(decision, policy_name, None)
