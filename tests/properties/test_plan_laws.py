# SPDX-License-Identifier: Apache-2.0
"""A plan never promises more than evidence that is collected by it keeps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders_decision import subject
from builders_plan import PLACE, share_that_opens
from properties.strategies import collections, policies
from tiergate.decision.plan import plan
from tiergate.decision.plan_prices import load_prices
from tiergate.decision.plan_steps import Assumed
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import EvidenceDocument, collect

PRICES = load_prices()
METRICS = (
    "cbrn.uplift",
    "cbrn.end_to_end",
    "cyber.exploit",
    "utility.refusal",
    "safeguard.attack_success",
)
Documents = tuple[EvidenceDocument, ...]
some_evidence: st.SearchStrategy[Documents] = st.one_of(st.just(()), collections())


def _keeps_its_promise(
    policy: Policy, there: Documents, rate: float, data: st.DataObject, runs: int
) -> None:
    tiers = [found.tier for found in policy.tiers if found.tier is not Tier.T0]
    tier = data.draw(st.sampled_from(tiers))
    assumed = Assumed(rates=dict.fromkeys(METRICS, rate))

    found = plan(policy, collect(subject(), there), PLACE, tier, PRICES, assumed)

    if found.steps:
        share = share_that_opens(
            policy, found, tier=tier, rate=rate, runs=runs, seed=1, there=there
        )
        # It may open more often: where one way fails another can be open. Five standard errors,
        # because so many plans are looked at.
        error = 5 * math.sqrt(found.chance * (1 - found.chance) / runs)
        assert share >= found.chance - error - 1e-3


@settings(deadline=None, max_examples=15)
@given(policies(), some_evidence, st.sampled_from([0.0, 0.01, 0.03, 0.05]), st.data())
def test_no_plan_opens_a_tier_less_often_than_it_said(
    policy: Policy, there: Documents, rate: float, data: st.DataObject
) -> None:
    _keeps_its_promise(policy, there, rate, data, runs=30)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(policies(), some_evidence, st.sampled_from([0.0, 0.01, 0.03, 0.05]), st.data())
def test_none_does_in_many_more(
    policy: Policy, there: Documents, rate: float, data: st.DataObject
) -> None:
    _keeps_its_promise(policy, there, rate, data, runs=100)
