# SPDX-License-Identifier: Apache-2.0
"""``tiergate watch run``: feeds in, findings out, kept when a state is named."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.watch_hub import WatchedHub
from tiergate.cli.watch_polling import Limits, poll
from tiergate.cli.watch_state import Covered, WatchState
from tiergate.cli.yaml_file import read_yaml
from tiergate.errors import ExtensionError, InputError
from tiergate.landscape.watch.findings import Finding, Question, settled
from tiergate.landscape.watch.jsonl import JsonLines
from tiergate.landscape.watch.plain_pass import Passed, plain_pass
from tiergate.landscape.watch.released import ReleasedModel, ReleasedModelsFile
from tiergate.landscape.watch.row import Row
from tiergate.landscape.watch.tally import Tally
from tiergate.landscape.watch.timing import Sighting, Times, times_of
from tiergate.landscape.watch.words import shipped_words
from tiergate.model.lineage.sketch import Sketch
from tiergate.model.lineage.sketch_file import read_sketch

_PIECE_ROWS = 100_000


class PassKind(StrEnum):
    """How rows are gone through; all find the same."""

    COLUMNS = "columns"
    """With Polars: for millions of rows."""
    PLAIN = "plain"
    """Row by row, in plain Python."""
    RAY = "ray"
    """With Polars in tasks of a Ray cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """What the command line asked for."""

    feeds: tuple[Path, ...]
    """Files and folders."""
    released: Path
    """File of released models."""
    state: Path | None
    """What is kept between runs; None keeps nothing."""
    hub: WatchedHub | None
    """A hub to poll."""
    since: datetime | None
    """Where a first poll ends; None is the earliest release."""
    most_pages: int | None
    """Pages of the hub that are read at most."""
    with_files: bool
    """Whether the hub is asked for files of what it found."""
    how: PassKind | None
    """How rows are gone through; None takes columns where Polars is installed."""
    at: datetime
    """The time, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAnswer:
    """What one feed gave."""

    source: str
    """Its name."""
    tally: Tally
    """What was read of it."""
    is_complete: bool = True
    """Whether all of it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchAnswer:
    """What a run found."""

    at: datetime
    """The time."""
    models: tuple[ReleasedModel, ...]
    """The released models."""
    feeds: tuple[FeedAnswer, ...]
    """The feeds."""
    findings: tuple[Finding, ...]
    """The findings of this run, leads included."""
    new: frozenset[str]
    """Ids of those that no run had before; all of them without a state."""

    @property
    def matches(self) -> tuple[Finding, ...]:
        """The findings that are no leads."""
        return tuple(finding for finding in self.findings if not finding.kind.is_lead)

    @property
    def leads(self) -> tuple[Finding, ...]:
        """The others."""
        return tuple(finding for finding in self.findings if finding.kind.is_lead)

    @property
    def exit_code(self) -> ExitCode:
        """1 when something new was found, 3 when nothing was: that proves nothing."""
        is_new = any(finding.id in self.new for finding in self.matches)
        return ExitCode.NOT_MET if is_new else ExitCode.UNDETERMINED


def read_released(path: Path) -> ReleasedModelsFile:
    """Read a file of released models.

    Raises:
        InputError: it has mistakes, and all of them are in the message.
    """
    return read_yaml(path, ReleasedModelsFile, "a file of released models", InputError)


def watch(request: WatchRequest) -> WatchAnswer:
    """Go through feeds.

    Raises:
        InputError: a feed, the file of released models or the state cannot be used.
        ExtensionError: a package that was asked for is not installed.
    """
    if not request.feeds and request.hub is None:
        raise InputError("arguments", "no feed", "a file, a folder or --hub")
    if request.hub is not None and request.state is None:
        raise InputError("--hub", "no --state", "a file that keeps where the poll stands")
    models = read_released(request.released).models
    words = tuple(part.word for part in shipped_words().words)
    run = _Run(request, Question(models=models, words=words, at=request.at))
    with ExitStack() as stack:
        if request.state is not None:
            run.state = stack.enter_context(WatchState(request.state))
        for path in request.feeds:
            run.read(path)
        if request.hub is not None:
            run.poll(request.hub)
    return WatchAnswer(
        at=request.at,
        models=models,
        feeds=tuple(run.answers),
        findings=settled(run.findings),
        new=frozenset(run.new),
    )


class _Run:
    """One run over all of its feeds."""

    def __init__(self, request: WatchRequest, question: Question) -> None:
        self._request = request
        self._question = question
        self.state: WatchState | None = None
        self.answers: list[FeedAnswer] = []
        self.findings: list[Finding] = []
        self.new: set[str] = set()

    def read(self, path: Path) -> None:
        known = () if self.state is None else self.state.rows()
        passed = _pass_over(path, self._request, self._question, known)
        # A feed named by dots is known by what they stand for.
        self._keep(path.name or path.resolve().name, passed)

    def poll(self, hub: WatchedHub) -> None:
        request, state = self._request, self.state
        assert state is not None  # noqa: S101 - watch() asks for it
        earliest = min(model.released_at for model in self._question.models)
        limits = Limits(
            since=request.since or earliest,
            most_pages=request.most_pages,
            with_files=request.with_files,
        )
        is_complete = False
        tallies = []
        for page in poll(hub, state, self._question, limits, request.at):
            self.findings += page.passed.findings
            self.new |= {finding.id for finding in page.new}
            tallies.append(page.passed.tally)
            is_complete = page.is_last
        self.answers.append(
            FeedAnswer(source=hub.url, tally=_sum(tallies), is_complete=is_complete)
        )

    def _keep(self, source: str, passed: Passed) -> None:
        self.answers.append(FeedAnswer(source=source, tally=passed.tally))
        self.findings += passed.findings
        if self.state is None:
            self.new |= {finding.id for finding in passed.findings}
            return
        with self.state.writing():
            new = self.state.add(passed.findings, source, self._question.at)
            # A whole export holds what descends; what names nothing released is not kept.
            self.state.remember(replace(row, files=(), downloads=None) for row in passed.linked)
            self.state.cover(source, passed.tally, self._question.at, is_whole=True)
        self.new |= {finding.id for finding in new}


def _pass_over(
    path: Path, request: WatchRequest, question: Question, known: Sequence[Row]
) -> Passed:
    if path.is_dir():
        return _over_folder(path, request, question, known)
    if not path.exists():
        raise InputError(str(path), "no such file or folder", "a feed")
    how = request.how or (PassKind.COLUMNS if _has_polars() else PassKind.PLAIN)
    is_parquet = path.suffix == ".parquet"
    if how is not PassKind.PLAIN or is_parquet:
        _require_polars(path)
    if is_parquet:
        return _over_parquet(path, how, question, known)
    lines = JsonLines(path)
    if how is PassKind.PLAIN:
        passed = plain_pass(lines, question, known)
    else:
        passed = _over_pieces(lines, how, question, known)
    tally = passed.tally.with_unreadable(lines.unreadable, tuple(lines.reasons))
    return replace(passed, tally=tally)


def _over_folder(
    path: Path, request: WatchRequest, question: Question, known: Sequence[Row]
) -> Passed:
    from tiergate.cli.watch_headers import HeaderFeed

    feed = HeaderFeed(path, question.models, _sketches(request.released, question.models))
    passed = plain_pass(feed.rows(), question, known)
    tally = passed.tally.with_unreadable(feed.unreadable, tuple(feed.reasons))
    return replace(passed, findings=settled([*passed.findings, *feed.findings]), tally=tally)


def _sketches(file: Path, models: Iterable[ReleasedModel]) -> Mapping[str, Sketch]:
    return {
        model.name: read_sketch(file.parent / model.sketch)
        for model in models
        if model.sketch is not None
    }


def _over_parquet(path: Path, how: PassKind, question: Question, known: Sequence[Row]) -> Passed:
    from tiergate.landscape.watch.frames import rows_of, scan
    from tiergate.landscape.watch.polars_pass import polars_pass

    lazy, unnamed = scan(path)
    if how is PassKind.COLUMNS:
        passed = polars_pass(lazy, question, known)
    elif how is PassKind.PLAIN:
        passed = plain_pass(rows_of(lazy.collect()), question, known)
    else:
        from tiergate.landscape.watch.ray_pass import ray_pass

        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder) / "rows.parquet"
            lazy.sink_parquet(whole)
            passed = ray_pass([whole], question, known)
    reasons = ("rows whose id names no repository",) if unnamed else ()
    return replace(passed, tally=passed.tally.with_unreadable(unnamed, reasons))


def _over_pieces(
    rows: Iterable[Row], how: PassKind, question: Question, known: Sequence[Row]
) -> Passed:
    from tiergate.landscape.watch.polars_pass import polars_pass

    with _pieces(rows) as found:
        if how is PassKind.RAY:
            from tiergate.landscape.watch.ray_pass import ray_pass

            return ray_pass(found, question, known)
        import polars as pl

        return polars_pass(pl.scan_parquet(found), question, known)


@contextmanager
def _pieces(rows: Iterable[Row]) -> Iterator[list[Path]]:
    """Write rows into Parquet files for as long as they are needed."""
    from tiergate.landscape.watch.frames import frame_of

    with tempfile.TemporaryDirectory(prefix="tiergate-watch-") as folder:
        found: list[Path] = []

        def write(part: list[Row]) -> None:
            found.append(Path(folder) / f"{len(found):06}.parquet")
            frame_of(part).write_parquet(found[-1], compression="lz4")

        _in_parts(rows, write)
        yield found


def _in_parts(rows: Iterable[Row], write: Callable[[list[Row]], None]) -> None:
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == _PIECE_ROWS:
            write(part)
            part = []
    # At least one file, so that there are columns to look at.
    write(part)


def _sum(tallies: Sequence[Tally]) -> Tally:
    """Add up pages; rows that stand on two pages are counted on both."""
    firsts = [each.first_created for each in tallies if each.first_created is not None]
    lasts = [each.last_created for each in tallies if each.last_created is not None]
    names = (
        "rows",
        "unreadable",
        "duplicates",
        "dated_ahead",
        "undated",
        "declaring",
        "with_digests",
    )
    return Tally(
        **{name: sum(getattr(each, name) for each in tallies) for name in names},
        reasons=tuple(reason for each in tallies for reason in each.reasons)[:5],
        first_created=min(firsts, default=None),
        last_created=max(lasts, default=None),
    )


def _has_polars() -> bool:
    from importlib.util import find_spec

    return find_spec("polars") is not None


def _require_polars(path: Path) -> None:
    if not _has_polars():
        remedy = "Run: pip install 'tiergate[watch]', or give JSON lines and --pass plain."
        raise ExtensionError(str(path), "no package polars", "Polars", remedy)


def times_in(
    path: Path, models: Iterable[ReleasedModel]
) -> tuple[tuple[Covered, ...], tuple[Times, ...]]:
    """Return what a state covers, and how long it took for each model.

    Raises:
        InputError: there is no such state, or it cannot be read.
    """
    if not path.exists():
        raise InputError(str(path), "no such file", "a state that `tiergate watch run` keeps")
    with WatchState(path) as state:
        covered, seen = state.covered(), state.findings()
    sightings = [Sighting(finding=e.finding, first_seen_at=e.first_seen_at) for e in seen]
    return covered, tuple(times_of(model, sightings) for model in models)
