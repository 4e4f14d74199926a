# SPDX-License-Identifier: Apache-2.0
"""The two files in which Inspect keeps a log: a ZIP archive (``.eval``) and one JSON text.

In the archive a sample is one member, or a folder of chunks with a ``sample.json`` at
its head. Of two samples with the same id and epoch the later one counts. A log whose
run was killed, or still goes on, has no header, only the journal from its start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive import Archive
from tiergate.evidence.readers.archive_limits import ArchiveLimits
from tiergate.evidence.readers.inspect_attempts import Attempts
from tiergate.evidence.readers.inspect_fields import CountedSample
from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey, SampleParser
from tiergate.evidence.readers.inspect_summaries import summaries
from tiergate.evidence.readers.source import OpenedFile
from tiergate.evidence.readers.values import as_list, as_object, parse_object

HEADER = "header.json"
JOURNAL_START = "_journal/start.json"
_SUMMARIES = "summaries.json"
_JOURNAL_SUMMARY = re.compile(r"_journal/summaries/(\d{1,9})\.json")
_CHUNK_HEAD = "/sample.json"
_CHUNKED = re.compile(r"(samples/.+_epoch_\d+)/sample\.json")
_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectLog:
    """A log as its file holds it, before anything is counted."""

    container: str
    """``eval`` or ``json``."""
    header: dict[str, object]
    """Everything but the samples."""
    has_header: bool
    """False when only the journal from the start of the run is there."""
    attempts: Attempts
    """What each attempt left, as the samples say, and their summary where they are missing."""
    superseded: int
    """Samples that a later one with the same id and epoch replaced."""


def read_archive(file: OpenedFile, limits: ArchiveLimits) -> InspectLog:
    """Read an ``.eval`` file.

    Raises:
        EvidenceError: damaged, too large, or not an Inspect log.
    """
    archive = Archive(file.handle, file.name, limits)
    start = HEADER if HEADER in archive else JOURNAL_START
    if start not in archive:
        raise EvidenceError(
            file.name,
            f"a ZIP file without {HEADER} and {JOURNAL_START}",
            "an Inspect log",
            "Give the .eval file that Inspect wrote.",
        )
    header = parse_object(archive.read(start), f"{file.name}:{start}")
    parser, attempts = SampleParser(), Attempts()
    for member in _summary_members(archive):
        attempts.summarise(_summarised(archive, member, parser, file.name))
    heads = _chunk_heads(archive)
    for entry in archive:
        if _is_sample(entry.name, heads):
            text = archive.read(entry)
            attempts.keep(*parser.of_text(text, f"{file.name}:{entry.name}"))
    return InspectLog(
        container="eval",
        header=header,
        has_header=start == HEADER,
        attempts=attempts,
        superseded=attempts.superseded
        + sum(1 for name in archive.replaced() if _is_sample(name, heads)),
    )


def read_json(file: OpenedFile) -> InspectLog:
    """Read a ``.json`` log.

    Raises:
        EvidenceError: damaged, too large, or not an Inspect log.
    """
    header = parse_object(file.read_all(), file.name)
    parser, attempts = SampleParser(), Attempts()
    for index, sample in enumerate(as_list(header.pop("samples", None))):
        where = f"{file.name}: samples[{index}]"
        attempts.keep(*parser.of_fields(as_object(sample), where))
    return InspectLog(
        container="json",
        header=header,
        has_header=True,
        attempts=attempts,
        superseded=attempts.superseded,
    )


def _chunk_heads(archive: Archive) -> frozenset[str]:
    """Return the folders of samples that are kept in chunks."""
    if not archive.mentions(_CHUNK_HEAD):
        return frozenset()
    matches = (_CHUNKED.fullmatch(e.name) for e in archive if e.name.endswith(_CHUNK_HEAD))
    return frozenset(match[1] for match in matches if match)


def _is_sample(name: str, heads: frozenset[str]) -> bool:
    """Tell whether a member speaks for a sample, whole or as the head of its chunks."""
    if not (name.startswith("samples/") and name.endswith(".json")):
        return False
    if not heads:
        return True
    parents = (name[: slash.start()] for slash in re.finditer("/", name))
    head = next((parent for parent in parents if parent in heads), None)
    return head is None or name == head + _CHUNK_HEAD


def _summary_members(archive: Archive) -> list[str]:
    """Return the summary of the whole log, or those of its journal in their order."""
    if _SUMMARIES in archive:
        return [_SUMMARIES]
    journal = [m for entry in archive if (m := _JOURNAL_SUMMARY.fullmatch(entry.name))]
    return [match[0] for match in sorted(journal, key=lambda match: int(match[1]))]


def _summarised(
    archive: Archive, member: str, parser: SampleParser, file_name: str
) -> Iterator[tuple[SampleKey, Outcome]]:
    where = f"{file_name}:{member}"
    for summary in summaries(archive.pieces(member, _PIECE_BYTES), where):
        if isinstance(summary, CountedSample):
            yield parser.of_decoded(summary, where, kept=False)
        else:
            yield parser.of_fields(summary, where, kept=False)
