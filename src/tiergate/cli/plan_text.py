# SPDX-License-Identifier: Apache-2.0
"""A plan to a tier in words: what to do, what it costs, what cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tiergate.cli import text
from tiergate.decision.analysis.pieces import Attacks, Piece, Rate, Size, Statement
from tiergate.decision.plan import Plan
from tiergate.decision.plan_prices import Cost
from tiergate.decision.plan_sizes import as_share
from tiergate.decision.plan_steps import Step
from tiergate.decision.policy import Policy
from tiergate.evidence.grades import Dimension
from tiergate.evidence.provenance import ProducerRelation

_MAKERS = {
    ProducerRelation.DEVELOPER: "by the developer",
    ProducerRelation.SEPARATE_TEAM: "by a separate team",
    ProducerRelation.COMMISSIONED: "by somebody commissioned",
    ProducerRelation.INDEPENDENT: "by somebody independent",
    ProducerRelation.UNKNOWN: "by anybody",
}


def plan_lines(found: Plan, policy: Policy, model: str) -> Iterator[str]:
    """Yield a plan."""
    name = f"{found.tier} under {policy.id} {policy.version}"
    if found.supported.rank >= found.tier.rank:
        yield text.heading(f"{name}: supported already, no further evidence is needed")
    elif not found.is_possible:
        yield text.heading(f"{name}: no further evidence opens it")
        yield from _obstacles(found)
    else:
        way = ", by the fast path" if found.by_fast_path else ""
        steps = text.plural(len(found.steps), "step")
        yield text.heading(f"{name}: {steps}{way}, {cost_words(found.cost)}")
        for number, step in enumerate(found.steps, 1):
            words = f"{step_words(step)}; {cost_words(step.cost)}"
            yield from text.wrapped(words, "      ", f"  {number:>2}. ")
            yield from text.command(command(step.piece, model), "        ", "      > ")
        yield from text.wrapped(
            f"chance that every measurement comes out as needed: {found.chance:.0%}, if the "
            "rates are as assumed and the measurements independent",
            "  ",
        )
        if not found.is_cheapest:
            yield "  not every combination was tried: cheaper steps may exist"
    if found.approvals:
        yield from text.wrapped(f"approvals: {', '.join(found.approvals)}", "      ", "  ")
    for words, days in found.holds:
        yield from text.wrapped(f"hold: {words} ({days.normalize():f})", "      ", "  ")


def _obstacles(found: Plan) -> Iterator[str]:
    for obstacle in found.obstacles:
        about = ", ".join(topic.partition(":")[2] or topic for topic in obstacle.topics)
        words = f"{obstacle.requirement} at {obstacle.tier}: {about} speaks against it for good"
        yield from text.wrapped(words, "      ", "  - ")
        yield from text.wrapped(
            f"what could change it: {obstacle.could_change}", "      ", "      "
        )
    yield f"  the most open tier that further evidence can open: {found.possible_tier}"


def cost_words(cost: Cost) -> str:
    """Write hours and money."""
    return f"{_amount(cost.hours)} h and USD {_amount(cost.usd)}"


def _amount(number: Decimal) -> str:
    return f"{number.quantize(Decimal(1)):,f}"


def step_words(step: Step) -> str:
    """Write one step: what is made, how large, by whom, with which chance."""
    piece, name = step.piece, step.piece.topic.partition(":")[2]
    match piece.found:
        case Rate() as rate:
            line = f"measure {name}, {piece.variant}, on {rate.trials} behaviours"
            if rate.baseline is not None:
                same = "the same " if rate.is_joined else ""
                line += f" and a downloadable baseline on {same}{rate.baseline[1]}"
        case Attacks() as attacks:
            line = (
                f"attack the safeguard {len(attacks.attacks)} ways ({attacks.level}), "
                f"{attacks.trials} prompts each"
            )
        case Size() as size:
            line = f"measure {name}, {piece.variant}, at {size.value.normalize():f} {size.unit}"
        case Statement() as statement:
            fields = ", ".join(field for field, _ in statement.fields)
            line = f"claim {name}{' does not hold' if not statement.holds else ''}: {fields}"
        case _:
            line = name
    if step.rate is not None:
        known = "as observed or stated" if step.is_observed else "nothing is known of it"
        line += f" (chance {step.chance:.0%} at a rate of {as_share(step.rate)}, {known})"
    return f"{line}; {_made_by(piece)}"


def _made_by(piece: Piece) -> str:
    many = f" in {piece.houses} organisations," if piece.houses > 1 else ""
    signed = ", signed" if piece.quality.grade(Dimension.ASSURANCE) > 1 else ""
    return f"made{many} {_MAKERS[piece.quality.relation]}{signed}"


def command(piece: Piece, model: str) -> str:
    """Return what to run next for a step."""
    name = piece.topic.partition(":")[2]
    if isinstance(piece.found, Statement):
        contrary = "" if piece.found.holds else " --does-not-hold"
        return f"tiergate evidence claim {name} --model {model}{contrary}"
    if isinstance(piece.found, Attacks):
        return f"tiergate attack {model} --suite {piece.found.level.split()[0]}"
    return f"tiergate evidence add LOG --model {model} --mapping MAPPING"
