# SPDX-License-Identifier: Apache-2.0
"""Corners of the analysis: every kind of expression within a band, and what is rarely needed."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from builders_decision import (
    AT,
    collection,
    limit,
    measurement,
    number,
    policy,
    quantity,
    rung,
    standards,
    tamper_definition,
    tamper_policy,
)
from tiergate.decision.analysis import witness as witnessing
from tiergate.decision.analysis.compare import compare
from tiergate.decision.analysis.formula import (
    ALWAYS,
    NEVER,
    Check,
    Context,
    Formula,
    Literal,
    State,
    Threshold,
    holds,
    ladder,
    negated,
)
from tiergate.decision.analysis.lint import lint
from tiergate.decision.analysis.opaque import parts_of
from tiergate.decision.analysis.pieces import (
    PLAIN,
    Files,
    Outputs,
    Piece,
    Place,
    Statement,
    gathered,
)
from tiergate.decision.analysis.prove import prove
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.topics import topics_of
from tiergate.decision.analysis.words import piece_words
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.plan_search import LARGEST, Asked, Cheapest
from tiergate.decision.plan_steps import Assumed
from tiergate.decision.policy import AllOf, AnyOf, Expression, Named, Policy
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from unit.decision.analysis.faults import Not

PLACE = Place(at=AT)
CBRN, CYBER = HazardDomain.CBRN, HazardDomain.CYBER
E01, E02 = ClaimMade(item="E01"), ClaimMade(item="E02")
CEILINGS = {CYBER: {Band.B0: Tier.T6, Band.B1: Tier.T4, Band.B2: Tier.T1, Band.B3: Tier.T0}}


def within(row: Expression) -> Policy:
    """A policy whose band CBRN B2 is ruled out by ``row``."""
    bands: dict[HazardDomain, dict[Band, Expression]] = {
        CYBER: {band: limit("cyber.exploit") for band in (Band.B1, Band.B2, Band.B3)},
        CBRN: {Band.B1: limit(), Band.B2: row, Band.B3: limit(value="0.5")},
    }
    asked: dict[str, Expression] = {"R1": BandAtMost(domain=CBRN, band=Band.B1), "R2": E02}
    return policy(asked, bands=bands, ceilings=CEILINGS)


ROWS = {
    "a requirement": Named(id="R2"),
    "a band": BandAtMost(domain=CYBER, band=Band.B0),
    "every band": BandAtMost(domain=CYBER, band=Band.B3),
    "a ceiling": WithinCeiling(domain=CYBER),
    "a measurement": Measured(domains=(CYBER,), variant=Variant.WORST_CASE),
    "one of two": AnyOf(parts=(E01, limit("cyber.exploit"))),
    "attacks": TamperResistance(level=TamperLevel.TR1),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_whatever_rules_a_band_out_is_expanded_as_the_evaluator_judges_it(row: Expression) -> None:
    standard = within(row)
    found = ladder(standard)
    problem = Problem(topics_of(found.checks(), PLACE))

    for goal in (found.opens(Tier.T1), negated(found.opens(Tier.T1))):
        world = problem.solve(goal)
        assert world is not None
        supported = evaluate(standard, gathered(problem.pieces(world), PLACE), at=AT).supported
        assert problem.holds(found.opens(Tier.T1), world) == (supported is Tier.T1)


def test_a_ceiling_that_allows_no_band_is_never_clear() -> None:
    standard = within(WithinCeiling(domain=CYBER))
    none = dataclasses.replace(standard, ceilings={CYBER: {Band.B0: Tier.T0}})
    asks = none.tiers[1].standards

    found = Context(policy=none, tier=Tier.T1, standards=asks).clear(WithinCeiling(domain=CYBER))

    assert NEVER == found


def test_an_unknown_expression_within_a_band_is_tried_too() -> None:
    standard = within(Not(part=E01))
    asks = standard.tiers[1].standards

    found = Context(policy=standard, tier=Tier.T1, standards=asks).clear(Not(part=E01))

    (key,) = {check.key for check in _checks(found)}
    assert [True, True, False] == [holds(found, {key: state}) for state in State]


def _checks(formula: Formula) -> list[Check]:
    if isinstance(formula, Literal):
        return [formula.check]
    return [check for part in formula.parts for check in _checks(part)]


def test_what_is_no_dataclass_has_no_parts() -> None:
    class Plain:
        """A check of another make."""

        def judge(self, scene: object) -> object:
            """Never called."""
            raise AssertionError(scene)

    assert () == parts_of(Plain())  # type: ignore[arg-type]


def test_bands_are_ordered_through_the_requirements_that_they_name() -> None:
    bands: dict[HazardDomain, dict[Band, Expression]] = {
        CBRN: {
            Band.B1: Named(id="R1"),
            Band.B2: AllOf(parts=(limit(value="0.01"), E01)),
            Band.B3: limit(value="0.5"),
        }
    }

    found = lint(policy({"R1": limit(value="0.05")}, bands=bands), PLACE)

    assert {"bands-out-of-order"} == {finding.remark.code for finding in found}


def test_what_always_and_what_never_holds_is_known_to_the_solver() -> None:
    every = BandAtMost(domain=CBRN, band=Band.B3)
    bands = {CBRN: {band: limit() for band in (Band.B1, Band.B2, Band.B3)}}
    free = policy({"R1": AnyOf(parts=(E01, every))}, bands=bands)
    dead = policy({"R1": WithinCeiling(domain=CBRN)}, bands=bands, ceilings={})

    laws = {proof.law: proof.holds for proof in prove(free, PLACE)}

    assert laws["no evidence opens nothing"] is False
    assert {proof.law: proof.holds for proof in prove(dead, PLACE)}["some evidence opens T1"] is (
        False
    )


def test_what_the_evaluator_does_not_confirm_decides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing = evaluate(policy({"R1": E01}), gathered((), PLACE), at=AT)
    monkeypatch.setattr(witnessing, "evaluate", lambda *_, **__: nothing)

    found = compare(policy({"R1": E01}), policy({"R1": E02}), PLACE)

    assert Relation.UNDECIDED is found.overall
    assert () == found.tiers[Tier.T1].witnesses


def test_margins_that_are_safer_upward_are_told_apart() -> None:
    one, two = (
        policy({"R1": limit("utility.refusal", value, side=Side.AT_LEAST, scale=Scale.MARGIN)})
        for value in ("-0.05", "-0.1")
    )

    assert Relation.STRICTER is compare(one, two, PLACE).overall


def test_a_margin_that_no_baseline_excuses_opens_nothing() -> None:
    asked = policy({"R1": limit("cyber.exploit", "-1", side=Side.BELOW, scale=Scale.MARGIN)})

    assert "dead-tier" in {finding.remark.code for finding in lint(asked, PLACE)}


def test_an_item_of_which_both_are_asked_is_claimed_both_ways() -> None:
    asked = policy({"R1": ClaimMade(item="E01"), "R2": ClaimMade(item="E01", expects=False)})

    assert "dead-tier" in {finding.remark.code for finding in lint(asked, PLACE)}


def test_limits_on_one_number_from_both_sides_leave_room() -> None:
    sides = [
        ClaimMade(item="E02", limits=(FieldLimit(field="days", side=side, limit=number(value)),))
        for side, value in ((Side.AT_LEAST, 10), (Side.AT_MOST, 20))
    ]

    assert () == lint(policy({"R1": sides[0], "R2": sides[1]}), PLACE)


def test_limits_that_even_many_do_not_tell_apart_are_told_to_be_so() -> None:
    one, two = (policy({"R1": limit(value=value)}) for value in ("0.000000001", "0.000000002"))

    assert compare(one, two, PLACE).overall in {Relation.UNDECIDED, Relation.EQUIVALENT}


WORDS = {
    "files that run code": Files(code=("x",)),
    "files that load without code": Files(code=()),
    "generates image, text": Outputs(modalities=frozenset({"text", "image"})),
    "claim E01 that it does not hold": Statement(holds=False, fields=()),
    "claim E01 without details": Statement(holds=True, fields=()),
    "claim E01 that it does not hold with days 3": Statement(holds=False, fields=(("days", "3"),)),
    "claim E01": Statement(holds=True, fields=(("why", "as it is"),)),
}


@pytest.mark.parametrize(("words", "found"), WORDS.items())
def test_a_piece_is_told_in_words(words: str, found: Files | Outputs | Statement) -> None:
    piece = Piece(topic="claim:E01", found=found, variant=Variant.AS_RELEASED, quality=PLAIN)

    assert words == piece_words(piece)


class _Free:
    """Everything costs one, and some things cannot be had."""

    def __init__(self, *, adverse: frozenset[str] = frozenset(), dear: bool = False) -> None:
        self.adverse, self.dear = adverse, dear

    def price(self, asked: Asked) -> Decimal:
        """One for each check, or more than anything."""
        many = sum(map(len, asked.values()))
        return LARGEST if self.dear and many else Decimal(many)

    def state(self, check: Check) -> State:
        """Quiet, or adverse."""
        return State.ADVERSE if check.topic in self.adverse else State.QUIET

    def can_be(self, formula: Formula) -> bool:
        """Everything, as far as anybody looked."""
        return formula is not None


class _Nothing(_Free):
    """Nothing can be had."""

    def can_be(self, formula: Formula) -> bool:
        """Nothing."""
        return formula is None


def _literal(item: str) -> Literal:
    standard = policy({"R1": ClaimMade(item=item)})
    (check,) = {check.key: check for check in ladder(standard).checks()}.values()
    return Literal(check, State.MET)


def test_a_search_leaves_what_cannot_be_had() -> None:
    one, two = _literal("E01"), _literal("E02")

    search = Cheapest(_Free(adverse=frozenset({"claim:E01"})), LARGEST)
    search.run((Threshold(1, (one, two)),), {})

    assert search.best is not None
    assert ["claim:E02"] == list(search.best)


def test_a_search_for_what_costs_too_much_finds_nothing() -> None:
    one = _literal("E01")

    dear = Cheapest(_Free(dear=True), LARGEST)
    dear.run((one,), {})
    below = Cheapest(_Free(), Decimal(1))
    below.run((Threshold(1, (one, _literal("E02"))),), {})

    assert (None, None) == (dear.best, below.best)


def test_what_always_holds_costs_nothing() -> None:
    search = Cheapest(_Free(), LARGEST)

    search.run((ALWAYS, Threshold(0, (_literal("E01"),))), {})

    assert {} == search.best


def _problem(*items: str) -> tuple[Problem, list[Literal]]:
    standard = policy({f"R{n}": ClaimMade(item=item) for n, item in enumerate(items)})
    checks = {check.topic: check for check in ladder(standard).checks()}
    literals = [Literal(checks[f"claim:{item}"], State.MET) for item in items]
    return Problem(topics_of(checks.values(), PLACE)), literals


def _either(*parts: Formula) -> Threshold:
    return Threshold(1, parts)


def test_what_contradicts_itself_only_after_a_choice_is_found_to() -> None:
    problem, (a, b, c) = _problem("E01", "E02", "E03")
    no_a, no_b = negated(a), negated(b)
    clauses = (_either(a, b), _either(a, no_b), _either(no_a, b), _either(no_a, no_b))

    assert problem.solve(c, Threshold(4, clauses)) is None
    assert problem.solve(Threshold(5, (*clauses, c)), c) is None
    assert problem.solve(c, Threshold(3, clauses[:3])) is not None


def test_a_choice_that_fails_only_after_another_is_left_for_the_next() -> None:
    problem, (a, b, c, d, e) = _problem("E01", "E02", "E03", "E04", "E05")
    no = negated(a)
    signs = [(b, c), (b, negated(c)), (negated(b), c), (negated(b), negated(c))]
    never_a = Threshold(4, tuple(_either(no, one, two) for one, two in signs))

    world = problem.solve(never_a, _either(a, d), _either(e, d))

    assert world is not None
    assert problem.holds(d, world)
    assert not problem.holds(a, world)


def test_two_pieces_that_are_good_in_different_ways_stay_two() -> None:
    asks = (
        standards({Dimension.BINDING: 2}),
        standards({Dimension.COVERAGE: 2}),
        standards({Dimension.BINDING: 2, Dimension.COVERAGE: 2}),
    )
    standard = policy(
        {"R1": limit()},
        rung(Tier.T0),
        *(
            rung(tier, "R1", asks=a)
            for tier, a in zip((Tier.T1, Tier.T2, Tier.T3), asks, strict=True)
        ),
    )
    found = ladder(standard)
    problem = Problem(topics_of(found.checks(), PLACE))
    goals = (found.long[Tier.T2], negated(found.opens(Tier.T3)))

    world = problem.solve(*goals)

    assert world is not None
    simple = problem.simplest(world, *goals)
    assert 2 == len(problem.pieces(simple))
    supported = evaluate(standard, gathered(problem.pieces(simple), PLACE), at=AT).supported
    assert Tier.T2 is supported


def test_choices_that_exclude_each_other_are_left_together() -> None:
    problem, (a, b, c) = _problem("E01", "E02", "E03")
    pairs = [_either(a, b), _either(negated(a), c), _either(negated(a), negated(c)), negated(b)]

    assert problem.solve(c, *pairs) is None
    assert problem.solve(c, *pairs[:2]) is not None


def test_a_safeguard_is_compared_by_margin_too_and_a_level_may_ask_for_nothing() -> None:
    levels = {
        **tamper_policy().levels,
        TamperLevel.TR1: tamper_definition(()),
    }
    asked = policy(
        {
            "R1": TamperResistance(level=TamperLevel.TR2),
            "R2": limit("safeguard.attack_success", "0.1", scale=Scale.MARGIN),
        },
        tamper=tamper_policy(levels),
    )

    assert "dead-tier" in {finding.remark.code for finding in lint(asked, PLACE)}


def test_a_choice_of_which_no_part_can_be_had_ends_a_search() -> None:
    search = Cheapest(_Nothing(), LARGEST)
    search.run((Threshold(1, (_literal("E01"), _literal("E02"))),), {})

    assert search.best is None


def test_a_quantity_may_have_a_floor() -> None:
    one, two = (
        policy(
            {
                "R1": limit(
                    "utility.hours", value, side=Side.AT_LEAST, scale=Scale.QUANTITY, unit="hours"
                )
            }
        )
        for value in ("8", "4")
    )

    assert Relation.STRICTER is compare(one, two, PLACE).overall


def test_a_quantity_says_nothing_about_a_rate() -> None:
    seen = collection(measurement("cbrn.uplift", quantity("1", "2")))

    assert (0.0, False) == Assumed().rate("cbrn.uplift", seen)


def test_a_tier_without_a_fast_path_below_one_with_it_is_no_finding() -> None:
    asked = policy(
        {"R1": E01, "R2": E02},
        rung(Tier.T0),
        rung(Tier.T1, "R1"),
        rung(Tier.T2, "R2", fast_path=("R2",)),
    )

    assert () == lint(asked, PLACE)
