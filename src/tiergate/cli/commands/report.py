# SPDX-License-Identifier: Apache-2.0
"""``tiergate report``: the decision as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tiergate.cli import options
from tiergate.cli.commands.check import OUTCOME_CODES


@click.command("report")
@click.argument("model")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="File to write.",
)
@options.decision_options
@options.json_option
def command(*, model: str, output: Path, as_json: bool, **asked: Any) -> int:  # noqa: ANN401
    """Write the decision about MODEL as one HTML file that needs no network and no script.

    The exit code is that of check.
    """
    from tiergate.cli.listing import ReportDocument
    from tiergate.cli.report_facts import commands_for, facts_of
    from tiergate.cli.session import Question, answer, refuse_inside
    from tiergate.report.page import render_report

    question = Question(model=model, **asked)
    found = answer(question)
    refuse_inside(found.checkpoint, output)
    page = render_report(
        found.decision,
        found.evidence,
        facts=facts_of(question, found, output),
        commands=commands_for(question, found),
    )
    output.write_text(page, encoding="utf-8")
    code = OUTCOME_CODES[found.decision.outcome]
    if as_json:
        written = ReportDocument(
            file=str(output),
            root_digest=found.decision.root_digest,
            asked=found.decision.asked,
            supported=found.decision.supported,
            exit_code=code,
        )
        click.echo(written.model_dump_json(indent=2))
    else:
        click.echo(f"{output}: written")
    return code
