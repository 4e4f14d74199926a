# SPDX-License-Identifier: Apache-2.0
"""What a decision is exported from: the decision, the checkpoint, and who stands behind it.

Whatever is not known stays None and is said in every export; nothing is filled in.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tiergate.decision.document import DecisionPart, ExplanationPart, ReadingPart
from tiergate.decision.tier import Tier
from tiergate.release.record_document import RecordedCheckpoint


class Standing(enum.StrEnum):
    """What is known of the signatures."""

    UNSIGNED = "unsigned"
    """There is no record: nobody signed."""
    NOT_VERIFIED = "signed, not verified"
    """There is a record; its signatures were not held against a trust file."""
    VERIFIED = "signed and verified"
    """They were, and they hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who signed or approved, as a trust file says who that is."""

    name: str
    """Who."""
    organisation: str
    """Where they belong."""
    role: str
    """As what."""
    what: str
    """What they did, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What ``check`` found about a checkpoint and a record does not hold."""

    parameter_count: int
    """Elements of all tensors; 0 when no header could be read."""
    dtypes: Mapping[str, int]
    """Elements by dtype."""
    weights_formats: tuple[str, ...]
    """Formats of the weights files."""
    architectures: tuple[str, ...]
    """Classes that the configuration names."""
    licences: tuple[str, ...]
    """What card and licence files say."""
    base_models: tuple[str, ...]
    """Base models that the card names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSource:
    """Everything that an export may say."""

    decision: DecisionPart
    """What was decided."""
    checkpoint: RecordedCheckpoint
    """About what."""
    facts: ModelFacts | None
    """What more is known of it; None when only a record was at hand."""
    digest: str
    """Of the signed payload; of the decision in canonical JSON while it is unsigned."""
    valid_until: datetime
    """When the decision lapses."""
    standing: Standing
    """What is known of the signatures."""
    key_ids: tuple[str, ...]
    """Keys that the signatures name; empty when unsigned."""
    signers: tuple[Person, ...]
    """Whose signatures hold; empty unless they were verified."""
    approvals: tuple[Person, ...] | None
    """Who approved it in a ledger; None when no ledger was looked at."""

    @property
    def record_uri(self) -> str:
        """How the decision is named in an export."""
        kind = "decision" if self.standing is Standing.UNSIGNED else "record"
        return f"urn:tiergate:{kind}:{self.digest}"

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody who is known to stand behind it."""
        return (*self.signers, *(self.approvals or ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One requirement at one tier."""

    tier: Tier
    """The tier."""
    is_fast_path: bool
    """Whether it belongs to the tier's fast path."""
    row: ExplanationPart
    """What the evidence says about it."""

    @property
    def key(self) -> str:
        """A name that no other requirement of the decision has."""
        middle = ".fast" if self.is_fast_path else ""
        return f"{self.tier}{middle}.{self.row.id}"

    @property
    def place(self) -> str:
        """The same for people."""
        return f"{self.row.id} at {self.tier}{', fast path' if self.is_fast_path else ''}"

    @property
    def waivers(self) -> tuple[str, ...]:
        """Waivers in it, each once."""
        return tuple(dict.fromkeys(node.waived for node in walk(self.row) if node.waived))

    @property
    def rationale(self) -> str:
        """The outcome and why, in words."""
        same = (n for n in walk(self.row) if n.outcome is self.row.outcome)
        reasons = [node.reason for node in same if node.reason]
        reasons += [f"waived: {waiver}" for waiver in self.waivers]
        if not digests_of(self.row):
            reasons.append("no evidence was looked at")
        return f"{self.row.outcome}: {'; '.join(dict.fromkeys(reasons))}"


def judged(decision: DecisionPart) -> tuple[Judged, ...]:
    """Return every requirement of every tier, most closed first, fast paths after."""
    return tuple(
        Judged(tier=tier.tier, is_fast_path=fast, row=row)
        for tier in decision.tiers
        for fast, rows in ((False, tier.requirements), (True, tier.fast_path))
        for row in rows
    )


def walk(row: ExplanationPart) -> Iterator[ExplanationPart]:
    """Yield a requirement and every part of it, parents first."""
    yield row
    for child in row.children:
        yield from walk(child)


def digests_of(row: ExplanationPart) -> tuple[str, ...]:
    """Return the digests of the evidence that a requirement looked at, sorted."""
    nodes = tuple(walk(row))
    items = (*(u for n in nodes for u in n.used), *(r.item for n in nodes for r in n.readings))
    return tuple(sorted({_digest(item) for item in items}))


def every_digest(decision: DecisionPart) -> tuple[str, ...]:
    """Return the digests of all evidence that the decision looked at, sorted."""
    found = {digest for each in judged(decision) for digest in digests_of(each.row)}
    return tuple(sorted({*decision.used, *found}))


def readings(decision: DecisionPart) -> tuple[tuple[ReadingPart, tuple[str, ...]], ...]:
    """Return every measurement as it was read, once for each pair of bounds, and where."""
    found: dict[tuple[object, ...], tuple[ReadingPart, list[str]]] = {}
    for each in judged(decision):
        for node in walk(each.row):
            for reading in node.readings:
                key = _same(reading)
                held = found.setdefault(key, (reading, []))[1]
                limit = f"{reading.side} {plain(reading.limit)}"
                aside = "; set aside" if reading.set_aside else ""
                held.append(f"{each.place}: {limit}, {reading.outcome}{aside}")
    return tuple((reading, tuple(dict.fromkeys(held))) for reading, held in found.values())


def _same(reading: ReadingPart) -> tuple[object, ...]:
    return (reading.item, reading.label, reading.variant, reading.lower, reading.upper)


def _digest(item: str) -> str:
    return item.partition("#")[0]


def plain(number: Decimal) -> str:
    """Write a number without an exponent and without zeros at its end."""
    return format(number.normalize(), "f")


def moment(time: datetime) -> str:
    """Write a time in UTC to the second, as every format takes it."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def one_line(words: str) -> str:
    """Put words on one line, for formats that refuse line breaks; never empty."""
    return " ".join(words.split()) or "-"
