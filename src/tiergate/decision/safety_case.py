# SPDX-License-Identifier: Apache-2.0
"""A safety case as a graph: claims, how they are argued, and what the argument leans on.

Statuses are rolled up with the combinations that judge requirements, from checks that keep the
outcome they were judged to have. So a picture of the argument cannot say anything else than the
decision does. What nobody has to show stays an assumption, and an assumption has no status.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tiergate.decision.outcome import Outcome, all_of, any_of, at_least


class Kind(enum.StrEnum):
    """What an element of the argument is."""

    GOAL = "goal"
    """A claim that is to be shown."""
    STRATEGY = "strategy"
    """How a claim is split into others."""
    CONTEXT = "context"
    """What a claim is about."""
    ASSUMPTION = "assumption"
    """What is taken to hold and is not shown."""
    EVIDENCE = "evidence"
    """A check, with the evidence that was held against it."""
    DEFEATER = "defeater"
    """What speaks against a claim, or would."""


class Combination(enum.StrEnum):
    """How a status follows from those below."""

    CHECK = "check"
    """It was judged; nothing below counts."""
    ALL_OF = "all of"
    """Every one is needed."""
    ANY_OF = "any one of"
    """One is enough."""
    AT_LEAST = "at least"
    """A number of them is enough."""


_PREFIXES = {
    Kind.GOAL: "G",
    Kind.STRATEGY: "S",
    Kind.CONTEXT: "C",
    Kind.ASSUMPTION: "A",
    Kind.EVIDENCE: "Sn",
    Kind.DEFEATER: "D",
}


_UNSHOWN = {Kind.ASSUMPTION: "unsupported", Kind.CONTEXT: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One element of the argument."""

    id: str
    """Its id in the case, as in ``G1``."""
    kind: Kind
    """What it is."""
    text: str
    """What it says."""
    status: Outcome | None = None
    """What the evidence says; None for whatever is not shown by evidence."""
    combines: Combination = Combination.CHECK
    """How the status follows from those below."""
    needed: int = 0
    """How many are enough; 0 unless a number is."""
    supported_by: tuple[str, ...] = ()
    """Ids of what it is argued from."""
    in_context_of: tuple[str, ...] = ()
    """Ids of contexts and assumptions."""
    challenged_by: tuple[str, ...] = ()
    """Ids of defeaters."""
    requirement: str = ""
    """Id of the requirement of the policy that it is; empty when it is none."""
    waived: str = ""
    """Who waived it and until when; empty when nobody did."""
    rests_on_waiver: bool = False
    """Whether it is met and a waiver stands in for evidence, here or below."""
    is_raised: bool = False
    """Whether a defeater is there, and not only possible."""
    clauses: tuple[str, ...] = ()
    """Ids of the clauses that it answers."""
    evidence: tuple[str, ...] = ()
    """Ids of the evidence that was looked at."""
    details: tuple[str, ...] = ()
    """What else there is to say, a line each."""
    next_step: str = ""
    """What to do about it; empty when nothing."""
    folded: int = 0
    """How many elements below are left out here."""

    @property
    def standing(self) -> str:
        """How it stands, in a word or two; empty for a context."""
        if self.kind is Kind.DEFEATER:
            return "raised" if self.is_raised else "possible"
        if self.kind in _UNSHOWN:
            return _UNSHOWN[self.kind]
        if self.waived:
            return "met by waiver"
        return f"{self.status}, by waiver" if self.rests_on_waiver else str(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyCase:
    """An argument about one tier of one checkpoint."""

    root: str
    """Id of the topmost claim."""
    nodes: Mapping[str, Node] = field(repr=False)
    """Every element by its id, in the order in which it comes first when read from the top."""

    @property
    def top(self) -> Node:
        """The topmost claim."""
        return self.nodes[self.root]

    def open_assumptions(self) -> tuple[Node, ...]:
        """Return what is taken to hold and shown by nothing."""
        return tuple(node for node in self.nodes.values() if node.kind is Kind.ASSUMPTION)

    def around(self, node: Node) -> tuple[Node, ...]:
        """Return contexts, assumptions and defeaters of ``node``."""
        return tuple(self.nodes[name] for name in (*node.in_context_of, *node.challenged_by))

    def below(self, node: Node) -> tuple[Node, ...]:
        """Return what ``node`` is argued from."""
        return tuple(self.nodes[name] for name in node.supported_by)


def rolled_up(case: SafetyCase) -> Mapping[str, Outcome]:
    """Compute every status again from the checks and the waivers alone."""
    found: dict[str, Outcome] = {}

    def status(name: str) -> Outcome:
        if name not in found:
            node = case.nodes[name]
            found[name] = status_of(node, [status(below) for below in node.supported_by])
        return found[name]

    status(case.root)
    return found


def status_of(node: Node, below: list[Outcome]) -> Outcome:
    """Return the status of ``node`` from the statuses of what it is argued from.

    What is argued from nothing is undetermined, and so is a check without an outcome.
    """
    if node.waived:
        return Outcome.MET
    if node.combines is Combination.CHECK:
        return node.status or Outcome.UNDETERMINED
    if node.combines is Combination.AT_LEAST:
        return at_least(node.needed, below)
    return any_of(below) if node.combines is Combination.ANY_OF else all_of(below)


def outline(case: SafetyCase) -> SafetyCase:
    """Leave out what requirements are argued from."""
    return _folded(case, {node.id for node in case.nodes.values() if node.requirement})


def shallow(case: SafetyCase, levels: int) -> SafetyCase:
    """Leave out what is argued more than ``levels`` steps below the topmost claim."""
    at = {case.root}
    seen = set(at)
    for _ in range(levels):
        at = {below for name in at for below in case.nodes[name].supported_by} - seen
        seen |= at
    return _folded(case, at)


def _folded(case: SafetyCase, names: set[str]) -> SafetyCase:
    """Leave out what is below these elements; their statuses stay, defeaters move up to them."""
    nodes = dict(case.nodes)
    for name in names:
        node = case.nodes[name]
        inside = tuple(_inside(case, node))
        against = (other for below in inside for other in below.challenged_by)
        raised = [other for other in against if case.nodes[other].is_raised]
        nodes[name] = replace(
            node,
            supported_by=(),
            combines=Combination.CHECK,
            challenged_by=tuple(dict.fromkeys((*node.challenged_by, *raised))),
            folded=len(inside),
        )
    return reachable(SafetyCase(root=case.root, nodes=nodes))


def _inside(case: SafetyCase, node: Node) -> Iterator[Node]:
    names = dict.fromkeys(node.supported_by)
    seen: set[str] = set()
    while names:
        name = next(iter(names))
        del names[name]
        if name not in seen:
            seen.add(name)
            yield case.nodes[name]
            names |= dict.fromkeys(case.nodes[name].supported_by)


def reachable(case: SafetyCase) -> SafetyCase:
    """Leave out what cannot be come to from the top, and put the rest in reading order."""
    seen: dict[str, Node] = {}

    def visit(name: str) -> None:
        if name not in seen:
            node = seen[name] = case.nodes[name]
            for other in (*node.in_context_of, *node.challenged_by, *node.supported_by):
                visit(other)

    visit(case.root)
    return SafetyCase(root=case.root, nodes=seen)


def numbered(case: SafetyCase) -> SafetyCase:
    """Give ids by kind and in reading order, as in ``G1`` for the topmost claim."""
    found = reachable(case)
    counts = dict.fromkeys(Kind, 0)
    names: dict[str, str] = {}
    for node in found.nodes.values():
        counts[node.kind] += 1
        names[node.id] = f"{_PREFIXES[node.kind]}{counts[node.kind]}"

    def called(others: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names[other] for other in others)

    nodes = {
        names[node.id]: replace(
            node,
            id=names[node.id],
            supported_by=called(node.supported_by),
            in_context_of=called(node.in_context_of),
            challenged_by=called(node.challenged_by),
        )
        for node in found.nodes.values()
    }
    return SafetyCase(root=names[case.root], nodes=nodes)
