# SPDX-License-Identifier: Apache-2.0
"""The numbers that Inspect puts in a header and a summary, counted again from the samples.

Nothing here changes what is counted: the samples hold. It finds headers and summaries
that say something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.inspect_container import InspectLog
from tiergate.evidence.readers.inspect_sample import Sample
from tiergate.evidence.readers.values import (
    Score,
    as_count,
    as_list,
    as_number,
    as_object,
    as_text,
    listed,
    mean,
)

_TOLERANCE = Decimal("0.000001")
_COUNTING_REDUCERS = frozenset({"", "mean", "median", "mode", "max"})
_MEAN_METRICS = frozenset({"accuracy", "mean"})
# The tool's own reading of grades and words as numbers, when it forms an average.
_GRADES = {"C": Decimal(1), "P": Decimal("0.5"), "I": Decimal(0), "N": Decimal(0)}
_WORDS = {"yes": Decimal(1), "true": Decimal(1), "no": Decimal(0), "false": Decimal(0)}


def header_remarks(header: Mapping[str, object], samples: Sequence[Sample]) -> Iterator[Remark]:
    """Yield a remark for every number in the header's results that a recount does not give."""
    results = as_object(header.get("results"))
    completed = as_count(results.get("completed_samples"))
    # Older versions counted the samples that have a score.
    recounts = {
        sum(1 for sample in samples if not sample.errored),
        sum(1 for sample in samples if sample.scorers),
    }
    if completed is not None and completed not in recounts:
        yield _disagrees("completed samples", completed, max(recounts))
    for entry in as_list(results.get("scores")):
        yield from _score_remarks(as_object(entry), samples)


def _score_remarks(entry: Mapping[str, object], samples: Sequence[Sample]) -> Iterator[Remark]:
    scorer, name = as_text(entry.get("scorer")), as_text(entry.get("name"))
    series = name if name == scorer else f"{scorer}.{name}"
    groups: dict[str, list[Score]] = defaultdict(list)
    for sample in samples:
        if (score := sample.scores.get(series)) is not None:
            groups[sample.key[0]].append(score)
    reducer = as_text(entry.get("reducer"))
    in_parts = any(name.startswith(f"{series}.") for sample in samples for name in sample.scores)
    if in_parts or reducer not in _COUNTING_REDUCERS:
        return
    # A reducer makes one score of the epochs of a sample; without one each counts.
    recounts = {len(groups), sum(map(len, groups.values()))}
    scored = as_count(entry.get("scored_samples"))
    if scored is not None and scored not in recounts:
        yield _disagrees(f"samples scored by {series}", scored, max(recounts))
    if groups and reducer in ("", "mean"):
        yield from _mean_remarks(entry, series, list(groups.values()))


def _mean_remarks(
    entry: Mapping[str, object], series: str, groups: Sequence[Sequence[Score]]
) -> Iterator[Remark]:
    numbers = [[_as_average(score) for score in group] for group in groups]
    kept = [[n for n in group if n is not None] for group in numbers]
    if any(len(k) != len(group) for k, group in zip(kept, groups, strict=True)):
        return
    recounts = [
        mean(m for k in kept if (m := mean(k)) is not None),
        mean(n for k in kept for n in k),
    ]
    for key, metric in sorted(as_object(entry.get("metrics")).items()):
        fields = as_object(metric)
        name = as_text(fields.get("name")).rpartition("/")[2]
        stated = as_number(fields.get("value"))
        if name not in _MEAN_METRICS or fields.get("params") or stated is None:
            continue
        if not any(r is not None and abs(r - stated) <= _TOLERANCE for r in recounts):
            yield _disagrees(f"{as_text(key)} of {series}", stated, recounts[0])


def _as_average(score: Score) -> Decimal | None:
    if isinstance(score, bool | Decimal):
        return Decimal(score)
    known = _GRADES.get(score, _WORDS.get(score.lower()))
    if known is not None:
        return known
    try:
        number = Decimal(score)
    except ArithmeticError:
        return None
    return as_number(number) if number.is_finite() else None


def _disagrees(what: str, stated: object, recounted: object) -> Remark:
    return Remark(
        code="header-disagrees",
        message=f"The header states {_short(stated)} for {what}; "
        f"the samples give {_short(recounted)}.",
    )


def _short(number: object) -> str:
    return f"{number:.6g}" if isinstance(number, Decimal) else str(number)


def summary_remarks(log: InspectLog) -> Iterator[Remark]:
    """Yield remarks where the log's own summary says something else than its samples."""
    summaries = log.summaries
    if summaries is None:
        return
    common = log.samples.keys() & summaries.keys()
    differing = [k for k in common if not _agree(log.samples[k], summaries[k])]
    unsummarised = log.samples.keys() - summaries.keys()
    for keys, what in (
        (differing, "have another score or another error in the summary; the samples count"),
        (unsummarised, "are not in the summary; the samples count"),
    ):
        if keys:
            names = listed(f"{name} epoch {epoch}" for name, epoch in keys)
            yield Remark(
                code="summary-disagrees",
                message=f"{len(keys)} of {len(log.samples)} samples {what}: {names}.",
            )


def _agree(sample: Sample, summary: Sample) -> bool:
    return sample.scores == summary.scores and sample.errored == summary.errored
