# SPDX-License-Identifier: Apache-2.0
"""Policy files that ask what a model adds: how they are read, and which mistakes they can have."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from builders_policy import edited, problems
from tiergate.decision.policy import AllOf
from tiergate.decision.policy_document import json_schema, parse_policy
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.evidence.measurement import Variant

_CLAIM = "    requires: {claim: {item: E01, fields: [training_flop]}}"
_MARGIN = '{value: 0.05, status: "default, adjustable", basis: judgement}'
ASKED = f"    requires: {{marginal: {{metrics: [cyber.exploits], at_most: {_MARGIN}}}}}"


def asking(marginal: str) -> str:
    return edited(_CLAIM, f"    requires: {{marginal: {{{marginal}}}}}")


def test_one_metric_is_one_check() -> None:
    policy = parse_policy(edited(_CLAIM, ASKED).encode(), "p")

    found = policy.requirements["E01"].expression

    assert isinstance(found, AddsAtMost)
    assert ("cyber.exploits", Decimal("0.05"), 3) == (
        found.metric,
        found.limit.value,
        found.baselines,
    )
    assert (None, None) == (found.variant, found.minimum_behaviours)


def test_every_one_of_several_metrics_must_keep_the_margin() -> None:
    text = asking(
        f"metrics: [cyber.exploits, cbrn.knowledge], at_most: {_MARGIN}, variant: as released, "
        "baselines: 5, minimum_behaviours: {value: 200, unit: behaviours, "
        'status: "default, adjustable", basis: judgement}'
    )

    found = parse_policy(text.encode(), "p").requirements["E01"].expression

    assert isinstance(found, AllOf)
    for metric, part in zip(("cyber.exploits", "cbrn.knowledge"), found.parts, strict=True):
        assert isinstance(part, AddsAtMost)
        assert (metric, 5, Variant.AS_RELEASED) == (part.metric, part.baselines, part.variant)
        assert part.minimum_behaviours is not None
        assert 200 == part.minimum_behaviours.value


MISTAKES = {
    "no metric": (f"metrics: [], at_most: {_MARGIN}", "is empty"),
    "a metric twice": (
        f"metrics: [cyber.exploits, cyber.exploits], at_most: {_MARGIN}",
        "each metric once",
    ),
    "a metric of no hazard": (
        f"metrics: [utility.refusal], at_most: {_MARGIN}",
        "utility.refusal is of no hazard domain",
    ),
    "a margin of nothing": (
        f"metrics: [cyber.exploits], at_most: {_MARGIN.replace('0.05', '0')}",
        "above 0 and below 1",
    ),
    "a margin in points": (
        f"metrics: [cyber.exploits], at_most: {_MARGIN.replace('0.05', '5')}",
        "above 0 and below 1",
    ),
    "no margin": ("metrics: [cyber.exploits]", "Field required"),
    "no baseline to share the error among": (
        f"metrics: [cyber.exploits], at_most: {_MARGIN}, baselines: 0",
        "greater than or equal to 1",
    ),
    "a lower limit": (
        f"metrics: [cyber.exploits], at_least: {_MARGIN}",
        "is no field here",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_a_margin_is_named(case: str) -> None:
    marginal, words = MISTAKES[case]

    assert any(words in problem.message for problem in problems(asking(marginal)))


def test_an_editor_completes_a_margin() -> None:
    schema = json.dumps(json_schema())

    assert "MarginalPart" in schema
