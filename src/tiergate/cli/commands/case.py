# SPDX-License-Identifier: Apache-2.0
"""``tiergate case``: the argument for a release as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tiergate.cli import options
from tiergate.cli.commands.check import OUTCOME_CODES

if TYPE_CHECKING:
    from tiergate.decision.safety_case import SafetyCase
    from tiergate.decision.safety_case_judged import JudgedTier
    from tiergate.model.checkpoint import Checkpoint

_HAZARDS = ("cyber", "cbrn", "loss-of-control", "manipulation", "image-abuse")
_FOR_RECORDS = {"tier", "policy_name"}


@click.command("case")
@click.argument("model_or_record", metavar="MODEL-OR-RECORD")
@click.option(
    "--as",
    "form",
    type=click.Choice(["html", "svg", "mermaid", "gsn2x"]),
    default="html",
    show_default=True,
    help="Form to write it in.",
)
@click.option(
    "--hazard",
    "hazards",
    multiple=True,
    type=click.Choice(_HAZARDS),
    help="Argue over this hazard by its template; default: all. May be repeated.",
)
@click.option(
    "--full/--outline",
    "is_full",
    default=None,
    help="Down to every check, or to requirements. Default: pictures in outline.",
)
@click.option(
    "--levels",
    type=click.IntRange(min=1),
    default=None,
    help="Leave out what is argued further down than this.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=str, dir_okay=False),
    default=None,
    help="File to write; default: print.",
)
@options.decision_options
@options.json_option
def command(  # noqa: PLR0913 - options of the command line
    *,
    model_or_record: str,
    form: str,
    hazards: tuple[str, ...],
    is_full: bool | None,
    levels: int | None,
    output: str | None,
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - options that commands share
) -> int:
    """Write the safety case for a tier: what is argued from what, and how each part stands.

    MODEL-OR-RECORD is a model, about which the decision is taken now, or a file with a
    decision or a record. Statuses are rolled up by the rules of the decision. What open
    weights need besides, and no requirement of the policy speaks of, is an assumption.
    The exit code is that of check.
    """
    from pathlib import Path

    from tiergate.cli.replaced_file import replace_file
    from tiergate.cli.session import refuse_inside
    from tiergate.decision.safety_case import outline, shallow
    from tiergate.decision.safety_case_build import safety_case
    from tiergate.decision.safety_case_topics import TEMPLATES

    judged, checkpoint, commands = _judged(model_or_record, asked)
    chosen = [found for found in TEMPLATES if not hazards or found.name in hazards]
    case = safety_case(judged, chosen)
    if not (form in {"html", "gsn2x"} or as_json if is_full is None else is_full):
        case = outline(case)
    if levels is not None:
        case = shallow(case, levels)
    text = _json(case, judged) if as_json else _text(case, form, commands)
    if output is None:
        click.echo(text, nl=False)
        return OUTCOME_CODES[judged.outcome]
    refuse_inside(checkpoint, Path(output))
    replace_file(Path(output), text)
    click.echo(f"{click.format_filename(output)}: written", err=True)
    return OUTCOME_CODES[judged.outcome]


def _judged(
    given: str, asked: dict[str, Any]
) -> tuple[JudgedTier, Checkpoint | None, tuple[str, ...]]:
    from tiergate.cli import judged_input
    from tiergate.cli.report_facts import commands_for
    from tiergate.cli.session import Question, answer
    from tiergate.decision.safety_case_judged import of_decision
    from tiergate.errors import InputError

    if not judged_input.is_written(given):
        question = Question(model=given, **asked)
        found = answer(question)
        judged = of_decision(found.decision, found.policy)
        return judged, found.checkpoint, commands_for(question, found)[:1]
    ignored = judged_input.given_on_command_line(*(asked.keys() - _FOR_RECORDS))
    if ignored:
        found_there = f"{', '.join(ignored)} with a decision that was taken"
        raise InputError(given, found_there, "--tier and --policy alone", "Leave them out.")
    named = judged_input.given_on_command_line("policy_name")
    policy = asked["policy_name"] if named else None
    return judged_input.judged_in(given, policy, asked["tier"]), None, ()


def _json(case: SafetyCase, judged: JudgedTier) -> str:
    from tiergate.cli.case_documents import case_document

    document = case_document(case, judged, OUTCOME_CODES[judged.outcome])
    return document.model_dump_json(indent=2) + "\n"


def _text(case: SafetyCase, form: str, commands: tuple[str, ...]) -> str:
    from tiergate.report import case_gsn, case_mermaid, case_page, case_svg

    match form:
        case "svg":
            return case_svg.draw(case)
        case "mermaid":
            return case_mermaid.mermaid(case)
        case "gsn2x":
            return case_gsn.gsn_yaml(case)
        case _:
            return case_page.render_case(case, commands=commands)
