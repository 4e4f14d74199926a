# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate watch`` prints with ``--json``, field by field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from tiergate.cli.watch_session import FeedAnswer, WatchAnswer
from tiergate.cli.watch_state import Covered
from tiergate.decision.document import DocumentPart
from tiergate.evidence.document_types import UtcTime
from tiergate.landscape.sources import ReadAs
from tiergate.landscape.watch.findings import Finding
from tiergate.landscape.watch.kinds import FindingKind, Strength
from tiergate.landscape.watch.timing import First, Times
from tiergate.landscape.watch.words import WordsFile


class WatchFeedPart(DocumentPart):
    """One feed, and what was read of it."""

    source: str
    """Its name."""
    is_complete: bool
    """Whether all of it was read."""
    rows: int
    """Rows that were read."""
    unreadable: int
    """Rows that could not be read."""
    reasons: tuple[str, ...]
    """Why, of the first few."""
    duplicates: int
    """Rows of a repository that another row is about as well."""
    dated_ahead: int
    """Rows that are dated after the time of the run; such a date does not count."""
    undated: int
    """Rows without a date of creation."""
    declaring: int
    """Repositories that name a base model."""
    with_digests: int
    """Rows with a digest of a file: only among them can copies be found by digest."""
    first_created: UtcTime | None
    """Earliest date of creation; null when no row has one."""
    last_created: UtcTime | None
    """Latest date of creation that is not ahead."""


class WatchFindingPart(DocumentPart):
    """Something that a repository is to a released model."""

    id: str
    """Digest that tells one finding from another."""
    released: str
    """The released model."""
    kind: FindingKind
    """What it is."""
    strength: Strength
    """What that rests on."""
    is_lead: bool
    """Whether it says only where to look."""
    is_new: bool
    """Whether no run had it before."""
    repository: str
    """Where."""
    revision: str | None
    """Commit there; null when the feed does not give it."""
    created_at: UtcTime | None
    """When the repository was created, as the hub says; null when that is not known."""
    digest: str | None
    """Digest that is equal; null where nothing was compared."""
    evidence: tuple[str, ...]
    """What it rests on, one sentence each."""


class WatchDocument(DocumentPart):
    """What ``tiergate watch run --json`` prints."""

    format: Literal["tiergate-watch/1"] = "tiergate-watch/1"
    """Format and version of this document."""
    at: UtcTime
    """The time of the run."""
    feeds: tuple[WatchFeedPart, ...]
    """The feeds."""
    findings: tuple[WatchFindingPart, ...]
    """What was found, leads included. What is not here is not shown to be absent."""
    exit_code: int
    """The exit code of the command."""


class FirstPart(DocumentPart):
    """The first of its kind that was seen."""

    repository: str
    """Where."""
    kind: FindingKind
    """What it is."""
    strength: Strength
    """What that rests on."""
    dated_at: UtcTime
    """Its date."""
    dated_by: Literal["hub", "watch"]
    """Whether the hub says that date, or the watch saw it then: it may be older."""
    first_seen_at: UtcTime
    """When the watch first saw it."""
    days: int
    """Whole days after the release; negative when its date is earlier than that."""


class KindCountPart(DocumentPart):
    """How many findings of one kind."""

    kind: FindingKind
    """The kind."""
    count: int
    """How many."""


class TimesPart(DocumentPart):
    """How long it took for one released model."""

    released: str
    """The model."""
    released_at: UtcTime
    """When it was released."""
    first: FirstPart | None
    """First copy or derivative; null when none was seen."""
    first_uncensored: FirstPart | None
    """First uncensored variant, by its name; null when none was seen."""
    days_covered: int
    """Days from the release to the last reading: where none was seen, the time is longer."""
    counts: tuple[KindCountPart, ...]
    """Findings by kind."""


class CoveredPart(DocumentPart):
    """What of one feed was ever read."""

    source: str
    """Its name."""
    rows: int
    """Rows, all runs together."""
    unreadable: int
    """Rows that could not be read."""
    with_digests: int
    """Rows with a digest of a file."""
    first_created: UtcTime | None
    """Earliest date of creation."""
    last_created: UtcTime | None
    """Latest date of creation."""
    first_read_at: UtcTime
    """When it was first read."""
    last_read_at: UtcTime
    """When it was last read."""


class WatchReportDocument(DocumentPart):
    """What ``tiergate watch report --json`` prints."""

    format: Literal["tiergate-watch-report/1"] = "tiergate-watch-report/1"
    """Format and version of this document."""
    feeds: tuple[CoveredPart, ...]
    """What was read, which bounds what can have been seen."""
    models: tuple[TimesPart, ...]
    """The released models."""


class WatchWordPart(DocumentPart):
    """One word for removed safeguards."""

    word: str
    """The word."""
    means: str
    """What those who use it mean."""
    source: str
    """Where it is used so."""
    read: ReadAs
    """How that is known."""


class WatchWordsDocument(DocumentPart):
    """What ``tiergate watch words --json`` prints."""

    format: Literal["tiergate-watch-words/1"] = "tiergate-watch-words/1"
    """Format and version of this document."""
    as_of: date
    """When the list was made."""
    words: tuple[WatchWordPart, ...]
    """The words."""


def watch_document(answer: WatchAnswer) -> WatchDocument:
    """Build what ``watch run`` prints."""
    return WatchDocument(
        at=answer.at,
        feeds=tuple(map(_feed, answer.feeds)),
        findings=tuple(_finding(f, is_new=f.id in answer.new) for f in answer.findings),
        exit_code=answer.exit_code,
    )


def report_document(feeds: Iterable[Covered], times: Iterable[Times]) -> WatchReportDocument:
    """Build what ``watch report`` prints."""
    covered = tuple(CoveredPart.model_validate(feed) for feed in feeds)
    until = max((feed.last_read_at for feed in covered), default=None)
    return WatchReportDocument(
        feeds=covered,
        models=tuple(
            TimesPart(
                released=each.model.name,
                released_at=each.model.released_at,
                first=_first(each.copy),
                first_uncensored=_first(each.uncensored),
                days_covered=0 if until is None else (until - each.model.released_at).days,
                counts=tuple(KindCountPart(kind=kind, count=n) for kind, n in each.counts),
            )
            for each in times
        ),
    )


def words_document(words: WordsFile) -> WatchWordsDocument:
    """Build what ``watch words`` prints."""
    return WatchWordsDocument(
        as_of=date.fromisoformat(words.as_of),
        words=tuple(WatchWordPart.model_validate(part) for part in words.words),
    )


def _feed(answer: FeedAnswer) -> WatchFeedPart:
    tally = answer.tally
    names = WatchFeedPart.model_fields.keys() - {"source", "is_complete"}
    return WatchFeedPart(
        source=answer.source,
        is_complete=answer.is_complete,
        **{name: getattr(tally, name) for name in names},
    )


def _finding(finding: Finding, *, is_new: bool) -> WatchFindingPart:
    names = WatchFindingPart.model_fields.keys() - {"is_lead", "is_new"}
    return WatchFindingPart(
        is_lead=finding.kind.is_lead,
        is_new=is_new,
        **{name: getattr(finding, name) for name in names},
    )


def _first(found: First | None) -> FirstPart | None:
    if found is None:
        return None
    finding = found.sighting.finding
    return FirstPart(
        repository=finding.repository,
        kind=finding.kind,
        strength=finding.strength,
        dated_at=found.sighting.dated_at,
        dated_by="hub" if found.is_by_hub else "watch",
        first_seen_at=found.sighting.first_seen_at,
        days=found.days,
    )
