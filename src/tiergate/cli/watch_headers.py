# SPDX-License-Identifier: Apache-2.0
"""A folder of models as a feed: safetensors files or their headers alone, and sketches.

A folder within it is one repository, named by its path; so is a file beside others, named by
itself, with ``--`` for the slash. Where the bytes are there, they are digested, and weights are
compared with the sketches of the released models.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tiergate.errors import CheckpointError, InputError
from tiergate.landscape.watch.findings import Finding
from tiergate.landscape.watch.kinds import FindingKind, Strength
from tiergate.landscape.watch.released import ReleasedModel
from tiergate.landscape.watch.row import REPOSITORY, FileRow, Row
from tiergate.landscape.watch.structure import structure_digest
from tiergate.model.card import read_card
from tiergate.model.lineage.compare import LineageOutcome, compare
from tiergate.model.lineage.opened import open_local
from tiergate.model.lineage.sketch import Sketch, draw
from tiergate.model.lineage.sketch_file import SUFFIX, read_sketch
from tiergate.model.lineage.trace import trace
from tiergate.model.safetensors_header import PREFIX_BYTES, parse_safetensors_header
from tiergate.model.source import locate
from tiergate.model.tensors import TensorEntry

_WEIGHTS = ".safetensors"
_MAX_CARD_BYTES = 1024 * 1024


@dataclass(slots=True)
class HeaderFeed:
    """The models of a folder. Go through it once; then it says what could not be read."""

    folder: Path
    """The folder."""
    released: tuple[ReleasedModel, ...]
    """The released models."""
    sketches: Mapping[str, Sketch]
    """Sketches of released models, by name."""
    unreadable: int = 0
    """Models that could not be read."""
    reasons: list[str] = field(default_factory=list)
    """Why."""
    findings: list[Finding] = field(default_factory=list)
    """Matches by weights."""

    def rows(self) -> Iterator[Row]:
        """Yield one row for each model.

        Raises:
            InputError: there is no such folder, or no model in it.
        """
        groups = _groups(self.folder)
        if not groups:
            expected = f"folders or files of weights ({_WEIGHTS}, {SUFFIX})"
            raise InputError(str(self.folder), "no models", expected)
        tried = len(groups) * len(self.sketches)
        for name, files in groups.items():
            try:
                row, sketch = self._model(name, files)
            except InputError as error:
                self.unreadable += 1
                self.reasons.append(f"{name}: {error}")
                continue
            yield row
            if sketch is not None:
                self.findings += self._matches(row, sketch, tried)

    def _model(self, name: str, files: list[Path]) -> tuple[Row, Sketch | None]:
        if not REPOSITORY.fullmatch(name):
            raise InputError(name[:60], "no name of a repository", "org/name")
        if files[0].name.endswith(SUFFIX):
            sketch = read_sketch(files[0])
            row = Row(
                repository=name,
                revision=sketch.revision,
                base_models=sketch.base_models,
                weights_digest=sketch.weights_digest,
                structure=structure_digest((t.name, t.dtype, t.shape) for t in sketch.tensors),
            )
            return row, sketch
        headers = [_header(path) for path in files]
        tensors = [tensor for found, _ in headers for tensor in found]
        is_whole = all(whole for _, whole in headers)
        place = files[0].parent
        of_folder = place != self.folder
        bases = _bases(place / "README.md") if of_folder else ()
        drawn = None
        if is_whole and self.sketches:
            drawn = draw(open_local(locate(str(place if of_folder else files[0]))))
        row = Row(
            repository=name,
            base_models=bases,
            files=tuple(_file(path) for path in files) if is_whole else (),
            weights_digest=None if drawn is None else drawn.weights_digest,
            structure=structure_digest((t.name, t.dtype, t.shape) for t in tensors),
        )
        return row, drawn

    def _matches(self, row: Row, sketch: Sketch, tried: int) -> Iterator[Finding]:
        for model in self.released:
            base = self.sketches.get(model.name)
            if base is None or row.key in model.keys or row.weights_digest == base.weights_digest:
                continue
            (traced,) = trace(sketch, (compare(sketch, base),), tried, None)
            if traced.outcome is not LineageOutcome.DERIVED:
                continue
            exponent = math.ceil(traced.log10_p)
            yield Finding(
                released=model.name,
                kind=FindingKind.LINEAGE_MATCH,
                strength=Strength.WEIGHTS,
                repository=row.repository,
                revision=row.revision,
                created_at=None,
                digest=None,
                evidence=(
                    f"the weights have a common origin, p <= 1e{exponent} over {tried} comparisons",
                    "it does not say who came first",
                ),
            )


def _groups(folder: Path) -> dict[str, list[Path]]:
    """Return files of weights by the repository that they belong to."""
    found: dict[str, list[Path]] = {}
    try:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
    except OSError as error:
        raise InputError(str(folder), f"no access ({error.strerror})", "a folder") from None
    for path in paths:
        place = path.parent.relative_to(folder).as_posix()
        if path.name.endswith(SUFFIX):
            name = path.name.removesuffix(SUFFIX)
        elif path.name.endswith(_WEIGHTS) and place == ".":
            name = path.name.removesuffix(_WEIGHTS)
        elif path.name.endswith(_WEIGHTS):
            name = place
        else:
            continue
        found.setdefault(name.replace("--", "/", 1), []).append(path)
    return found


def _header(path: Path) -> tuple[tuple[TensorEntry, ...], bool]:
    """Return the tensors of a file, and whether their bytes are there too."""
    try:
        with path.open("rb") as stream:
            prefix = stream.read(PREFIX_BYTES)
            length = int.from_bytes(prefix, "little")
            size = stream.seek(0, 2)
            if len(prefix) < PREFIX_BYTES or PREFIX_BYTES + length > size:
                raise CheckpointError(str(path), "a header that is cut off", "a whole header")
            stream.seek(PREFIX_BYTES)
            header = stream.read(length)
    except OSError as error:
        raise InputError(str(path), f"no access ({error.strerror})", "a file") from None
    is_whole = size > PREFIX_BYTES + length
    stated = size if is_whole else _stated_bytes(header, length)
    return parse_safetensors_header(header, size_bytes=stated, file=path.name).tensors, is_whole


def _stated_bytes(header: bytes, length: int) -> int:
    """Return how long a file would be whose header this is."""
    try:
        entries = json.loads(header).items()
        ends = [entry["data_offsets"][1] for name, entry in entries if name != "__metadata__"]
        return PREFIX_BYTES + length + int(max(ends, default=0))
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError):
        # The strict reader says what is wrong.
        return PREFIX_BYTES + length


def _file(path: Path) -> FileRow:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileRow(name=path.name, size_bytes=stream.tell(), sha256=digest)


def _bases(card: Path) -> tuple[str, ...]:
    try:
        with card.open("rb") as stream:
            return tuple(read_card(stream.read(_MAX_CARD_BYTES)).base_models)
    except OSError:
        return ()
