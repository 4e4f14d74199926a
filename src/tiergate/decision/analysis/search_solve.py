# SPDX-License-Identifier: Apache-2.0
"""The search itself: what is forced is done at once, then one way after another is tried.

Whatever fails says on which of the earlier decisions it rests, so that those that had no part in
it are not tried the other way.
"""

from __future__ import annotations

from collections.abc import Iterable

from tiergate.decision.analysis.search_nodes import (
    Demand,
    Gate,
    Given,
    Left,
    Node,
    Waiting,
    Why,
    is_true,
    opposite,
    status,
)


def _is_about_claims(node: Node) -> bool:
    """Numbers say more than a claim that nobody has made, so they are tried first."""
    return not any(topic.startswith("metric:") for topic in node.topics)


def chosen(
    choices: tuple[Node, ...],
    waiting: list[Waiting],
    left: Left,
    focus: frozenset[str],
    excluded: set[Node] | None = None,
) -> Left | None:
    """Hold one part of each choice after another against all that waits.

    Args:
        choices: of each of them one part has to hold.
        waiting: what has to hold besides.
        left: what is left of each topic.
        focus: what was chosen so far is about these topics.
        excluded: parts known not to hold beside what waits, to which those that are found out are
            added; None where something was chosen already.
    """
    if not choices:
        whole = _solve((), left, waiting, focus, 0)
        return None if isinstance(whole, int) else whole
    choice, *others = choices
    is_one_of = isinstance(choice, Gate) and choice.needed == 1
    parts = choice.parts if isinstance(choice, Gate) and is_one_of else (choice,)
    known = set[Node]() if excluded is None else excluded
    for part in sorted((part for part in parts if part not in known), key=_is_about_claims):
        tried = left.copy()
        still = narrowed(((part, 0),), waiting, tried)
        near = focus | part.topics
        if isinstance(still, int):
            known.add(part)
            continue
        found = chosen(tuple(others), still, tried, near)
        if found is not None:
            return found
        if not others:
            known.add(part)
    return None


def _solve(
    goals: Iterable[Given],
    given: Left,
    waiting: Iterable[Waiting],
    focus: frozenset[str],
    depth: int,
) -> Left | Why:
    """Look for what is left when every goal holds, beside gates that wait already.

    ``focus`` are the topics of what was tried: whatever cannot hold with it is about them.

    Returns:
        What is left, or the decisions because of which nothing is.
    """
    left = given.copy()
    still = narrowed(goals, waiting, left)
    if isinstance(still, int):
        return still
    for group in _apart(still):
        found = _branched(group, left, focus, depth)
        if isinstance(found, int):
            return found
        left = found
    return left


def _branched(waiting: list[Waiting], left: Left, focus: frozenset[str], depth: int) -> Left | Why:
    """Take what is likely; else try one part of a gate, then the rest of it.

    Where what failed does not rest on the part that was tried, the rest fails as well.
    """
    about = frozenset[str]().union(*(gate.topics for gate, _ in waiting))
    likely = {name: left.domains[name].likely for name in about}
    if all(is_true(gate, likely) for gate, _ in waiting):
        pinned = {name: left.domains[name].pinned() for name in about}
        return Left(left.domains | pinned, left.narrowed, left.held)
    gate, why = _next(waiting, focus)
    rest = [node for node in waiting if node[0] is not gate]
    first, *others = sorted(gate.parts, key=lambda part: not is_true(part, likely))
    near, own = focus or first.topics, 1 << depth
    goals = [(first, why | own), (Gate(gate.needed - 1, tuple(others)), why | own)]
    taken = _solve(goals, left, rest, near, depth + 1)
    if not isinstance(taken, int) or not taken & own:
        return taken
    why_not = taken & ~own
    goals = [(opposite(first), why_not | why), (Gate(gate.needed, tuple(others)), why_not | why)]
    other = _solve(goals, left, rest, focus, depth + 1)
    return other | why_not if isinstance(other, int) else other


def _next(waiting: list[Waiting], focus: frozenset[str]) -> Waiting:
    """Choose the widest gate at first, then the one that is most about what was tried."""

    def distance(found: Waiting) -> tuple[float, int]:
        gate = found[0]
        shared = len(gate.topics & focus) / len(gate.topics | focus)
        return -shared, len(gate.parts)

    near = [found for found in waiting if not focus.isdisjoint(found[0].topics)]
    if near:
        return min(near, key=distance)
    return max(waiting, key=lambda found: len(found[0].parts))


def _apart(waiting: list[Waiting]) -> list[list[Waiting]]:
    """Part the gates into groups that share no topic, which can be solved one by one."""
    groups: list[tuple[frozenset[str], list[Waiting]]] = []
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


def narrowed(goals: Iterable[Given], before: Iterable[Waiting], left: Left) -> list[Waiting] | Why:
    """Narrow what is left by all that is forced; return what is open, or why nothing is left.

    Gates that wait already are looked at again when something that they are about has changed.
    """
    todo: list[Given] = list(goals)
    waiting = list(before)
    while todo:
        changed: set[str] = set()
        while todo:
            goal, why = todo.pop()
            if isinstance(goal, Demand):
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
            else:
                waiting.append((simpler, why))
                left.held.setdefault(simpler, why)
        touched = [found for found in waiting if not changed.isdisjoint(found[0].topics)]
        waiting = [found for found in waiting if changed.isdisjoint(found[0].topics)]
        todo += touched
    return waiting


def _demanded(goal: Demand, why: Why, left: Left, changed: set[str]) -> Why | None:
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


def _simplified(gate: Gate, left: Left) -> tuple[Gate, Why]:
    """Leave out the parts that hold, or do not, in every world that is left; say why they do not.

    That some part holds is no reason for anything: it leaves as many parts to be chosen from
    as have to be.
    """
    needed, open_parts, why = gate.needed, list[Node](), 0
    if needed <= 0:
        return Gate(0, ()), 0
    for part in gate.parts:
        found = status(part, left)
        if found is True:
            needed -= 1
        elif found is None:
            open_parts.append(part)
        else:
            why |= left.why_not(part)
    if needed == gate.needed and len(open_parts) == len(gate.parts):
        return gate, 0
    return Gate(max(needed, 0), tuple(open_parts) if needed > 0 else ()), why
