# SPDX-License-Identifier: Apache-2.0
"""Laws of a policy, proved by a solver, each with a counterexample where it does not hold.

The encoding follows from the compiled policy: the formulas of its tiers and the pieces of
evidence that tell its checks apart. A solver that did not take part in anything else here
(z3, extra ``tiergate[prove]``) looks for a counterexample and finds none, or it finds one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tiergate.decision.analysis.compare import problem_freed
from tiergate.decision.analysis.formula import (
    Check,
    Formula,
    Ladder,
    Literal,
    State,
    ladder,
    negated,
    state_of,
)
from tiergate.decision.analysis.pieces import Piece, Place, documents_of, gathered
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.search_nodes import World
from tiergate.decision.analysis.topics import Topic, topics_of
from tiergate.decision.analysis.words import lines
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.errors import ExtensionError
from tiergate.evidence.collection import Collection, RegisteredDocument, collect

_Term = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What became of one law."""

    law: str
    """The law in a sentence."""
    holds: bool | None
    """Whether it was proved, or disproved; None when neither could be done."""
    witness: tuple[str, ...]
    """The counterexample, one line each; empty when the law holds."""


def solver() -> ModuleType:
    """Import the solver.

    Raises:
        ExtensionError: it is not installed.
    """
    try:
        import z3
    except ImportError:
        raise ExtensionError(
            "policy prove",
            "no solver",
            "the extra tiergate[prove]",
            "Run: pip install 'tiergate[prove]'",
        ) from None
    found: ModuleType = z3
    return found


def prove(
    policy: Policy, place: Place, *, stricter_than: Policy | None = None
) -> tuple[Proof, ...]:
    """Prove the laws of a policy.

    Args:
        policy: the policy.
        place: the time that evidence is dated by.
        stricter_than: another policy, which must open whatever this one opens; None for none.
    """
    found = _Prover(policy, place, stricter_than)
    return (
        found.closed_without_evidence(),
        found.closed_when_evidence_is_gone(),
        found.monotone(),
        *found.live(),
        *found.nested(),
        *(() if stricter_than is None else found.stricter()),
    )


class _Prover:
    def __init__(self, policy: Policy, place: Place, other: Policy | None) -> None:
        self._z3 = solver()
        self._policy, self._other, self._place = policy, other, place
        self._ladder = ladder(policy)
        self._other_ladder = None if other is None else ladder(other)
        checks = list(self._ladder.checks())
        self._checks = {check.key: check for check in checks}
        if self._other_ladder is not None:
            checks += self._other_ladder.checks()
        self._topics = topics_of(checks, place)
        self._freed = problem_freed(self._topics)
        self._best = Problem(self._topics).best()

    def closed_without_evidence(self) -> Proof:
        """Nothing is met and no tier opens where there is no evidence at all."""
        nothing = gathered((), self._place)
        found = [
            f"{check.topic}: met without any evidence"
            for check in self._checks.values()
            if state_of(check.judge(nothing, self._place.at)) is State.MET
        ]
        supported = evaluate(self._policy, nothing, at=self._place.at).supported
        if supported is not Tier.T0:
            found.append(f"{supported} is supported without any evidence")
        return _proof("no evidence opens nothing", found)

    def closed_when_evidence_is_gone(self) -> Proof:
        """No check is met about whose topic registered evidence is gone."""
        found: set[str] = set()
        for topic in self._topics.values():
            pieces = [piece for piece in topic.pieces[:1] if piece is not None]
            evidence = self._gone(pieces)
            found |= {
                f"{check.topic}: met though registered evidence is gone"
                for check in topic.checks
                if state_of(check.judge(evidence, self._place.at)) is State.MET
            }
        return _proof("evidence that was taken away opens nothing", sorted(found))

    def _gone(self, pieces: list[Piece]) -> Collection:
        documents = [d for piece in pieces for d in documents_of(piece, self._place)]
        register = [
            RegisteredDocument(digest=d.digest, root_digest=self._place.root, topics=d.topics)
            for d in documents
        ]
        return collect(gathered((), self._place).subject, (), register)

    def monotone(self) -> Proof:
        """No tier closes because a check comes out better."""
        z3 = self._z3
        worse = {key: self._free(f"worse {key}") for key in self._checks}
        better = {key: self._free(f"better {key}") for key in self._checks}
        found: list[str] = []
        for tier in self._ladder.long:
            ask = z3.Solver()
            for key in self._checks:
                for one, two in ((worse[key], better[key]),):
                    ask.add(z3.Implies(one[0], two[0]), z3.Implies(one[1], two[1]))
                    ask.add(z3.Implies(one[0], one[1]), z3.Implies(two[0], two[1]))
            formula = self._ladder.opens(tier)
            ask.add(self._term(formula, worse), z3.Not(self._term(formula, better)))
            if ask.check() == z3.sat:
                model = ask.model()
                found += [
                    f"{tier} closes when this comes out better: {key.replace('|', ', ')}"
                    for key in self._checks
                    if _differs(model, worse[key], better[key])
                ]
        return _proof("better evidence never closes a tier", found)

    def live(self) -> Iterator[Proof]:
        """Each tier is supported by some evidence."""
        for tier in self._ladder.long:
            world, is_sure = self._look(self._ladder.met(tier))
            law = f"some evidence opens {tier}"
            if world is None:
                text = "no evidence was found that does"
                yield Proof(law=law, holds=False if is_sure else None, witness=(text,))
                continue
            pieces = Problem(self._topics).pieces(world)
            supported = evaluate(
                self._policy, gathered(pieces, self._place), at=self._place.at
            ).supported
            confirmed = supported.rank >= tier.rank
            text = f"the evaluator supports {supported} with what the solver found"
            yield Proof(law=law, holds=confirmed or None, witness=() if confirmed else (text,))

    def nested(self) -> Iterator[Proof]:
        """A fast path to a tier opens every lower tier that has one."""
        fast = sorted(self._ladder.fast, key=lambda tier: tier.rank)
        for lower, higher in itertools.pairwise(fast):
            goals = (self._ladder.fast[higher], negated(self._ladder.met(lower)))
            yield self._unless(f"the fast path to {higher} opens {lower}", *goals)

    def stricter(self) -> Iterator[Proof]:
        """Whatever this policy opens the other one opens."""
        assert self._other is not None  # noqa: S101 - by the caller
        assert self._other_ladder is not None  # noqa: S101 - made with it
        tiers = {**self._ladder.long, **self._other_ladder.long}
        for tier in sorted(tiers, key=lambda tier: tier.rank):
            goals = (self._ladder.opens(tier), negated(self._other_ladder.opens(tier)))
            yield self._unless(f"what opens {tier} here opens it under {self._other.id}", *goals)

    def _unless(self, law: str, *goals: Formula) -> Proof:
        world, is_sure = self._look(*goals)
        if world is None:
            return Proof(law=law, holds=True if is_sure else None, witness=())
        problem = Problem(self._topics)
        simple = problem.simplest(world, *goals)
        pieces, best = problem.pieces(simple), problem.pieces(self._best)
        notable = [piece for piece in pieces if piece not in best]
        found = lines(notable, problem.lacking(simple), best)
        return Proof(law=law, holds=False, witness=tuple(found))

    def _look(self, *goals: Formula) -> tuple[World | None, bool]:
        """Return a world in which the goals hold; and whether there is none for sure."""
        found = self._solve(self._topics, *goals)
        if found is not None or self._freed is None:
            return found, True
        return None, self._solve(self._freed.topics, *goals) is None

    def _solve(self, topics: Mapping[str, Topic], *goals: Formula) -> World | None:
        z3, ask = self._z3, self._z3.Solver()
        there = {
            name: [z3.Bool(f"{name}#{place}") for place in range(len(topic.pieces))]
            for name, topic in topics.items()
        }
        states: dict[str, tuple[_Term, _Term]] = {}
        for name, topic in topics.items():
            if not topic.is_joined:
                ask.add(z3.PbEq([(piece, 1) for piece in there[name]], 1))
            for check in topic.checks:
                none = z3.Not(z3.Or(_chosen(there[name], topic.adverse[check.key])))
                some = z3.Or(_chosen(there[name], topic.met[check.key]))
                states[check.key] = (z3.And(none, some), none)
        for goal in goals:
            ask.add(self._term(goal, states))
        if ask.check() != z3.sat:
            return None
        model = ask.model()
        return {
            name: sum(
                1 << place for place, piece in enumerate(pieces) if z3.is_true(model.eval(piece))
            )
            for name, pieces in there.items()
        }

    def _free(self, name: str) -> tuple[_Term, _Term]:
        return self._z3.Bool(f"{name} met"), self._z3.Bool(f"{name} clear")

    def _term(self, formula: Formula, states: Mapping[str, tuple[_Term, _Term]]) -> _Term:
        z3 = self._z3
        if isinstance(formula, Literal):
            met, clear = states[formula.check.key]
            term = met if formula.at_least is State.MET else clear
            return term if formula.holds else z3.Not(term)
        parts = [self._term(part, states) for part in formula.parts]
        if formula.needed <= 0:
            return z3.BoolVal(True)  # noqa: FBT003 - as the solver has it
        if formula.needed > len(parts):
            return z3.BoolVal(False)  # noqa: FBT003 - as the solver has it
        return z3.PbGe([(part, 1) for part in parts], formula.needed)


def _chosen(pieces: list[_Term], bits: int) -> list[_Term]:
    return [piece for place, piece in enumerate(pieces) if bits >> place & 1]


def _differs(model: _Term, one: tuple[_Term, _Term], two: tuple[_Term, _Term]) -> bool:
    return any(
        str(model.eval(first)) != str(model.eval(second))
        for first, second in zip(one, two, strict=True)
    )


def _proof(law: str, found: list[str]) -> Proof:
    return Proof(law=law, holds=not found, witness=tuple(found))


__all__ = ["Check", "Ladder", "Proof", "prove", "solver"]
