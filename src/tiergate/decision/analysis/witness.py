# SPDX-License-Identifier: Apache-2.0
"""Evidence with which one policy opens a tier and another does not, held against the evaluator.

It says what is notable about the evidence, and which requirements keep the tier closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.decision.analysis.pieces import Piece, Place, gathered
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.search_nodes import World
from tiergate.decision.analysis.words import lines
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """A requirement that keeps a tier closed."""

    policy: str
    """Id of the policy that asks for it."""
    requirement: str
    """Its id there."""
    asks: str
    """What it asks for, in a sentence."""
    outcome: Outcome
    """What the evidence makes of it."""
    is_fast: bool
    """Whether it stands on the fast path, and not on the ladder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Evidence with which one policy opens a tier and the other does not."""

    tier: Tier
    """The tier."""
    opened_by: str
    """Id of the policy that opens it."""
    first: Tier
    """What the first policy supports."""
    second: Tier
    """What the second policy supports."""
    pieces: tuple[Piece, ...]
    """The evidence."""
    notable: tuple[Piece, ...]
    """Those of its pieces that are not as good as can be."""
    lacking: tuple[str, ...]
    """Topics about which there is nothing."""
    words: tuple[str, ...]
    """What is notable and lacking, one line each; empty when the best evidence shows it."""
    deciders: tuple[Decider, ...]
    """What keeps it closed under the other policy; empty when that has no such tier."""


class Confirming:
    """Whatever a search finds, held against the evaluator, the same evidence once."""

    def __init__(self, policies: tuple[Policy, Policy], problem: Problem, place: Place) -> None:
        self._policies, self._problem, self._place = policies, problem, place
        self._best = problem.pieces(problem.best())
        self._known: dict[tuple[int, ...], tuple[Decision, Decision]] = {}

    def witness(self, index: int, tier: Tier, world: World) -> Witness | None:
        """Return the evidence of a world with which the policy at ``index`` alone opens a tier.

        Returns:
            None where the evaluator says otherwise.
        """
        pieces = self._problem.pieces(world)
        decisions = self._decisions(world, pieces)
        first, second = (decision.supported for decision in decisions)
        if not decisions[index].supported.rank >= tier.rank > decisions[1 - index].supported.rank:
            return None
        notable = tuple(piece for piece in pieces if piece not in self._best)
        lacking = self._problem.lacking(world)
        return Witness(
            tier=tier,
            opened_by=self._policies[index].id,
            first=first,
            second=second,
            pieces=pieces,
            notable=notable,
            lacking=lacking,
            words=tuple(lines(notable, lacking, self._best)),
            deciders=tuple(_deciders(self._policies[1 - index], decisions[1 - index], tier)),
        )

    def _decisions(self, world: World, pieces: tuple[Piece, ...]) -> tuple[Decision, Decision]:
        key = tuple(world[name] for name in self._problem.topics)
        if key not in self._known:
            evidence, at = gathered(pieces, self._place), self._place.at
            first, second = (evaluate(policy, evidence, at=at) for policy in self._policies)
            self._known[key] = (first, second)
        return self._known[key]


def _deciders(policy: Policy, decision: Decision, tier: Tier) -> Iterator[Decider]:
    """Yield what is not met on the way to a tier, or to the next one above that a policy has."""
    verdict = next((found for found in decision.tiers if found.tier.rank >= tier.rank), None)
    if verdict is None:
        return
    seen: dict[tuple[str, bool], Explanation] = {}
    ladder = [row for rows in (*verdict.below, verdict.requirements) for row in rows]
    for is_fast, rows in ((False, ladder), (True, list(verdict.fast_path))):
        for row in rows:
            if row.outcome is not Outcome.MET:
                seen.setdefault((row.id, is_fast), row)
    for (name, is_fast), row in seen.items():
        yield Decider(
            policy=policy.id,
            requirement=name,
            asks=policy.requirements[name].asks,
            outcome=row.outcome,
            is_fast=is_fast,
        )
