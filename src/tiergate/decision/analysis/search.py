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
from tiergate.decision.analysis.topics import Topic

World = dict[str, int]
"""For each topic which of its pieces are there, as bits."""


@dataclass(slots=True, eq=False)
class _Demand:
    """Of a topic none of these pieces is there, or one of them is."""

    topic: str
    bits: int
    is_there: bool
    opposite: _Demand | None = None

    @property
    def topics(self) -> frozenset[str]:
        """What it is about."""
        return frozenset((self.topic,))


@dataclass(slots=True, eq=False)
class _Gate:
    """At least so many of these."""

    needed: int
    parts: tuple[_Node, ...]
    opposite: _Gate | None = None
    known_topics: frozenset[str] | None = None

    @property
    def topics(self) -> frozenset[str]:
        """What it is about."""
        if self.known_topics is None:
            self.known_topics = frozenset[str]().union(*(part.topics for part in self.parts))
        return self.known_topics


_Node = _Demand | _Gate


@dataclass(frozen=True, slots=True)
class _Domain:
    """What is left of a topic."""

    allowed: int
    needed: tuple[int, ...]
    """Sets of pieces, each within what is allowed, of which one is there."""
    is_joined: bool
    best: int
    """The pieces that are there when everything is as good as can be."""

    def says(self, demand: _Demand) -> bool | None:
        """Tell whether a demand is met in all that is left, in nothing, or in some."""
        among = self.allowed & demand.bits
        if not among:
            return not demand.is_there
        if any(not found & ~demand.bits for found in self.needed):
            return demand.is_there
        return None

    def after(self, demand: _Demand) -> _Domain | None:
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

    def pinned(self) -> _Domain:
        """Return the domain in which just these pieces are there."""
        bits = self.likely
        return dataclasses.replace(self, allowed=bits, needed=tuple(_bits_of(bits)))


_Why = int
"""Which decisions of the search something rests on, as bits."""
_Given = tuple[_Node, _Why]


_Waiting = tuple[_Gate, _Why]


@dataclass(slots=True)
class _Left:
    """What is left: of each topic, and which nodes are known to hold, each with why."""

    domains: dict[str, _Domain]
    narrowed: dict[str, _Why]
    held: dict[_Node, _Why]

    def copy(self) -> _Left:
        """Return what can be narrowed without touching this."""
        return _Left(dict(self.domains), dict(self.narrowed), dict(self.held))

    def why_not(self, node: _Node) -> _Why:
        """Return why a node does not hold in anything that is left."""
        if isinstance(node, _Demand):
            return self.narrowed.get(node.topic, 0)
        if node.opposite in self.held:
            return self.held[node.opposite]
        why = 0
        for part in node.parts:
            if _status(part, self) is False:
                why |= self.why_not(part)
        return why


class Problem:
    """The topics of some policies, ready to be asked."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        self.topics = dict(topics)
        self._where = {c.key: topic for topic in topics.values() for c in topic.checks}
        self._nodes: dict[int, tuple[Formula, _Node]] = {}
        self._demands: dict[tuple[str, int], _Demand] = {}
        self._gates: dict[tuple[int, tuple[_Node, ...]], _Gate] = {}

    def solve(self, *goals: Formula, fixed: Mapping[str, int] | None = None) -> World | None:
        """Return a world in which every goal holds; None when there is none.

        The ways of the first goal are looked at one by one, because each of them forces much.

        Args:
            goals: what must hold.
            fixed: topics of which exactly these pieces are there.
        """
        domains = {name: self._domain(topic) for name, topic in self.topics.items()}
        for name, bits in (fixed or {}).items():
            alone = tuple(_bits_of(bits))
            domains[name] = dataclasses.replace(domains[name], allowed=bits, needed=alone)
        first, *others = goals
        is_choice = isinstance(first, Threshold) and first.needed == 1
        rest = [node for goal in others for node in _parts_of(self._node(goal))]
        for way in first.parts if isinstance(first, Threshold) and is_choice else (first,):
            left = _Left(dict(domains), {}, {})
            waiting = _narrowed([(self._node(way), 0)], (), left)
            # Often one of the others alone cannot hold beside it, and that is soon found out.
            if isinstance(waiting, int) or any(
                _chosen((one,), waiting, left, frozenset()) is None for one in rest[:-1]
            ):
                continue
            found = _chosen(tuple(rest), waiting, left, frozenset())
            if found is not None:
                return {name: part.likely for name, part in found.domains.items()}
        return None

    def simplest(self, world: World, *goals: Formula, only: Iterable[str] | None = None) -> World:
        """Return a world that differs from the best one in as few topics as can be dropped.

        Topic after topic is set to what is best with which every goal still holds.

        Args:
            world: in which every goal holds.
            goals: what must hold.
            only: topics that may be changed; every one where it is left out.
        """
        found = dict(world)
        for name in sorted(only or found, key=lambda topic: (topic.startswith("metric"), topic)):
            if found[name] == self.topics[name].best:
                continue
            for bits in _candidates(self.topics[name], found[name]):
                tried = {**found, name: bits}
                if all(self.holds(goal, tried) for goal in goals):
                    found = tried
                    break
        return found

    def best(self) -> World:
        """Return the world in which everything is as good as can be."""
        return {name: topic.best for name, topic in self.topics.items()}

    def holds(self, formula: Formula, world: World) -> bool:
        """Tell whether a formula holds in a world."""
        return _is_true(self._node(formula), world)

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
            for piece in _pieces_of(topic, topic.best):
                if piece.variant not in here:
                    is_metric = name.startswith("metric:")
                    found.append(f"{name}, {piece.variant}" if is_metric else name)
        return tuple(found)

    @staticmethod
    def _domain(topic: Topic) -> _Domain:
        needed = () if topic.is_joined else (topic.every,)
        return _Domain(topic.every, needed, topic.is_joined, topic.best)

    def _node(self, formula: Formula) -> _Node:
        known = self._nodes.get(id(formula))
        if known is None:
            known = (formula, self._made(formula))
            self._nodes[id(formula)] = known
        return known[1]

    def _made(self, formula: Formula) -> _Node:
        if isinstance(formula, Threshold):
            parts = tuple(self._node(part) for part in formula.parts)
            return self._gate(formula.needed, parts)
        topic = self._where[formula.check.key]
        met, adverse = topic.met[formula.check.key], topic.adverse[formula.check.key]
        parts: tuple[_Node, ...] = (self._demand(topic.name, adverse, is_there=False),)
        if formula.at_least is State.MET:
            parts = (*parts, self._demand(topic.name, met, is_there=True))
        node = self._gate(len(parts), parts)
        return node if formula.holds else _opposite(node)

    def _demand(self, topic: str, bits: int, *, is_there: bool) -> _Demand:
        """Return the one node that says this, so that nodes are the same when they are alike."""
        key = (topic, bits)
        if key not in self._demands:
            there, none = _Demand(topic, bits, True), _Demand(topic, bits, False)  # noqa: FBT003
            there.opposite, none.opposite = none, there
            self._demands[key] = there
        there = self._demands[key]
        none = there.opposite
        assert none is not None  # noqa: S101 - set above
        return there if is_there else none

    def _gate(self, needed: int, parts: tuple[_Node, ...]) -> _Gate:
        if needed == 1 and len(parts) == 1 and isinstance(parts[0], _Gate):
            return parts[0]
        key = (needed, parts)
        if key not in self._gates:
            gate = _Gate(needed, parts)
            self._gates[key] = gate
            other = _Gate(max(len(parts) - needed + 1, 0), tuple(map(_opposite, parts)), gate)
            gate.opposite = other
            self._gates.setdefault((other.needed, other.parts), other)
        return self._gates[key]


def _pieces_of(topic: Topic, bits: int) -> list[Piece]:
    return [
        piece for place, piece in enumerate(topic.pieces) if bits >> place & 1 and piece is not None
    ]


def _parts_of(node: _Node) -> tuple[_Node, ...]:
    is_all = isinstance(node, _Gate) and node.needed == len(node.parts)
    return node.parts if isinstance(node, _Gate) and is_all else (node,)


def _candidates(topic: Topic, current: int) -> Iterator[int]:
    """Yield sets of pieces that are simple to tell, the best first."""
    yield topic.best
    is_metric = topic.name.startswith("metric:")
    singles = [1 << place for place in range(len(topic.pieces))]
    if topic.is_joined and not is_metric:
        yield 0
    if is_metric:
        for bits in singles:
            for best in _bits_of(topic.best):
                yield bits | best
    yield from singles
    if is_metric:
        yield 0
    yield current


def _bits_of(bits: int) -> Iterator[int]:
    while bits:
        yield bits & -bits
        bits &= bits - 1


def _is_true(node: _Node, world: World) -> bool:
    if isinstance(node, _Demand):
        return bool(node.bits & world[node.topic]) is node.is_there
    found = 0
    for part in node.parts:
        found += _is_true(part, world)
        if found >= node.needed:
            return True
    return found >= node.needed


def _status(node: _Node, left: _Left) -> bool | None:
    """Tell whether a node holds in every world that is left, in none, or in some."""
    if isinstance(node, _Demand):
        return left.domains[node.topic].says(node)
    if node in left.held:
        return True
    if node.opposite in left.held:
        return False
    true = unknown = 0
    for part in node.parts:
        found = _status(part, left)
        true += found is True
        unknown += found is None
        if true >= node.needed:
            return True
    if true >= node.needed:
        return True
    return None if true + unknown >= node.needed else False


def _is_about_claims(node: _Node) -> bool:
    """Numbers say more than a claim that nobody has made, so they are tried first."""
    return not any(topic.startswith("metric:") for topic in node.topics)


def _chosen(
    choices: tuple[_Node, ...], waiting: list[_Waiting], left: _Left, focus: frozenset[str]
) -> _Left | None:
    """Hold one part of each choice after another against all that waits."""
    if not choices:
        found = _solve((), left, waiting, focus, 0)
        return None if isinstance(found, int) else found
    choice, *others = choices
    is_one_of = isinstance(choice, _Gate) and choice.needed == 1
    parts = choice.parts if isinstance(choice, _Gate) and is_one_of else (choice,)
    for part in sorted(parts, key=_is_about_claims):
        tried = left.copy()
        still = _narrowed(((part, 0),), waiting, tried)
        near = focus | part.topics
        if isinstance(still, int):
            continue
        if others and isinstance(_solve((), tried, still, near, 0), int):
            continue
        found = _chosen(tuple(others), still, tried, near)
        if found is not None:
            return found
    return None


def _solve(
    goals: Iterable[_Given],
    given: _Left,
    waiting: Iterable[_Waiting],
    focus: frozenset[str],
    depth: int,
) -> _Left | _Why:
    """Look for what is left when every goal holds, beside gates that wait already.

    ``focus`` are the topics of what was tried: whatever cannot hold with it is about them.

    Returns:
        What is left, or the decisions because of which nothing is.
    """
    left = given.copy()
    still = _narrowed(goals, waiting, left)
    if isinstance(still, int):
        return still
    for group in _apart(still):
        found = _branched(group, left, focus, depth)
        if isinstance(found, int):
            return found
        left = found
    return left


def _branched(
    waiting: list[_Waiting], left: _Left, focus: frozenset[str], depth: int
) -> _Left | _Why:
    """Take what is likely; else try one part of a gate, then the rest of it.

    Where what failed does not rest on the part that was tried, the rest fails as well.
    """
    about = frozenset[str]().union(*(gate.topics for gate, _ in waiting))
    likely = {name: left.domains[name].likely for name in about}
    if all(_is_true(gate, likely) for gate, _ in waiting):
        pinned = {name: left.domains[name].pinned() for name in about}
        return _Left(left.domains | pinned, left.narrowed, left.held)
    gate, why = _next(waiting, focus)
    rest = [node for node in waiting if node[0] is not gate]
    first, *others = sorted(gate.parts, key=lambda part: not _is_true(part, likely))
    near, own = focus or first.topics, 1 << depth
    goals = [(first, why | own), (_Gate(gate.needed - 1, tuple(others)), why | own)]
    taken = _solve(goals, left, rest, near, depth + 1)
    if not isinstance(taken, int) or not taken & own:
        return taken
    why_not = taken & ~own
    goals = [(_opposite(first), why_not | why), (_Gate(gate.needed, tuple(others)), why_not | why)]
    other = _solve(goals, left, rest, focus, depth + 1)
    return other | why_not if isinstance(other, int) else other


def _next(waiting: list[_Waiting], focus: frozenset[str]) -> _Waiting:
    """Choose the widest gate at first, then the one that is most about what was tried."""

    def distance(found: _Waiting) -> tuple[float, int]:
        gate = found[0]
        shared = len(gate.topics & focus) / len(gate.topics | focus)
        return -shared, len(gate.parts)

    near = [found for found in waiting if not focus.isdisjoint(found[0].topics)]
    if near:
        return min(near, key=distance)
    return max(waiting, key=lambda found: len(found[0].parts))


def _apart(waiting: list[_Waiting]) -> list[list[_Waiting]]:
    """Part the gates into groups that share no topic, which can be solved one by one."""
    groups: list[tuple[frozenset[str], list[_Waiting]]] = []
    for found in waiting:
        about = found[0].topics
        together, apart = [found], []
        for names, gates in groups:
            if names & about:
                about |= names
                together += gates
            else:
                apart.append((names, gates))
        groups = [*apart, (about, together)]
    return [gates for _, gates in sorted(groups, key=lambda group: len(group[1]))]


def _opposite(node: _Node) -> _Node:
    if node.opposite is not None:
        return node.opposite
    assert isinstance(node, _Gate)  # noqa: S101 - demands come in pairs
    needed = max(len(node.parts) - node.needed + 1, 0)
    node.opposite = _Gate(needed, tuple(_opposite(part) for part in node.parts), node)
    return node.opposite


def _narrowed(
    goals: Iterable[_Given], before: Iterable[_Waiting], left: _Left
) -> list[_Waiting] | _Why:
    """Narrow what is left by all that is forced; return what is open, or why nothing is left.

    Gates that wait already are looked at again when something that they are about has changed.
    """
    todo: list[_Given] = list(goals)
    waiting = list(before)
    while todo:
        changed: set[str] = set()
        while todo:
            goal, why = todo.pop()
            if isinstance(goal, _Demand):
                failed = _demanded(goal, why, left, changed)
                if failed is not None:
                    return failed
                continue
            if goal.opposite in left.held:
                return why | left.held[goal.opposite]
            simpler, why_simpler = _simplified(goal, left)
            why |= why_simpler
            if simpler.needed > len(simpler.parts):
                return why
            if goal not in left.held:
                left.held[goal] = why
                changed |= goal.topics
            if simpler.needed == len(simpler.parts):
                todo += ((part, why) for part in simpler.parts)
            elif simpler.needed > 0:
                waiting.append((simpler, why))
                left.held.setdefault(simpler, why)
        touched = [found for found in waiting if not changed.isdisjoint(found[0].topics)]
        waiting = [found for found in waiting if changed.isdisjoint(found[0].topics)]
        todo += touched
    return waiting


def _demanded(goal: _Demand, why: _Why, left: _Left, changed: set[str]) -> _Why | None:
    """Narrow a topic by a demand; return why nothing is left of it, None when something is."""
    domain = left.domains[goal.topic]
    says = domain.says(goal)
    if says is True:
        return None
    after = None if says is False else domain.after(goal)
    why |= left.narrowed.get(goal.topic, 0)
    if after is None:
        return why
    changed.add(goal.topic)
    left.domains[goal.topic] = after
    left.narrowed[goal.topic] = why
    return None


def _simplified(gate: _Gate, left: _Left) -> tuple[_Gate, _Why]:
    """Leave out the parts that hold, or do not, in every world that is left; say why they do not.

    That some part holds is no reason for anything: it leaves as many parts to be chosen from
    as have to be.
    """
    needed, open_parts, why = gate.needed, list[_Node](), 0
    if needed <= 0:
        return _Gate(0, ()), 0
    for part in gate.parts:
        found = _status(part, left)
        if found is True:
            needed -= 1
        elif found is None:
            open_parts.append(part)
        else:
            why |= left.why_not(part)
    if needed == gate.needed and len(open_parts) == len(gate.parts):
        return gate, 0
    return _Gate(max(needed, 0), tuple(open_parts) if needed > 0 else ()), why
