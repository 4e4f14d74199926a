# SPDX-License-Identifier: Apache-2.0
"""``tiergate release trip``, ``reassess``, ``supersede``, ``expire``: what may not stand."""

from __future__ import annotations

from typing import Any

import click

from tiergate.cli.release_entering import enter
from tiergate.cli.release_options import act_options

TRIGGERS = (
    "capability change",
    "reference shift",
    "tamper breakthrough",
    "incident",
    "external finding",
    "expiry",
    "licence",
    "law",
    "ownership",
)


@click.command("trip")
@click.argument("trigger", type=click.Choice(TRIGGERS))
@click.option(
    "--days",
    required=True,
    type=click.IntRange(0, 3650),
    help="Days until the review is due; then the decision counts as lapsed.",
)
@act_options
def trip(
    trigger: str,
    days: int,
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """Put the decision under review for TRIGGER. No stage opens until the review ends."""
    from tiergate.release.bodies import Trigger, Tripwire

    return enter(rest, lambda _: Tripwire(trigger=Trigger(trigger), review_days=days))


@click.command("reassess")
@click.option("--event", "events", multiple=True, type=int, help="A review; default: all.")
@act_options
def reassess(
    events: tuple[int, ...],
    **rest: Any,  # noqa: ANN401 - the options that all acts share
) -> int:
    """End reviews, with a decision that was taken after they began."""
    from tiergate.cli.release_bodies import newest, targets
    from tiergate.release.bodies import Reassessed

    return enter(
        rest,
        lambda facts: Reassessed(
            tripwires=targets(events, facts.reviews, "review"), decision=newest(facts)
        ),
    )


@click.command("supersede")
@click.argument("policy", required=False)
@act_options
def supersede(policy: str | None, **rest: Any) -> int:  # noqa: ANN401 - shared options
    """Declare POLICY replaced: decisions under it open nothing new, and none is entered.

    POLICY is a shipped id or a path; without one, it is that of the newest decision. What is
    open stays open as long as its decision is valid.
    """
    from tiergate.cli.release_bodies import superseded

    return enter(rest, superseded(policy))


@click.command("expire")
@act_options
def expire(**rest: Any) -> int:  # noqa: ANN401 - the options that all acts share
    """Declare the newest decision lapsed. It opens nothing any more, and nothing is served."""
    from tiergate.cli.release_bodies import newest
    from tiergate.release.bodies import Expired

    return enter(rest, lambda facts: Expired(decision=newest(facts)))
