# SPDX-License-Identifier: Apache-2.0
"""``tiergate explain``: the tree of reasons behind one requirement, or all of a tier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from tiergate.cli import options, text
from tiergate.cli.commands.check import OUTCOME_CODES
from tiergate.cli.hints import Hints
from tiergate.cli.near_names import meant
from tiergate.decision.decision import Decision
from tiergate.decision.explanation import Explanation
from tiergate.decision.words import reading_words
from tiergate.errors import InputError


@click.command("explain")
@click.argument("model")
@click.argument("requirements", nargs=-1, metavar="[REQUIREMENT]...")
@options.decision_options
@options.json_option
def command(*, model: str, requirements: tuple[str, ...], as_json: bool, **asked: Any) -> int:  # noqa: ANN401
    """Say why requirements came out as they did, with the evidence behind each.

    REQUIREMENT is an id as printed by check, as in E01; without any, every requirement
    of the tier in question is explained, and what blocks it from below. The exit code is
    that of check.
    """
    from tiergate.cli.json_documents import ExplainDocument
    from tiergate.cli.session import Question, answer
    from tiergate.decision.document import ExplanationPart

    question = Question(model=model, **asked)
    decision = answer(question).decision
    rows = _rows(decision, requirements)
    code = OUTCOME_CODES[decision.outcome]
    if as_json:
        parts = tuple(ExplanationPart.model_validate(row) for row in rows)
        document = ExplainDocument(
            root_digest=decision.root_digest, tier=decision.asked, requirements=parts
        )
        click.echo(document.model_dump_json(indent=2))
        return code
    click.echo(f"{decision.subject_name} at {decision.asked}, {decision.at:%Y-%m-%d}")
    own = decision.verdict(decision.asked)
    for row in rows:
        click.echo("")
        if row not in (*own.requirements, *own.fast_path):
            click.echo(
                f"{decision.asked} does not ask for {row.id}; as {_asking(decision, row)} does:"
            )
        for line in _tree(row, 0, Hints.of(question)):
            click.echo(line)
    return code


def _asking(decision: Decision, row: Explanation) -> str:
    """Return the most open tier that asks for a requirement and gave this explanation."""
    tiers = [v.tier for v in decision.tiers if row in (*v.requirements, *v.fast_path)]
    return tiers[-1]


def _rows(decision: Decision, names: tuple[str, ...]) -> tuple[Explanation, ...]:
    verdict = decision.verdict(decision.asked)
    found = {
        row.id: row for tier in decision.tiers for row in (*tier.requirements, *tier.fast_path)
    }
    # The tier in question comes last, so that its reading of a requirement wins.
    found |= {row.id: row for row in (*verdict.fast_path, *verdict.requirements)}
    unknown = [name for name in names if name not in found]
    if unknown:
        raise InputError(
            f"policy {decision.policy_id}",
            f"no requirement {', '.join(unknown)} that a tier asks for",
            f"one of {', '.join(sorted(found))}",
            meant(unknown[0], found),
        )
    if names:
        return tuple(found[name] for name in names)
    below = (row for row in decision.blocking() if row not in verdict.requirements)
    return (*verdict.requirements, *below)


def _tree(node: Explanation, depth: int, hints: Hints) -> Iterator[str]:
    indent = "  " * depth
    label = text.outcome(node.outcome, capitals=True)
    title = f"{node.id}  {node.asked_words}".strip()
    first, *rest = text.wrapped(title, f"{indent}    ", f"{indent}{' ' * len(node.outcome)}  ")
    yield f"{indent}{label}  {first.strip()}"
    yield from rest
    more = f"{indent}    "
    if node.clauses:
        yield from text.wrapped(f"answers {', '.join(node.clauses)}", more)
    if node.waived:
        yield from text.wrapped(f"waived by {node.waived}", more)
    if node.found_words:
        yield from text.wrapped(node.found_words, more)
    for reading in node.readings:
        yield from text.wrapped(reading_words(reading), f"{more}  ", more)
        yield from text.wrapped(f"evidence {text.short_digest(reading.item)}", f"{more}  ")
    if node.next_step:
        words, step = hints.step(node.next_step)
        if words:
            yield from text.wrapped(words, f"{more}   ", f"{more}-> ")
        if step:
            yield from text.command(step, f"{more}   ", f"{more}-> ")
    for child in node.children:
        yield from _tree(child, depth + 1, hints)
