# SPDX-License-Identifier: Apache-2.0
"""A claim that must have been made, with content: named fields, and numbers within limits.

A field that merely exists is no evidence: every field asked for must say something, and
numbers are held against their limits. A claim to the contrary defeats, whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, assert_never

from tiergate.decision.explanation import Explanation, Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Number, Scene
from tiergate.decision.requirements.eligibility import (
    HAVE_IT_SIGNED,
    lacks_only_assurance,
    reasons_against_claim,
    reasons_against_maker,
)
from tiergate.decision.words import plain, side_words
from tiergate.evidence.claim import Claim
from tiergate.evidence.collection import ClaimItem
from tiergate.evidence.provenance import ProducerRelation

UNSIGNED = "self-declared until signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLimit:
    """A limit on a number that a claim states."""

    field: str
    """Field of the claim."""
    side: Side
    """The side that is allowed."""
    limit: Number
    """The limit."""

    def is_kept(self, claim: Claim) -> bool | None:
        """Tell whether the claim's number keeps the limit; None when it states none."""
        number = self.number_in(claim)
        return None if number is None else self.allows(number)

    def number_in(self, claim: Claim) -> Decimal | None:
        """Return the number that the claim states.

        None when it states no number, or a negative one: nothing that is claimed here, such
        as an amount of compute or of days, can be below zero.
        """
        field = claim.field(self.field)
        number = None if field is None else field.number
        return None if number is None or number < 0 else number

    def allows(self, number: Decimal) -> bool:
        """Tell whether a number keeps the limit."""
        match self.side:
            case Side.AT_MOST:
                return number <= self.limit.value
            case Side.BELOW:
                return number < self.limit.value
            case Side.AT_LEAST:
                return number >= self.limit.value
        assert_never(self.side)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMade:
    """Someone must have stated something about this checkpoint, with its details."""

    is_same_at_every_tier: ClassVar[bool] = True
    """It asks of evidence what the standards of the tier ask, and nothing else of the tier."""
    item: str
    """Evidence item or finding."""
    expects: bool = True
    """What the claim must say: that it holds, or that it does not."""
    fields: tuple[str, ...] = ()
    """Fields that must say something."""
    limits: tuple[FieldLimit, ...] = ()
    """Limits on numbers that it states."""
    by: tuple[ProducerRelation, ...] = ()
    """Who may make it; empty for anybody."""

    def judge(self, scene: Scene) -> Explanation:
        """Look at every claim about the item; one to the contrary defeats."""
        items = scene.evidence.claims(self.item)
        missing = scene.evidence.missing_about(self.item)
        against = [i.id for i in items if self._contradicts(i.claim)]
        short = {i.id: self._shortfalls(i, scene) for i in items if i.id not in against}
        outcome = Outcome.UNDETERMINED
        if against:
            outcome = Outcome.NOT_MET
        elif not missing and any(not reasons for reasons in short.values()):
            outcome = Outcome.MET
        return Explanation(
            id="",
            title=f"claim {self.item}{'' if self.expects else ' (that it was not found)'}",
            outcome=outcome,
            reason=_stated(items, short, scene)
            if outcome is Outcome.MET
            else self._reason(against, short, missing),
            used=tuple(i.id for i in items),
            next_step=self._next_step(outcome, missing, short),
            found=self._found(items, missing),
            is_adverse=bool(against or missing),
        )

    def _contradicts(self, claim: Claim) -> bool:
        return any(self._contrary(claim))

    def _found(self, items: tuple[ClaimItem, ...], missing: tuple[str, ...]) -> str:
        """Say which claims defeat the check; empty when none does."""
        against = sorted({why for item in items for why in self._contrary(item.claim)})
        gone = [f"registered evidence is gone: {', '.join(missing)}"] if missing else []
        return "; ".join([*against, *gone]) if against else ""

    def _contrary(self, claim: Claim) -> Iterator[str]:
        """Yield what a claim states that defeats the check."""
        if claim.holds is not self.expects:
            stated = "holds" if claim.holds else "does not hold"
            yield f"a claim states that {self.item} {stated}"
        for limit in self.limits:
            number = limit.number_in(claim)
            if number is not None and not limit.allows(number):
                asked, scale = limit.limit, Scale.QUANTITY
                allowed = side_words(limit.side, asked.value, scale, asked.unit)
                yield f"a claim states {limit.field} {plain(number)}, must be {allowed}"

    def _shortfalls(self, item: ClaimItem, scene: Scene) -> tuple[str, ...]:
        claim, relation = item.claim, scene.evidence.relation_of(item.document)
        reasons = list(reasons_against_claim(item, scene))
        asked = [*self.fields, *(limit.field for limit in self.limits)]
        empty = sorted({name for name in asked if not _says_something(claim, name)})
        unnumbered = sorted(
            limit.field
            for limit in self.limits
            if limit.field not in empty and limit.is_kept(claim) is None
        )
        if empty:
            reasons.append(f"says nothing about {', '.join(empty)}")
        if unnumbered:
            reasons.append(f"states no number for {', '.join(unnumbered)}")
        if self.by and relation not in self.by:
            allowed = " or ".join(self.by)
            reasons.append(f"made by {relation}, and {allowed} is asked for")
        if self.by:
            reasons += reasons_against_maker(item.document, scene)
        return tuple(reasons)

    def _reason(
        self,
        against: list[str],
        short: dict[str, tuple[str, ...]],
        missing: tuple[str, ...],
    ) -> str:
        if missing:
            return f"registered evidence is gone: {', '.join(missing)}"
        if against:
            return "a claim states the contrary, or a number beyond its limit"
        if not short:
            return "nobody has stated it"
        return "; ".join(sorted({reason for reasons in short.values() for reason in reasons}))

    def _next_step(
        self, outcome: Outcome, missing: tuple[str, ...], short: dict[str, tuple[str, ...]]
    ) -> str:
        if outcome is Outcome.MET:
            return ""
        if outcome is Outcome.NOT_MET:
            return "it stands for this checkpoint: change the model, or ask for another tier"
        if missing:
            return f"restore what is gone from the store: {', '.join(missing)}"
        if any(lacks_only_assurance(reasons) for reasons in short.values()):
            return HAVE_IT_SIGNED
        contrary = "" if self.expects else " --does-not-hold"
        return f"tiergate evidence claim {self.item} --model MODEL{contrary}"


def _stated(items: tuple[ClaimItem, ...], short: dict[str, tuple[str, ...]], scene: Scene) -> str:
    """Say that it was stated, and who signed the claims that count."""
    counted = [item for item in items if not short[item.id]]
    names = {name for i in counted for name in scene.evidence.standing_of(i.document).signers}
    return f"stated, {'signed by ' + ' and '.join(sorted(names)) if names else UNSIGNED}"


def _says_something(claim: Claim, name: str) -> bool:
    field = claim.field(name)
    return field is not None and str(field.value).strip() != ""
