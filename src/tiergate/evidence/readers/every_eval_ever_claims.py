# SPDX-License-Identifier: Apache-2.0
"""Results of an Every Eval Ever record that have no samples, as claims.

Somebody states a number; nobody can count it again. The item is ``benchmark.<name>``, so
that a policy can ask for the statement and never gets a measurement for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.readers.every_eval_ever_results import (
    Json,
    Result,
    dataset_text,
    library,
    samples_averaged,
    stated_at,
)
from tiergate.evidence.readers.values import as_number, as_object, as_text, shortened

_NOT_IN_ITEMS = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX_ITEM = 100
_MAX_FIELD = 500
_PREFIX = "benchmark."


def claim_of(record: Json, result: Result, where: str) -> Claim | None:
    """Return what a result states; None when it states no number.

    Raises:
        EvidenceError: the aggregate has no time at all.
    """
    score = as_number(result.stated.get("score"))
    if score is None:
        return None
    words = dict(_fields(record, result, score))
    fields: dict[str, str | int | bool] = {**words, **_flags(result)}
    metric = shortened(words.get("metric") or "score", 100)
    return Claim(
        item=item_of(result.evaluation),
        holds=True,
        statement=f"{shortened(result.evaluation, 200)}: {metric} is {words['score']}.",
        fields=tuple(ClaimField(name=name, value=value) for name, value in sorted(fields.items())),
        made_at=stated_at(record, result, where),
    )


def item_of(evaluation: str) -> str:
    """Return the item that a claim about an evaluation answers.

    >>> item_of("MATH Level 5")
    'benchmark.MATH-Level-5'
    """
    plain = _NOT_IN_ITEMS.sub("-", evaluation).strip("-") or "unnamed"
    return f"{_PREFIX}{plain}"[:_MAX_ITEM]


def _fields(record: Json, result: Result, score: Decimal) -> Iterator[tuple[str, str]]:
    """Yield what the result states in words and decimal numbers, where it states it."""
    source = as_object(record.get("source_metadata"))
    uncertainty = as_object(result.stated.get("uncertainty"))
    interval = as_object(uncertainty.get("confidence_interval"))
    error = as_object(uncertainty.get("standard_error"))
    numbers = {
        "score": score,
        "standard_error": as_number(error.get("value")),
        "interval_lower": as_number(interval.get("lower")),
        "interval_upper": as_number(interval.get("upper")),
        "interval_level": as_number(interval.get("confidence_level")),
    }
    texts = {
        "metric": result.metric_name,
        "metric_unit": as_text(result.metric.get("metric_unit")),
        "result": result.identity,
        "dataset": dataset_text(result),
        "tool": library(record),
        "source_type": as_text(source.get("source_type")),
        "organisation": as_text(source.get("source_organization_name")),
        "evaluator_relationship": as_text(source.get("evaluator_relationship")),
    }
    for name, number in numbers.items():
        if number is not None:
            yield name, shortened(format(number, "f"), _MAX_FIELD)
    for name, text in texts.items():
        if text:
            yield name, shortened(text, _MAX_FIELD)


def _flags(result: Result) -> dict[str, int | bool]:
    found: dict[str, int | bool] = {}
    if samples := samples_averaged(result):
        found["num_samples"] = samples
    lower = result.metric.get("lower_is_better")
    if isinstance(lower, bool):
        found["lower_is_better"] = lower
    return found
