# SPDX-License-Identifier: Apache-2.0
"""The two files in which Inspect keeps a log: a ZIP archive (``.eval``) and one JSON text.

Of two samples with the same id and epoch the later one counts. A log whose run was killed,
or still goes on, has no header, only the journal from its start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive import Archive
from tiergate.evidence.readers.archive_limits import ArchiveLimits
from tiergate.evidence.readers.inspect_attempts import Attempts
from tiergate.evidence.readers.inspect_fields import CountedSample
from tiergate.evidence.readers.inspect_helper import Helper, worth_helping
from tiergate.evidence.readers.inspect_members import SampleMembers
from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey, SampleParser
from tiergate.evidence.readers.inspect_summaries import summaries
from tiergate.evidence.readers.source import OpenedFile
from tiergate.evidence.readers.values import as_list, as_object, parse_object

HEADER = "header.json"
JOURNAL_START = "_journal/start.json"
_SUMMARIES = "summaries.json"
_JOURNAL_SUMMARY = re.compile(r"_journal/summaries/(\d{1,9})\.json")
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


def read_archive(file: OpenedFile, limits: ArchiveLimits, *, helped_from_bytes: int) -> InspectLog:
    """Read an ``.eval`` file.

    Args:
        file: the log.
        limits: what it may ask of the machine.
        helped_from_bytes: an archive that unpacks to so much is read by two processes.

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
    members, attempts = SampleMembers(archive, file.name), Attempts()
    helped = worth_helping(archive.content_bytes, helped_from_bytes)
    middle = len(archive) // 2 if helped else len(archive)
    with Helper(file, middle, limits) if helped else nullcontext() as helper:
        parser = SampleParser()
        for member in _summary_members(archive):
            attempts.summarise(_summarised(archive, member, parser, file.name))
        for sample in members.outcomes(parser, 0, middle):
            attempts.keep(*sample)
        later = helper.outcomes() if helper else None
        # Of two tries the later one counts, so the halves keep their order.
        for sample in members.outcomes(parser, middle) if later is None else later:
            attempts.keep(*sample)
    return InspectLog(
        container="eval",
        header=header,
        has_header=start == HEADER,
        attempts=attempts,
        superseded=attempts.superseded + members.replaced(),
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
