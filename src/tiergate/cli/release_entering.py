# SPDX-License-Identifier: Apache-2.0
"""From the options of a command to an event, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from tiergate.cli.release_options import given

if TYPE_CHECKING:
    from tiergate.cli.release_acting import Outcome
    from tiergate.release.bodies import Body
    from tiergate.release.facts import Facts


def enter(rest: dict[str, Any], body_of: Callable[[Facts], Body]) -> int:
    """Enter an act and show what came of it; return the exit code."""
    from tiergate.cli.release_acting import Desk

    as_json = rest["as_json"]
    return show((Desk(given(rest)).enter(body_of),), as_json=as_json)


def show(outcomes: tuple[Outcome, ...], *, as_json: bool) -> int:
    """Show what came of acts; return the exit code."""
    from tiergate.cli import release_documents, release_text
    from tiergate.cli.exit_codes import ExitCode

    code = ExitCode.SUPPORTED
    for outcome in outcomes:
        code = ExitCode.NOT_POSSIBLE_NOW if outcome.refused else code
        if as_json:
            document = release_documents.ActDocument(
                event=release_documents.logged(outcome.event),
                refused=tuple(map(release_documents.RefusalPart.model_validate, outcome.refused)),
                exit_code=code,
            )
            click.echo(document.model_dump_json(indent=2))
            continue
        for line in release_text.act_lines(outcome):
            click.echo(line)
    return code
