# SPDX-License-Identifier: Apache-2.0
"""``tiergate report``: the decision as one HTML file, or in an outline that others ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiergate.cli import options
from tiergate.cli.commands.check import OUTCOME_CODES

if TYPE_CHECKING:
    from tiergate.cli.exit_codes import ExitCode
    from tiergate.cli.session import Answer, Question
    from tiergate.report.outline_source import OutlineSource

_FORMS = ("eu-model-report", "sb53-transparency-report", "hf-model-card", "fmti")
_FOR_RECORDS = {"policy_name", "trust_path", "store", "evidence_paths", "mapping", "at"}


@click.command("report")
@click.argument("model")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File to write; default: report.html, and with --as: print.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(_FORMS),
    default=None,
    help="Fill this outline, as Markdown; MODEL can be a decision or a record then.",
)
@options.decision_options
@options.json_option
def command(
    *,
    model: str,
    output: Path | None,
    form: str | None,
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - options that commands share
) -> int:
    """Write the decision about MODEL as one HTML file that needs no network and no script.

    With --as it fills an outline that others ask for. Every sentence carries what it
    rests on, what is missing is marked, and nothing is assured that nobody stated. The
    exit code is that of check.
    """
    from tiergate.cli.judged_input import is_written
    from tiergate.cli.session import Question, answer

    if form is not None and is_written(model):
        return _outline(_of_record(model, asked), form, output, asked, as_json=as_json)
    if form is None:
        _refuse_decision(model)
    question = Question(model=model, **asked)
    found = answer(question)
    code = OUTCOME_CODES[found.decision.outcome]
    if form is None:
        _page(question, found, output or Path("report.html"), code, as_json=as_json)
        return code
    from tiergate.cli.outlining import source_of_answer
    from tiergate.cli.session import refuse_inside

    if output is not None:
        refuse_inside(found.checkpoint, output)
    source = source_of_answer(found, question, code)
    return _outline(source, form, output, asked, as_json=as_json)


def _refuse_decision(path: str) -> None:
    """Refuse a page about a decision in a file: it shows evidence that a decision does not hold."""
    from tiergate.cli.judged_input import is_written, written_decision
    from tiergate.errors import InputError, TiergateError

    if not is_written(path):
        return
    try:
        written_decision(path)
    except TiergateError:
        return
    remedy = "Give the model, or an outline with --as; `tiergate case` argues from a decision."
    raise InputError(path, "a decision", "a model, which a page is about", remedy)


def _page(
    question: Question, found: Answer, output: Path, code: ExitCode, *, as_json: bool
) -> None:
    from tiergate.cli.listing import ReportDocument
    from tiergate.cli.replaced_file import replace_file
    from tiergate.cli.report_facts import commands_for, facts_of
    from tiergate.cli.session import refuse_inside
    from tiergate.report.page import render_report

    refuse_inside(found.checkpoint, output)
    page = render_report(
        found.decision,
        found.evidence,
        facts=facts_of(question, found, output),
        commands=commands_for(question, found),
    )
    replace_file(output, page)
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


def _of_record(path: str, asked: dict[str, Any]) -> OutlineSource:
    from tiergate.cli.judged_input import given_on_command_line
    from tiergate.cli.outlining import source_of_record
    from tiergate.errors import InputError

    ignored = given_on_command_line(*(asked.keys() - _FOR_RECORDS))
    if ignored:
        found = f"{', '.join(ignored)} with a decision that was taken"
        raise InputError(path, found, "evidence, policy and trust alone", "Leave them out.")
    named = given_on_command_line("policy_name")
    return source_of_record(
        path,
        policy=asked["policy_name"] if named else None,
        trust=asked["trust_path"],
        stores=() if asked["store"] is None else (asked["store"],),
        evidence=asked["evidence_paths"],
        mapping=asked["mapping"],
        at=asked["at"],
    )


def _outline(
    source: OutlineSource,
    form: str,
    output: Path | None,
    asked: dict[str, Any],
    *,
    as_json: bool,
) -> int:
    from tiergate.cli.outline_documents import outline_document
    from tiergate.cli.outlining import refuse_if_lapsed
    from tiergate.cli.replaced_file import replace_file
    from tiergate.report.outline import markdown
    from tiergate.report.outlines import OUTLINES

    refuse_if_lapsed(source, form, asked["at"])
    outline, decision = OUTLINES[form](source), source.export.decision
    code = OUTCOME_CODES[decision.outcome]
    text = markdown(outline)
    if as_json:
        document = outline_document(
            outline,
            root_digest=decision.root_digest,
            decision=source.export.digest,
            exit_code=code,
        )
        text = document.model_dump_json(indent=2) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return code
    replace_file(output, text)
    click.echo(f"{output}: written", err=True)
    return code
