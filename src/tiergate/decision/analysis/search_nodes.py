# SPDX-License-Identifier: Apache-2.0
"""What a search over evidence is made of: demands on topics, gates over them, what is left.

Nodes that say the same are the same object, so that one that is known to hold, or whose opposite
is, need not be looked into.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

World = dict[str, int]
"""For each topic which of its pieces are there, as bits."""


@dataclass(slots=True, eq=False)
class Demand:
    """Of a topic none of these pieces is there, or one of them is."""

    topic: str
    bits: int
    is_there: bool
    opposite: Demand | None = None
    known_topics: frozenset[str] | None = None

    @property
    def topics(self) -> frozenset[str]:
        """What it is about."""
        if self.known_topics is None:
            self.known_topics = frozenset((self.topic,))
        return self.known_topics


@dataclass(slots=True, eq=False)
class Gate:
    """At least so many of these."""

    needed: int
    parts: tuple[Node, ...]
    opposite: Gate | None = None
    known_topics: frozenset[str] | None = None

    @property
    def topics(self) -> frozenset[str]:
        """What it is about."""
        if self.known_topics is None:
            self.known_topics = frozenset[str]().union(*(part.topics for part in self.parts))
        return self.known_topics


Node = Demand | Gate


@dataclass(frozen=True, slots=True)
class Domain:
    """What is left of a topic."""

    allowed: int
    needed: tuple[int, ...]
    """Sets of pieces, each within what is allowed, of which one is there."""
    is_joined: bool
    best: int
    """The pieces that are there when everything is as good as can be."""

    def says(self, demand: Demand) -> bool | None:
        """Tell whether a demand is met in all that is left, in nothing, or in some."""
        among = self.allowed & demand.bits
        if not among:
            return not demand.is_there
        if any(not found & ~demand.bits for found in self.needed):
            return demand.is_there
        return None

    def after(self, demand: Demand) -> Domain | None:
        """Return what is left with a demand; None when nothing is."""
        if demand.is_there and self.is_joined:
            among = self.allowed & demand.bits
            needed = (*self.needed, among)
            return dataclasses.replace(self, needed=needed) if among else None
        allowed = self.allowed & (demand.bits if demand.is_there else ~demand.bits)
        needed = tuple(found & allowed for found in self.needed)
        return dataclasses.replace(self, allowed=allowed, needed=needed) if all(needed) else None

    @property
    def likely(self) -> int:
        """Pieces that may be there together, as near to the best as can be."""
        chosen = self.best & self.allowed
        for among in sorted(self.needed, key=int.bit_count):
            if not among & chosen:
                both = among
                for other in self.needed:
                    both = both & other or both
                chosen |= both & -both
        return chosen

    def pinned(self) -> Domain:
        """Return the domain in which just these pieces are there."""
        bits = self.likely
        return dataclasses.replace(self, allowed=bits, needed=tuple(bits_of(bits)))


Why = int
"""Which decisions of the search something rests on, as bits."""
Given = tuple[Node, Why]


Waiting = tuple[Gate, Why]


@dataclass(slots=True)
class Left:
    """What is left: of each topic, and which nodes are known to hold, each with why."""

    domains: dict[str, Domain]
    narrowed: dict[str, Why]
    held: dict[Node, Why]

    def copy(self) -> Left:
        """Return what can be narrowed without touching this."""
        return Left(dict(self.domains), dict(self.narrowed), dict(self.held))

    def why_not(self, node: Node) -> Why:
        """Return why a node does not hold in anything that is left."""
        if isinstance(node, Demand):
            return self.narrowed.get(node.topic, 0)
        if node.opposite in self.held:
            return self.held[node.opposite]
        why = 0
        for part in node.parts:
            if status(part, self) is False:
                why |= self.why_not(part)
        return why


def bits_of(bits: int) -> Iterator[int]:
    """Yield each bit alone, the lowest first."""
    while bits:
        yield bits & -bits
        bits &= bits - 1


def is_true(node: Node, world: Mapping[str, int]) -> bool:
    """Tell whether a node holds where these pieces of each topic are there."""
    if isinstance(node, Demand):
        return bool(node.bits & world[node.topic]) is node.is_there
    found = 0
    for part in node.parts:
        found += is_true(part, world)
        if found >= node.needed:
            return True
    return found >= node.needed


class Truth:
    """Which nodes hold in a world that changes topic by topic; what stays is not looked at again.

    Args:
        world: where these pieces of each topic are there.
    """

    def __init__(self, world: World) -> None:
        self.world = dict(world)
        self._known: dict[Node, bool] = {}

    def holds(self, node: Node) -> bool:
        """Tell whether a node holds."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = _is_true(node, self.world, self.holds)
        return found

    def would_hold(self, node: Node, topic: str, bits: int) -> bool:
        """Tell whether a node would hold with other pieces of one topic."""
        changed = {**self.world, topic: bits}
        known: dict[Node, bool] = {}

        def look(part: Node) -> bool:
            if topic not in part.topics:
                return self.holds(part)
            found = known.get(part)
            if found is None:
                found = known[part] = _is_true(part, changed, look)
            return found

        return look(node)

    def change(self, topic: str, bits: int) -> None:
        """Take other pieces of one topic."""
        self.world[topic] = bits
        self._known = {n: found for n, found in self._known.items() if topic not in n.topics}


def _is_true(node: Node, world: Mapping[str, int], look: Callable[[Node], bool]) -> bool:
    if isinstance(node, Demand):
        return bool(node.bits & world[node.topic]) is node.is_there
    found = 0
    for part in node.parts:
        found += look(part)
        if found >= node.needed:
            return True
    return found >= node.needed


def status(node: Node, left: Left) -> bool | None:
    """Tell whether a node holds in every world that is left, in none, or in some."""
    if isinstance(node, Demand):
        return left.domains[node.topic].says(node)
    if node in left.held:
        return True
    if node.opposite in left.held:
        return False
    true = unknown = 0
    for part in node.parts:
        found = status(part, left)
        true += found is True
        unknown += found is None
        if true >= node.needed:
            return True
    if true >= node.needed:
        return True
    return None if true + unknown >= node.needed else False


def opposite(node: Node) -> Node:
    """Return what holds exactly when a node does not."""
    assert node.opposite is not None  # noqa: S101 - what a problem is made of comes in pairs
    return node.opposite
