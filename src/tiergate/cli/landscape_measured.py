# SPDX-License-Identifier: Apache-2.0
"""Scores on public benchmarks as they were measured: counts in evidence, taken as shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tiergate.cli.evidence_input import gather
from tiergate.errors import InputError
from tiergate.evidence.bounds import bounds_of
from tiergate.evidence.collection import EvidenceDocument, MeasurementItem
from tiergate.evidence.measurement import Counts
from tiergate.evidence.store import EvidenceStore
from tiergate.landscape.placement import nearest

_CONFIDENCE = Decimal("0.95")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredScore:
    """A score, and what it was counted from."""

    benchmark: str
    """The benchmark."""
    item: MeasurementItem
    """The measurement."""
    successes: int
    """Attempts that met its condition."""
    scored: int
    """Attempts with a score."""
    guessing: float
    """Share that somebody who guesses gets right."""
    low: float
    """The least that the score may be, with 95 % confidence; what was not scored is wrong."""
    high: float
    """The most that it may be; what was not scored is right."""

    @property
    def score(self) -> float:
        """Share of what can be reached beyond guessing."""
        return beyond(self.successes / self.scored, self.guessing)


def measured_scores(
    evidence: Iterable[Path],
    named: Sequence[str],
    guessed: Sequence[str],
    benchmarks: Iterable[str],
) -> tuple[MeasuredScore, ...]:
    """Return the scores of one checkpoint.

    Where a metric was measured more than once, the measurement with the highest upper bound
    counts: elsewhere the model may have been tried half-heartedly.

    Args:
        evidence: stores and evidence documents.
        named: which metric is of which benchmark, each as METRIC=BENCHMARK.
        guessed: what guessing gets right, each as BENCHMARK=SHARE.
        benchmarks: those that have parameters.

    Raises:
        InputError: a name or a share is none, a metric was not counted, or measurements are of
            several checkpoints.
        EvidenceError: a path cannot be used.
    """
    wanted = _benchmark_of(named, tuple(benchmarks))
    guessing = _guessing(guessed, wanted.values())
    paths = tuple(evidence)
    stores = [EvidenceStore(path) for path in paths if (path / "register.jsonl").exists()]
    others = tuple(str(path) for path in paths if not (path / "register.jsonl").exists())
    documents = gather(stores, others, None).documents
    _require_one_checkpoint(documents, set(wanted))
    return tuple(
        _highest(metric, benchmark, guessing.get(benchmark, 0.0), documents)
        for metric, benchmark in wanted.items()
    )


def _require_one_checkpoint(documents: Iterable[EvidenceDocument], metrics: set[str]) -> None:
    about = {
        document.binding.root_digest or f"whatever is called {document.binding.name}"
        for document in documents
        if any(found.metric in metrics for found in document.measurements)
    }
    if len(about) > 1:
        found = f"evidence about {', '.join(sorted(about))}"
        raise InputError("--measured", found, "one checkpoint")


def beyond(share: float, guessing: float) -> float:
    """Return the share of what can be reached beyond guessing, at least 0.

    >>> beyond(0.625, 0.25), beyond(0.1, 0.25)
    (0.5, 0.0)
    """
    return max(0.0, (share - guessing) / (1.0 - guessing))


def _highest(
    metric: str, benchmark: str, guessing: float, documents: Sequence[EvidenceDocument]
) -> MeasuredScore:
    found = [
        _score(MeasurementItem(id=f"{document.digest}#m{n}", measurement=m, document=document),
               m.value, benchmark, guessing)
        for document in documents
        for n, m in enumerate(document.measurements)
        if m.metric == metric and isinstance(m.value, Counts) and m.value.scored
    ]  # fmt: skip
    if not found:
        every = {m.metric for document in documents for m in document.measurements}
        expected = f"one of {', '.join(sorted(every))}" if every else "evidence with measurements"
        raise InputError("--measured", f"no counts of {metric}", expected)
    return max(found, key=lambda score: (score.high, score.item.id))


def _score(item: MeasurementItem, counts: Counts, benchmark: str, guessing: float) -> MeasuredScore:
    bounds = bounds_of(item.measurement, _CONFIDENCE)
    return MeasuredScore(
        benchmark=benchmark,
        item=item,
        successes=counts.successes,
        scored=counts.scored,
        guessing=guessing,
        low=beyond(bounds.lower, guessing),
        high=beyond(bounds.upper, guessing),
    )


def _benchmark_of(named: Sequence[str], known: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    mistakes: list[str] = []
    for text in named:
        metric, _, benchmark = text.partition("=")
        if not metric or not benchmark:
            mistakes.append(f"{text!r}, which is no METRIC=BENCHMARK")
        elif benchmark not in known:
            near = nearest(benchmark, known)
            meant = "" if near is None else f" (did you mean {near!r}?)"
            mistakes.append(f"{benchmark!r}, which has no parameters{meant}")
        elif metric in found or benchmark in found.values():
            mistakes.append(f"{text!r}, whose metric or benchmark stands here twice")
        found[metric] = benchmark
    if mistakes:
        expected = "each metric and benchmark once, as in 'utility.gpqa=GPQA diamond'"
        remedy = "`tiergate landscape benchmarks` lists them."
        raise InputError("--measured", "; ".join(mistakes), expected, remedy)
    return found


def _guessing(guessed: Sequence[str], benchmarks: Iterable[str]) -> Mapping[str, float]:
    known = set(benchmarks)
    found: dict[str, float] = {}
    for text in guessed:
        benchmark, _, share = text.rpartition("=")
        try:
            number = float(share)
        except ValueError:
            number = -1.0
        if benchmark not in known or benchmark in found or not 0.0 <= number < 1.0:
            expected = (
                "a benchmark of --measured once, and a share from 0 up to 1, as in 'MMLU=0.25'"
            )
            raise InputError("--guessing", repr(text), expected)
        found[benchmark] = number
    return found
