# SPDX-License-Identifier: Apache-2.0
"""``tiergate actions``: what is open about a decision, by who can act."""

from __future__ import annotations

import click

from tiergate.cli import options
from tiergate.cli.commands.check import OUTCOME_CODES

_ACTORS = ("builder", "evaluator", "standard-setter", "enforcer")


@click.command("actions")
@click.argument("decision", type=click.Path(path_type=str))
@click.option(
    "--for",
    "actors",
    multiple=True,
    type=click.Choice(_ACTORS),
    help="Who asks; default: everybody. May be repeated.",
)
@click.option(
    "--tier",
    type=click.Choice([f"T{n}" for n in range(7)]),
    default=None,
    help="The tier in question; default: that of the decision.",
)
@click.option(
    "--policy",
    "policy_name",
    default=None,
    help="Shipped id, or a path; default: the shipped policy that the decision names.",
)
@click.option("--sources", "with_sources", is_flag=True, help="Say where each clause stands.")
@options.json_option
def command(  # noqa: PLR0913 - options of the command line
    *,
    decision: str,
    actors: tuple[str, ...],
    tier: str | None,
    policy_name: str | None,
    with_sources: bool,
    as_json: bool,
) -> int:
    """List what is open about DECISION, sorted by who can do something about it.

    DECISION is what `tiergate check --json` printed, or a record. Every item has its next
    command and the clauses behind it: builders and enablers first, then evaluators and
    standard-setters, then implementers and enforcers. The exit code is that of check.
    """
    from tiergate.cli.actions_commands import with_what_was_given
    from tiergate.cli.actions_documents import actions_document
    from tiergate.cli.actions_text import actions_lines
    from tiergate.cli.judged_input import is_signed, judged_in
    from tiergate.decision.actions import actions

    judged = judged_in(decision, policy_name, tier)
    signed = is_signed(decision)
    open_items = actions(judged, is_signed=signed)
    found = with_what_was_given(open_items, decision, judged.policy, policy_name, is_signed=signed)
    asked = tuple(each for each in found if not actors or each.actor in actors)
    code = OUTCOME_CODES[judged.outcome]
    if as_json:
        click.echo(actions_document(judged, asked, code).model_dump_json(indent=2))
        return code
    for line in actions_lines(judged, asked, with_sources=with_sources):
        click.echo(line)
    return code
