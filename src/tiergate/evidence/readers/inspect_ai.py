# SPDX-License-Identifier: Apache-2.0
"""Reader of Inspect AI logs, ``.eval`` and ``.json``.

Every number comes from the samples. An attempt has no value when it has no score, when
its score is NaN, when it ended in an error, when it was declared invalid, and when only
the summary knows of it. Averages, reductions and summaries are compared, never used.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Remark, SourceFile
from tiergate.evidence.readers import inspect_header as facts
from tiergate.evidence.readers.archive import Archive, ArchiveLimits
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.inspect_container import (
    HEADER,
    JOURNAL_START,
    InspectLog,
    read_archive,
    read_json,
)
from tiergate.evidence.readers.inspect_recount import header_remarks, summary_remarks
from tiergate.evidence.readers.inspect_sample import Sample, SampleKey
from tiergate.evidence.readers.source import first_bytes, opened, sniffed_keys
from tiergate.evidence.readers.values import (
    as_label,
    as_list,
    as_object,
    as_text,
    listed,
    shortened,
)

_ZIP_MAGIC = b"PK\x03\x04"
_JSON_HEAD = re.compile(rb'\s*\{\s*"version"\s*:\s*\d+\s*,\s*"status"\s*:\s*"\w+"\s*,\s*"eval"')


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectReader:
    """Reads the logs of Inspect AI."""

    limits: ArchiveLimits = field(default_factory=ArchiveLimits)
    """What an archive may ask of the machine."""

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
                log = read_archive(file, self.limits)
            else:
                file.handle.seek(0)
                log = read_json(file)
        version = facts.log_version(log.header, file.name)
        if not log.samples:
            raise EvidenceError(
                file.name,
                "no samples",
                "the samples that the scores were given to",
                "Run the evaluation with `--log-samples`.",
            )
        packages = as_object(as_object(log.header.get("eval")).get("packages"))
        source = SourceFile(
            file_name=file.name,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            format=f"inspect-{log.container}/{version}",
            reader="inspect_ai/1",
            tool=f"inspect_ai {as_text(packages.get('inspect_ai'))}".rstrip(),
        )
        return dataclasses.replace(_counted(log, source), files=(path,))


def _counted(log: InspectLog, source: SourceFile) -> ForeignLog:
    where = source.file_name
    attempts = sorted(log.samples.keys() | (log.summaries or {}).keys())
    plan = facts.planned(log.header, attempts, where)
    fallbacks = frozenset().union(*(sample.fallbacks for sample in log.samples.values()))
    remarks = {*plan.remarks, *_status_remarks(log), *_sample_remarks(log, fallbacks)}
    remarks |= {*header_remarks(log.header, list(log.samples.values())), *summary_remarks(log)}
    return ForeignLog(
        source=source,
        binding=facts.binding(log.header, where, served_by_others=bool(fallbacks)),
        series=tuple(_series(log, attempts, plan.attempts, where)),
        remarks=tuple(sorted(remarks, key=lambda remark: (remark.code, remark.message))),
    )


def _series(
    log: InspectLog, attempts: Iterable[SampleKey], planned: int, where: str
) -> Iterator[Series]:
    eval_spec = as_object(log.header.get("eval"))
    void = _declared_void(log)
    for scorer in _scorers(log, where):
        yield Series(
            task=shortened(as_text(eval_spec.get("task")) or "unnamed task", 200),
            task_version=shortened(as_label(eval_spec.get("task_version")), 100),
            dataset=facts.dataset_text(log.header),
            scorer=scorer,
            rows=tuple(_row(key, log.samples.get(key), scorer, void=void) for key in attempts),
            planned=planned,
            superseded=log.superseded,
            elicitation=facts.elicitation_text(log.header),
            generation=facts.generation_text(log.header),
            finished_at=facts.finished_at(log.header, where),
            samples_kept=len(log.samples),
        )


def _row(key: SampleKey, sample: Sample | None, scorer: str, *, void: bool) -> Row:
    if sample is None:
        return Row(sample=key[0], attempt=key[1], value=None)
    without_value = void or sample.errored or sample.invalidated
    return Row(
        sample=key[0],
        attempt=key[1],
        value=None if without_value else sample.scores.get(scorer),
        errored=sample.errored,
        limited=sample.limited,
    )


def _declared_void(log: InspectLog) -> bool:
    """Tell whether the log is invalidated as a whole: flagged, and no sample says it is the one."""
    flagged = log.header.get("invalidated") is True
    return flagged and not any(sample.invalidated for sample in log.samples.values())


def _scorers(log: InspectLog, where: str) -> list[str]:
    """Name every series: each score that has a value, and each scorer that never gave one."""
    names = {n for s in log.samples.values() for n, value in s.scores.items() if value is not None}
    ran = {scorer for sample in log.samples.values() for scorer in sample.scorers}
    silent = {
        scorer for scorer in ran | _declared_scorers(log.header) if not _speaks(scorer, names)
    }
    if not names | silent:
        raise EvidenceError(
            where,
            f"{len(log.samples)} samples and no scorer",
            "scored samples",
            "Score the log with `inspect score`.",
        )
    return sorted(names | silent)


def _speaks(scorer: str, names: Iterable[str]) -> bool:
    return any(name == scorer or name.startswith(f"{scorer}.") for name in names)


def _declared_scorers(header: Mapping[str, object]) -> set[str]:
    entries = as_list(as_object(header.get("eval")).get("scorers"))
    names = (as_text(as_object(entry).get("name")) for entry in entries)
    return {name.rpartition("/")[2] for name in names if name}


def _status_remarks(log: InspectLog) -> Iterator[Remark]:
    status = as_text(log.header.get("status")) or "started"
    if not log.has_header or status != "success":
        reason = shortened(as_text(as_object(log.header.get("error")).get("message")), 300)
        yield Remark(
            code="not-finished",
            message=f"The run did not finish: its status is {status}"
            + ("" if log.has_header else " and the log has no header")
            + (f" ({reason})" if reason else "")
            + ".",
        )
    for key, code, what in (
        ("log_updates", "edited-log", "edited after the run (tags or metadata)"),
        ("config_updates", "changed-while-running", "changed while it ran (its configuration)"),
    ):
        if updates := as_list(log.header.get(key)):
            yield Remark(code=code, message=f"The log was {what}, {len(updates)} times.")
    if _declared_void(log):
        yield Remark(
            code="invalidated",
            message="The log is marked as invalidated and no sample says which; "
            "none of its scores counts.",
        )


def _sample_remarks(log: InspectLog, fallbacks: frozenset[str]) -> Iterator[Remark]:
    samples = log.samples.values()
    unkept = (log.summaries or {}).keys() - log.samples.keys()
    served = f"served in part by other models ({listed(fallbacks)}); what the header says about "
    for code, count, what in (
        ("edited-scores", sum(s.edited > 0 for s in samples), "have scores edited after the run"),
        ("invalidated", sum(s.invalidated for s in samples), "are invalidated; they have no value"),
        ("retried-samples", sum(s.retries > 0 for s in samples), "were tried again after an error"),
        ("model-fallbacks", sum(bool(s.fallbacks) for s in samples), f"were {served}weights fails"),
        ("sample-missing", len(unkept), "are only in the summary; they have no value"),
        ("superseded", log.superseded, "were replaced by a later try in the same log"),
    ):
        if count:
            yield Remark(code=code, message=f"{count} of {len(samples)} samples {what}.")
