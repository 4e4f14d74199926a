# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate watch`` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tiergate.cli import text
from tiergate.cli.watch_documents import (
    CoveredPart,
    FirstPart,
    TimesPart,
    WatchDocument,
    WatchFeedPart,
    WatchFindingPart,
    WatchReportDocument,
    WatchWordsDocument,
)

_INDENT = "    "
_DEEP = "        "


def run_lines(document: WatchDocument, *, shown: int) -> Iterator[str]:
    """Say what a run found.

    Args:
        document: what was found.
        shown: how many matches, and how many leads, are shown.
    """
    for feed in document.feeds:
        yield from _feed(feed)
    matches = [each for each in document.findings if not each.is_lead]
    leads = [each for each in document.findings if each.is_lead]
    for title, found in (("MATCHES", matches), ("LEADS", leads)):
        if found:
            yield ""
            fresh = sum(each.is_new for each in found)
            yield text.heading(f"{title}  {len(found)}, {fresh} new")
            # What is new stands first.
            for each in sorted(found, key=lambda each: not each.is_new)[:shown]:
                yield from _finding(each)
            if len(found) > shown:
                yield f"  ... and {len(found) - shown} more: --json lists all"
    yield ""
    yield from text.wrapped(_meaning(matches, leads), "  ")


def report_lines(document: WatchReportDocument) -> Iterator[str]:
    """Say how long it took, model by model."""
    for times in document.models:
        yield from _times(times, document.feeds)
        yield ""
    yield text.heading("FEEDS")
    for feed in document.feeds:
        yield from _covered(feed)
    if not document.feeds:
        yield "  none was read yet"
    yield ""
    words = (
        "Dates are those of the hub where it gives them. A name says what somebody wrote, not "
        "what the weights do. What no feed shows is not shown to be absent."
    )
    yield from text.wrapped(words, "  ")


def words_lines(document: WatchWordsDocument) -> Iterator[str]:
    """List the words for removed safeguards."""
    for part in document.words:
        mark = f" ({part.read.mark})" if part.read.mark else ""
        words = f"{part.means}; {part.source}{mark}"
        yield from text.wrapped(words, " " * 18, f"  {part.word.ljust(16)}", keep_words=True)
    yield ""
    words = f"As of {document.as_of}. Case, separators and digits for letters are no matter."
    yield from text.wrapped(words, "  ")


def _feed(feed: WatchFeedPart) -> Iterator[str]:
    counts = [text.plural(feed.rows, "row"), f"{feed.declaring} name a base"]
    counts.append(f"{feed.with_digests} with digests of files")
    for count, words in (
        (feed.duplicates, "stand twice"),
        (feed.undated, "without a date"),
        (feed.dated_ahead, "dated ahead, which counts as no date"),
    ):
        if count:
            counts.append(f"{count} {words}")
    if not feed.is_complete:
        counts.append("more to read: run it again")
    yield from text.wrapped("; ".join(counts), _INDENT, f"{feed.source}  ")
    if feed.unreadable:
        words = f"NOT READ: {text.plural(feed.unreadable, 'row')}"
        yield from text.wrapped(words, _INDENT, "  ! ")
        for reason in feed.reasons:
            yield from text.wrapped(text.shortened(reason, 160), _DEEP, _INDENT)


def _finding(found: WatchFindingPart) -> Iterator[str]:
    new = "new  " if found.is_new else ""
    when = "" if found.created_at is None else f", created {found.created_at:%Y-%m-%d}"
    words = f"{new}{found.repository}  {found.kind} of {found.released}, {found.strength}{when}"
    if found.is_lead:
        words = f"{new}{found.repository}  {found.kind} beside {found.released}{when}"
    yield from text.wrapped(words, _INDENT, "  ", keep_words=True)
    for each in found.evidence:
        yield from text.wrapped(each, _DEEP, _INDENT)


def _meaning(matches: Sequence[object], leads: Sequence[object]) -> str:
    rest = "Finding nothing never proves that nothing is there: feeds show what they show."
    if matches:
        return f"Each match says what it rests on; a declaration is what somebody wrote. {rest}"
    if leads:
        return f"A lead says where to look and is no match. {rest}"
    return f"Nothing was found. {rest}"


def _times(times: TimesPart, feeds: Sequence[CoveredPart]) -> Iterator[str]:
    yield text.heading(f"{times.released}  released {times.released_at:%Y-%m-%d}")
    yield from _row("first copy or derivative", _first(times.first, times, feeds))
    yield from _row("first uncensored variant", _first(times.first_uncensored, times, feeds))
    counts = ", ".join(f"{each.count} {each.kind}" for each in times.counts) or "nothing"
    yield from _row("seen", counts)


def _first(found: FirstPart | None, times: TimesPart, feeds: Sequence[CoveredPart]) -> str:
    if found is None:
        if not feeds:
            return "not known: no feed was read"
        until = max(feed.last_read_at for feed in feeds)
        rows = sum(feed.rows for feed in feeds)
        return (
            f"none seen by {until:%Y-%m-%d} ({times.days_covered} days) in feeds that cover "
            f"{text.plural(rows, 'row')}; the time is longer, or they do not show it"
        )
    before = "; dated before the release: its hub's date is wrong, or it leaked"
    by = "" if found.dated_by == "hub" else "; that is when the watch saw it, it may be older"
    return (
        f"{text.plural(found.days, 'day')}: {found.repository}, {found.kind} "
        f"({found.strength}), {found.dated_at:%Y-%m-%d}{by}{before if found.days < 0 else ''}"
    )


def _covered(feed: CoveredPart) -> Iterator[str]:
    created = ""
    if feed.first_created is not None and feed.last_created is not None:
        created = f", created {feed.first_created:%Y-%m-%d} to {feed.last_created:%Y-%m-%d}"
    words = (
        f"{text.plural(feed.rows, 'row')}{created}, {feed.with_digests} with digests, "
        f"{feed.unreadable} not read; read {feed.first_read_at:%Y-%m-%d} to "
        f"{feed.last_read_at:%Y-%m-%d}"
    )
    yield from text.wrapped(words, _INDENT, f"  {feed.source}  ", keep_words=True)


def _row(name: str, words: str) -> Iterator[str]:
    yield from text.wrapped(words, " " * 28, f"  {name.ljust(26)}", keep_words=True)
