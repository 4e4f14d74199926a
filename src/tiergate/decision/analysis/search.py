# SPDX-License-Identifier: Apache-2.0
"""Whether evidence exists for which a formula holds, and such evidence.

What is known about a topic is which pieces may still be there, and sets of pieces of each of
which one has to be. That a check is met forbids what is adverse and asks for one of what meets
it. Pieces are independent of each other, so such demands can be met together exactly when each
of them can. Where several ways are left one is tried, then the rest: the search is complete.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tiergate.decision.analysis.formula import Formula, State, Threshold
from tiergate.decision.analysis.pieces import Piece
from tiergate.decision.analysis.search_nodes import (
    Demand,
    Domain,
    Gate,
    Left,
    Node,
    Truth,
    World,
    bits_of,
    opposite,
)
from tiergate.decision.analysis.search_solve import chosen, narrowed
from tiergate.decision.analysis.topics import Topic


@dataclass(frozen=True, slots=True)
class _Excluded:
    """What cannot hold beside parts that hold together, with some pieces fixed."""

    parts: frozenset[Node]
    fixed: frozenset[tuple[str, int]]
    nodes: set[Node]


class Problem:
    """The topics of some policies, ready to be asked."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        self.topics = dict(topics)
        self._where = {c.key: topic for topic in topics.values() for c in topic.checks}
        self._nodes: dict[int, tuple[Formula, Node]] = {}
        self._demands: dict[tuple[str, int], Demand] = {}
        self._gates: dict[tuple[int, tuple[Node, ...]], Gate] = {}
        self._best = {name: topic.best for name, topic in self.topics.items()}
        self._domains = {name: self._domain(topic) for name, topic in self.topics.items()}
        self._excluded: list[_Excluded] = []

    def solve(self, *goals: Formula, fixed: Mapping[str, int] | None = None) -> World | None:
        """Return a world in which every goal holds; None when there is none.

        The ways of the first goal are looked at one by one, because each of them forces much.

        Args:
            goals: what must hold.
            fixed: topics of which exactly these pieces are there.
        """
        domains = dict(self._domains)
        for name, bits in (fixed or {}).items():
            alone = tuple(bits_of(bits))
            domains[name] = dataclasses.replace(domains[name], allowed=bits, needed=alone)
        first, *others = goals
        is_choice = isinstance(first, Threshold) and first.needed == 1
        rest = [node for goal in others for node in _parts_of(self._node(goal))]
        for way in first.parts if isinstance(first, Threshold) and is_choice else (first,):
            left = Left(dict(domains), {}, {})
            node = self._node(way)
            waiting = narrowed([(node, 0)], (), left)
            excluded = self._known_with(node, fixed or {})
            # Often one of the others alone cannot hold beside it, and that is soon found out.
            if isinstance(waiting, int) or any(
                chosen((one,), waiting, left, frozenset(), excluded) is None for one in rest[:-1]
            ):
                continue
            found = chosen(tuple(rest), waiting, left, frozenset(), excluded)
            if found is not None:
                return {name: part.likely for name, part in found.domains.items()}
        return None

    def _known_with(self, way: Node, fixed: Mapping[str, int]) -> set[Node]:
        """Return what is known not to hold beside a way; what is found out is to be added.

        What cannot be beside a part of it, with less that is fixed, cannot be here either.
        """
        parts, pieces = frozenset(_parts_of(way)), frozenset(fixed.items())
        known = {
            node
            for other in self._excluded
            if other.parts <= parts and other.fixed <= pieces
            for node in other.nodes
        }
        self._excluded.append(_Excluded(parts, pieces, known))
        return known

    def simplest(self, world: World, *goals: Formula, only: Iterable[str] | None = None) -> World:
        """Return a world that differs from the best one in as few topics as can be dropped.

        Topic after topic is set to what is best with which every goal still holds.

        Args:
            world: in which every goal holds.
            goals: what must hold.
            only: topics that may be changed; every one where it is left out.
        """
        truth = Truth(world)
        nodes = [self._node(goal) for goal in goals]
        names = sorted(only or world, key=lambda topic: (topic.startswith("metric"), topic))
        for name in names:
            topic, current = self.topics[name], truth.world[name]
            # The last candidate is what is there already.
            for bits in () if current == self._best[name] else _candidates(topic, current):
                if bits == current or all(truth.would_hold(node, name, bits) for node in nodes):
                    truth.change(name, bits)
                    break
        return truth.world

    def best(self) -> World:
        """Return the world in which everything is as good as can be."""
        return dict(self._best)

    def holds(self, formula: Formula, world: World) -> bool:
        """Tell whether a formula holds in a world."""
        return Truth(world).holds(self._node(formula))

    def pieces(self, world: World) -> tuple[Piece, ...]:
        """Return the evidence of a world."""
        return tuple(
            piece for name, topic in self.topics.items() for piece in _pieces_of(topic, world[name])
        )

    def lacking(self, world: World) -> tuple[str, ...]:
        """Name what there is nothing about in a world, of that which there could be."""
        found = []
        for name, topic in self.topics.items():
            here = {p.variant for p in _pieces_of(topic, world[name])}
            for piece in _pieces_of(topic, self._best[name]):
                if piece.variant not in here:
                    is_metric = name.startswith("metric:")
                    found.append(f"{name}, {piece.variant}" if is_metric else name)
        return tuple(found)

    @staticmethod
    def _domain(topic: Topic) -> Domain:
        needed = () if topic.is_joined else (topic.every,)
        return Domain(topic.every, needed, topic.is_joined, topic.best)

    def _node(self, formula: Formula) -> Node:
        known = self._nodes.get(id(formula))
        if known is None:
            known = (formula, self._made(formula))
            self._nodes[id(formula)] = known
        return known[1]

    def _made(self, formula: Formula) -> Node:
        if isinstance(formula, Threshold):
            return self._gate(formula.needed, tuple(map(self._node, formula.parts)))
        topic = self._where[formula.check.key]
        met, adverse = topic.met[formula.check.key], topic.adverse[formula.check.key]
        parts: tuple[Node, ...] = (self._demand(topic.name, adverse, is_there=False),)
        if formula.at_least is State.MET:
            parts = (*parts, self._demand(topic.name, met, is_there=True))
        node = self._gate(len(parts), parts)
        return node if formula.holds else opposite(node)

    def _demand(self, topic: str, bits: int, *, is_there: bool) -> Demand:
        """Return the one node that says this, so that nodes are the same when they are alike."""
        key = (topic, bits)
        if key not in self._demands:
            there, none = Demand(topic, bits, True), Demand(topic, bits, False)  # noqa: FBT003
            there.opposite, none.opposite = none, there
            self._demands[key] = there
        found = self._demands[key]
        if is_there or found.opposite is None:
            return found
        return found.opposite

    def _gate(self, needed: int, parts: tuple[Node, ...]) -> Gate:
        if needed == 1 and len(parts) == 1 and isinstance(parts[0], Gate):
            return parts[0]
        key = (needed, parts)
        if key not in self._gates:
            gate = Gate(needed, parts)
            self._gates[key] = gate
            other = Gate(max(len(parts) - needed + 1, 0), tuple(map(opposite, parts)), gate)
            gate.opposite = other
            self._gates.setdefault((other.needed, other.parts), other)
        return self._gates[key]


def _pieces_of(topic: Topic, bits: int) -> list[Piece]:
    return [
        piece for place, piece in enumerate(topic.pieces) if bits >> place & 1 and piece is not None
    ]


def _parts_of(node: Node) -> tuple[Node, ...]:
    is_all = isinstance(node, Gate) and node.needed == len(node.parts)
    return node.parts if isinstance(node, Gate) and is_all else (node,)


def _candidates(topic: Topic, current: int) -> Iterator[int]:
    """Yield sets of pieces that are simple to tell, the best first."""
    yield topic.best
    is_metric = topic.name.startswith("metric:")
    singles = [1 << place for place in range(len(topic.pieces))]
    nothing = [0] if topic.is_joined else []
    best = [*bits_of(topic.best)]
    yield from (bits | other for bits in singles for other in best) if is_metric else nothing
    yield from singles
    yield from nothing
    yield current
