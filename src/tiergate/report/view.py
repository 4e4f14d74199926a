# SPDX-License-Identifier: Apache-2.0
"""From a decision to what the page's templates need: sentences, rungs, blockers and trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from tiergate.decision.decision import Condition, Decision, TierVerdict
from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Number
from tiergate.decision.policy_words import amount, source_words
from tiergate.decision.tier import Tier
from tiergate.decision.words import reading_words

_PROGRAM = "tiergate "
_SHOWN_REASONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do next: words, a command, or both."""

    words: str
    """What to do; empty when the command says it."""
    command: str
    """What to run; empty when nothing can be run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A requirement that keeps the tier in question closed."""

    row: Explanation
    """The requirement."""
    reasons: tuple[str, ...]
    """The first reasons in words."""
    more: int
    """How many further reasons the full tree has."""
    step: Step | None
    """What to do about it; None when nothing is known."""
    anchor: str
    """Where its tree stands on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """A requirement of one tier with its tree, or with a pointer to an equal one."""

    row: Explanation
    """The requirement."""
    anchor: str
    """Its own place on the page."""
    same_as: str
    """Place of the equal tree that is printed in full; empty when this one is."""


class Rung(Protocol):
    """What was said about one tier, in a decision or in a record of one."""

    @property
    def tier(self) -> Tier:
        """The tier."""
        ...

    @property
    def requirements(self) -> tuple[Explanation, ...]:
        """Its own requirements."""
        ...

    @property
    def fast_path(self) -> tuple[Explanation, ...]:
        """Those of its fast path."""
        ...


class Ladder(Protocol):
    """What was said about every tier."""

    @property
    def asked(self) -> Tier:
        """The tier in question."""
        ...

    @property
    def tiers(self) -> tuple[Rung, ...]:
        """Every tier, most closed first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTrees:
    """The requirements of one tier."""

    verdict: Rung
    """What was said about it."""
    rows: tuple[TreeRow, ...]
    """Its own requirements."""
    fast_path: tuple[TreeRow, ...]
    """Those of its fast path; empty when it has none."""


def sentences(decision: Decision) -> tuple[str, ...]:
    """Say in two or three sentences what the decision means."""
    asked = decision.verdict(decision.asked)
    supported = decision.verdict(decision.supported)
    name = f"{asked.tier} {asked.definition.name}"
    first = {
        Outcome.MET: f"The evidence supports {name}.",
        Outcome.NOT_MET: f"The evidence speaks against {name}.",
        Outcome.UNDETERMINED: f"The evidence does not settle whether {name} may be opened, "
        "and what is not known opens nothing.",
    }[decision.outcome]
    second = f"It supports {supported.tier} {supported.definition.name}."
    if decision.supported is Tier.T0 and supported.outcome is not Outcome.MET:
        second = f"It supports nothing above the floor, {supported.tier}."
    if decision.outcome is Outcome.MET:
        second = "" if decision.supported is decision.asked else second
    third = ""
    if decision.asked.is_irreversible:
        third = "Weights that were published cannot be called back."
    return tuple(sentence for sentence in (first, second, third) if sentence)


def count_words(rows: Iterable[Explanation]) -> str:
    """Count outcomes, as in ``5 of 30 met, 24 undetermined, 1 not met``."""
    outcomes = [row.outcome for row in rows]
    others = (
        f"{outcomes.count(outcome)} {outcome}"
        for outcome in (Outcome.UNDETERMINED, Outcome.NOT_MET)
        if outcome in outcomes
    )
    return ", ".join((f"{outcomes.count(Outcome.MET)} of {len(outcomes)} met", *others))


def blockers(decision: Decision) -> tuple[Blocker, ...]:
    """Return what keeps the tier in question closed, failures first."""
    places = {
        (tree.row.id, tree.row.outcome): tree.anchor
        for tier in trees(decision)
        for tree in tier.rows
    }
    return tuple(
        _blocker(row, places.get((row.id, row.outcome), "requirements"))
        for row in decision.blocking()
    )


def _blocker(row: Explanation, anchor: str) -> Blocker:
    leaves = tuple(row.blockers())
    decisive = [leaf for leaf in leaves if leaf.outcome is row.outcome] or list(leaves)
    # What was measured says more than what is missing, and a long list hides both.
    decisive.sort(key=lambda leaf: not leaf.readings)
    reasons = [reason for leaf in decisive for reason in _reasons(leaf)]
    numbers = sum(len(leaf.readings) for leaf in decisive)
    kept = max(1, min(numbers, _SHOWN_REASONS))
    step = next((leaf.next_step for leaf in decisive if leaf.next_step), "")
    return Blocker(
        row=row,
        reasons=tuple(reasons[:kept]),
        more=len(reasons) - kept,
        step=step_of(step) if step else None,
        anchor=anchor,
    )


def _reasons(leaf: Explanation) -> Iterator[str]:
    for reading in leaf.readings:
        yield f"{reading_words(reading)} ({reading.variant})"
    if leaf.found_words or not leaf.readings:
        yield f"{leaf.asked_words}: {leaf.found_words or leaf.outcome}"


def step_of(text: str) -> Step:
    """Part a next step into what to do and what to run.

    >>> step_of("measure it, then: tiergate evidence add LOG")
    Step(words='measure it, then:', command='tiergate evidence add LOG')
    """
    if text.startswith(_PROGRAM):
        return Step(words="", command=text)
    words, found, rest = text.partition(f": {_PROGRAM}")
    if not found:
        return Step(words=text, command="")
    return Step(words=f"{words}:", command=_PROGRAM + rest)


def trees(decision: Ladder) -> tuple[TierTrees, ...]:
    """Return the requirements of every tier, each with its place on the page."""
    places = first_places(decision)
    return tuple(
        TierTrees(
            verdict=verdict,
            rows=tuple(
                _tree_row(row, _anchor(verdict, row), places) for row in verdict.requirements
            ),
            fast_path=tuple(
                _tree_row(row, _fast_anchor(verdict, row), places) for row in verdict.fast_path
            ),
        )
        for verdict in decision.tiers
    )


def first_places(decision: Ladder) -> Mapping[Explanation, str]:
    """Return the requirement under which each tree with parts is printed in full.

    Equal trees stand on the page once, those of the tier in question under that tier; a
    requirement without parts is a tree too.
    """
    places: dict[Explanation, str] = {}
    for verdict in sorted(decision.tiers, key=lambda verdict: verdict.tier is not decision.asked):
        rows = [(row, _anchor(verdict, row)) for row in verdict.requirements]
        rows += [(row, _fast_anchor(verdict, row)) for row in verdict.fast_path]
        for row, anchor in rows:
            for node in row.walk():
                if node.children or node is row:
                    places.setdefault(node, anchor)
    return places


def _anchor(verdict: Rung, row: Explanation) -> str:
    return f"{verdict.tier}-{row.id}"


def _fast_anchor(verdict: Rung, row: Explanation) -> str:
    return f"{verdict.tier}-fast-{row.id}"


def _tree_row(row: Explanation, anchor: str, places: Mapping[Explanation, str]) -> TreeRow:
    place = places[row]
    return TreeRow(row=row, anchor=anchor, same_as="" if place == anchor else place)


def conditions_of(decision: Decision) -> tuple[TierVerdict, ...]:
    """Return the tiers whose conditions are shown: asked for, and supported when another."""
    asked, supported = decision.verdict(decision.asked), decision.verdict(decision.supported)
    return (asked,) if asked is supported else (asked, supported)


def number_words(condition: Condition) -> str:
    """Write the number of a condition with its status and basis; empty when it has none."""
    return "" if condition.number is None else _number(condition.number)


def _number(number: Number) -> str:
    source = "" if number.source is None else f"; {source_words(number.source)}"
    return f"{amount(number)}: {number.status}; {number.basis}{source}"


def short_digest(digest: str) -> str:
    """Write the ends of a digest, as in ``sha256:0123456789ab…cdef``; empty stays empty."""
    algorithm, _, text = digest.rpartition(":")
    is_short = len(text) < len("0123456789ab…cdef")
    return digest if is_short else f"{algorithm}:{text[:12]}…{text[-4:]}"
