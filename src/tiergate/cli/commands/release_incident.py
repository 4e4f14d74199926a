# SPDX-License-Identifier: Apache-2.0
"""``tiergate release incident`` and ``report``: what went wrong, and who was told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tiergate.cli.clock import UtcTime
from tiergate.cli.release_entering import enter
from tiergate.cli.release_options import act_options, jurisdictions_option

SEVERITIES = (
    "serious",
    "imminent harm",
    "critical infrastructure",
    "security breach",
    "death",
    "intimate imagery",
)


@click.command("incident")
@click.option(
    "--severity",
    type=click.Choice(SEVERITIES),
    default="serious",
    show_default=True,
    help="What kind it is; the deadlines depend on it.",
)
@click.option(
    "--known-at",
    type=UtcTime(),
    default=None,
    help="When it became known, from which deadlines are counted; default: now.",
)
@jurisdictions_option("Where to report, as in EU or US-CA. May be repeated.")
@click.option("--close", default=None, type=int, help="Close the incident of this event instead.")
@act_options
def incident(
    severity: str,
    known_at: datetime | None,
    places: tuple[str, ...],
    close: int | None,
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """Enter an incident, or close one. `release status` says what is due to whom by when.

    An incident of two kinds is entered twice. Closing one stops no deadline that is
    counted from when it became known.
    """
    from tiergate.cli import clock, release_clocks
    from tiergate.cli.exit_codes import ExitCode
    from tiergate.release.bodies import Incident, Severity

    known = known_at or rest["at"] or clock.now()
    body = Incident(severity=Severity(severity), known_at=known, jurisdictions=places, closes=close)
    code = enter(rest, lambda _: body)
    if code == ExitCode.SUPPORTED:
        # A mistyped place has no deadline either, and the event stays for good.
        for words in release_clocks.without_deadlines(places):
            click.echo(f"note: {words}", err=True)
    return code


@click.command("report")
@click.argument("event", type=click.IntRange(min=1))
@click.option(
    "--deadline",
    required=True,
    help="The deadline that the report meets, by the id that `release status` shows.",
)
@click.option("--reported-at", type=UtcTime(), default=None, help="When it was made; default: now.")
@click.option("--reference", default="", help="Under which its receiver has it.")
@act_options
def report(
    event: int,
    deadline: str,
    reported_at: datetime | None,
    reference: str,
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """Say that the incident of EVENT was reported, which stops one deadline.

    Nothing is sent to anybody: this enters what you did.
    """
    from tiergate.cli import clock, release_clocks
    from tiergate.release.bodies import Reported

    if len(reference) > 500:
        raise click.UsageError("--reference: 500 characters at most.")
    release_clocks.refuse_unknown_deadline(deadline)
    body = Reported(
        incident=event,
        deadline=deadline,
        reported_at=reported_at or rest["at"] or clock.now(),
        reference=reference,
    )
    return enter(rest, lambda _: body)
