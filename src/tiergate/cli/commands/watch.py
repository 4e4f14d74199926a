# SPDX-License-Identifier: Apache-2.0
"""``tiergate watch``: what happens to a model after its release."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime
from tiergate.cli.release_options import act_options

_released = click.option(
    "--released",
    required=True,
    type=click.Path(path_type=Path),
    help="File of the released models that are watched.",
)


@click.group("watch")
def command() -> None:
    """Copies, derivatives and uncensored variants of released models, as feeds show them."""


@command.command("describe")
@click.argument("model", type=click.Path(path_type=str))
@click.option("--name", required=True, help="Where it was released, as in org/name.")
@click.option("--alias", "aliases", multiple=True, help="Another repository of yours with it.")
@click.option(
    "--released-at", required=True, type=UtcTime(), help="When its weights became available."
)
@click.option("--release", default=None, help="Its name in the ledger.")
@click.option(
    "--add-to",
    type=click.Path(path_type=Path),
    default=None,
    help="File of released models to add it to; default: print the file.",
)
@click.option(
    "--sketch",
    "with_sketch",
    is_flag=True,
    help="Also write its sketch beside that file, for matches by weights.",
)
def describe(  # noqa: PLR0913 - options of the command line
    model: str,
    *,
    name: str,
    aliases: tuple[str, ...],
    released_at: datetime,
    release: str | None,
    add_to: Path | None,
    with_sketch: bool,
) -> None:
    """Write what is looked for of MODEL: digests of its files, its tensors, its structure."""
    from tiergate.cli.watch_describing import DescribeRequest, text_of
    from tiergate.cli.watch_describing import describe as described

    file = described(
        DescribeRequest(
            model=model,
            name=name,
            aliases=aliases,
            released_at=released_at,
            release=release,
            add_to=add_to,
            with_sketch=with_sketch,
        )
    )
    if add_to is None:
        click.echo(text_of(file), nl=False)
    else:
        click.echo(f"{name} is in {add_to}, with {len(file.models[-1].files)} files of weights.")


@command.command("run")
@click.argument("feeds", nargs=-1, type=click.Path(path_type=Path))
@_released
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    default=None,
    help="File that keeps findings and the place of a poll between runs; made when missing.",
)
@click.option("--hub", default=None, help="Base URL of a hub to poll for what is new.")
@click.option(
    "--since",
    type=UtcTime(),
    default=None,
    help="Where a first poll ends; default: the earliest release.",
)
@click.option("--pages", type=click.IntRange(1), default=None, help="Pages of a poll at most.")
@click.option(
    "--files", "with_files", is_flag=True, help="Ask the hub for digests of what it found."
)
@click.option("--unsafe-plain-http", "may_be_plain", is_flag=True, help="Poll without TLS.")
@click.option(
    "--pass",
    "how",
    type=click.Choice(["columns", "plain"]),
    default=None,
    help="With Polars, or in plain Python; the same is found. Default: Polars if installed.",
)
@click.option("--ray", "on_ray", is_flag=True, help="The same in tasks of a Ray cluster.")
@click.option("--show", "shown", type=click.IntRange(0), default=20, help="How many to show.")
@click.option("--at", type=UtcTime(), default=None, help="Time of the run; default: now.")
@options.json_option
def run(  # noqa: PLR0913 - options of the command line
    *,
    hub: str | None,
    pages: int | None,
    may_be_plain: bool,
    how: str | None,
    on_ray: bool,
    shown: int,
    at: datetime | None,
    as_json: bool,
    **rest: Any,  # noqa: ANN401 - what is passed on as it is
) -> int:
    """Look for copies and derivatives of released models in FEEDS.

    A feed is a JSONL or Parquet export of hub metadata, or a folder of safetensors files, their
    headers, or sketches. Exit code: 1 something new was found, 3 nothing, which proves nothing.
    """
    import time

    from tiergate.cli import clock
    from tiergate.cli.watch_documents import watch_document
    from tiergate.cli.watch_hub import watched_hub
    from tiergate.cli.watch_session import PassKind, WatchRequest, watch
    from tiergate.cli.watch_text import run_lines

    if on_ray and how is not None:
        raise click.UsageError("--ray and --pass: name one.")
    chosen = PassKind.RAY if on_ray else None if how is None else PassKind(how)
    polled = (
        None
        if hub is None
        else watched_hub(hub, may_be_plain=may_be_plain, sleep=time.sleep, now=clock.now)
    )
    given = WatchRequest(hub=polled, most_pages=pages, how=chosen, at=at or clock.now(), **rest)
    answer = watch(given)
    document = watch_document(answer)
    if as_json:
        click.echo(document.model_dump_json(indent=2))
    else:
        for line in run_lines(document, shown=shown):
            click.echo(line)
    return answer.exit_code


@command.command("report")
@_released
@click.option(
    "--state", required=True, type=click.Path(path_type=Path), help="File that `run` kept."
)
@options.json_option
def report(released: Path, state: Path, *, as_json: bool) -> None:
    """Say how long it took from each release to the first derivative, and uncensored copy."""
    from tiergate.cli.watch_documents import report_document
    from tiergate.cli.watch_session import read_released, times_in
    from tiergate.cli.watch_text import report_lines

    document = report_document(*times_in(state, read_released(released).models))
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in report_lines(document):
        click.echo(line)


@command.command("enter")
@_released
@click.option(
    "--state", required=True, type=click.Path(path_type=Path), help="File that `run` kept."
)
@options.policy_option
@act_options
def enter(
    released: Path,
    state: Path,
    policy_name: str,
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """Enter what was found into the ledger of a release, each finding once, leads never.

    A finding fires the triggers of POLICY that name its kind and what it rests on, and puts
    the decision under review.
    """
    from tiergate.cli.release_entering import show
    from tiergate.cli.release_options import given
    from tiergate.cli.watch_entering import enter_seen

    as_json = rest["as_json"]
    entered = enter_seen(given(rest), state, released, policy_name)
    code = show(entered.outcomes, as_json=as_json)
    if not as_json:
        words = f"{entered.known} findings were there already; {entered.leads} leads stay out."
        click.echo(words)
    return code


@command.command("words")
@options.json_option
def words(*, as_json: bool) -> None:
    """List the words for removed safeguards that names and tags are searched for."""
    from tiergate.cli.watch_documents import words_document
    from tiergate.cli.watch_text import words_lines
    from tiergate.landscape.watch.words import shipped_words

    document = words_document(shipped_words())
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in words_lines(document):
        click.echo(line)
