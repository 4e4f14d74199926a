# SPDX-License-Identifier: Apache-2.0
"""What a comparison with a baseline must be like to say what a model adds.

A baseline is a checkpoint like any other: known by its digest, with a day from which anyone
could download it and a run of its own in the same harness. The candidate's run is joined with
it by behaviour. Anything that is not so is a reason why the comparison supports nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tiergate.evidence.collection import MeasurementItem
from tiergate.evidence.measurement import Comparison, Measurement
from tiergate.evidence.pairing import Paired


def shortfalls(item: MeasurementItem, root_digest: str) -> tuple[str, ...]:
    """Say why a comparison cannot show what a model adds; empty when it can.

    Args:
        item: the measurement of the candidate.
        root_digest: the candidate's own digest; a model adds nothing to itself.
    """
    comparison = item.measurement.comparison
    if comparison is None:
        return ("no baseline in the same harness",)
    return tuple(_shortfalls(item, comparison, root_digest))


def _shortfalls(item: MeasurementItem, compared: Comparison, root_digest: str) -> Iterator[str]:
    found, paired = item.measurement, compared.paired
    if not compared.downloadable:
        yield "the baseline cannot be downloaded"
    if not compared.baseline_digest:
        yield "the baseline is known by its name alone"
    if compared.baseline_digest and compared.baseline_digest in {
        root_digest,
        item.document.binding.root_digest,
        item.document.binding.measured_digest,
    }:
        yield "the baseline is this model itself"
    if paired is None:
        yield "not joined with the baseline by behaviour"
        return
    source = item.document.source
    if source is not None and paired.log_sha256 == source.sha256:
        yield "the baseline's log is the model's own"
    since = paired.downloadable_since
    if since is None:
        yield "nobody says since when the baseline can be downloaded"
    elif since > found.finished_at.date():
        yield f"the baseline can be downloaded since {since}, after the run"
    yield from harness_differences(found, paired)
    if not dataset_of(found) and not paired.dataset:
        yield "the data set is not stated"


def harness_differences(found: Measurement, paired: Paired) -> Iterator[str]:
    """Say in what the harness of the baseline's run is another than the candidate's."""
    for what, own, other in (
        ("task", found.task, paired.task),
        ("data set", dataset_of(found), paired.dataset),
        ("grader", found.grader, paired.grader),
        ("sampling", found.setting.generation, paired.generation),
        ("elicitation", found.setting.elicitation, paired.elicitation),
        ("model that grades", found.grader_models, paired.grader_models),
    ):
        if own != other:
            yield f"another harness: the {what} differs"


def dataset_of(found: Measurement) -> str:
    """Return the data set as the log names it, or its stated digest; empty without either."""
    return found.dataset or found.conduct.dataset_digest


def baseline_of(found: Measurement) -> str:
    """Return what a baseline is known by: its digest, or its name; empty without one."""
    compared = found.comparison
    return "" if compared is None else compared.baseline_digest or compared.baseline_name


def baselines_of(items: Iterable[MeasurementItem]) -> frozenset[str]:
    """Return every baseline that some measurement is compared with."""
    return frozenset(filter(None, (baseline_of(item.measurement) for item in items)))


def run_of(item: MeasurementItem) -> tuple[object, ...]:
    """Return what tells runs of the candidate apart, whatever they are compared with.

    The same log filed again, beside another baseline or with more said about it, is one run as
    long as the same was counted in it.
    """
    found, source = item.measurement, item.document.source
    log = item.document.digest if source is None else source.sha256
    return log, found.metric, found.setting.variant, found.attack, found.value
