# SPDX-License-Identifier: Apache-2.0
"""Reader of Every Eval Ever records, schema 0.2 and 0.3: an aggregate with its samples.

Every number comes from the samples. A result without samples is somebody's statement and
becomes a claim, and so does everything in a record of the type ``documentation``, which is
what leaderboards are copied into. The averages of the aggregate are compared, never used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.claim import Claim
from tiergate.evidence.provenance import Remark, SourceFile
from tiergate.evidence.readers import every_eval_ever_results as facts
from tiergate.evidence.readers.base import ForeignLog, Series
from tiergate.evidence.readers.every_eval_ever_claims import claim_of
from tiergate.evidence.readers.every_eval_ever_files import (
    aggregates_in,
    checksum_of,
    declared_rows,
    declares_samples,
    file_remarks,
    is_aggregate,
    is_samples,
    record_files,
    samples_of,
)
from tiergate.evidence.readers.every_eval_ever_samples import (
    Instance,
    check_version,
    read_instances,
)
from tiergate.evidence.readers.every_eval_ever_series import (
    Run,
    Scored,
    average_remarks,
    count_remarks,
    planned,
    run_remarks,
    scored,
)
from tiergate.evidence.readers.source import OpenedFile, opened
from tiergate.evidence.readers.values import (
    MAX_COUNT,
    as_object,
    as_text,
    parse_object,
    shortened,
)

_READ = ("every result", "model, data set and settings")
_READ_OF_SAMPLES = ("every sample's score, error and attempt",)
_LEFT_OUT_OF_SAMPLES = ("inputs and references", "outputs and messages", "is_correct", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryEvalEverReader:
    """Reads the records of Every Eval Ever."""

    max_line_bytes: int = 64 * 1024**2
    """A row of samples is one line; a longer one is refused."""

    @property
    def name(self) -> str:
        """Name of the format."""
        return "every_eval_ever"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is an aggregate, a samples file, or a folder with records."""
        if path.is_dir():
            return bool(aggregates_in(path))
        return is_aggregate(path) or is_samples(path)

    def read(self, path: Path) -> ForeignLog:
        """Read the record that ``path`` belongs to.

        Raises:
            EvidenceError: damaged, of another version, or without any number.
        """
        files = record_files(path)
        with opened(files.aggregate) as file:
            content = parse_object(file.read_all(), file.name)
            version = check_version(content, file.name)
            beside = samples_of(files.aggregate, content)
            record = _Record(
                content=content, version=version, named=files.named, beside=beside, aggregate=file
            )
            if facts.only_documented(content) or beside is None:
                return _whole(record, None, files={files.aggregate: file})
            with opened(beside) as samples:
                kept = _Samples(
                    checksum=checksum_of(samples, content),
                    rows=read_instances(samples, max_line_bytes=self.max_line_bytes),
                )
                return _whole(record, kept, files={files.aggregate: file, beside: samples})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    content: facts.Json
    version: str
    named: Path
    beside: Path | None
    aggregate: OpenedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class _Samples:
    rows: tuple[Instance, ...]
    checksum: str


def _whole(
    record: _Record, samples: _Samples | None, *, files: Mapping[Path, OpenedFile]
) -> ForeignLog:
    """Put together what stands in ``files``."""
    content, named = record.content, files.get(record.named, record.aggregate)
    source = _source(record, named, with_samples=samples is not None)
    results = facts.results_of(content)
    rows = samples.rows if samples else ()
    run = Run(
        tool=facts.library(content),
        model=as_text(as_object(content.get("model_info")).get("id")),
        missing_rows=max(0, declared_rows(content) - len(rows)),
    )
    groups = scored(results, rows, run)
    series = tuple(_series(content, group, run, source.file_name) for group in groups)
    claims = tuple(_claims(content, results, groups, source.file_name))
    if not series and not claims:
        raise EvidenceError(source.file_name, "no result", "at least one score")
    binding = facts.binding(content)
    remarks = {facts.producer_remark(content), *facts.binding_remarks(content, binding)}
    remarks |= set(_claim_remarks(record, len(claims)))
    if samples is not None and record.beside is not None:
        remarks |= set(_sample_remarks(content, groups, samples, record.beside))
    remarks |= {
        Remark(code="read-with", message=f"Read together with {file.name}, {file.sha256}.")
        for file in files.values()
        if file is not named
    }
    return ForeignLog(
        source=source,
        binding=binding,
        series=tuple(sorted(series, key=lambda one: (one.task, one.scorer))),
        remarks=tuple(sorted(remarks, key=lambda remark: (remark.code, remark.message))),
        files=tuple(sorted(files)),
        claims=claims,
    )


def _source(record: _Record, named: OpenedFile, *, with_samples: bool) -> SourceFile:
    return SourceFile(
        file_name=named.name,
        sha256=named.sha256,
        size_bytes=named.size_bytes,
        format=f"every-eval-ever/{record.version}",
        reader="every_eval_ever/1",
        tool=facts.tool_text(record.content),
        read=_READ + (_READ_OF_SAMPLES if with_samples else ()),
        left_out=_LEFT_OUT_OF_SAMPLES if with_samples else (),
    )


def _series(content: facts.Json, group: Scored, run: Run, where: str) -> Series:
    result = group.result
    attempts = planned(group, missing_rows=run.missing_rows)
    if attempts > MAX_COUNT:
        raise EvidenceError(where, f"{attempts} planned attempts", "a number that a run can have")
    return Series(
        task=shortened(group.evaluation, 200),
        task_version="",
        dataset=facts.dataset_text(result) if result else "",
        scorer=shortened(group.scorer, 200),
        rows=group.rows,
        planned=attempts,
        superseded=0,
        elicitation=facts.elicitation_text(result) if result else "",
        generation=facts.generation_text(result) if result else "",
        finished_at=facts.run_time(content, result, where),
        samples_kept=len(group.rows),
        graders=facts.graders(result) if result else (),
    )


def _claims(
    content: facts.Json, results: Sequence[facts.Result], groups: Sequence[Scored], where: str
) -> Iterator[Claim]:
    counted = {id(group.result) for group in groups}
    for result in results:
        claim = None if id(result) in counted else claim_of(content, result, where)
        if claim is not None:
            yield claim


def _claim_remarks(record: _Record, claims: int) -> Iterator[Remark]:
    if claims:
        kind = "documentation" if facts.only_documented(record.content) else "no samples"
        yield Remark(
            code="aggregate-only",
            message=f"{claims} results cannot be counted again ({kind}); they are claims.",
        )
    if record.beside is None and declares_samples(record.content):
        yield Remark(
            code="samples-missing",
            message=f"The aggregate announces {declared_rows(record.content)} rows of samples; "
            "the file is not beside it.",
        )


def _sample_remarks(
    content: facts.Json, groups: Sequence[Scored], samples: _Samples, beside: Path
) -> Iterator[Remark]:
    yield from file_remarks(content, beside, samples.checksum, len(samples.rows))
    yield from run_remarks(samples.rows, content)
    yield Remark(
        code="converted-log",
        message="The samples are a conversion of another tool's log; its edits, invalidated "
        "samples, limits and retries are not in it.",
    )
    for group in groups:
        yield from group.remarks
        yield from count_remarks(group)
        yield from average_remarks(group)
