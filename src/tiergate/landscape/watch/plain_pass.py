# SPDX-License-Identifier: Apache-2.0
"""A pass row by row, in plain Python: what every faster pass has to agree with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tiergate.landscape.watch.declared import parents_of
from tiergate.landscape.watch.descent import Descent, children_of, descent
from tiergate.landscape.watch.findings import AHEAD, Finding, Question, findings_of, settled
from tiergate.landscape.watch.row import Row
from tiergate.landscape.watch.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What a pass found, and over what."""

    findings: tuple[Finding, ...]
    """The findings, sorted, each once."""
    tally: Tally
    """What was read."""
    linked: tuple[Row, ...] = ()
    """Rows that descend from a released model, for a later pass over what names them."""


def plain_pass(rows: Iterable[Row], question: Question, known: Iterable[Row] = ()) -> Passed:
    """Look through rows.

    Args:
        rows: what a feed gives; all are held in memory.
        question: what is looked for.
        known: rows of earlier passes: they take part, and are not counted.
    """
    new = tuple(rows)
    every = (*new, *known)
    edges = [(row.key, parent) for row in every for parent in parents_of(row)]
    descents = descents_of(edges, question)
    found = (finding for row in every for finding in findings_of(row, question, descents))
    linked = tuple(row for row in every if any(row.key in each for each in descents.values()))
    return Passed(findings=settled(found), tally=tally_of(new, question), linked=linked)


def descents_of(edges: Iterable[tuple[str, str]], question: Question) -> dict[str, Descent]:
    """Return what descends from each released model, by its name."""
    children = children_of(edges)
    return {model.name: descent(children, model.keys) for model in question.models}


def tally_of(rows: tuple[Row, ...], question: Question) -> Tally:
    """Count rows."""
    dates = [row.created_at for row in rows if row.created_at is not None]
    sound = [date for date in dates if date <= question.at + AHEAD]
    return Tally(
        rows=len(rows),
        duplicates=len(rows) - len({row.key for row in rows}),
        dated_ahead=len(dates) - len(sound),
        undated=len(rows) - len(dates),
        declaring=len({row.key for row in rows if parents_of(row)}),
        with_digests=sum(any(f.sha256 for f in row.files) for row in rows),
        first_created=min(sound, default=None),
        last_created=max(sound, default=None),
    )
