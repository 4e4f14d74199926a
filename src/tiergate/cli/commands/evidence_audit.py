# SPDX-License-Identifier: Apache-2.0
"""``tiergate evidence limits`` and ``audit``: what a sample can show, and people's labels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from tiergate.cli import options, text


class _ShareRange(click.FloatRange):
    """A share, written in ASCII digits: float() would also take nan, inf and other digits."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the share as a number."""
        if isinstance(value, str) and not re.fullmatch(r"[0-9.]+", value):
            self.fail(f"{text.shortened(repr(value), 60)} is no share, as in 0.05.", param, ctx)
        found = super().convert(value, param, ctx)
        assert isinstance(found, float)  # noqa: S101 - what a range of floats gives
        return found


_SHARE = _ShareRange(0, 1, min_open=True, max_open=True)


@click.command("limits")
@click.argument("behaviours", type=click.IntRange(1, 10**9))
@click.option(
    "--confidence", default="0.95", show_default=True, help="Of the one-sided bound, as in 0.95."
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    type=_SHARE,
    default=(0.10, 0.05, 0.03, 0.01, 0.001),
    show_default=True,
    help="A limit that a policy asks for. May be repeated.",
)
@click.option(
    "--audited",
    type=click.IntRange(0),
    default=None,
    help="A grader decides, and people look at so many of what it does not flag.",
)
@options.json_option
def limits_command(
    behaviours: int,
    confidence: str,
    limits: tuple[float, ...],
    audited: int | None,
    *,
    as_json: bool,
) -> None:
    """The best bound that a data set of BEHAVIOURS could ever give, before anyone runs it."""
    from tiergate.cli import limits_text

    found = limits_text.best(behaviours, confidence, limits, audited)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    for line in limits_text.lines(found):
        click.echo(line)


@click.command("audit")
@click.argument("log", type=click.Path(path_type=Path))
@options.mapping_option
@click.option("--metric", default=None, help="The metric to audit, where the log gives several.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    required=True,
    help="The audit file: written when it is not there, read and completed when it is.",
)
@click.option(
    "--size", type=click.IntRange(0), default=200, show_default=True, help="Unflagged to look at."
)
@click.option("--seed", default=None, help="What to draw them with; default: the log's digest.")
@click.option("--by", "labelled_by", default=None, help="Who gives the labels.")
@click.option("--ask", is_flag=True, help="Ask for missing labels here, in the terminal.")
@click.option("--confidence", default="0.95", show_default=True, help="Of the one-sided bound.")
@options.json_option
def audit_command(  # noqa: PLR0913 - one parameter per option
    *,
    log: Path,
    mapping: str | None,
    metric: str | None,
    labels: Path,
    size: int,
    seed: str | None,
    labelled_by: str | None,
    ask: bool,
    confidence: str,
    as_json: bool,
) -> int:
    """Draw what people have to look at, take their labels, and update the bound.

    Everything that the grader flagged is to be looked at, and a random part of the rest.
    Exit code 3 while labels are missing.
    """
    from tiergate.cli import auditing_session
    from tiergate.cli.given_text import require_text

    for option, words in (("--by", labelled_by), ("--seed", seed)):
        require_text(option, words or "", 500)
    wish = auditing_session.Wish(size=size, seed=seed, labelled_by=labelled_by)
    session = auditing_session.start(log, mapping, metric, labels, wish)
    if ask:
        session = auditing_session.with_answers(session, _ask)
    auditing_session.save(session)
    if as_json:
        click.echo(auditing_session.document(session, confidence).model_dump_json(indent=2))
    else:
        for line in auditing_session.lines(session, confidence):
            click.echo(line)
    return 3 if session.missing else 0


def _ask(name: str) -> str | None:
    """Ask for one label; None stops asking."""
    answer: str = click.prompt(
        f"{text.plain(name)}: [a]dverse, [c]lean, [u]ndecided, [q]uit",
        type=click.Choice(["a", "c", "u", "q"]),
        show_choices=False,
    )
    return {"a": "adverse", "c": "clean", "u": "undecided", "q": None}[answer]
