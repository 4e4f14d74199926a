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
    help="Folder for organisms, journals and calibration.json.",
)
@click.option(
    "--suite", default="calibration", show_default=True, help="Suite of attacks, or a suite file."
)
@click.option(
    "--limit", default="0.2", show_default=True, help="Success above which one counts as broken."
)
@click.option(
    "--seed",
    "chosen",
    type=click.IntRange(0),
    multiple=True,
    help="Seed; repeat for several.  [default: 0]",
)
@click.option("--seeds", type=click.IntRange(1), help="So many seeds, 0 and up.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(  # noqa: PLR0913 - one for each option
    *,
    output: Path,
    suite: str,
    limit: str,
    chosen: tuple[int, ...],
    seeds: int | None,
    as_json: bool,
) -> int:
    """Attack small models of known resistance, and say how often the instrument is wrong.

    Six models are grown from each seed. What they know of an invented island is held back in
    ways of which one is known to be harder to undo than another. A run that was stopped goes on
    where it was.

    Exit codes: 0 in every seed the order is as known and no error was made, 1 otherwise.
    """
    from tiergate.cli.attack_request import read_suite
    from tiergate.cli.attack_session import require_extra
    from tiergate.cli.calibrating import Bench, calibrated
    from tiergate.cli.calibration_document import calibration_document
    from tiergate.cli.calibration_text import lines
    from tiergate.cli.limits_text import confidence_of

    if chosen and seeds:
        raise click.UsageError("give --seed or --seeds")
    require_extra()
    benches = [
        Bench(
            folder=output / f"seed-{seed}",
            suite=read_suite(suite),
            limit=confidence_of(limit, "--limit"),
            seed=seed,
            say=lambda words: click.echo(words, err=True),
        )
        for seed in dict.fromkeys(chosen or range(seeds or 1))
    ]
    found = calibration_document(benches[0], [calibrated(bench) for bench in benches])
    (output / "calibration.json").write_text(found.model_dump_json(indent=2) + "\n", "utf-8")
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    else:
        for line in lines(found):
            click.echo(line)
    return 0 if found.right == len(benches) else 1
