# SPDX-License-Identifier: Apache-2.0
"""Requirements cut into the parts that are needed by themselves, each about one hazard or none.

A requirement that asks the same of four hazards supports the argument about each with a part of
its own. Only what is needed in any case is cut: one way of several supports nothing alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.decision.explanation import Explanation
from tiergate.decision.policy import AllOf, Expression, Named, Policy
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.safety_case_judged import JudgedTier, Pair, parts
from tiergate.decision.safety_case_topics import domains_of
from tiergate.evidence.hazards import HazardDomain


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a requirement that is needed by itself."""

    row: Explanation
    """What was found about the whole requirement."""
    asked: Expression
    """What the part asks."""
    found: Explanation
    """What was found about the part."""
    domains: frozenset[HazardDomain]
    """Hazards that it is about."""

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole requirement."""
        return self.found is self.row


class Askers:
    """Which requirement asks for a finding, and at which tiers."""

    def __init__(self) -> None:
        self._places: dict[Explanation, dict[str, dict[str, None]]] = {}

    def add(self, row: Explanation, place: str) -> None:
        """Note that the requirement of ``row`` is asked for at ``place``."""
        for found in row.walk():
            self._places.setdefault(found, {}).setdefault(row.id, {})[place] = None

    def words(self, found: Explanation) -> str:
        """Say who asks, as in ``E07 at T1, T2``; a requirement does not name itself."""
        return "; ".join(
            f"{'' if name == found.id else f'{name} at '}{', '.join(places)}"
            for name, places in self._places[found].items()
        )


def askers(judged: JudgedTier) -> Askers:
    """Return who asks for what was found about a tier."""
    found = Askers()
    for tier, row in judged.rows:
        found.add(row, tier)
    for row in judged.fast_path:
        found.add(row, f"the fast path to {judged.tier}")
    return found


def pieces_of(row: Explanation, policy: Policy) -> Iterator[Piece]:
    """Cut the requirement of ``row``; whole when it is about one hazard, or about none.

    What a waiver stands in for is not cut, because its parts are not needed any more.
    """
    yield from _cut(row, Named(id=row.id), row, policy)


def _cut(
    row: Explanation, asked: Expression, found: Explanation, policy: Policy
) -> Iterator[Piece]:
    domains = domains_of(asked, policy)
    pairs = _needed(asked, found, policy) if len(domains) > 1 else ()
    cut = tuple(piece for part, child in pairs for piece in _cut(row, part, child, policy))
    is_uncut = len(cut) == 1 and isinstance(asked, Named) and cut[0].found is pairs[0][1]
    if cut and not is_uncut:
        yield from cut
    else:
        yield Piece(row=row, asked=asked, found=found, domains=domains)


def _needed(asked: Expression, found: Explanation, policy: Policy) -> tuple[Pair, ...]:
    match asked:
        case AllOf():
            return parts(asked, found, policy)
        case Named() if not found.waived:
            return parts(asked, found, policy)
        case Measured(domains=domains) if len(domains) == len(found.children):
            rows = zip(domains, found.children, strict=True)
            return tuple((dataclasses.replace(asked, domains=(d,)), child) for d, child in rows)
        case _:
            return ()
