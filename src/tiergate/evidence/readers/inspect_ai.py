# SPDX-License-Identifier: Apache-2.0
"""Reader of Inspect AI logs, ``.eval`` and ``.json``.

Every number comes from the samples. An attempt has no value when it has no score, when
its score is NaN, when it ended in an error, when it was declared invalid, and when only
the summary knows of it. Averages, reductions and summaries are compared, never used.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import SourceFile
from tiergate.evidence.readers import inspect_header as facts
from tiergate.evidence.readers.archive import Archive
from tiergate.evidence.readers.archive_limits import ArchiveLimits
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.inspect_container import (
    HEADER,
    JOURNAL_START,
    InspectLog,
    read_archive,
    read_json,
)
from tiergate.evidence.readers.inspect_graders import graders
from tiergate.evidence.readers.inspect_recount import header_remarks, summary_remarks
from tiergate.evidence.readers.inspect_remarks import (
    declared_void,
    sample_remarks,
    status_remarks,
)
from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey
from tiergate.evidence.readers.source import first_bytes, opened, sniffed_keys
from tiergate.evidence.readers.values import as_label, as_object, as_text, shortened

_ZIP_MAGIC = b"PK\x03\x04"
_JSON_HEAD = re.compile(rb'\s*\{\s*"version"\s*:\s*\d+\s*,\s*"status"\s*:\s*"\w+"\s*,\s*"eval"')


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectReader:
    """Reads the logs of Inspect AI."""

    limits: ArchiveLimits = field(default_factory=ArchiveLimits)
    """What an archive may ask of the machine."""
    helped_from_bytes: int = 128 * 1024**2
    """An archive that unpacks to so much is read by two processes, where there are two cores."""

    @property
    def name(self) -> str:
        """Name of the tool."""
        return "inspect_ai"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is an Inspect log, whole or not."""
        head = first_bytes(path, 256)
        if head.startswith(_ZIP_MAGIC):
            return path.suffix == ".eval" or self._has_members(path)
        # Inspect writes these keys first; a log that was written again may have another order.
        return bool(_JSON_HEAD.match(head)) or {"version", "status", "eval"} <= sniffed_keys(path)

    def _has_members(self, path: Path) -> bool:
        try:
            with path.open("rb") as handle:
                archive = Archive(handle, path.name, self.limits)
        except (EvidenceError, OSError):
            return False
        return HEADER in archive or JOURNAL_START in archive

    def read(self, path: Path) -> ForeignLog:
        """Read the log.

        Raises:
            EvidenceError: damaged, too large, of an unknown version, or without samples.
        """
        with opened(path) as file:
            if file.handle.read(4) == _ZIP_MAGIC:
                log = read_archive(file, self.limits, helped_from_bytes=self.helped_from_bytes)
            else:
                file.handle.seek(0)
                log = read_json(file)
        version = facts.log_version(log.header, file.name)
        tally = log.attempts.tally()
        if not tally:
            raise EvidenceError(
                file.name,
                "no samples",
                "the samples that the scores were given to",
                "Run the evaluation with `--log-samples`."
                if log.has_header
                else "Wait until the run has ended; the log has no header yet.",
            )
        packages = as_object(as_object(log.header.get("eval")).get("packages"))
        source = SourceFile(
            file_name=file.name,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            format=f"inspect-{log.container}/{version}",
            reader="inspect_ai/1",
            tool=f"inspect_ai {as_text(packages.get('inspect_ai'))}".rstrip(),
            read=(
                "header" if log.has_header else "start of the journal",
                "every sample's scores, error, limit and edits",
                *(("every summary's scores and error",) if log.attempts.has_summary else ()),
            ),
            left_out=("prompts", "responses", "metadata", "events", "reductions"),
        )
        return dataclasses.replace(_counted(log, tally, source), files=(path,))


def _counted(log: InspectLog, tally: Counter[Outcome], source: SourceFile) -> ForeignLog:
    where = source.file_name
    plan = facts.planned(log.header, log.attempts.keys(), where)
    remarks = {*plan.remarks, *status_remarks(log, tally), *sample_remarks(log, tally)}
    remarks |= {*header_remarks(log.header, log.attempts, tally)}
    remarks |= {*summary_remarks(log.attempts, tally.total())}
    served_by_others = any(outcome.fallbacks for outcome in tally)
    return ForeignLog(
        source=source,
        binding=facts.binding(log.header, where, served_by_others=served_by_others),
        series=tuple(_series(log, tally, plan.attempts, where)),
        remarks=tuple(sorted(remarks, key=lambda remark: (remark.code, remark.message))),
    )


def _series(log: InspectLog, tally: Counter[Outcome], planned: int, where: str) -> Iterator[Series]:
    eval_spec = as_object(log.header.get("eval"))
    void = declared_void(log, tally)
    for scorer in _scorers(log, tally, where):
        yield Series(
            task=shortened(as_text(eval_spec.get("task")) or "unnamed task", 200),
            task_version=shortened(as_label(eval_spec.get("task_version")), 100),
            dataset=facts.dataset_text(log.header),
            scorer=scorer,
            rows=tuple(_row(key, left, scorer, void=void) for key, left in log.attempts),
            planned=planned,
            superseded=log.superseded,
            elicitation=facts.elicitation_text(log.header),
            generation=facts.generation_text(log.header),
            finished_at=facts.finished_at(log.header, where),
            samples_kept=tally.total(),
            graders=graders(log.header, scorer),
        )


def _row(key: SampleKey, outcome: Outcome, scorer: str, *, void: bool) -> Row:
    without_value = void or not outcome.kept or outcome.errored or outcome.invalidated
    return Row(
        sample=key[0],
        attempt=key[1],
        value=None if without_value else outcome.score(scorer),
        errored=outcome.kept and outcome.errored,
        limited=outcome.kept and outcome.limited,
    )


def _scorers(log: InspectLog, tally: Counter[Outcome], where: str) -> list[str]:
    """Name every series: each score that has a value, and each scorer that never gave one."""
    names: set[str] = set()
    ran: set[str] = set()
    for outcome in tally:
        pairs = zip(outcome.names, outcome.values, strict=True)
        names.update([name for name, value in pairs if value is not None])
        ran |= outcome.scorers
    ran |= facts.declared_scorers(log.header)
    silent = {scorer for scorer in ran if not _speaks(scorer, names)}
    if not names | silent:
        raise EvidenceError(
            where,
            f"{tally.total()} samples and no scorer",
            "scored samples",
            "Score the log with `inspect score`.",
        )
    return sorted(names | silent)


def _speaks(scorer: str, names: Iterable[str]) -> bool:
    return any(name == scorer or name.startswith(f"{scorer}.") for name in names)
