# SPDX-License-Identifier: Apache-2.0
"""Measurements beside baselines that ran on the same behaviours, and logs of both."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from builders_decision import COMMIT, MEASURED_AT, ROOT, measurement, number
from tiergate.decision.requirements.marginal import BASELINES, AddsAtMost
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.mapping import MappingEntry, SuccessCondition, TaskMapping
from tiergate.evidence.measurement import Comparison, Counts, Direction, Measurement, Variant
from tiergate.evidence.pairing import Paired, Result, tally_of
from tiergate.evidence.provenance import Binding, BindingLevel, Relation, SourceFile
from tiergate.evidence.readers.base import ForeignLog, Row, Series

SINCE = date(2025, 1, 31)
METRIC = "cyber.exploit"
YES: Result = (1, 1, 0)
NO: Result = (0, 1, 0)


def digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def margin(
    value: str = "0.05",
    metric: str = METRIC,
    *,
    variant: Variant | None = None,
    baselines: int = BASELINES,
    minimum: int | None = None,
) -> AddsAtMost:
    return AddsAtMost(
        metric=metric,
        limit=number(value),
        variant=variant,
        baselines=baselines,
        minimum_behaviours=None if minimum is None else number(minimum),
    )


def joined(
    *rows: tuple[Result, Result, int], metric: str = METRIC, over: str = "public", planned: int = 0
) -> Measurement:
    """A measurement beside a baseline; each row is what both did on so many behaviours."""
    tallies = tuple(tally_of(one, other, many) for one, other, many in sorted(rows) if many)
    own = [t.candidate for t in tallies for _ in range(t.behaviours) if t.candidate != (0, 0, 0)]
    others = [t.baseline for t in tallies for _ in range(t.behaviours) if t.baseline != (0, 0, 0)]
    found = dataclasses.replace(
        measurement(metric, Counts.of(own, planned=max(planned, sum(n + u for _, n, u in own)))),
        dataset="a set",
    )
    paired = Paired(
        tallies=tallies,
        task=found.task,
        dataset=found.dataset,
        grader=found.grader,
        generation=found.setting.generation,
        elicitation=found.setting.elicitation,
        finished_at=MEASURED_AT,
        log_sha256=digest(f"log of {over}"),
        downloadable_since=SINCE,
    )
    comparison = Comparison(
        baseline_name=over,
        baseline_digest=digest(over),
        downloadable=True,
        counts=Counts.of(others),
        paired=paired,
    )
    return dataclasses.replace(found, comparison=comparison)


def alike(adverse: int, trials: int, *, alone: int = 0, over: str = "public") -> Measurement:
    """A model that does what a baseline does, but for ``alone`` successes of its own."""
    return joined(
        (YES, YES, adverse - alone), (YES, NO, alone), (NO, NO, trials - adverse), over=over
    )


def compared(found: Measurement, **changes: object) -> Measurement:
    """The same measurement with another comparison."""
    assert found.comparison is not None
    return dataclasses.replace(
        found,
        comparison=dataclasses.replace(found.comparison, **changes),  # type: ignore[arg-type]
    )


def harness(found: Measurement, **changes: object) -> Measurement:
    """The same measurement, with the baseline's run another."""
    assert found.comparison is not None
    assert found.comparison.paired is not None
    changed = dataclasses.replace(found.comparison.paired, **changes)  # type: ignore[arg-type]
    return compared(found, paired=changed)


def log(
    name: str,
    answers: Mapping[str, bool | None],
    *,
    root: str = "",
    task: str = "exploits",
    **changes: object,
) -> ForeignLog:
    """A log with one answer for each behaviour."""
    rows = tuple(
        Row(sample=behaviour, attempt=1, value=value, errored=False, limited=False)
        for behaviour, value in answers.items()
    )
    series = Series(
        task=task,
        task_version="2",
        dataset="a set",
        scorer="match",
        rows=rows,
        planned=len(rows),
        superseded=0,
        elicitation="three examples",
        generation="temperature=0",
        finished_at=MEASURED_AT,
        samples_kept=len(rows),
    )
    return ForeignLog(
        source=SourceFile(
            file_name=f"{name}.eval",
            sha256=digest(f"log of {name}"),
            size_bytes=1,
            format="inspect-eval/2",
            reader="inspect_ai/1",
            tool="inspect_ai 0.3",
        ),
        binding=Binding(
            level=BindingLevel.DIGEST_AT_LOAD,
            relation=Relation.IDENTICAL,
            name=name,
            revision=COMMIT,
            root_digest=root or (ROOT if name == "candidate" else digest(name)),
        ),
        series=(dataclasses.replace(series, **changes),),  # type: ignore[arg-type]
        remarks=(),
    )


MAPPING = TaskMapping(
    format="tiergate-mapping/1",
    entries=(
        MappingEntry(
            tool="inspect_ai",
            task="exploits",
            scorer="match",
            metric=METRIC,
            domain=HazardDomain.CYBER,
            direction=Direction.HIGHER_IS_RISKIER,
            success=SuccessCondition(equals=(True,)),
            success_means="the exploit worked",
            variant=Variant.AS_RELEASED,
        ),
    ),
)
CONFIDENCE = Decimal("0.95")
