# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape marginal``: what a model adds to what anyone can download."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from tiergate.cli import options


@click.command("marginal")
@click.argument("evidence", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--margin",
    default="0.05",
    show_default=True,
    help="How much more than the best baseline is looked for, as a share.",
)
@click.option("--confidence", default="0.95", show_default=True, help="Of each bound, as a share.")
@click.option(
    "--among",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Among how many baselines the error is shared; as many as were compared, if more.",
)
@options.json_option
def marginal_command(
    evidence: tuple[Path, ...], margin: str, confidence: str, *, among: int, as_json: bool
) -> None:
    """Hold what a model does against baselines that ran in the same harness.

    EVIDENCE are stores and evidence documents. This is a view and opens nothing: a policy asks
    for a margin with `marginal`.
    """
    from tiergate.cli import marginal_text
    from tiergate.cli.marginal_evidence import measured

    document = measured(
        evidence,
        margin=_share("--margin", margin),
        confidence=_share("--confidence", confidence),
        among=among,
    )
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in marginal_text.lines(document):
        click.echo(line)


def _share(option: str, text: str) -> Decimal:
    from tiergate.errors import InputError

    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or not 0 < number < 1:
        raise InputError(option, repr(text), "a share above 0 and below 1, as in 0.05")
    return number
