# SPDX-License-Identifier: Apache-2.0
"""The elements of a case while it is built, with statuses from what stands below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case import Combination, Kind, Node, SafetyCase, status_of
from tiergate.decision.words import reading_words

_WITH_STATUS = frozenset({Kind.GOAL, Kind.STRATEGY, Kind.EVIDENCE})


class Nodes:
    """Elements by their id; whatever one of them rests on is added first."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._said: dict[tuple[Kind, str, tuple[str, ...]], str] = {}
        self._without_waivers: dict[str, Outcome] = {}

    def case(self, root: str) -> SafetyCase:
        """Return what was added as the case with this topmost claim."""
        return SafetyCase(root=root, nodes=dict(self._nodes))

    def add(self, node: Node) -> str:
        """Add an element, with an id and with its status from what stands below it."""
        name = str(len(self._nodes))
        if node.kind in _WITH_STATUS:
            clean = [self._without_waivers[other] for other in node.supported_by]
            below = [
                self._nodes[other].status or Outcome.UNDETERMINED for other in node.supported_by
            ]
            self._without_waivers[name] = status_of(replace(node, waived=""), clean)
            status = status_of(node, below)
            leans = status is Outcome.MET and self._without_waivers[name] is not Outcome.MET
            node = replace(node, status=status, rests_on_waiver=leans)
        self._nodes[name] = replace(node, id=name)
        return name

    def goal(
        self,
        text: str,
        below: Iterable[str],
        assumed: Iterable[str] = (),
        against: Iterable[str] = (),
    ) -> str:
        """Add a claim that everything ``below`` is needed for."""
        return self.add(
            Node(
                id="",
                kind=Kind.GOAL,
                text=text,
                combines=Combination.ALL_OF,
                supported_by=tuple(dict.fromkeys(below)),
                in_context_of=tuple(assumed),
                challenged_by=tuple(against),
            )
        )

    def strategy(
        self,
        text: str,
        below: Iterable[str],
        combines: Combination = Combination.ALL_OF,
        needed: int = 0,
    ) -> str:
        """Add a way of splitting a claim; equal parts count as often as they stand there."""
        return self.add(
            Node(
                id="",
                kind=Kind.STRATEGY,
                text=text,
                combines=combines,
                needed=needed,
                supported_by=tuple(below),
            )
        )

    def assumption(self, text: str, details: tuple[str, ...] = ()) -> str:
        """Add what is taken to hold, each once."""
        return self._once(Node(id="", kind=Kind.ASSUMPTION, text=text, details=details))

    def possible(self, text: str) -> str:
        """Add what would speak against a claim, each once."""
        return self._once(Node(id="", kind=Kind.DEFEATER, text=text))

    def raised(self, text: str, more: tuple[str, ...]) -> str:
        """Add what speaks against a check, each once."""
        text = f"{text}; and {len(more)} more" if more else text
        node = Node(id="", kind=Kind.DEFEATER, text=text, is_raised=True, details=more)
        return self._once(node)

    def _once(self, node: Node) -> str:
        said = (node.kind, node.text, node.details)
        if said not in self._said:
            self._said[said] = self.add(node)
        return self._said[said]


def check_node(found: Explanation, asked: str, nodes: Nodes) -> str:
    """Add a single check, ``asked`` for at some tiers, with its evidence and what is against it."""
    against = _against(found)
    raised = nodes.raised(against[0], against[1:]) if against else ""
    return nodes.add(
        Node(
            id="",
            kind=Kind.EVIDENCE,
            text=f"{_capitalised(found.title)} ({asked})",
            status=found.outcome,
            challenged_by=(raised,) if raised else (),
            evidence=tuple(dict.fromkeys(name for node in found.walk() for name in node.used)),
            details=tuple(dict.fromkeys(_lines(found))),
            next_step=next((leaf.next_step for leaf in found.blockers() if leaf.next_step), ""),
        )
    )


def _capitalised(title: str) -> str:
    # The name of a metric, as in ``cyber.exploits``, stays as measurements have it.
    is_name = "." in title.partition(" ")[0]
    return title if is_name else title[:1].upper() + title[1:]


def _lines(found: Explanation) -> Iterator[str]:
    for node in found.walk():
        if node.reason:
            yield node.reason if node is found else f"{node.title}: {node.reason}"
        for reading in node.readings:
            yield f"{reading_words(reading)} ({reading.variant})"


def _against(found: Explanation) -> tuple[str, ...]:
    """Return what speaks against a check; empty when nothing that was found does.

    That something is missing speaks against nothing: it leaves the check undetermined.
    """
    if found.outcome is Outcome.MET:
        return ()
    adverse = [
        f"{reading_words(replace(reading, set_aside=()))} ({reading.variant})"
        for node in found.walk()
        for reading in node.readings
        if reading.outcome is not Outcome.MET and not reading.is_neutral
    ]
    if found.outcome is Outcome.NOT_MET and not adverse:
        adverse = [leaf.reason or leaf.title for leaf in found.blockers()]
    return tuple(dict.fromkeys(adverse))
