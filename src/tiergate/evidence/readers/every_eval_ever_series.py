# SPDX-License-Identifier: Apache-2.0
"""From the rows of an Every Eval Ever record to series: which score belongs to which result.

A row counts for the result that it names. A row that names none counts only where its
evaluation has a single result, that result has no identity to name, and the rows add up
to what it states; everywhere else the format's converters put a number of their own there
(whether the answer is among the references, or 0). Such a row is an attempt without a score.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.base import Row
from tiergate.evidence.readers.every_eval_ever_results import (
    Result,
    dataset_size,
    sample_ids,
    samples_averaged,
)
from tiergate.evidence.readers.every_eval_ever_samples import Instance
from tiergate.evidence.readers.values import as_number, mean, shortened

UNATTRIBUTED = "score"
"""Scorer of rows that name no result."""

_UNKNOWN_LEVEL = Decimal(-1)
_TOLERANCE = Decimal("0.000001")
_MEANS = frozenset(
    {"acc", "acc_bytes", "acc_norm", "accuracy", "exact_match", "mean", "pass_rate", "proportion"}
)
_REDUCES = "inspect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The rows of one result."""

    evaluation: str
    """Name of the evaluation."""
    scorer: str
    """What they are scored by."""
    result: Result | None
    """The result; None when the aggregate has none of that name."""
    rows: tuple[Row, ...]
    """One per attempt."""
    numbered: bool
    """Whether every row says which attempt it is."""
    remarks: tuple[Remark, ...]
    """What was noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the aggregate says about the run as a whole, as far as scores depend on it."""

    tool: str
    """What ran the evaluation."""
    model: str
    """Identity of the model; a row about another has no score."""
    missing_rows: int
    """Rows that the aggregate announces beyond those in the file."""


def scored(
    results: Sequence[Result], instances: Iterable[Instance], run: Run
) -> tuple[Scored, ...]:
    """Give every row of the samples file to its result."""
    by_name: dict[str, dict[str, list[Instance]]] = defaultdict(lambda: defaultdict(list))
    for instance in instances:
        by_name[instance.evaluation][instance.result].append(instance)
    found: list[Scored] = []
    for evaluation, named in sorted(by_name.items()):
        of_name = [result for result in results if result.evaluation == evaluation]
        silent = named.pop("", [])
        identities = {result.identity for result in of_name} - {""}
        for identity in sorted(identities | named.keys()):
            own = named.get(identity, [])
            if not own and not silent:
                continue
            result = _named(identity, of_name) or _named(identity, results)
            group = _Group(evaluation=evaluation, scorer=identity, result=result, run=run)
            found.append(group.scored(own, silent))
        if silent and not identities:
            found.append(_unnamed(evaluation, of_name, silent, run))
    return tuple(found)


def _named(identity: str, results: Sequence[Result]) -> Result | None:
    """Return the one result with this identity; None when there is none, or several."""
    found = [result for result in results if result.identity == identity]
    return found[0] if len(found) == 1 else None


def _unnamed(evaluation: str, results: Sequence[Result], rows: list[Instance], run: Run) -> Scored:
    """Make the series of rows that name no result where no result could be named."""
    result = results[0] if len(results) == 1 else None
    scorer = result.scorer if result else UNATTRIBUTED
    group = _Group(evaluation=evaluation, scorer=scorer, result=result, run=run)
    if result is not None:
        kept = group.scored(rows, [])
        stated = as_number(result.stated.get("score"))
        if stated is not None and _agrees(stated, _average(kept.rows), result):
            return kept
    return group.scored([], rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    evaluation: str
    scorer: str
    result: Result | None
    run: Run

    def scored(self, own: list[Instance], silent: list[Instance]) -> Scored:
        """Make the rows, those that name this result (``own``) and those that name none."""
        known = {(row.sample, row.epoch) for row in own}
        beside = [row for row in silent if (row.sample, row.epoch) not in known]
        # Of each row, whether its score is one for this result.
        both = [(row, True) for row in own] + [(row, False) for row in beside]
        numbered = _numbered([row for row, _ in both])
        reduced = bool(own) and self._reduced(own)
        rows: list[Row] = []
        seen: Counter[str] = Counter()
        order = sorted(both, key=lambda pair: (_order(pair[0].sample), pair[0].epoch or 0))
        for instance, counts in order:
            seen[instance.sample] += 1
            attempt = instance.epoch if numbered and instance.epoch else seen[instance.sample]
            value = self._value(instance) if counts and not reduced else None
            rows.append(
                Row(
                    sample=instance.sample,
                    attempt=attempt,
                    value=value,
                    errored=instance.errored,
                    limited=instance.limited,
                )
            )
        return Scored(
            evaluation=self.evaluation,
            scorer=self.scorer,
            result=self.result,
            rows=tuple(rows),
            numbered=numbered,
            remarks=tuple(self._remarks(own, beside, reduced=reduced)),
        )

    def _reduced(self, own: list[Instance]) -> bool:
        """Tell whether the scores may be averages over attempts on a sample.

        The conversion of Inspect logs writes the average at every attempt. Attempts that
        differ show that it is none; so does a single attempt on each sample, unless rows
        are missing.
        """
        if not self.run.tool.startswith(_REDUCES):
            return False
        by_sample: dict[str, list[bool | Decimal | None]] = defaultdict(list)
        for row in own:
            by_sample[row.sample].append(row.score)
        repeated = [scores for scores in by_sample.values() if len(scores) > 1]
        if not repeated:
            return self.run.missing_rows > 0
        return all(len(set(scores)) == 1 for scores in repeated)

    def _value(self, instance: Instance) -> bool | Decimal | None:
        if instance.errored or instance.model != self.run.model:
            return None
        levels = self.result is not None and self.result.metric.get("has_unknown_level") is True
        return None if levels and instance.score == _UNKNOWN_LEVEL else instance.score

    def _remarks(
        self, own: list[Instance], beside: list[Instance], *, reduced: bool
    ) -> Iterator[Remark]:
        name = label(self.evaluation, self.scorer)
        total = len(own) + len(beside)
        if beside:
            yield Remark(
                code="unattributed-scores",
                message=f"{len(beside)} of {total} rows of {name} do not say which result their "
                "score belongs to; they have no value.",
            )
        if own and self.result is None:
            yield Remark(
                code="result-unknown",
                message=f"{len(own)} rows name the result {name}, which the aggregate does not "
                "have.",
            )
        if strangers := sum(row.model != self.run.model for row in own):
            yield Remark(
                code="model-disagrees",
                message=f"{strangers} of {total} rows of {name} are about another model than the "
                "aggregate; they have no value.",
            )
        if reduced:
            yield Remark(
                code="reduced-scores",
                message=f"The conversion writes the average over attempts on a sample at each of "
                f"them, and no two attempts of {name} differ; none has a value.",
            )


def label(evaluation: str, scorer: str) -> str:
    """Return how messages name a result."""
    return f"{shortened(evaluation, 100)} / {shortened(scorer, 100)}"


def _order(sample: str) -> tuple[int, str]:
    return len(sample), sample


def _numbered(rows: Sequence[Instance]) -> bool:
    """Tell whether every row has a number of its own among those of its sample."""
    return len({(row.sample, row.epoch) for row in rows if row.epoch}) == len(rows)


def planned(found: Scored, *, missing_rows: int) -> int:
    """Return how many attempts the run set out to make: the most that is announced anywhere.

    Nobody can say to which result the rows belong that are missing, so each counts for all.
    """
    result, count = found.result, len(found.rows)
    samples = {row.sample for row in found.rows}
    ids = sample_ids(result) if result else frozenset()
    announced = _announced(result)
    # A sample that is not on the list comes on top: it cannot stand for one that is missing.
    expected = max(announced, len(samples & ids if ids else samples))
    expected += len(samples - ids) if ids else 0
    if found.numbered:
        expected *= max(row.attempt for row in found.rows)
    else:
        expected += count - len(samples)
    return max(expected, count + missing_rows)


def _announced(result: Result | None) -> int:
    if result is None:
        return 0
    chosen = len(sample_ids(result)) or dataset_size(result)
    return max(chosen, samples_averaged(result))


def count_remarks(found: Scored) -> Iterator[Remark]:
    """Yield remarks about how many samples there are, were announced, and exist."""
    result, name = found.result, label(found.evaluation, found.scorer)
    samples = {row.sample for row in found.rows}
    repeats = len(found.rows) - len(samples)
    if repeats and not found.numbered:
        yield Remark(
            code="repeated-documents",
            message=f"{name} has {len(found.rows)} rows of {len(samples)} samples; the repeated "
            "ones count as further attempts.",
        )
    if result is None:
        return
    ids, size = sample_ids(result), dataset_size(result)
    if ids and len(ids) < size:
        yield Remark(
            code="limited", message=f"{name} was limited to {len(ids)} of its {size} samples."
        )
    kept, announced = len(samples & ids if ids else samples), _announced(result)
    if kept < announced:
        yield Remark(
            code="fewer-samples-than-claimed",
            message=f"{name} claims {announced} samples; its file has {kept} of them. "
            "Those that are missing count as not attempted.",
        )
    if extra := len(samples - ids) if ids else 0:
        yield Remark(
            code="more-samples-than-planned",
            message=f"{name} has {extra} samples that are not among the {len(ids)} of its run.",
        )


def average_remarks(found: Scored) -> Iterator[Remark]:
    """Yield a remark when the stated average is not that of the rows."""
    result, recounted = found.result, _average(found.rows)
    if result is None or recounted is None or not _is_mean(result):
        return
    stated = as_number(result.stated.get("score"))
    if stated is None or _agrees(stated, recounted, result):
        return
    numbers = sum(row.value is not None for row in found.rows)
    yield Remark(
        code="header-disagrees",
        message=f"The aggregate states {stated:.6g} for "
        f"{label(found.evaluation, found.scorer)}; {numbers} rows give {recounted:.6g}.",
    )


def _is_mean(result: Result) -> bool:
    names = (result.metric.get(field) for field in ("metric_name", "metric_id", "metric_kind"))
    return any(name in _MEANS for name in names if isinstance(name, str))


def _average(rows: Iterable[Row]) -> Decimal | None:
    return mean(Decimal(row.value) for row in rows if isinstance(row.value, bool | Decimal))


def _agrees(stated: Decimal, recounted: Decimal | None, result: Result) -> bool:
    """Tell whether two averages are the same, to the digits that the stated one has."""
    if recounted is None:
        return False
    tolerance = _TOLERANCE
    exponent = stated.as_tuple().exponent
    if isinstance(exponent, int) and exponent <= -3:
        tolerance = max(tolerance, Decimal(1).scaleb(exponent))
    scales = (1, 100) if result.metric.get("metric_unit") == "percent" else (1,)
    return any(abs(stated - recounted * scale) <= tolerance for scale in scales)


def run_remarks(instances: Sequence[Instance], record: Mapping[str, object]) -> Iterator[Remark]:
    """Yield a remark when rows name another run than the aggregate."""
    strangers = sum(row.run != record.get("evaluation_id") for row in instances)
    if strangers:
        yield Remark(
            code="run-disagrees",
            message=f"{strangers} of {len(instances)} rows name another evaluation_id than the "
            "aggregate.",
        )
