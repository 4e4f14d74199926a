# SPDX-License-Identifier: Apache-2.0
"""Who names whom, held in memory while a hub is polled: a page costs what is on it.

A page is looked at together with the rows of earlier pages that it links to a released model for
the first time, the first page of a run with all that are linked; nothing else is read again.
"""

from __future__ import annotations

from tiergate.cli.watch_state import WatchState
from tiergate.landscape.watch.declared import parents_of
from tiergate.landscape.watch.descent import Descent, children_of, descent
from tiergate.landscape.watch.findings import Question, findings_of, settled
from tiergate.landscape.watch.plain_pass import Passed, tally_of
from tiergate.landscape.watch.row import Row


class Links:
    """The declarations that a state knows."""

    def __init__(self, state: WatchState, question: Question) -> None:
        """Begin; they are read when they are needed first."""
        self._state = state
        self._question = question
        self._version = -1
        self._children: dict[str, list[str]] = {}
        self._linked: set[str] = set()

    def look(self, rows: tuple[Row, ...]) -> Passed:
        """Look at the rows of a page, and at what is remembered and becomes linked by them."""
        if self._version != self._state.version:
            # The first time, and when another run wrote something. Everything that is linked is
            # looked at then: a model may have been added to those that are watched.
            self._version = self._state.version
            self._children = children_of(_edges(self._state.rows()))
            self._linked = set()
        descents = self._descents(_edges(rows))
        more = _reached(descents) - self._linked
        known = self._state.rows(more)
        found = (
            finding
            for row in (*rows, *known)
            for finding in findings_of(row, self._question, descents)
        )
        return Passed(findings=settled(found), tally=tally_of(rows, self._question))

    def keep(self, rows: tuple[Row, ...]) -> None:
        """Take over what a page declares, once it is written."""
        for child, parent in _edges(rows):
            self._children.setdefault(parent, []).append(child)
        self._linked = _reached(self._descents([]))

    def _descents(self, more: list[tuple[str, str]]) -> dict[str, Descent]:
        children: dict[str, list[str]] = self._children
        if more:
            new = children_of(more)
            changed = {parent: [*children.get(parent, ()), *found] for parent, found in new.items()}
            children = {**children, **changed}
        return {model.name: descent(children, model.keys) for model in self._question.models}


def _edges(rows: tuple[Row, ...]) -> list[tuple[str, str]]:
    return [(row.key, parent) for row in rows for parent in parents_of(row)]


def _reached(descents: dict[str, Descent]) -> set[str]:
    return {key for each in descents.values() for key in each.parent_of}
