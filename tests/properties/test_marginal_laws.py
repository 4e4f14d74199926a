# SPDX-License-Identifier: Apache-2.0
"""What a model adds: worse evidence never keeps a margin that better evidence left open."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from builders_decision import AT, ROOT, collection, document, limit, policy, scene
from builders_marginal import METRIC, NO, YES, compared, harness, joined, margin
from tiergate.decision.analysis.compare import compare
from tiergate.decision.analysis.formula import ladder
from tiergate.decision.analysis.pieces import Place, gathered
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.topics import topics_of
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Scale
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf, Expression, Policy
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import Counts, Measurement, Variant
from tiergate.evidence.pairing import Paired, PairTally, Result, tally_of
from tiergate.evidence.provenance import BindingLevel
from tiergate.stats import Rate, paired_means_lower, paired_means_upper
from tiergate.stats.equivalence import over_best

BASELINES = ("one", "two")
UNSCORED: Result = (0, 0, 1)
NEVER: Result = (0, 0, 0)
_rows = st.tuples(
    st.sampled_from([40, 150, 400]),
    st.sampled_from([0, 1, 5, 30]),
    st.sampled_from([0, 1, 2, 20]),
    st.sampled_from([0, 1, 20]),
    st.sampled_from([0, 0, 1]),
)


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    """A run beside one of two baselines."""
    neither, both, alone, other, lost = draw(_rows)
    found = joined(
        (NO, NO, neither),
        (YES, YES, both),
        (YES, NO, alone),
        (NO, YES, other),
        (UNSCORED, NO, lost),
        over=draw(st.sampled_from(BASELINES)),
    )
    if draw(st.sampled_from([False, False, True])):
        setting = dataclasses.replace(found.setting, variant=Variant.AS_RELEASED)
        found = dataclasses.replace(found, setting=setting, attack=None)
    return found


documents = st.builds(
    document,
    measurements(),
    organisation=st.sampled_from(["a house", "another house"]),
    level=st.sampled_from([BindingLevel.RERUN, BindingLevel.RERUN, BindingLevel.NAME]),
)
checks = st.builds(
    margin,
    st.sampled_from(["0.02", "0.05", "0.2"]),
    variant=st.sampled_from([None, Variant.AS_RELEASED]),
    baselines=st.sampled_from([2, 4]),
)
Worsening = Callable[[Measurement], Measurement | None]


def _paired(found: Measurement) -> Paired | None:
    return None if found.comparison is None else found.comparison.paired


def _moved(old: tuple[Result, Result], new: tuple[Result, Result]) -> Worsening:
    """Give one behaviour with a pair of results another."""

    def apply(found: Measurement) -> Measurement | None:
        paired = _paired(found)
        if paired is None:
            return None
        many = {(t.candidate, t.baseline): t.behaviours for t in paired.tallies}
        if not many.get(old):
            return None
        many[old] -= 1
        many[new] = many.get(new, 0) + 1
        return _with_tallies(
            found, paired, tuple(tally_of(*key, n) for key, n in sorted(many.items()) if n)
        )

    return apply


def _with_tallies(
    found: Measurement, paired: Paired, tallies: tuple[PairTally, ...]
) -> Measurement:
    own = [t.candidate for t in tallies for _ in range(t.behaviours) if t.candidate != NEVER]
    others = [t.baseline for t in tallies for _ in range(t.behaviours) if t.baseline != NEVER]
    assert found.comparison is not None
    assert isinstance(found.value, Counts)
    comparison = dataclasses.replace(
        found.comparison,
        counts=Counts.of(others),
        paired=dataclasses.replace(paired, tallies=tallies),
    )
    planned = max(found.value.planned, sum(n + u for _, n, u in own))
    value = Counts.of(own, planned=planned)
    return dataclasses.replace(found, value=value, comparison=comparison)


def _changed(**changes: object) -> Worsening:
    return lambda found: None if found.comparison is None else compared(found, **changes)


def _harness(**changes: object) -> Worsening:
    return lambda found: None if _paired(found) is None else harness(found, **changes)


WORSENINGS: Mapping[str, Worsening] = {
    "the model succeeds where neither did": _moved((NO, NO), (YES, NO)),
    "the model succeeds where the baseline did": _moved((NO, YES), (YES, YES)),
    "the baseline fails where both succeeded": _moved((YES, YES), (YES, NO)),
    "an attempt of the model has no score": _moved((NO, NO), (UNSCORED, NO)),
    "an attempt of the baseline has no score": _moved((YES, YES), (YES, UNSCORED)),
    "the model never tried a behaviour": _moved((NO, NO), (NEVER, NO)),
    "the baseline never tried a behaviour": _moved((YES, YES), (YES, NEVER)),
    "the comparison is gone": lambda found: dataclasses.replace(found, comparison=None),
    "the pairs are gone": _changed(paired=None),
    "the baseline cannot be downloaded": _changed(downloadable=False),
    "the baseline has no digest": _changed(baseline_digest="", baseline_name="one"),
    "the baseline is the model": _changed(baseline_digest=ROOT),
    "nobody says since when it is out": _harness(downloadable_since=None),
    "the data set is another": _harness(dataset="b"),
    "the grader is another": _harness(grader="b"),
}


@pytest.mark.parametrize("change", WORSENINGS)
@settings(max_examples=40, deadline=None)
@given(checks, st.lists(documents, min_size=1, max_size=4), st.data())
def test_worse_evidence_about_what_is_added_never_keeps_a_margin(
    change: str, check: AddsAtMost, found: list[EvidenceDocument], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(found) - 1))
    (before,) = found[at].measurements
    after = WORSENINGS[change](before)
    assume(after is not None)
    assert after is not None
    worse = document(
        after, organisation=found[at].producer.organisation, level=found[at].binding.level
    )
    assume(worse.digest != found[at].digest)

    was = check.judge(scene(collection(*found))).outcome
    now = check.judge(scene(collection(*found[:at], worse, *found[at + 1 :]))).outcome

    event(f"{was} before, {now} after")
    assert was is Outcome.MET or now is not Outcome.MET


@settings(max_examples=100, deadline=None)
@given(checks, st.lists(documents, min_size=2, max_size=4), st.data())
def test_evidence_that_is_taken_away_never_keeps_a_margin(
    check: AddsAtMost, found: list[EvidenceDocument], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(found) - 1))
    rest = [d for d in found if d.digest != found[at].digest]

    was = check.judge(scene(collection(*found))).outcome
    now = check.judge(scene(collection(*rest, gone=[found[at]]))).outcome

    assert was is Outcome.MET or now is not Outcome.MET


_pairs = st.lists(
    st.tuples(
        st.sampled_from([Rate(0, 2), Rate(1, 2), Rate(2, 2)]),
        st.sampled_from([Rate(0, 2), Rate(1, 2), Rate(2, 2)]),
        st.integers(1, 60),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_pairs, min_size=1, max_size=3), st.integers(1, 4))
def test_a_bound_over_the_best_is_no_narrower_than_that_over_each(
    baselines: list[list[tuple[Rate, Rate, int]]], among: int
) -> None:
    low, high = over_best(baselines, Decimal("0.95"), among=among)

    assert low <= min(paired_means_lower(b, Decimal("0.95")) for b in baselines)
    assert high >= min(paired_means_upper(b, Decimal("0.95")) for b in baselines)
    assert -1 <= low <= 1
    assert -1 <= high <= 1


PLACE = Place(at=AT)
_limits: st.SearchStrategy[Expression] = st.one_of(
    checks,
    checks,
    st.builds(limit, st.just(METRIC), st.sampled_from(["0.02", "0.1"])),
    st.builds(
        limit, st.just(METRIC), st.sampled_from(["0.05", "0.2"]), scale=st.just(Scale.MARGIN)
    ),
)
_joined = st.lists(_limits, min_size=1, max_size=3).map(tuple)
policies = st.builds(
    lambda one, two: policy({"R1": one, "R2": two}),
    st.one_of(_limits, _joined.map(lambda parts: AnyOf(parts=parts))),
    st.one_of(_limits, _joined.map(lambda parts: AllOf(parts=parts))),
)


def _world(problem: Problem, chance: random.Random) -> dict[str, int]:
    found = {}
    for name, topic in problem.topics.items():
        drawn = chance.choices(range(len(topic.pieces)), k=chance.randrange(1, 4))
        found[name] = sum(1 << place for place in set(drawn))
    return found


@settings(deadline=None, max_examples=40)
@given(policies, st.integers(0, 10**6))
def test_pieces_that_are_joined_with_a_baseline_do_what_the_evaluator_says(
    asked: Policy, seed: int
) -> None:
    chance, found = random.Random(seed), ladder(asked)  # noqa: S311 - evidence is drawn, no key
    problem = Problem(topics_of(found.checks(), PLACE))
    for _ in range(8):
        world = _world(problem, chance)
        evidence = gathered(problem.pieces(world), PLACE)

        supported = evaluate(asked, evidence, at=AT).supported

        event(str(supported))
        for tier in found.long:
            assert problem.holds(found.opens(tier), world) == (supported.rank >= tier.rank)


@settings(deadline=None, max_examples=25)
@given(policies, policies, st.integers(0, 10**6))
def test_policies_with_margins_are_compared_as_evidence_separates_them(
    first: Policy, second: Policy, seed: int
) -> None:
    found = compare(first, second, PLACE).tiers[Tier.T1]
    for witness in found.witnesses:
        assert {Tier.T0, Tier.T1} == {witness.first, witness.second}
    chance = random.Random(seed)  # noqa: S311 - evidence is drawn, no key
    problem = Problem(topics_of([c for p in (first, second) for c in ladder(p).checks()], PLACE))
    for _ in range(8):
        evidence = gathered(problem.pieces(_world(problem, chance)), PLACE)
        one, two = (evaluate(p, evidence, at=AT).supported for p in (first, second))
        if one.rank < two.rank:
            assert found.relation not in {Relation.EQUIVALENT, Relation.LOOSER}
        if one.rank > two.rank:
            assert found.relation not in {Relation.EQUIVALENT, Relation.STRICTER}
