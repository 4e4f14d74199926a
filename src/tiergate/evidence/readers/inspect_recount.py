# SPDX-License-Identifier: Apache-2.0
"""The numbers that Inspect puts in a header and a summary, counted again from the samples.

Nothing here changes what is counted: the samples hold. It finds headers and summaries
that say something else.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.inspect_attempts import Attempts
from tiergate.evidence.readers.inspect_sample import Outcome
from tiergate.evidence.readers.values import (
    Score,
    as_count,
    as_list,
    as_number,
    as_object,
    as_text,
    listed,
)

_TOLERANCE = Decimal("0.000001")
_COUNTING_REDUCERS = frozenset({"", "mean", "median", "mode", "max"})
_MEAN_METRICS = frozenset({"accuracy", "mean"})
# The tool's own reading of grades and words as numbers, when it forms an average.
_GRADES = {"C": Decimal(1), "P": Decimal("0.5"), "I": Decimal(0), "N": Decimal(0)}
_WORDS = {"yes": Decimal(1), "true": Decimal(1), "no": Decimal(0), "false": Decimal(0)}


@dataclass(slots=True, kw_only=True)
class _Recount:
    """The scores of one series, counted and added up."""

    scored: int = 0
    """Attempts that have a score."""
    samples: int = 0
    """Samples of which at least one attempt has a score."""
    total: Decimal = Decimal(0)
    """Sum of the scores as numbers."""
    total_of_means: Decimal = Decimal(0)
    """Sum, over the samples, of the mean score of their attempts."""
    numeric: bool = True
    """Whether every score can be read as a number."""

    def add(self, numbers: Sequence[Decimal | None], samples: int = 1) -> None:
        """Add the scores of all attempts on one sample, or on several that scored the same."""
        self.scored += len(numbers) * samples
        self.samples += samples
        self.numeric = self.numeric and None not in numbers
        if self.numeric:
            total = sum([number or Decimal(0) for number in numbers], Decimal(0)) * samples
            self.total += total
            self.total_of_means += total / len(numbers)


def header_remarks(
    header: Mapping[str, object], attempts: Attempts, tally: Counter[Outcome]
) -> Iterator[Remark]:
    """Yield a remark for every number in the header's results that a recount does not give.

    Args:
        header: the header of the log.
        attempts: what its attempts left.
        tally: how many samples left the same.
    """
    results = as_object(header.get("results"))
    completed = as_count(results.get("completed_samples"))
    # Older versions counted the samples that have a score.
    recounts = {
        sum(count for outcome, count in tally.items() if not outcome.errored),
        sum(count for outcome, count in tally.items() if outcome.scorers),
    }
    if completed is not None and completed not in recounts:
        yield _disagrees("completed samples", completed, max(recounts))
    names = {name for outcome in tally for name in outcome.names}
    for entry in map(as_object, as_list(results.get("scores"))):
        scorer, name = as_text(entry.get("scorer")), as_text(entry.get("name"))
        series = name if name == scorer else f"{scorer}.{name}"
        reducer = as_text(entry.get("reducer"))
        in_parts = any(name.startswith(f"{series}.") for name in names)
        if not in_parts and reducer in _COUNTING_REDUCERS:
            recount = _recount(series, attempts, tally)
            yield from _score_remarks(entry, series, reducer, recount)


def _score_remarks(
    entry: Mapping[str, object], series: str, reducer: str, recount: _Recount
) -> Iterator[Remark]:
    # A reducer makes one score of the epochs of a sample; without one each counts.
    recounts = {recount.samples, recount.scored}
    scored = as_count(entry.get("scored_samples"))
    if scored is not None and scored not in recounts:
        yield _disagrees(f"samples scored by {series}", scored, max(recounts))
    if recount.scored and recount.numeric and reducer in ("", "mean"):
        yield from _mean_remarks(entry, series, recount)


def _recount(series: str, attempts: Attempts, tally: Counter[Outcome]) -> _Recount:
    numbers = {
        outcome: _as_average(score)
        for outcome in tally
        if (score := outcome.score(series)) is not None
    }
    found = _Recount()
    with localcontext(prec=28):
        if attempts.single:
            for outcome, number in numbers.items():
                found.add([number], tally[outcome])
            return found
        for _, tries in itertools.groupby(attempts, key=lambda attempt: attempt[0][0]):
            if scored := [numbers[outcome] for _, outcome in tries if outcome in numbers]:
                found.add(scored)
    return found


def _mean_remarks(entry: Mapping[str, object], series: str, recount: _Recount) -> Iterator[Remark]:
    means = (recount.total_of_means / recount.samples, recount.total / recount.scored)
    for key, metric in sorted(as_object(entry.get("metrics")).items()):
        fields = as_object(metric)
        name = as_text(fields.get("name")).rpartition("/")[2]
        stated = as_number(fields.get("value"))
        if name not in _MEAN_METRICS or fields.get("params") or stated is None:
            continue
        if not any(abs(mean - stated) <= _TOLERANCE for mean in means):
            yield _disagrees(f"{as_text(key)} of {series}", stated, means[0])


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


def summary_remarks(attempts: Attempts, count: int) -> Iterator[Remark]:
    """Yield remarks where the log's own summary says something else than its samples.

    Args:
        attempts: what its attempts left.
        count: how many samples the log holds.
    """
    for keys, what in (
        (
            attempts.differing,
            "have another score or another error in the summary; the samples count",
        ),
        (attempts.unsummarised, "are not in the summary; the samples count"),
    ):
        if keys:
            names = listed(f"{name} epoch {epoch}" for name, epoch in keys)
            yield Remark(
                code="summary-disagrees", message=f"{len(keys)} of {count} samples {what}: {names}."
            )
