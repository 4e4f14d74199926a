# SPDX-License-Identifier: Apache-2.0
"""``tiergate whatif``: which tier another limit would give, on the evidence at hand."""

from __future__ import annotations

from typing import Any

import click

from tiergate.cli import options


@click.command("whatif")
@click.argument("model")
@options.decision_options
@click.option("--metric", required=True, help="Metric whose limit is varied.")
@click.option("--limit", required=True, help="The limit as the policy has it, as in 0.05.")
@click.option("--from", "low", default="0", show_default=True, help="The lowest limit tried.")
@click.option("--to", "high", default="1", show_default=True, help="The highest limit tried.")
@click.option(
    "--steps",
    type=click.IntRange(2, 10_000),
    default=21,
    show_default=True,
    help="How many limits are tried.",
)
@options.json_option
def command(  # noqa: PLR0913 - one argument for each option
    *,
    model: str,
    metric: str,
    limit: str,
    low: str,
    high: str,
    steps: int,
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - as click gives it
) -> None:
    """Show which tier MODEL would have if one limit of the policy were another number.

    Nothing is decided by it: a policy with another number is another policy. Waivers are left
    out.
    """
    from tiergate.cli.plan_documents import WhatIfDocument, WhatIfRow
    from tiergate.cli.plan_rates import parse_number, refuse_unknown_metrics
    from tiergate.cli.session import Question, answer
    from tiergate.decision.whatif import WhatIf
    from tiergate.errors import InputError

    first, last, old = parse_number(low), parse_number(high), parse_number(limit)
    found = answer(Question(model=model, **asked))
    varied = WhatIf(found.policy, found.evidence, found.decision.at)
    known = varied.limits(metric)
    refuse_unknown_metrics([metric], found.policy, "--metric")
    if old not in known:
        shown = ", ".join(f"{value.normalize():f}" for value in sorted(known))
        expected = f"a limit of {found.policy.id} on {metric}: {shown}"
        raise InputError("--limit", limit, expected, "A share is written as a number, as in 0.05.")
    values = [first + (last - first) * step / (steps - 1) for step in range(steps)]
    rows = [(value, varied.with_limit(metric, old, value)) for value in values]
    if as_json:
        document = WhatIfDocument(
            policy=f"{found.policy.id} {found.policy.version}",
            metric=metric,
            limit=old,
            supported=varied.supported(),
            rows=tuple(WhatIfRow(value=value, supported=tier) for value, tier in rows),
        )
        click.echo(document.model_dump_json(indent=2))
        return
    click.echo(f"{metric}, limit {old.normalize():f}: {varied.supported()}")
    for place, (value, tier) in enumerate(rows):
        if place == 0 or tier is not rows[place - 1][1]:
            click.echo(f"  from {value.normalize():f}: {tier}")
