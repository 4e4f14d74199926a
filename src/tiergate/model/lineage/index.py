# SPDX-License-Identifier: Apache-2.0
"""A folder of sketches, and one candidate against all of them.

Each front is looked at, those that promise most are compared in full, and p-values count every
base of the folder. A file of the folder that is not a sketch is an error, not passed over:
the base that is looked for might be the one that cannot be read.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import CheckpointError
from tiergate.model.digest import available_cores, sha256_hex, unreadable
from tiergate.model.lineage.compare import Comparison, compare, same_bytes
from tiergate.model.lineage.first_look import Promise, Searcher, first_look
from tiergate.model.lineage.sketch import Sketch, key_digest
from tiergate.model.lineage.sketch_file import (
    SUFFIX,
    other_key,
    read_front,
    read_sketch,
)

COMPARED_IN_FULL = 64
"""Most bases that are compared in full because the first look found something."""
BY_PROFILE = 8
"""Bases that are compared in full because their vocabulary could be this one, permuted."""
_PROMISING = 4.0
_MAKE_ONE = "Make one, a model at a time: tiergate lineage MODEL --add-to FOLDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What looking through a folder gave."""

    bases: int
    """How many sketches the folder holds, the candidate's own not counted."""
    comparisons: tuple[Comparison, ...]
    """The full comparisons, strongest first."""
    left_out: int
    """Bases that look alike and were not compared in full, because so many others do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One base after the first look."""

    path: Path
    is_own: bool
    promise: Promise


def list_index(folder: Path) -> tuple[Path, ...]:
    """Return the sketch files of a folder, sorted by name.

    Raises:
        CheckpointError: no such folder, or none in it.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
    except FileNotFoundError as error:
        raise CheckpointError(
            str(folder), "no such folder", "a folder of sketches", _MAKE_ONE
        ) from error
    except NotADirectoryError as error:
        raise CheckpointError(str(folder), "a file", "a folder of sketches", _MAKE_ONE) from error
    except OSError as error:
        raise unreadable(str(folder), error) from error
    if not found:
        raise CheckpointError(
            str(folder), "no sketches", f"files that end with {SUFFIX}", _MAKE_ONE
        )
    return tuple(found)


def is_own(candidate: Sketch, base: Sketch) -> bool:
    """Whether a base is the candidate itself: the same weights under the same name.

    By every byte where both were read in full, otherwise by all that was looked at.
    """
    if candidate.name != base.name:
        return False
    if candidate.weights_digest is not None and base.weights_digest is not None:
        return same_bytes(candidate, base)
    return bool(candidate.matrices) and Searcher(candidate).is_same(first_look(base))


def search(candidate: Sketch, folder: Path) -> Search:
    """Compare a candidate with every sketch of a folder.

    The candidate's own sketch is left out: the same weights under the same name. The same
    weights under another name are a match like any other.

    Raises:
        CheckpointError: a file is not a sketch, or was drawn with another key.
    """
    searcher = Searcher(candidate)
    with ThreadPoolExecutor(available_cores()) as pool:
        looked = list(pool.map(lambda path: _look(searcher, candidate, path), list_index(folder)))
    others = [row for row in looked if not row.is_own]
    chosen, left_out = _promising(others)
    found = [compare(candidate, read_sketch(path, candidate.key)) for path in chosen]
    ordered = sorted(found, key=lambda item: (-item.log_e, item.base.name))
    return Search(bases=len(others), comparisons=tuple(ordered), left_out=left_out)


def index_path(folder: Path, sketch: Sketch) -> Path:
    """Return where the sketch of a model belongs: by its name and by what was sampled."""
    safe = "".join(c if c.isalnum() or c in "-._" else "-" for c in sketch.name)[:80]
    parts = "".join(matrix.sample for matrix in sketch.matrices)
    what = sha256_hex(f"{key_digest(sketch.key)} {parts}".encode())[:12]
    return folder / f"{safe}-{what}{SUFFIX}"


def _look(searcher: Searcher, candidate: Sketch, path: Path) -> _Row:
    front = read_front(path)
    if front.key != key_digest(candidate.key):
        raise other_key(path)
    # The candidate's own sketch has its name, and all that was sampled is equal.
    is_own = front.name == candidate.name and searcher.is_same(front.look)
    return _Row(path=path, is_own=is_own, promise=searcher.look(front.look))


def _promising(looked: list[_Row]) -> tuple[list[Path], int]:
    """Return which to compare in full, and how many more should have been."""
    strong = [row for row in looked if row.promise.log_e > _PROMISING or row.promise.copies]
    strong.sort(key=lambda row: (-row.promise.copies, -row.promise.log_e))
    near = sorted(looked, key=lambda row: row.promise.profile)[:BY_PROFILE]
    chosen = dict.fromkeys(row.path for row in [*strong[:COMPARED_IN_FULL], *near])
    return list(chosen), sum(row.path not in chosen for row in strong)
