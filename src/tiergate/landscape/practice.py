# SPDX-License-Identifier: Apache-2.0
"""What developers of open weights publish about safety, and how many of them do what.

Not found in what was read is not "no", and is never counted as one. Every count names the rows
that it was counted from.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tiergate.errors import InputError
from tiergate.landscape.obligations import Obligation, by_id, shipped_files
from tiergate.landscape.sources import RowReadAs
from tiergate.landscape.vintage import Row, Vintage


class Found(enum.StrEnum):
    """What was found of a practice."""

    YES = "yes"
    """It was found."""
    PARTLY = "partly"
    """Something of it was found."""
    NO = "no"
    """What was read says that there is none."""
    NOT_FOUND = "not found"
    """What was read does not speak of it."""
    NOT_CHECKED = "not checked"
    """Nobody has looked, or what was read contradicts itself."""
    STATED = "stated"
    """A fact that is neither yes nor no, such as the name of a licence."""


SAFETY: Mapping[str, str] = {
    "framework": "have a published safety framework",
    "dangerous-capability evaluations": "report dangerous-capability evaluations",
    "testing by outsiders": "report tests by outsiders before release",
    "adversarial fine-tuning test": "published an adversarial fine-tuning test",
    "incident channel": "name a channel for incidents",
}
"""Practices that bear on safety, with the words that count them."""
COUNTED: Mapping[str, str] = {
    **SAFETY,
    "model card": "have a model card",
    "gated download": "ask for something before a download",
}
"""Every practice that is counted."""
DISCLOSED: Mapping[str, str] = {
    "Release stages": "disclose how a release is staged",
    "Risk thresholds": "disclose risk thresholds",
    "External risk evaluation": "disclose a risk evaluation from outside",
    "Pre-deployment risk evaluation": "disclose a risk evaluation before deployment",
    "Mitigations efficacy": "disclose how well mitigations work",
    "External reproducibility of mitigations evaluation": (
        "let outsiders reproduce how mitigations were evaluated"
    ),
    "Misuse incident reporting protocol": "disclose a protocol for reports of misuse",
}
"""Indicators of the transparency index that are counted, with the words that count them."""


def _in(region: str) -> str:
    return f"the {region}" if region.startswith("United") else region


_FEWEST = 3
"""Developers of a region below which it is not counted by itself."""
_FLAGSHIP = "open-weight flagship in the transparency index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What was found of one practice of one developer."""

    name: str
    """The practice."""
    found: Found
    """What was found."""
    says: str
    """That, in words."""
    row: Row
    """Where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Developer:
    """A developer of open weights."""

    name: str
    """Its name."""
    region: str
    """Where it is."""
    models: str
    """The models that were looked at."""
    asks: Obligation | None
    """What it says that it does before a release; None where nothing was found."""
    practices: Mapping[str, Practice]
    """What was found, by practice."""
    row: Row
    """Where it stands."""

    @property
    def of_safety(self) -> tuple[Practice, ...]:
        """Practices that bear on safety and were found in full."""
        return tuple(
            found
            for name in SAFETY
            if (found := self.practices.get(name)) and found.found is Found.YES
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of those who were looked at do something."""

    topic: str
    """The practice or the indicator."""
    among: str
    """Who was looked at."""
    region: str
    """Where they are; empty when that was no condition."""
    says: str
    """What is counted, as in "have a model card"."""
    counted: tuple[Row, ...]
    """Rows that say that they do."""
    looked_at: tuple[Row, ...]
    """Every row that was looked at."""
    number: int
    """How many do."""
    of: int
    """How many were looked at."""
    rest: Mapping[Found, int]
    """What was found of the others; empty where the source knows only yes and no."""

    @property
    def words(self) -> str:
        """The count in words."""
        where = f" in {_in(self.region)}" if self.region else ""
        return f"{self.number} of {self.of} {self.among}{where} {self.says}"

    @property
    def mark(self) -> str:
        """How many of its rows nobody here read at first hand; empty when none."""
        return mark_of(self.looked_at)

    @property
    def rest_words(self) -> str:
        """What was found of the others; empty where nothing more is known."""
        return ", ".join(f"{number} {found}" for found, number in self.rest.items() if number)


def mark_of(rows: Sequence[Row]) -> str:
    """Say how many of some rows nobody here read at first hand; empty when none."""
    times = Counter(row.read_as.mark for row in rows)
    found = (
        f"{times[known.mark]} {known.mark}"
        for known in (RowReadAs.SECONDARY, RowReadAs.BACKGROUND)
        if times[known.mark]
    )
    words = ", ".join(found)
    return f"of {len(rows)} rows {words}" if words else ""


def developers(vintage: Vintage) -> tuple[Developer, ...]:
    """Return the developers of a vintage, by name.

    Raises:
        InputError: a row says something that this program does not know.
    """
    known = by_id(shipped_files())
    practices: dict[str, dict[str, Practice]] = {}
    for row in vintage.rows("practices"):
        own = practices.setdefault(row["developer"], {})
        own[row["practice"]] = Practice(
            name=row["practice"], found=_found(row), says=row["says"], row=row
        )
    found = (
        Developer(
            name=row["developer"],
            region=row["region"],
            models=row["models"],
            asks=known.get(row["obligation"]),
            practices=practices.get(row["developer"], {}),
            row=row,
        )
        for row in vintage.rows("developers")
    )
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def _found(row: Row) -> Found:
    try:
        return Found(row["found"])
    except ValueError:
        where = f"{row.table.file}, row {row.line - 1}"
        raise InputError(where, f"found {row['found']!r}", f"one of {', '.join(Found)}") from None


def disparities(vintage: Vintage) -> tuple[Count, ...]:
    """Count who does what: developers of open weights, then those of the transparency index."""
    everybody = developers(vintage)
    regions = Counter(one.region for one in everybody)
    found: list[Count] = []
    for topic, says in COUNTED.items():
        found.append(_count(everybody, topic, "", says))
        for region, number in regions.most_common():
            if number >= _FEWEST:
                own = tuple(one for one in everybody if one.region == region)
                found.append(_count(own, topic, region, says))
    return (*found, *_disclosed(vintage))


def _count(among: tuple[Developer, ...], topic: str, region: str, says: str) -> Count:
    rows = tuple(one.practices[topic] for one in among if topic in one.practices)
    counted = tuple(row.row for row in rows if row.found is Found.YES)
    rest: Counter[Found] = Counter(row.found for row in rows if row.found is not Found.YES)
    return Count(
        topic=topic,
        among="developers",
        region=region,
        says=says,
        counted=counted,
        looked_at=tuple(row.row for row in rows),
        number=len(counted),
        of=len(rows),
        rest={each: rest[each] for each in Found if rest[each]},
    )


def _disclosed(vintage: Vintage) -> Iterator[Count]:
    rows = {row["indicator"]: row for row in vintage.rows("transparency")}
    flagships = {
        row["developer"]: row
        for row in vintage.rows("ratings")
        if row["rating"] == _FLAGSHIP and row["value"] == "yes"
    }
    for indicator, says in DISCLOSED.items():
        row = rows.get(indicator)
        if row is None:
            continue
        scores = {name: value for name, value in row.values.items() if name != "indicator"}
        for called, names, extra in (
            ("developers of the transparency index", tuple(scores), ()),
            (
                "developers of the transparency index with an open flagship",
                tuple(name for name in scores if name in flagships),
                tuple(flagships[name] for name in scores if name in flagships),
            ),
        ):
            number = sum(scores[name] == "1" for name in names)
            yield Count(
                topic=indicator,
                among=called,
                region="",
                says=says,
                counted=(row,),
                looked_at=(row, *extra),
                number=number,
                of=len(names),
                rest={},
            )


def ratings(vintage: Vintage) -> tuple[Row, ...]:
    """Return what others rated, without the remark on who has an open flagship."""
    return tuple(row for row in vintage.rows("ratings") if row["rating"] != _FLAGSHIP)
