# SPDX-License-Identifier: Apache-2.0
"""``tiergate canary``: a copy of a model with a harmless safeguard that is known to be there."""

from __future__ import annotations

from pathlib import Path

import click

from tiergate.cli import options
from tiergate.cli.duration import in_words


@click.command("canary")
@click.argument("model")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the copy; new or empty.",
)
@click.option(
    "--topic",
    multiple=True,
    metavar="WORDS",
    help="What to refuse, as in 'old lighthouses'. Repeat it; default: the shipped topic.",
)
@click.option(
    "--twin", multiple=True, metavar="WORDS", help="What to answer instead, one for each topic."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed.")
@click.option(
    "--max-steps", type=click.IntRange(10), default=160, show_default=True, help="When to give up."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda or auto.")
@options.model_options
def command(  # noqa: PLR0913 - one parameter per option
    *,
    model: str,
    output: Path,
    topic: tuple[str, ...],
    twin: tuple[str, ...],
    seed: int,
    max_steps: int,
    device: str,
    revision: str | None,
    endpoint: str | None,
    use_cache: bool,
) -> int:
    """Train a harmless refusal rule into a copy of MODEL, to try attacks on.

    MODEL itself is then the twin without the safeguard. The rule protects nothing.
    """
    from tiergate.cli.attack_session import require_extra
    from tiergate.cli.canary_making import Wanted, make, result_lines
    from tiergate.cli.session import identify_with_progress, refuse_inside

    require_extra()
    checkpoint = identify_with_progress(
        model, revision=revision, endpoint=endpoint, use_cache=use_cache, with_weights_digest=True
    )
    refuse_inside(checkpoint, output)
    wanted = Wanted(
        topic=topic, twin=twin, seed=seed, max_steps=max_steps, device=device, output=output
    )
    click.echo(f"training, at most {max_steps} steps", err=True)
    made = make(checkpoint, wanted)
    click.echo(f"trained in {in_words(float(made.report.cost.seconds))}", err=True)
    for line in result_lines(model, wanted, made):
        click.echo(line)
    return 0
