# SPDX-License-Identifier: Apache-2.0
"""Reader of garak reports, ``*.report.jsonl``.

Every number comes from the attempts that the detectors finished (status 2); each probe
under each detector is a series. The tool's own counts are compared, and its intervals and
grades are not looked at. A hit log is refused: it holds successes without a denominator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import SourceFile
from tiergate.evidence.readers import garak_counts as counts
from tiergate.evidence.readers.base import ForeignLog, Series
from tiergate.evidence.readers.garak_counts import Asked
from tiergate.evidence.readers.garak_remarks import report_remarks
from tiergate.evidence.readers.garak_report import Report, is_hit, read_report
from tiergate.evidence.readers.garak_setup import binding
from tiergate.evidence.readers.source import first_bytes, opened
from tiergate.evidence.readers.values import MAX_COUNT, as_text, parse_object, shortened

_NAMES = (".report.jsonl", ".hitlog.jsonl")
_FIRST_LINE_BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class GarakReader:
    """Reads the reports of garak."""

    max_line_bytes: int = 64 * 1024**2
    """An attempt is one line; a longer one is refused."""

    @property
    def name(self) -> str:
        """Name of the tool."""
        return "garak"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is a report or, so that it can be refused, a hit log."""
        if path.name.endswith(_NAMES):
            return path.is_file()
        if path.suffix != ".jsonl":
            return False
        try:
            entry = parse_object(first_bytes(path, _FIRST_LINE_BYTES).split(b"\n")[0], path.name)
        except EvidenceError:
            return False
        return as_text(entry.get("entry_type")) == "start_run setup" or is_hit(entry)

    def read(self, path: Path) -> ForeignLog:
        """Read the report.

        Raises:
            EvidenceError: damaged, of an unknown shape, without scored attempts, or a hit log.
        """
        with opened(path) as file:
            report = read_report(file, max_line_bytes=self.max_line_bytes)
        probes = counts.by_probe(report.attempts)
        series = tuple(_series(report, probes, file.name))
        if not series:
            raise EvidenceError(
                file.name,
                f"{len(report.attempts)} attempts and no score",
                "attempts that detectors have scored (status 2)",
                "Let the run come to its end.",
            )
        remarks = set(report_remarks(report, probes))
        return ForeignLog(
            source=SourceFile(
                file_name=file.name,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                format=f"garak-report/{report.setup.shape}",
                reader="garak/1",
                tool=f"garak {report.setup.version}",
                read=("the setup", "every attempt's scores", "the tool's own counts"),
                left_out=("prompts", "responses", "notes", "the digest and its intervals"),
            ),
            binding=binding(report.setup),
            series=series,
            remarks=tuple(sorted(remarks, key=lambda remark: (remark.code, remark.message))),
            files=(path,),
        )


def _series(report: Report, probes: Mapping[str, Sequence[Asked]], where: str) -> Iterator[Series]:
    for probe, attempts in probes.items():
        for detector in counts.detectors_of(attempts):
            due = counts.due(attempts, detector)
            rows = counts.rows(due, detector)
            yield Series(
                task=probe,
                task_version=report.setup.version,
                dataset="",
                scorer=detector,
                rows=rows,
                planned=_planned(report, probe, detector, due, where),
                superseded=report.superseded.get(probe, 0),
                elicitation=_elicitation(report, due),
                generation=report.setup.settings,
                finished_at=report.finished_at,
                samples_kept=len(rows),
                graders=_graders(report, detector),
            )


def _planned(report: Report, probe: str, detector: str, due: Sequence[Asked], where: str) -> int:
    claimed = sum(
        claim.passed + claim.fails + claim.nones
        for claim in report.claims
        if (claim.probe, claim.detector) == (probe, detector)
    )
    attempts = max(counts.planned(due, detector), claimed)
    if attempts > MAX_COUNT:
        raise EvidenceError(where, f"{attempts} planned attempts", "a number that a run can have")
    return attempts


def _elicitation(report: Report, attempts: Sequence[Asked]) -> str:
    buffs = sorted({attempt.buff for attempt, _ in attempts if attempt.buff})
    system = report.setup.system_prompt_characters
    parts = [
        f"{report.setup.generations} generations for each prompt",
        f"prompts changed by {', '.join(buffs)}" if buffs else "",
        f"system prompt of {system} characters" if system else "",
    ]
    return shortened("; ".join(part for part in parts if part), 1000)


def _graders(report: Report, detector: str) -> tuple[str, ...]:
    # The report states the model that the detector asks unless told otherwise, and nothing
    # about what it was told.
    model = report.default_graders.get(detector)
    return (shortened(f"{model} (the default of {detector})", 300),) if model else ()
