# SPDX-License-Identifier: Apache-2.0
"""The two files in which Inspect keeps a log: a ZIP archive (``.eval``) and one JSON text.

In the archive a sample is one member, or a folder of chunks with a ``sample.json`` at
its head. Of two samples with the same id and epoch the later one counts. A log whose
run was killed has no header, only the journal from its start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive import Archive, ArchiveLimits
from tiergate.evidence.readers.inspect_sample import Sample, SampleKey, parse_sample
from tiergate.evidence.readers.source import OpenedFile
from tiergate.evidence.readers.values import as_list, as_object, parse_json, parse_object

HEADER = "header.json"
JOURNAL_START = "_journal/start.json"
_SUMMARIES = "summaries.json"
_JOURNAL_SUMMARY = re.compile(r"_journal/summaries/(\d{1,9})\.json")
_CHUNKED = re.compile(r"(samples/.+_epoch_\d+)/sample\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectLog:
    """A log as its file holds it, before anything is counted."""

    container: str
    """``eval`` or ``json``."""
    header: dict[str, object]
    """Everything but the samples."""
    has_header: bool
    """False when only the journal from the start of the run is there."""
    samples: dict[SampleKey, Sample]
    """Every sample that counts."""
    superseded: int
    """Samples that a later one with the same id and epoch replaced."""
    summaries: dict[SampleKey, Sample] | None
    """What the summary of the log says of each sample; None when it has no summary."""


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
    names = frozenset(members := list(_sample_members(archive.names)))
    samples, superseded = _last_of_each(_parsed(archive, name, file.name) for name in members)
    return InspectLog(
        container="eval",
        header=parse_object(archive.read(start), f"{file.name}:{start}"),
        has_header=start == HEADER,
        samples=samples,
        superseded=superseded + sum(1 for name in archive.replaced if name in names),
        summaries=_summaries(archive, file.name),
    )


def read_json(file: OpenedFile) -> InspectLog:
    """Read a ``.json`` log.

    Raises:
        EvidenceError: damaged, too large, or not an Inspect log.
    """
    header = parse_object(file.read_all(), file.name)
    listed = as_list(header.pop("samples", None))
    samples, superseded = _last_of_each(
        parse_sample(as_object(sample), f"{file.name}: samples[{index}]")
        for index, sample in enumerate(listed)
    )
    return InspectLog(
        container="json",
        header=header,
        has_header=True,
        samples=samples,
        superseded=superseded,
        summaries=None,
    )


def _sample_members(names: Iterable[str]) -> Iterator[str]:
    """Yield the member that speaks for each sample, whole or chunked."""
    under_samples = [n for n in names if n.startswith("samples/") and n.endswith(".json")]
    heads = {match[1]: name for name in under_samples if (match := _CHUNKED.fullmatch(name))}
    for name in under_samples:
        parents = (name[: slash.start()] for slash in re.finditer("/", name))
        head = next((heads[parent] for parent in parents if parent in heads), name)
        if head == name:
            yield name


def _parsed(archive: Archive, member: str, file_name: str) -> Sample:
    where = f"{file_name}:{member}"
    return parse_sample(parse_object(archive.read(member), where), where)


def _last_of_each(samples: Iterable[Sample]) -> tuple[dict[SampleKey, Sample], int]:
    found: dict[SampleKey, Sample] = {}
    count = 0
    for count, sample in enumerate(samples, start=1):  # noqa: B007 - the last one is the count
        found[sample.key] = sample
    return found, count - len(found)


def _summaries(archive: Archive, file_name: str) -> dict[SampleKey, Sample] | None:
    if _SUMMARIES in archive:
        members = [_SUMMARIES]
    else:
        journal = [m for name in archive.names if (m := _JOURNAL_SUMMARY.fullmatch(name))]
        members = [m[0] for m in sorted(journal, key=lambda m: int(m[1]))]
    found: dict[SampleKey, Sample] = {}
    for member in members:
        where = f"{file_name}:{member}"
        for summary in as_list(parse_json(archive.read(member), where)):
            sample = parse_sample(as_object(summary), where)
            found[sample.key] = sample
    return found if members else None
