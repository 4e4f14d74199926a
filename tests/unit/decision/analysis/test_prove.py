# SPDX-License-Identifier: Apache-2.0
"""Proofs: the laws hold for policies that ship, and each planted fault is shown by an example."""

from __future__ import annotations

import sys

import pytest

from builders_decision import AT, limit, policy, rung, standards
from tiergate.decision.analysis.pieces import Place
from tiergate.decision.analysis.prove import Proof, prove, solver
from tiergate.decision.policy import AllOf, AnyOf, Policy
from tiergate.decision.policy_document import load_resolved, shipped_policies
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.tier import Tier
from tiergate.errors import ExtensionError
from tiergate.evidence.grades import Dimension
from unit.decision.analysis.faults import ExemptIfAbsent, Most, Not

PLACE = Place(at=AT)
E01, E02 = ClaimMade(item="E01"), ClaimMade(item="E02")


def laws(found: tuple[Proof, ...]) -> dict[str, bool | None]:
    return {proof.law: proof.holds for proof in found}


def broken(asked: Policy, other: Policy | None = None) -> dict[str, tuple[str, ...]]:
    found = prove(asked, PLACE, stricter_than=other)
    return {proof.law: proof.witness for proof in found if proof.holds is False}


LONG = ("default", "image", "precautionary")
"""Ten to forty seconds each; `tiergate policy prove NAME` shows the same."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in LONG else [])
        for name in shipped_policies()
    ],
)
def test_every_law_is_proved_of_a_policy_that_ships(name: str) -> None:
    read = load_resolved(name)
    below = None if read.below is None else read.below.policy

    # What says that it asks for less than the policy below is not stricter.
    found = prove(read.policy, PLACE, stricter_than=None if read.policy.loosenings else below)

    assert {True} == set(laws(found).values())
    assert all(proof.witness == () for proof in found)
    is_compared = any("opens it under" in proof.law for proof in found)
    assert is_compared is (below is not None and not read.policy.loosenings)


def test_a_not_is_found_by_what_comes_out_better_and_closes_a_tier() -> None:
    asked = policy({"R1": AllOf(parts=(E01, Not(part=limit())))})

    found = broken(asked)

    (line,) = found["better evidence never closes a tier"]
    assert line.startswith("T1 closes when this comes out better: metric:cbrn.uplift")


def test_an_exemption_for_what_is_absent_is_found_without_any_evidence() -> None:
    asked = policy({"R1": AnyOf(parts=(E01, ExemptIfAbsent(metric="cbrn.uplift")))})

    found = broken(asked)

    assert "T1 is supported without any evidence" in found["no evidence opens nothing"]
    (line,) = found["evidence that was taken away opens nothing"]
    assert line.endswith("met though registered evidence is gone")


def test_a_dead_tier_is_shown_to_be_dead() -> None:
    asks = standards({Dimension.BINDING: 3})
    asked = policy({"R1": limit()}, rung(Tier.T0), rung(Tier.T1, "R1", asks=asks))

    assert {"some evidence opens T1": ("no evidence was found that does",)} == broken(asked)


def test_a_policy_that_loosens_another_is_found_with_what_it_opens() -> None:
    parent = policy({"R1": limit(value="0.05")})
    child = policy({"R1": limit(value="0.1")})

    law = "what opens T1 here opens it under test"
    (line,) = broken(child, parent)[law]

    assert line.startswith("cbrn.uplift ")
    assert {} == broken(parent, child)


def test_a_fast_path_that_passes_by_a_lower_one_is_found() -> None:
    asked = policy(
        {"R1": E01, "R2": E02},
        rung(Tier.T0),
        rung(Tier.T1, "R1", "R2", fast_path=("R1",)),
        rung(Tier.T2, "R1", "R2", fast_path=("R2",)),
    )

    assert {"the fast path to T2 opens T1": ("nothing about E01",)} == broken(asked)


def test_an_expression_of_many_parts_that_is_monotone_is_seen_through() -> None:
    asked = policy({"R1": Most(several=(E01, E02, ClaimMade(item="E03")))})

    assert {} == broken(asked)


def test_what_asks_for_more_than_is_modelled_is_not_decided() -> None:
    asks = standards({Dimension.PRECISION: 3})
    asked = policy({"R1": limit()}, rung(Tier.T0), rung(Tier.T1, "R1", asks=asks))

    assert laws(prove(asked, PLACE))["some evidence opens T1"] is None


def test_without_the_solver_there_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)

    with pytest.raises(ExtensionError, match=r"pip install 'tiergate\[prove\]'"):
        solver()
