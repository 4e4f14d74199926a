# SPDX-License-Identifier: Apache-2.0
"""``tiergate check``: from a model and evidence about it to a release tier."""

from __future__ import annotations

from typing import Any

import click

from tiergate.cli import options
from tiergate.cli.exit_codes import ExitCode
from tiergate.decision.outcome import Outcome

OUTCOME_CODES = {
    Outcome.MET: ExitCode.SUPPORTED,
    Outcome.NOT_MET: ExitCode.NOT_MET,
    Outcome.UNDETERMINED: ExitCode.UNDETERMINED,
}


@click.command("check")
@click.argument("model")
@options.decision_options
@click.option("--all", "everything", is_flag=True, help="Leave nothing out.")
@click.option("--quiet", is_flag=True, help="Print one line.")
@options.json_option
def command(*, model: str, everything: bool, quiet: bool, as_json: bool, **asked: Any) -> int:  # noqa: ANN401
    """Say which release tier the evidence supports, and what blocks the tier asked for.

    MODEL is a folder of safetensors, a GGUF file, a Hugging Face cache folder, or a hub
    id. Without --tier the tier above the supported one is in question, so that the exit
    code is 0 only when there is nothing left to open. Nothing is written.
    """
    from tiergate.cli.failures import visible
    from tiergate.cli.hints import Hints
    from tiergate.cli.json_documents import check_document
    from tiergate.cli.screen import conclusion, screen
    from tiergate.cli.session import Question, answer

    question = Question(model=model, **asked)
    found = answer(question)
    code = OUTCOME_CODES[found.decision.outcome]
    if as_json:
        document = check_document(found, code, digests_from_cache=question.use_cache)
        click.echo(document.model_dump_json(indent=2))
    elif quiet:
        decision = found.decision
        line = f"{decision.subject_name}, {decision.at:%Y-%m-%d}: {conclusion(decision, code)}"
        click.echo(visible(line).replace("\n", "\\n"))
    else:
        for line in screen(found, code, Hints.of(question), everything=everything):
            click.echo(line)
    return code
