# SPDX-License-Identifier: Apache-2.0
"""``tiergate calibrate``: the instrument's own error, on model organisms of known resistance."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("calibrate")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("calibration"),
    show_default=True,
    help="Folder for organisms and journals.",
)
@click.option(
    "--suite", default="quick", show_default=True, help="Suite of attacks, or a suite file."
)
@click.option(
    "--limit", default="0.2", show_default=True, help="Success above which one counts as broken."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed.")
def command(*, output: Path, suite: str, limit: str, seed: int) -> int:
    """Attack small models of known resistance, and say how often the instrument is wrong.

    Exit codes: 0 the order is as known and no error was made, 1 otherwise.
    """
    from tiergate.cli.attack_request import read_suite
    from tiergate.cli.attack_session import require_extra
    from tiergate.cli.calibrating import Bench, calibrated, lines
    from tiergate.cli.limits_text import confidence_of

    require_extra()
    bench = Bench(
        folder=output,
        suite=read_suite(suite),
        limit=confidence_of(limit, "--limit"),
        seed=seed,
        say=lambda words: click.echo(words, err=True),
    )
    found = calibrated(bench)
    for line in lines(found):
        click.echo(line)
    is_right = not (found.discordant or found.tied or found.false_safe or found.false_broken)
    return 0 if is_right else 1
