# SPDX-License-Identifier: Apache-2.0
"""``tiergate plan``: the cheapest honest way to a tier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tiergate.cli import options
from tiergate.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tiergate.cli.session import Answer
    from tiergate.decision.plan import Plan


@click.command("plan")
@click.argument("model")
@options.decision_options
@click.option(
    "--prices",
    "prices_path",
    type=click.Path(path_type=str),
    default=None,
    help="What evidence costs; default: the price file that ships.",
)
@click.option(
    "--chance",
    type=click.FloatRange(0.01, 0.999),
    default=0.8,
    show_default=True,
    help="Chance of each measurement to come out as needed that is enough.",
)
@click.option(
    "--feasible",
    type=click.IntRange(1, 10**6),
    default=5000,
    show_default=True,
    help="The largest sample that you can measure, in behaviours.",
)
@click.option(
    "--rate",
    "rates",
    multiple=True,
    help="METRIC=RATE: the true adverse rate to plan for; default: as observed, else none.",
)
@options.json_option
def command(  # noqa: PLR0913 - one argument for each option
    *,
    model: str,
    prices_path: str | None,
    chance: float,
    feasible: int,
    rates: tuple[str, ...],
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - as click gives it
) -> int:
    """Say what would open a tier for MODEL at the least cost, and what nothing can open.

    Without --tier the tier above the supported one is planned for. Every claim is planned as if
    it were true: make only those that are. Waivers are left out. Below it stands which single
    number of the policy or of the evidence moves the tier, and when evidence is too old. The
    exit code is 0 when nothing is left to do, 3 when there is a plan, and 1 when no evidence
    can open the tier.
    """
    from pathlib import Path

    from tiergate.cli.plan_rates import parse_rates, refuse_unknown_metrics
    from tiergate.cli.session import Question, answer
    from tiergate.decision.analysis.pieces import Place
    from tiergate.decision.plan import plan
    from tiergate.decision.plan_prices import SHIPPED, load_prices
    from tiergate.decision.plan_steps import Assumed
    from tiergate.decision.tier import Tier
    from tiergate.errors import InputError

    prices = load_prices(SHIPPED if prices_path is None else Path(prices_path))
    assumed = Assumed(rates=parse_rates(rates), wanted=chance, feasible=feasible)
    found = answer(Question(model=model, **asked))
    refuse_unknown_metrics(assumed.rates, found.policy, "--rate")
    tier = found.decision.asked
    if tier is Tier.T0:
        raise InputError("--tier", "T0, which needs no evidence", "a tier from T1 up")
    place = Place(at=found.decision.at.replace(microsecond=0), root=found.decision.root_digest)
    made = plan(found.policy, found.evidence, place, tier, prices, assumed)
    for line in _shown(made, found, place.at, model, as_json=as_json):
        click.echo(line)
    if made.supported.rank >= tier.rank:
        return ExitCode.SUPPORTED
    return ExitCode.UNDETERMINED if made.is_possible else ExitCode.NOT_MET


def _shown(made: Plan, found: Answer, at: datetime, model: str, *, as_json: bool) -> Iterator[str]:
    from tiergate.cli.plan_documents import TierPlanDocument
    from tiergate.cli.plan_text import plan_lines
    from tiergate.cli.sensitivity_text import sensitivity_lines
    from tiergate.decision.lapses import lapses
    from tiergate.decision.sensitivity import shifts
    from tiergate.decision.whatif import WhatIf

    policy, evidence = found.policy, found.evidence
    moved = tuple(shifts(WhatIf(policy, evidence, at)))
    falls = tuple(lapses(policy, evidence, at))
    if as_json:
        name = f"{policy.id} {policy.version}"
        yield TierPlanDocument.of(made, name, model, moved, falls).model_dump_json(indent=2)
        return
    yield from plan_lines(made, policy, model)
    yield from sensitivity_lines(made.supported, made.moving, moved, falls)
