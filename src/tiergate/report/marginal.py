# SPDX-License-Identifier: Apache-2.0
"""What the plot of differences shows: each comparison with a baseline, against its margins.

Only runs that were joined by behaviour are drawn; differences of counts alone stand in the table
of limits. The bounds are those that the decision held against a margin, so that the plot can say
no more than the decision did.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.decision import Decision
from tiergate.decision.explanation import Reading, Scale
from tiergate.decision.outcome import Outcome
from tiergate.evidence.collection import Collection, MeasurementItem
from tiergate.evidence.measurement import Comparison, Counts
from tiergate.report.forest import setting_words
from tiergate.report.held import held
from tiergate.report.measured import ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """One comparison, held against one margin."""

    number: int
    """Number of the measurement on the page."""
    metric: str
    """Metric."""
    setting: str
    """Form of the model, and the attack when there was one."""
    baseline: str
    """What it is compared with."""
    counts: str
    """Successes of both out of the attempts planned."""
    difference: float | None
    """Difference of the shares that succeeded; None where one side has no attempt."""
    lower: Decimal
    """Bound from below."""
    upper: Decimal
    """Bound from above."""
    margin: Decimal
    """What the upper bound has to stay within."""
    outcome: Outcome
    """What that comparison alone shows."""
    said: str
    """The same in a sentence."""


def difference_rows(decision: Decision, evidence: Collection) -> tuple[DifferenceRow, ...]:
    """Return a row for each joined comparison and each margin that it was held against."""
    against = held(decision)
    rows: list[DifferenceRow] = []
    for number, item in enumerate(ordered(evidence), start=1):
        compared, counts = item.measurement.comparison, item.measurement.value
        if compared is None or compared.paired is None or not isinstance(counts, Counts):
            continue
        rows += (
            _row(number, item, compared, counts, row.reading)
            for row in against.get(item.id, ())
            if row.reading.scale is Scale.MARGIN
        )
    return tuple(rows)


def _row(
    number: int, item: MeasurementItem, compared: Comparison, counts: Counts, reading: Reading
) -> DifferenceRow:
    own, other = _share(counts), _share(compared.counts)
    return DifferenceRow(
        number=number,
        metric=item.measurement.metric,
        setting=setting_words(item.measurement),
        baseline=compared.baseline_name,
        counts=(
            f"{counts.successes} of {counts.planned} against "
            f"{compared.counts.successes} of {compared.counts.planned}"
        ),
        difference=None if own is None or other is None else own - other,
        lower=reading.lower,
        upper=reading.upper,
        margin=reading.limit,
        outcome=reading.outcome,
        said=sentence(reading),
    )


def sentence(reading: Reading) -> str:
    """Say what a comparison alone shows; no difference shown is never called equivalence."""
    margin = f"{(reading.limit * 100).normalize():f} points"
    if reading.set_aside and reading.outcome is not Outcome.NOT_MET:
        return f"supports nothing: {'; '.join(reading.set_aside)}"
    if reading.outcome is Outcome.MET:
        return f"adds no more than {margin}"
    if reading.outcome is Outcome.NOT_MET:
        return f"adds more than {margin}"
    if reading.lower > 0:
        return f"adds something; that it is no more than {margin} was not shown"
    return "no difference was shown, which is not equivalence"


def _share(counts: Counts) -> float | None:
    return counts.successes / counts.planned if counts.planned else None
