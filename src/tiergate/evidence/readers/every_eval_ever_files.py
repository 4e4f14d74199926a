# SPDX-License-Identifier: Apache-2.0
"""The two files of one Every Eval Ever record: an aggregate, and its samples beside it.

The aggregate is ``<uuid>.json``; the samples are ``<uuid>_samples.jsonl`` in the same
folder, with a checksum in the aggregate that the format makes optional. Either of the
two can be named, or a folder that holds one record.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.source import OpenedFile, first_bytes, sniffed_keys
from tiergate.evidence.readers.values import (
    as_count,
    as_object,
    as_text,
    listed,
    parse_object,
    shortened,
)

SAMPLES_END = "_samples.jsonl"
"""How the name of a samples file ends."""

_UUID = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_SAMPLES_NAME = re.compile(rf"{_UUID}{SAMPLES_END}")
_AGGREGATE_NAME = re.compile(rf"{_UUID}\.json")
_AGGREGATE_KEYS = frozenset({"evaluation_id", "model_info", "evaluation_results"})
_SAMPLE_KEYS = frozenset({"evaluation_id", "evaluation_name", "sample_id", "evaluation"})
_FIRST_LINE_BYTES = 4 * 1024**2
_CHUNK_BYTES = 1024**2
_ALGORITHM_BY_LENGTH = {32: "md5", 64: "sha256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFiles:
    """Where one record is."""

    named: Path
    """The file that evidence from this record is about."""
    aggregate: Path
    """Results, and how they came about."""


def is_aggregate(path: Path) -> bool:
    """Tell whether a file holds the results of a record."""
    return path.suffix == ".json" and sniffed_keys(path) >= _AGGREGATE_KEYS


def is_samples(path: Path) -> bool:
    """Tell whether a file holds the samples of a record."""
    if path.suffix != ".jsonl":
        return False
    first_line, newline, _ = first_bytes(path, _FIRST_LINE_BYTES).partition(b"\n")
    try:
        return frozenset(parse_object(first_line, path.name)) >= _SAMPLE_KEYS
    except EvidenceError:
        # A first line that is longer than any we look at: its name has to do.
        return not newline and _SAMPLES_NAME.fullmatch(path.name) is not None


def aggregates_in(folder: Path) -> list[Path]:
    """Return the aggregates in a folder, by their names and what they hold."""
    named = (path for path in sorted(folder.glob("*.json")) if _AGGREGATE_NAME.fullmatch(path.name))
    return [path for path in named if is_aggregate(path)]


def record_files(path: Path) -> RecordFiles:
    """Find the aggregate of the record that ``path`` names.

    Raises:
        EvidenceError: no record is there, or several are, or samples have no aggregate.
    """
    if path.is_dir():
        found = aggregates_in(path)
        if len(found) != 1:
            names = f" ({listed(one.name for one in found)})" if found else ""
            raise EvidenceError(
                str(path),
                f"{len(found)} records{names}",
                "one record",
                "Name the aggregate file of the record that is meant.",
            )
        return RecordFiles(named=found[0], aggregate=found[0])
    if path.suffix != ".jsonl":
        return RecordFiles(named=path, aggregate=path)
    aggregate = path.with_name(f"{path.name.removesuffix(SAMPLES_END)}.json")
    if not path.name.endswith(SAMPLES_END) or not aggregate.is_file():
        raise EvidenceError(
            as_text(path.name),
            "samples without their aggregate",
            f"<uuid>.json beside <uuid>{SAMPLES_END}",
            "Keep the two files of a record together, under the names they were given.",
        )
    return RecordFiles(named=path, aggregate=aggregate)


def samples_of(aggregate: Path, record: Mapping[str, object]) -> Path | None:
    """Return the samples file beside an aggregate; None when there is none."""
    declared = PurePosixPath(_declared_path(record)).name
    candidates = [f"{aggregate.stem}{SAMPLES_END}", declared if "\0" not in declared else ""]
    for name in filter(None, candidates):
        path = aggregate.with_name(name)
        if path.is_file():
            return path
    return None


def _details(record: Mapping[str, object]) -> dict[str, object]:
    return as_object(record.get("detailed_evaluation_results"))


def _declared_path(record: Mapping[str, object]) -> str:
    return as_text(_details(record).get("file_path")).strip()


def declared_rows(record: Mapping[str, object]) -> int:
    """Return how many sample rows the aggregate announces; 0 when it does not say."""
    return as_count(_details(record).get("total_rows")) or 0


def declares_samples(record: Mapping[str, object]) -> bool:
    """Tell whether the aggregate says that there are samples."""
    return bool(_details(record))


def checksum_of(file: OpenedFile, record: Mapping[str, object]) -> str:
    """Return the file's digest under the algorithm that the aggregate names, as hex.

    Empty when the aggregate states no checksum, or under an algorithm that the format
    does not have. The file is left at its start.
    """
    if _algorithm(record) == "sha256":
        return file.sha256.removeprefix("sha256:")
    if _algorithm(record) != "md5":
        return ""
    # The format allows MD5; it finds an accident, and nobody's forgery.
    digest = hashlib.md5(usedforsecurity=False)
    while chunk := file.handle.read(_CHUNK_BYTES):
        digest.update(chunk)
    file.handle.seek(0)
    return digest.hexdigest()


def _algorithm(record: Mapping[str, object]) -> str:
    stated = as_text(_details(record).get("checksum"))
    named = as_text(_details(record).get("hash_algorithm"))
    return (named or _ALGORITHM_BY_LENGTH.get(len(stated), "")) if stated else ""


def file_remarks(
    record: Mapping[str, object], samples: Path, checksum: str, rows: int
) -> Iterator[Remark]:
    """Yield remarks about a samples file that is not what the aggregate says it is.

    Args:
        record: the aggregate.
        samples: the file beside it.
        checksum: its digest, as ``checksum_of`` returns it.
        rows: how many rows it has.
    """
    stated = as_text(_details(record).get("checksum"))
    if stated and not checksum:
        yield Remark(
            code="checksum-unchecked",
            message=f"The aggregate states a checksum that cannot be checked "
            f"(algorithm {shortened(_algorithm(record) or 'not named', 40)}).",
        )
    elif stated.lower() != checksum:
        yield Remark(
            code="checksum-disagrees",
            message=f"The aggregate states the checksum {shortened(stated, 80)} for its samples; "
            f"{as_text(samples.name)} has {checksum}.",
        )
    declared = _declared_path(record)
    if PurePosixPath(declared).name != samples.name:
        yield Remark(
            code="path-disagrees",
            message=f"The aggregate names {shortened(declared, 200) or 'no file'} for its "
            f"samples; {as_text(samples.name)} beside it was read.",
        )
    announced = declared_rows(record)
    if announced != rows and announced:
        fewer = rows < announced
        yield Remark(
            code="fewer-samples-than-claimed" if fewer else "more-samples-than-planned",
            message=f"The aggregate claims {announced} rows of samples; the file has {rows}."
            + (" Those that are missing count as not attempted." if fewer else ""),
        )
