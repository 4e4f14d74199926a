# SPDX-License-Identifier: Apache-2.0
"""``tiergate release``: from a signed decision to what is open, by signed steps in a ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime
from tiergate.cli.commands import release_incident, release_review
from tiergate.cli.release_entering import enter, show
from tiergate.cli.release_options import (
    act_options,
    given,
    heads_option,
    jurisdictions_option,
    ledger_option,
    release_option,
    trust_option,
)


@click.group("release")
def command() -> None:
    """Who gets it, when: submit, approve, open in stages, hold, freeze. All of it signed.

    Every act is an event of a ledger. One that the rules do not allow is not entered, every
    rule that stands in the way is named, and the exit code is 6.
    """


@command.command("plan")
@click.argument("plan", type=click.Path(path_type=str))
@options.json_option
def plan_command(plan: str, *, as_json: bool) -> None:
    """Read a rollout PLAN and show its stages, or every mistake in it."""
    from pathlib import Path

    from tiergate.cli import text
    from tiergate.release.plan import load_plan

    read = load_plan(Path(plan))
    if as_json:
        click.echo(read.model_dump_json(indent=2))
        return
    click.echo(read.release)
    for stage in read.stages:
        parts = [f"{stage.minimum_days} days" if stage.minimum_days else ""]
        parts += [f"not before {stage.not_before:%Y-%m-%d}" if stage.not_before else ""]
        parts += [*stage.conditions, stage.audience]
        for line in text.wrapped(
            text.joined(parts), "      ", f"  {stage.name.ljust(16)} {stage.tier}  "
        ):
            click.echo(line)


@command.command("submit")
@click.argument("record", type=click.Path(path_type=str))
@click.option(
    "--plan",
    default=None,
    type=click.Path(path_type=str),
    help="Rollout plan, the first time; later records are newer decisions under it.",
)
@click.option(
    "--policy",
    "policy_name",
    default=None,
    help="Shipped id, or a path; default: the shipped policy that the record names.",
)
@click.option(
    "--evaluator",
    "evaluators",
    multiple=True,
    help="Who evaluated, besides those who signed the record as evaluators. May be repeated.",
)
@act_options
def submit(
    record: str,
    plan: str | None,
    policy_name: str | None,
    evaluators: tuple[str, ...],
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """Put a checkpoint forward with its signed decision RECORD.

    The first time it makes the ledger if there is none, and enters the plan; every time it
    enters the decision, which replaces the one before: approvals have to be given anew.
    """
    from tiergate.cli.release_submitting import submit_record

    as_json = rest["as_json"]
    outcomes = submit_record(given(rest), record, plan, policy_name, evaluators)
    return show(outcomes, as_json=as_json)


@command.command("approve")
@click.argument("record", required=False, type=click.Path(path_type=str))
@click.option("--thaw", default=None, type=int, help="Approve lifting the freeze of this event.")
@click.option("--resume", default=None, type=int, help="Approve lifting the hold of this event.")
@click.option(
    "--policy",
    "policy_name",
    default=None,
    help="Shipped id, or a path; default: the shipped policy that the record names.",
)
@act_options
def approve(
    record: str | None,
    thaw: int | None,
    resume: int | None,
    policy_name: str | None,
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """Approve opening what RECORD supports, or lifting a freeze or a hold.

    RECORD is the record that you have read. It is verified, and compared with what the
    ledger keeps of it and with what its policy asks; nothing is approved when they differ.
    """
    from tiergate.cli.release_submitting import approve_record, approve_target
    from tiergate.release.bodies import Matter

    as_json = rest["as_json"]
    if [record, thaw, resume].count(None) != 2:
        raise click.UsageError("Give one of: RECORD, --thaw EVENT, --resume EVENT.")
    if record is not None:
        outcome = approve_record(given(rest), record, policy_name)
    elif thaw is not None:
        outcome = approve_target(given(rest), Matter.THAW, thaw)
    else:
        outcome = approve_target(given(rest), Matter.RESUME, resume or 0)
    return show((outcome,), as_json=as_json)


@command.command("object")
@act_options
def object_command(**rest: Any) -> int:  # noqa: ANN401 - the options that all acts share
    """Object to the newest decision, until you approve. With a veto, nothing opens till then."""
    from tiergate.cli.release_bodies import newest
    from tiergate.release.bodies import Objected

    return enter(rest, lambda facts: Objected(decision=newest(facts)))


@command.command("open")
@click.argument("stage")
@act_options
def open_command(stage: str, **rest: Any) -> int:  # noqa: ANN401 - the options that all acts share
    """Open the first STAGE of the plan."""
    from tiergate.cli.release_bodies import newest
    from tiergate.release.bodies import Opened

    return enter(rest, lambda facts: Opened(stage=stage, decision=newest(facts)))


@command.command("advance")
@click.argument("stage")
@act_options
def advance(stage: str, **rest: Any) -> int:  # noqa: ANN401 - the options that all acts share
    """Open the next STAGE of the plan."""
    from tiergate.cli.release_bodies import newest
    from tiergate.release.bodies import Advanced

    return enter(rest, lambda facts: Advanced(stage=stage, decision=newest(facts)))


@command.command("hold")
@act_options
def hold(**rest: Any) -> int:  # noqa: ANN401 - the options that all acts share
    """Stop further stages, at once. Anybody who is trusted can."""
    from tiergate.release.bodies import Held

    return enter(rest, lambda _: Held())


@command.command("resume")
@click.option("--event", "events", multiple=True, type=int, help="A hold; default: all.")
@act_options
def resume_command(
    events: tuple[int, ...],
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """Lift holds: your own, or with the approvals that opening would need."""
    from tiergate.cli.release_bodies import targets
    from tiergate.release.bodies import Resumed

    return enter(rest, lambda facts: Resumed(holds=targets(events, facts.holds, "hold")))


@command.command("freeze")
@act_options
def freeze(**rest: Any) -> int:  # noqa: ANN401 - the options that all acts share
    """Stop all serving and every further stage, at once. Anybody who is trusted can."""
    from tiergate.release.bodies import Frozen

    return enter(rest, lambda _: Frozen())


@command.command("thaw")
@click.option("--event", "events", multiple=True, type=int, help="A freeze; default: all.")
@act_options
def thaw_command(
    events: tuple[int, ...],
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """Lift freezes, when the people whom the policy names for the tier approved each."""
    from tiergate.cli.release_bodies import targets
    from tiergate.release.bodies import Thawed

    return enter(rest, lambda facts: Thawed(freezes=targets(events, facts.freezes, "freeze")))


@command.command("grant")
@click.argument("identity")
@click.option("--until", required=True, type=UtcTime(), help="When it ends.")
@act_options
def grant(identity: str, until: datetime, **rest: Any) -> int:  # noqa: ANN401 - shared options
    """Let IDENTITY download until a date, while a stage is open."""
    from tiergate.release.bodies import Granted

    return enter(rest, lambda _: Granted(identity=identity, until=until))


@command.command("revoke")
@click.argument("event", type=click.IntRange(min=1))
@act_options
def revoke(event: int, **rest: Any) -> int:  # noqa: ANN401 - the options that all acts share
    """End the grant that EVENT gave. It reaches no copy that was made before."""
    from tiergate.release.bodies import Revoked

    return enter(rest, lambda _: Revoked(grant=event))


@command.command("withdraw")
@act_options
def withdraw(**rest: Any) -> int:  # noqa: ANN401 - the options that all acts share
    """End the release for good. It reaches no copy that was made before."""
    from tiergate.release.bodies import Withdrawn

    return enter(rest, lambda _: Withdrawn())


@command.command("status")
@release_option
@click.option("--at", type=UtcTime(), default=None, help="Time to ask about; default: now.")
@jurisdictions_option("In scope besides those that an incident names, as in EU or US-CA.")
@heads_option
@trust_option
@ledger_option
@options.json_option
def status(  # noqa: PLR0913 - options of the command line
    ledger: str,
    trust: str,
    release: str | None,
    at: datetime | None,
    *,
    places: tuple[str, ...],
    heads: tuple[str, ...],
    as_json: bool,
) -> None:
    """Draw where a release stands: stages, gates, clocks, who has signed, what is missing.

    For every incident it says what is due to whom by when. The deadlines are no legal
    advice; each says what it rests on, and a mark says when its text itself was not read.
    """
    from tiergate.cli import (
        clock,
        release_acting,
        release_clocks,
        release_documents,
        release_text,
    )
    from tiergate.release.incident_clocks import incident_clocks
    from tiergate.release.state import replay

    events = release_acting.read_ledger(ledger, trust, heads)
    name = release_acting.release_name(events, release)
    state = replay((event for event in events if event.release == name), at or clock.now())
    found = tuple(incident_clocks(case, places, state.at) for case in state.cases)
    if as_json:
        click.echo(release_documents.status_document(name, state, found).model_dump_json(indent=2))
        return
    for line in (*release_text.status_lines(name, state), *release_clocks.lines(found)):
        click.echo(line)


@command.command("log")
@release_option
@heads_option
@trust_option
@ledger_option
@options.json_option
def log(
    ledger: str, trust: str, release: str | None, heads: tuple[str, ...], *, as_json: bool
) -> None:
    """List the events: when, what, by whom, as what, and why."""
    from tiergate.cli import release_acting, release_documents, release_text

    events = release_acting.read_ledger(ledger, trust, heads)
    if release is not None:
        name = release_acting.release_name(events, release)
        events = tuple(event for event in events if event.release == name)
    if as_json:
        rows = tuple(map(release_documents.logged, events))
        click.echo(release_documents.LogDocument(events=rows).model_dump_json(indent=2))
        return
    for line in release_text.log_lines(events):
        click.echo(line)


command.add_command(release_incident.incident)
command.add_command(release_incident.report)
command.add_command(release_review.trip)
command.add_command(release_review.reassess)
command.add_command(release_review.supersede)
command.add_command(release_review.expire)
