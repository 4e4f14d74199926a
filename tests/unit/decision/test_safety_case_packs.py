# SPDX-License-Identifier: Apache-2.0
"""Every policy that ships has a case and a list of actions at each of its tiers."""

from __future__ import annotations

import functools

import pytest

from builders import AT, a_document, a_measurement, all_signed
from tiergate.decision.actions import actions
from tiergate.decision.decision import Decision
from tiergate.decision.document import decision_document
from tiergate.decision.evaluate import evaluate
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy, shipped_policies
from tiergate.decision.safety_case import Kind
from tiergate.decision.safety_case_build import safety_case
from tiergate.decision.safety_case_judged import of_decision, of_record
from tiergate.decision.safety_case_topics import OPEN_WEIGHTS

EVIDENCE = {
    "no evidence": (),
    "one damning measurement": (
        a_document(measurements=(a_measurement("cyber.end_to_end_exploits", 200, 410),)),
    ),
}


@functools.cache
def _decided(name: str, what: str) -> tuple[Policy, Decision]:
    standard = load_policy(name)
    return standard, evaluate(standard, all_signed(EVIDENCE[what]), at=AT)


@pytest.mark.parametrize("what", EVIDENCE)
@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_policy_is_argued_at_every_tier(name: str, what: str) -> None:
    standard, decision = _decided(name, what)
    written = decision_document(decision)

    for verdict in decision.tiers:
        judged = of_decision(decision, standard, verdict.tier)
        case = safety_case(judged)
        assert case.top.status is verdict.outcome
        assert case.nodes == safety_case(of_record(written, standard, verdict.tier)).nodes
        if verdict.outcome is not Outcome.MET:
            found = actions(judged, is_signed=True)
            assert any(each.outcome is not None for each in found) or not verdict.requirements


@pytest.mark.parametrize("name", shipped_policies())
def test_each_branch_that_open_weights_need_is_argued_or_assumed(name: str) -> None:
    standard, decision = _decided(name, "no evidence")

    for verdict in decision.tiers:
        if verdict.tier.hands_out_weights:
            case = safety_case(of_decision(decision, standard, verdict.tier))
            kinds = {node.text: node.kind for node in case.nodes.values()}
            for topic in OPEN_WEIGHTS:
                argued = kinds.get(topic.claim) is Kind.GOAL
                assumed = kinds.get(topic.assumption) is Kind.ASSUMPTION
                assert argued or assumed, topic.claim
