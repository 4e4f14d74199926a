# SPDX-License-Identifier: Apache-2.0
"""A new vintage beside the old one, from the files that its publisher has now.

The tables of the index are taken together or not at all, since they are of one fit. Every other
table comes along as it is, with the day on which it was read. Nothing is written over.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml

from tiergate.attestation.new_file import already_there, write_new_file
from tiergate.errors import DigestMismatchError, InputError
from tiergate.landscape import frontier
from tiergate.landscape.fetching import Limits, fetch
from tiergate.landscape.placement import FEWEST, fitted
from tiergate.landscape.upstream import UPSTREAM, Upstream, taken_over
from tiergate.landscape.vintage import Row, Vintage, load_vintage

FIT_ERROR = 0.2
"""Root mean square error, in points, above which models and parameters are not of one fit."""
_KEPT = 0.9
_DESCRIPTION = "vintage.yaml"
_HEAD = """\
# What was known on one day. Files of two vintages are never mixed: the index is fitted anew with
# every update of its source, and scores of two fits are not on one scale.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A publisher's file, checked."""

    upstream: Upstream
    """Which one."""
    sha256: str
    """Digest of it as it was sent, in hexadecimal."""
    table: bytes
    """The table that is made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A row whose figure changed."""

    name: str
    """What it is about."""
    before: float
    """What it was."""
    after: float
    """What it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """How a table differs from the one before."""

    table: str
    """Its name."""
    before: int
    """Rows that it had."""
    after: int
    """Rows that it has."""
    new: tuple[str, ...]
    """What has a row and had none."""
    gone: tuple[str, ...]
    """What had a row and has none."""
    moved: tuple[Move, ...]
    """What has another figure, the largest change first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update came to."""

    before: str
    """The vintage that it was compared with."""
    id: str
    """The new vintage; the one before when nothing is new."""
    folder: Path | None
    """Where it was written; None when nothing is new."""
    changes: tuple[TableChange, ...]
    """Tables of the index."""
    carried: tuple[tuple[str, str], ...]
    """Other tables, which came along as they were, and the day on which each was read."""
    unknown_access: tuple[str, ...]
    """Classes of access that this program does not know; their models count as unknown."""

    @property
    def is_refitted(self) -> bool:
        """Whether what was known before has other figures, so that scores do not compare."""
        return any(change.moved for change in self.changes)


def addresses(mirror: str | None) -> dict[str, str]:
    """Return where each file is fetched, by its name.

    Args:
        mirror: a checked address that has them all under their names; None for the publisher.
    """
    return {u.file: u.address if mirror is None else f"{mirror}/{u.file}" for u in UPSTREAM}


def fetched(
    before: Vintage, day: date, limits: Limits, mirror: str | None, expected: Mapping[str, str]
) -> tuple[Fetched, ...]:
    """Fetch and check every file.

    Args:
        before: the vintage that comes before; a file with far fewer rows is no whole one.
        day: today.
        limits: of each file.
        mirror: see ``addresses``.
        expected: digests in hexadecimal that files must have, by their name.

    Raises:
        InputError: a file cannot be fetched or is not what it should be, or they do not belong
            together.
        DigestMismatchError: one has another digest than the expected.
    """
    places = addresses(mirror)
    unknown = sorted(expected.keys() - places.keys())
    if unknown:
        raise InputError("expected digests", unknown[0], f"one of {', '.join(places)}")
    found = []
    for upstream in UPSTREAM:
        raw = fetch(places[upstream.file], limits)
        digest = hashlib.sha256(raw).hexdigest()
        if expected.get(upstream.file, digest) != digest:
            raise DigestMismatchError(upstream.file, digest, expected[upstream.file])
        fewest = math.ceil(_KEPT * len(before.rows(upstream.table)))
        table = taken_over(raw, upstream, fewest, day)
        found.append(Fetched(upstream=upstream, sha256=digest, table=table))
    return tuple(found)


def update(
    folder: Path,
    before: Path | None,
    day: date,
    files: Iterable[Fetched],
    mirror: str | None,
) -> Update:
    """Write a vintage of fetched files and whatever else the one before has.

    Args:
        folder: where vintages stand; made when it is not there.
        before: folder of the vintage before; None for the one that is shipped.
        day: its id.
        files: what was fetched.
        mirror: where from, when not from the publisher.

    Raises:
        InputError: there is one of that day already, the one before is not older, or the files
            do not belong together.
    """
    given = tuple(files)
    source, old = source_of(before)
    described = yaml.safe_load((source / _DESCRIPTION).read_bytes())
    parts = {part["name"]: part for part in described["tables"]}
    if all(parts[f.upstream.table]["taken_from"] == f"sha256:{f.sha256}" for f in given):
        return _nothing_new(old)
    if day.isoformat() <= old.id:
        found = f"{day}, which is not after the vintage {old.id}"
        raise InputError("today", found, "a later day", "Set the clock right, or --at.")
    target = folder / day.isoformat()
    if os.path.lexists(target):
        raise already_there(target)
    with _unfinished(folder) as place:
        new = _written(place, source, described, given, day, mirror)
        _require_one_fit(new)
        _finish(place, target)
    return Update(
        before=old.id,
        id=new.id,
        folder=target,
        changes=tuple(_change(f.upstream, old, new) for f in given),
        carried=_carried(new, given),
        unknown_access=_unknown_access(new),
    )


def source_of(before: Path | None) -> tuple[Traversable, Vintage]:
    """Return the folder of a vintage and what is in it; None names the newest that is shipped.

    Raises:
        InputError: it is none.
        DigestMismatchError: a table of it was changed.
    """
    if before is not None:
        return before, load_vintage(before)
    shipped = resources.files("tiergate.landscape") / "vintages"
    newest = max(e.name for e in shipped.iterdir() if (e / _DESCRIPTION).is_file())
    with resources.as_file(shipped / newest) as place:
        return shipped / newest, load_vintage(place)


def _nothing_new(old: Vintage) -> Update:
    return Update(before=old.id, id=old.id, folder=None, changes=(), carried=(), unknown_access=())


def _written(  # noqa: PLR0913, PLR0917 - what a vintage is made of
    place: Path,
    source: Traversable,
    described: dict[str, list[dict[str, object]]],
    files: tuple[Fetched, ...],
    day: date,
    mirror: str | None,
) -> Vintage:
    """Write a whole vintage and read it again, as everybody does."""
    by_table = {found.upstream.table: found for found in files}
    parts = []
    for part in described["tables"]:
        found = by_table.get(str(part["name"]))
        name = str(part["file"])
        content = (source / name).read_bytes() if found is None else found.table
        write_new_file(place / name, content)
        parts.append(part if found is None else {**part, **_origin(found, day, mirror)})
    text = yaml.safe_dump(
        {**described, "id": day.isoformat(), "tables": parts}, sort_keys=False, allow_unicode=True
    )
    write_new_file(place / _DESCRIPTION, (_HEAD + text).encode())
    return load_vintage(place)


def _origin(found: Fetched, day: date, mirror: str | None) -> dict[str, object]:
    by_way_of = "" if mirror is None else f"; fetched from {mirror}"
    return {
        "sha256": hashlib.sha256(found.table).hexdigest(),
        "key": list(found.upstream.key),
        "source": found.upstream.address,
        "taken_from": f"sha256:{found.sha256}",
        "read": day.isoformat(),
        "changed": f"columns left out and renamed; rows and values as they were{by_way_of}",
    }


def _require_one_fit(new: Vintage) -> None:
    """Place every model again: files of two fits put it elsewhere."""
    parameters = frontier.items(new)
    index = {model.name: model.index for model in frontier.known(new)}
    scores: dict[str, dict[str, float]] = {}
    for row in new.rows("scores"):
        if row["benchmark"] in parameters and row["model"] in index:
            scores.setdefault(row["model"], {})[row["benchmark"]] = float(row["score"])
    errors = [
        fitted(list(own.values()), [parameters[name] for name in own]) - index[model]
        for model, own in scores.items()
        if len(own) >= FEWEST
    ]
    error = math.sqrt(math.fsum(e * e for e in errors) / len(errors)) if errors else math.inf
    if error > FIT_ERROR:
        raise InputError(
            "the fetched files",
            f"models that come out {error:.2f} points from where the index has them",
            f"at most {FIT_ERROR}, as files of one fit have it",
            "They may be of two updates: try again later; nothing was written.",
        )


@contextlib.contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """Make a folder that is not a vintage yet; what is left of it goes away."""
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=folder, prefix=".part-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _finish(place: Path, target: Path) -> None:
    """Give a folder its name. A rename replaces nothing here but an empty folder."""
    place.chmod(0o755)
    try:
        place.rename(target)
    except OSError as error:
        if os.path.lexists(target):
            raise already_there(target) from error
        raise


def _carried(new: Vintage, files: tuple[Fetched, ...]) -> tuple[tuple[str, str], ...]:
    own = {found.upstream.table for found in files}
    return tuple(
        (name, max((row.table.read for row in rows), default="no rows"))
        for name, rows in sorted(new.tables.items())
        if name not in own
    )


def _unknown_access(new: Vintage) -> tuple[str, ...]:
    unknown = frontier.Weights.UNKNOWN
    classes = {m.row["access"] for m in frontier.known(new) if m.weights is unknown}
    return tuple(sorted(classes - {"Unknown"}))


def _change(upstream: Upstream, old: Vintage, new: Vintage) -> TableChange:
    before, after = old.rows(upstream.table), new.rows(upstream.table)
    left, right = Counter(map(_name, before)), Counter(map(_name, after))
    return TableChange(
        table=upstream.table,
        before=len(before),
        after=len(after),
        new=tuple(sorted((right - left).elements())),
        gone=tuple(sorted((left - right).elements())),
        moved=_moved(upstream, before, after) if upstream.moves else (),
    )


def _name(row: Row) -> str:
    """Name a row by its key; without one, by everything that it says."""
    return " / ".join(row[column] for column in row.table.key or row.values)


def _moved(upstream: Upstream, before: Iterable[Row], after: Iterable[Row]) -> tuple[Move, ...]:
    was = {_name(row): float(row[upstream.moves]) for row in before}
    moves = (
        Move(name=name, before=was[name], after=float(row[upstream.moves]))
        for row in after
        if (name := _name(row)) in was
    )
    return tuple(
        sorted(
            (move for move in moves if move.before != move.after),
            key=lambda move: (-abs(move.after - move.before), move.name),
        )
    )
