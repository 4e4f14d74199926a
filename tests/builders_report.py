# SPDX-License-Identifier: Apache-2.0
"""Evidence for tests of the report: measurements that name behaviours, logs, registered runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache

from builders import AT, ROOT, SOURCE, a_document, a_measurement, a_subject
from builders_default import POLICY
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection, EvidenceDocument, collect
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.document import digest_of
from tiergate.evidence.measurement import (
    Attack,
    BehaviourResult,
    Counts,
    Direction,
    Measurement,
    Variant,
)
from tiergate.evidence.provenance import Remark
from tiergate.evidence.runs import PlannedRun

ATTACKS = "safeguard.attack_success"
"""The metric that tests count attacks with."""
REGISTERED = AT - timedelta(days=2)
"""When tests register a run: a day before their measurements end."""

Result = tuple[int, int, int]
"""Successes, scored and unscored attempts on one behaviour."""


def named(
    results: Mapping[str, Result],
    metric: str = ATTACKS,
    *,
    never_made: int = 0,
    attack: Attack | None = None,
    variant: Variant = Variant.AS_RELEASED,
    direction: Direction = Direction.HIGHER_IS_RISKIER,
    dataset: str = "a set",
) -> Measurement:
    """Return a measurement that names its behaviours; ``results`` are by behaviour."""
    attempted = sum(scored + unscored for _, scored, unscored in results.values())
    found = a_measurement(
        metric,
        value=Counts.of(results.values(), planned=attempted + never_made),
        attack=attack,
        variant=variant,
        direction=direction,
    )
    behaviours = tuple(
        BehaviourResult(behaviour=name, successes=s, scored=n, unscored=u)
        for name, (s, n, u) in sorted(results.items())
    )
    return dataclasses.replace(found, behaviours=behaviours, dataset=dataset)


def a_log(
    *measurements: Measurement,
    name: str = "run.eval",
    run: str = "",
    remarks: Iterable[Remark] = (),
) -> EvidenceDocument:
    """Return a document that was read from a log of this name."""
    plain = a_document(
        measurements=measurements,
        source=dataclasses.replace(SOURCE, file_name=name, sha256=digest_of(name.encode())),
    )
    return with_digest(dataclasses.replace(plain, digest="", run=run, remarks=tuple(remarks)))


def a_run(
    number: int = 1,
    *,
    metric: str = ATTACKS,
    variant: Variant = Variant.AS_RELEASED,
    behaviours: int = 1,
    registered_at: datetime = REGISTERED,
) -> PlannedRun:
    """Return a registered run about the tests' checkpoint."""
    return PlannedRun(
        id=f"{number:016x}",
        root_digest=ROOT,
        metric=metric,
        variant=variant,
        task=metric,
        behaviours=behaviours,
        plan="five attempts",
        registered_at=registered_at,
    )


@cache
def a_decision() -> Decision:
    """Return a decision about nothing, for what needs only the confidence of a tier."""
    return decided()[0]


def gathered(*documents: EvidenceDocument, runs: Iterable[PlannedRun] = ()) -> Collection:
    """Return evidence about the tests' checkpoint."""
    return collect(a_subject(), documents, runs=runs)


def decided(
    *documents: EvidenceDocument, runs: Iterable[PlannedRun] = (), tier: Tier = Tier.T5
) -> tuple[Decision, Collection]:
    """Return what the default policy says about the documents, and the evidence."""
    evidence = gathered(*documents, runs=runs)
    return evaluate(POLICY, evidence, at=AT, asked=tier), evidence
