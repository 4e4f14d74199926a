# SPDX-License-Identifier: Apache-2.0
"""Joining a candidate's log with logs of baselines, run in the same harness.

Both are counted under the same mapping, and joined by behaviour. A baseline whose harness is
another is refused: a difference between two harnesses says nothing about two models.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from tiergate.errors import EvidenceError
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.from_log import interpret
from tiergate.evidence.mapping import TaskMapping
from tiergate.evidence.marginal import dataset_of, harness_differences
from tiergate.evidence.measurement import BehaviourResult, Comparison, Counts, Measurement
from tiergate.evidence.pairing import Paired, Result, joined
from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.base import ForeignLog


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRun:
    """The log of a baseline, and what somebody states about the model."""

    log: ForeignLog
    """The log."""
    name: str
    """What the baseline is called; empty takes what its log calls it."""
    digest: str
    """Root digest of its checkpoint; empty takes what its log names."""
    downloadable_since: date | None
    """Day from which anyone could download its weights; None when nobody states one."""
    source_url: str
    """Where that can be looked up; empty when nowhere public."""

    @property
    def known_digest(self) -> str:
        """The digest of the weights that ran, as stated or as the log names it."""
        binding = self.log.binding
        return self.digest or binding.measured_digest or binding.root_digest

    @property
    def called(self) -> str:
        """Its name."""
        return self.name or self.log.binding.name or self.log.source.file_name


def with_baselines(
    document: EvidenceDocument, mapping: TaskMapping, baselines: Iterable[BaselineRun]
) -> EvidenceDocument:
    """Return a document in which each measurement stands once beside each baseline.

    A metric that no baseline has stays alone, and that is said.

    Raises:
        EvidenceError: a baseline is the model itself or its log is the same, ran in another
            harness, shares no behaviour, or has a metric twice; or no metric is compared.
    """
    runs = [(baseline, _by_metric(baseline, mapping)) for baseline in baselines]
    for baseline, _ in runs:
        _refuse_itself(document, baseline)
    measurements: list[Measurement] = []
    remarks: list[Remark] = []
    for found in document.measurements:
        beside = [
            dataclasses.replace(found, comparison=_comparison(found, others[_key(found)], baseline))
            for baseline, others in runs
            if _key(found) in others and isinstance(found.value, Counts)
        ]
        measurements += beside or [found]
        remarks += _alone(found, [b.called for b, others in runs if _key(found) not in others])
    if all(found.comparison is None for found in measurements):
        raise EvidenceError(
            ", ".join(baseline.log.source.file_name for baseline, _ in runs),
            "no metric that the model's log has too",
            "logs that the mapping gives the same metric",
        )
    return dataclasses.replace(
        document, measurements=tuple(measurements), remarks=(*document.remarks, *remarks)
    )


def _key(found: Measurement) -> tuple[object, ...]:
    """Return what a run of the same metric has in common, whichever model ran."""
    return found.metric, found.setting.variant, found.attack


def _by_metric(
    baseline: BaselineRun, mapping: TaskMapping
) -> dict[tuple[object, ...], Measurement]:
    found: dict[tuple[object, ...], Measurement] = {}
    for measurement in interpret(baseline.log, mapping).measurements:
        if _key(measurement) in found:
            raise EvidenceError(
                baseline.log.source.file_name,
                f"{measurement.metric} from several series",
                "each metric from one",
                "Narrow the mapping to one scorer.",
            )
        found[_key(measurement)] = measurement
    return found


def _refuse_itself(document: EvidenceDocument, baseline: BaselineRun) -> None:
    where = baseline.log.source.file_name
    if document.source is not None and document.source.sha256 == baseline.log.source.sha256:
        raise EvidenceError(where, "the model's own log", "a log of the baseline")
    own = {document.binding.root_digest, document.binding.measured_digest} - {""}
    if baseline.known_digest in own:
        raise EvidenceError(where, "a run of the model itself", "a run of another checkpoint")


def _comparison(found: Measurement, other: Measurement, baseline: BaselineRun) -> Comparison:
    assert isinstance(other.value, Counts)  # noqa: S101 - logs hold attempts
    paired = Paired(
        tallies=joined(_results(found.behaviours), _results(other.behaviours)),
        task=other.task,
        dataset=dataset_of(other),
        grader=other.grader,
        generation=other.setting.generation,
        elicitation=other.setting.elicitation,
        finished_at=other.finished_at,
        log_sha256=baseline.log.source.sha256,
        downloadable_since=baseline.downloadable_since,
        source_url=baseline.source_url,
        grader_models=other.grader_models,
    )
    where = baseline.log.source.file_name
    # That neither log names its data set is no difference; a decision will miss it all the same.
    differ = tuple(harness_differences(found, paired))
    if differ:
        raise EvidenceError(
            where,
            f"{found.metric}: {'; '.join(differ)}",
            "the same task, data set, grader, sampling and elicitation as the model's log",
            "Run the baseline again as the model was run.",
        )
    if not paired.shared:
        raise EvidenceError(where, f"{found.metric}: no behaviour of the model's log", "the same")
    since = baseline.downloadable_since
    return Comparison(
        baseline_name=baseline.called,
        baseline_digest=baseline.known_digest,
        downloadable=since is not None and since <= found.finished_at.date(),
        counts=other.value,
        paired=paired,
    )


def _results(results: Iterable[BehaviourResult]) -> dict[str, Result]:
    return {r.behaviour: (r.successes, r.scored, r.unscored) for r in results}


def _alone(found: Measurement, lacking: list[str]) -> Iterator[Remark]:
    if lacking:
        yield Remark(
            code="baseline-lacks-metric",
            message=f"{found.metric}: no run of {', '.join(lacking)} to compare with.",
        )
