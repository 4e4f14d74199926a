# SPDX-License-Identifier: Apache-2.0
"""The Rego export, run by an engine that somebody else wrote, and the compiled form."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import regorus

from builders_decision import AT, collection, limit, policy, rung
from tiergate.decision.analysis.compiled import Compiled
from tiergate.decision.analysis.formula import State
from tiergate.decision.analysis.pieces import Place, gathered
from tiergate.decision.analysis.rego import RegoExport
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.topics import Topic, topics_of
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Policy
from tiergate.decision.policy_document import load_policy, shipped_policies
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.tier import Tier
from unit.decision.analysis.faults import Not

PLACE = Place(at=AT)
E01, E02, E03 = (ClaimMade(item=f"E0{n}") for n in (1, 2, 3))


def engine_for(export: RegoExport) -> regorus.Engine:
    engine = regorus.Engine()
    engine.add_policy("policy.rego", export.module())
    return engine


def asked(engine: regorus.Engine, export: RegoExport, given: object) -> str:
    engine.set_input_json(json.dumps(given))
    return str(engine.eval_rule(export.query))


def _drawn(topic: Topic, chance: random.Random, good: float) -> int:
    if not topic.is_joined:
        return 1 if chance.random() < good else 1 << chance.randrange(len(topic.pieces))
    if chance.random() < good or not topic.pieces:
        return topic.best
    return sum(1 << n for n in set(chance.choices(range(len(topic.pieces)), k=2)))


def _agree(standard: Policy, worlds: int, *, seed: int) -> set[str]:
    """Hold random evidence against the evaluator, the engine and the compiled form alike."""
    export, compiled = RegoExport(standard), Compiled(standard)
    engine, problem = engine_for(export), Problem(topics_of(compiled.checks, PLACE))
    chance, seen = random.Random(seed), set[str]()  # noqa: S311 - evidence is drawn, no key
    for _ in range(worlds):
        good = chance.choice([0.7, 0.95, 0.99, 1.0])
        world = {name: _drawn(topic, chance, good) for name, topic in problem.topics.items()}
        evidence = gathered(problem.pieces(world), PLACE)

        supported = evaluate(standard, evidence, at=AT).supported

        states = compiled.states(evidence, AT)
        assert supported == asked(engine, export, export.input(evidence, AT))
        assert supported is compiled.supported(states)
        assert supported is compiled.explained(states).supported
        seen.add(supported)
    return seen


SMALL = sorted(set(shipped_policies()) - {"default", "image", "permissive", "precautionary"})


@pytest.mark.parametrize("name", SMALL)
def test_another_engine_decides_as_the_evaluator_does(name: str) -> None:
    assert len(_agree(load_policy(name), 25, seed=1)) > 1


def test_another_engine_decides_the_default_policy_alike() -> None:
    assert len(_agree(load_policy("default"), 4, seed=2)) > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_policies())
def test_it_does_so_on_thousands_of_random_evidence_sets(name: str) -> None:
    assert len(_agree(load_policy(name), 400, seed=3)) > 1


COMBINED = policy(
    {
        "R1": AtLeast(needed=2, parts=(E01, E02, AllOf(parts=(E03, limit())))),
        "R2": AnyOf(parts=(E01, limit("cyber.exploit"))),
    },
    rung(Tier.T0),
    rung(Tier.T1, "R1"),
    rung(Tier.T2, "R2", fast_path=("R2",)),
)


def test_every_way_of_combining_is_exported() -> None:
    assert {"T0", "T1", "T2"} >= _agree(COMBINED, 60, seed=4)


def test_without_input_nothing_is_supported() -> None:
    export = RegoExport(COMBINED)

    assert "T0" == asked(engine_for(export), export, {})


def test_a_tier_that_nothing_opens_stays_closed() -> None:
    dead = policy({"R1": AtLeast(needed=0, parts=(E01,))})
    export = RegoExport(dead)

    given = export.input(collection(), AT)

    assert "T0" == asked(engine_for(export), export, given)
    assert Tier.T0 is Compiled(dead).supported({})


def test_a_not_cannot_be_exported_and_is_compiled_as_it_is() -> None:
    odd = policy({"R1": AllOf(parts=(E01, Not(part=E02)))})

    with pytest.raises(ValueError, match="not to hold"):
        RegoExport(odd).module()
    compiled = Compiled(odd)
    by_item = {check.topic: check.key for check in compiled.checks}
    states = {by_item["claim:E01"]: State.MET, by_item["claim:E02"]: State.ADVERSE}
    assert Tier.T1 is compiled.supported(states)
    columns = np.array([[states[c.key]] for c in compiled.checks], dtype=np.uint8)
    assert [1] == compiled.supported_ranks(columns).tolist()


def test_many_models_are_looked_at_side_by_side() -> None:
    compiled = Compiled(load_policy("default"))
    chance = np.random.default_rng(5)
    columns = chance.choice(
        np.array([0, 1, 2], dtype=np.uint8),
        size=(len(compiled.checks), 300),
        p=[0.001, 0.009, 0.99],
    )

    ranks = compiled.supported_ranks(columns)

    one_by_one = [
        compiled.supported(tuple(State(int(n)) for n in columns[:, model])).rank
        for model in range(300)
    ]
    assert one_by_one == ranks.tolist()
    assert len(set(one_by_one)) > 2


def test_what_is_short_is_named_by_requirement() -> None:
    compiled = Compiled(COMBINED)

    found = compiled.explained(compiled.states(gathered((), PLACE), AT))

    assert (Tier.T0, ()) == (found.supported, found.met)
    assert [(Tier.T1, "R1", 4), (Tier.T2, "R2", 2)] == [(t, r, len(k)) for t, r, k in found.short]
