# SPDX-License-Identifier: Apache-2.0
"""Reader of HELM runs: a folder with the five files that the tool writes for one run.

Every number comes from the statistics of single instances; the means in ``stats.json``
are compared, never used. Each metric on each split is a series, named ``metric,split``.
A perturbed instance is a further sample on the same behaviour, a training trial a
further attempt. A request that failed is no empty answer: it has no value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Remark, SourceFile
from tiergate.evidence.readers import helm_setup as facts
from tiergate.evidence.readers.base import ForeignLog, Series
from tiergate.evidence.readers.helm_instances import Instances, read_instances
from tiergate.evidence.readers.helm_recount import stats_remarks
from tiergate.evidence.readers.helm_state import State, read_state
from tiergate.evidence.readers.source import opened
from tiergate.evidence.readers.stated import NO_DATE, no_date, planned_attempts
from tiergate.evidence.readers.values import as_list, as_text, parse_json

_SETUP, _SCENARIO, _STATE = "run_spec.json", "scenario.json", "scenario_state.json"
_STATS, _INSTANCES = "stats.json", "per_instance_stats.json"
_FILES = (_SETUP, _SCENARIO, _STATE, _STATS, _INSTANCES)
_SIGNS = (_SETUP, _INSTANCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    content: object
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HelmReader:
    """Reads the runs of HELM."""

    @property
    def name(self) -> str:
        """Name of the tool."""
        return "helm"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is the folder of a run, or the statistics of instances in it."""
        if path.name == _INSTANCES and path.is_file():
            return (path.parent / _SETUP).is_file()
        return path.is_dir() and all((path / name).is_file() for name in _SIGNS)

    def read(self, path: Path) -> ForeignLog:
        """Read the run that ``path`` belongs to.

        Raises:
            EvidenceError: damaged, of another shape, or with one of its files missing.
        """
        folder = path if path.is_dir() else path.parent
        files = {name: _read(folder / name) for name in _present(folder)}
        main = files[_INSTANCES]
        setup = facts.read_setup(files[_SETUP].content, files[_SCENARIO].content, _SETUP)
        state = read_state(files[_STATE].content, _STATE)
        instances = read_instances(files[_INSTANCES].content, state, _INSTANCES)
        stats = as_list(files[_STATS].content)
        series = tuple(_series(setup, state, instances, facts.announced(stats)))
        if not series:
            raise EvidenceError(
                _INSTANCES,
                "no score for any single instance",
                "statistics with a count of 1",
                "Use a metric that scores each instance.",
            )
        remarks = {
            *facts.setup_remarks(setup, state),
            *instances.remarks,
            *stats_remarks(stats, instances),
            *_read_with(files),
        }
        if state.asked_at is None:
            remarks.add(no_date("The run"))
        return ForeignLog(
            source=_source(main),
            binding=facts.binding(setup),
            series=series,
            remarks=tuple(sorted(remarks, key=lambda remark: (remark.code, remark.message))),
            files=tuple(sorted(file.path for file in files.values())),
        )


def _present(folder: Path) -> tuple[str, ...]:
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise EvidenceError(
            as_text(str(folder)),
            f"a run without {', '.join(missing)}",
            f"the {len(_FILES)} files that HELM writes for a run ({', '.join(_FILES)})",
            "Let the run come to its end, and give its whole folder.",
        )
    return _FILES


def _read(path: Path) -> _File:
    with opened(path) as file:
        content = parse_json(file.read_all(), file.name)
    return _File(path=path, content=content, sha256=file.sha256, size_bytes=file.size_bytes)


def _source(main: _File) -> SourceFile:
    return SourceFile(
        file_name=main.path.name,
        sha256=main.sha256,
        size_bytes=main.size_bytes,
        format="helm-run/1",
        reader="helm/1",
        tool="crfm-helm",
        read=("the run's set-up", "every instance's statistics", "how every request ended"),
        left_out=("inputs", "references", "prompts", "completions", "annotations"),
    )


def _read_with(files: dict[str, _File]) -> Iterator[Remark]:
    for name, file in files.items():
        if name != _INSTANCES:
            yield Remark(code="read-with", message=f"Read together with {name}, {file.sha256}.")


def _series(
    setup: facts.Setup, state: State, instances: Instances, announced: dict[str, int]
) -> Iterator[Series]:
    for metric, split in instances.names:
        rows = instances.rows(metric, split)
        inputs = len({row.sample for row in rows})
        planned = max(len(rows), inputs * setup.trials, announced.get(split, 0) * setup.trials)
        yield Series(
            task=setup.task,
            task_version="",
            dataset=setup.dataset,
            scorer=f"{metric},{split}" if split else metric,
            rows=rows,
            planned=planned_attempts(planned, _SETUP),
            superseded=0,
            elicitation=setup.elicitation,
            generation=setup.generation,
            finished_at=state.asked_at or NO_DATE,
            samples_kept=len(rows),
            graders=setup.graders,
        )
