# SPDX-License-Identifier: Apache-2.0
"""The poll of a hub: from the newest row down to where the last poll began, page by page.

Each page is passed over and kept together with the place of the next one. A run that ends in
between goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tiergate.cli.watch_hub import ExpiredPageError, Page, WatchedHub
from tiergate.cli.watch_links import Links
from tiergate.cli.watch_state import Position, WatchState
from tiergate.errors import InputError
from tiergate.landscape.watch.declared import parents_of
from tiergate.landscape.watch.findings import Finding, Question
from tiergate.landscape.watch.plain_pass import Passed
from tiergate.landscape.watch.row import Row

_MOST_TIMES = 10
"""How often one page may be read in a run: another run at the same time may set it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledPage:
    """What one page gave."""

    passed: Passed
    """What was found, and over what."""
    new: tuple[Finding, ...]
    """Findings that no run had before."""
    is_last: bool
    """Whether everything up to the poll before was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a poll goes."""

    since: datetime
    """A first poll ends at rows that were changed before."""
    most_pages: int | None
    """Pages of one run; None for as many as there are."""
    with_files: bool
    """Whether files of rows that can be a finding are asked for, one by one."""


def poll(
    hub: WatchedHub, state: WatchState, question: Question, limits: Limits, at: datetime
) -> Generator[PolledPage, None, None]:
    """Read what is new at a hub, and keep it.

    Raises:
        InputError: the hub does not answer, or its list cannot be followed.
    """
    pages = 0
    times: Counter[str] = Counter()
    links = Links(state, question)
    restarted = False
    while limits.most_pages is None or pages < limits.most_pages:
        position = state.position(hub.url)
        url = position.next_url or hub.first_url
        times[url] += 1
        if times[url] > _MOST_TIMES:
            said = "pages that lead back to one that was read"
            raise InputError(hub.url, said, "a list with an end", "Export it, and give the file.")
        try:
            page = hub.page(url)
        except ExpiredPageError as error:
            if position.next_url is None or restarted:
                raise InputError(hub.url, str(error), "a list of models") from None
            # The stretch begins anew; what was read of it is known and changes nothing.
            with state.writing():
                state.move(hub.url, Position(watermark=position.watermark))
            restarted = True
            continue
        pages += 1
        found = _taken(hub, state, links, limits, at, position, page)
        yield found
        if found.is_last:
            return


def _taken(  # noqa: PLR0913, PLR0917 - the parts of one step
    hub: WatchedHub,
    state: WatchState,
    links: Links,
    limits: Limits,
    at: datetime,
    position: Position,
    page: Page,
) -> PolledPage:
    _refuse_unsorted(hub, page)
    rows = page.rows
    if limits.with_files:
        rows = _with_files(hub, rows, links.look(rows).findings)
    limit = position.watermark or limits.since
    dates = [row.modified_at for row in page.rows if row.modified_at is not None]
    upper = position.upper or max(dates, default=None)
    is_last = page.next_url is None or (bool(dates) and min(dates) < limit)
    with state.writing():
        passed = links.look(rows)
        tally = passed.tally.with_unreadable(page.unreadable, page.reasons)
        new = state.add(passed.findings, hub.url, at)
        state.remember(_named(rows))
        state.cover(hub.url, tally, at, is_whole=False)
        state.move(
            hub.url,
            Position(watermark=upper or position.watermark)
            if is_last
            else Position(watermark=position.watermark, upper=upper, next_url=page.next_url),
        )
    links.keep(rows)
    return PolledPage(passed=replace(passed, tally=tally), new=new, is_last=is_last)


def _named(rows: tuple[Row, ...]) -> Iterator[Row]:
    """Yield what has to be known later: rows that name a base, without what is large."""
    for row in rows:
        if parents_of(row):
            yield replace(row, files=(), downloads=None)


def _refuse_unsorted(hub: WatchedHub, page: Page) -> None:
    if page.next_url is None:
        return
    dates = [row.modified_at for row in page.rows]
    known = [date for date in dates if date is not None]
    if len(known) < len(dates) or known != sorted(known, reverse=True):
        raise InputError(
            hub.url,
            "pages that are not sorted by lastModified, newest first",
            "a hub that sorts, or one page with everything",
            "Export its list, and give the file.",
        )


def _with_files(
    hub: WatchedHub, rows: tuple[Row, ...], findings: tuple[Finding, ...]
) -> tuple[Row, ...]:
    """Ask for the files of rows that can be a finding; lists of a hub have no digests."""
    near = {finding.repository for finding in findings}
    full: list[Row] = []
    for row in rows:
        found = hub.with_files(row.repository) if row.repository in near else None
        full.append(row if found is None else replace(row, files=found.files))
    return tuple(full)
