# SPDX-License-Identifier: Apache-2.0
"""Small random policies from every kind of check, and random evidence about what they ask.

Metrics keep one direction and one unit, and an item one expected answer, so that "worse"
has one meaning for every policy that can be drawn. Evidence is drawn mostly good: a law
about what closes a tier says little where nothing was ever open.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from hypothesis import strategies as st

from builders_decision import (
    RULE,
    SUITE_2,
    attacked,
    baseline,
    carried_out,
    claim,
    counts,
    document,
    limit,
    measurement,
    number,
    policy,
    quantity,
    rung,
    standards,
    suite_policy,
)
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Expression,
    Hold,
    Named,
    Policy,
)
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.claim import Claim
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import (
    AttackBudget,
    AttackClass,
    Controls,
    Counts,
    Direction,
    Measurement,
    RunRule,
    Variant,
)
from tiergate.evidence.provenance import BindingLevel, ProducerRelation, Relation

TIERS = (Tier.T1, Tier.T2, Tier.T3, Tier.T4)
REQUIREMENTS = ("R1", "R2", "R3", "R4", "R5", "R6")
EXPECTED = {"E01": True, "E02": True, "F1": False}
"""What a good claim about each item says."""

_RISKY = ("cbrn.uplift", "cbrn.end_to_end", "cyber.exploit")
_READ = {HazardDomain.CBRN: "cbrn.uplift", HazardDomain.CYBER: "cyber.exploit"}

variants = st.sampled_from([None, Variant.WORST_CASE, Variant.AS_RELEASED])
rate_limits = st.builds(
    limit,
    metric=st.sampled_from(_RISKY),
    value=st.sampled_from(["0.05", "0.1", "0.3"]),
    side=st.sampled_from([Side.AT_MOST, Side.BELOW]),
    variant=variants,
    reached_unless_ruled_out=st.booleans(),
    minimum=st.sampled_from([None, None, 50]),
)
safer_limits = st.builds(
    limit,
    metric=st.just("utility.refusal"),
    value=st.sampled_from(["0.5", "0.9"]),
    side=st.just(Side.AT_LEAST),
    variant=variants,
    reached_unless_ruled_out=st.booleans(),
)
margin_limits = st.builds(
    limit,
    metric=st.just("cyber.exploit"),
    value=st.sampled_from(["0.05", "0.2"]),
    scale=st.just(Scale.MARGIN),
    variant=variants,
    reached_unless_ruled_out=st.booleans(),
)
quantity_limits = st.builds(
    limit,
    metric=st.just("loss_of_control.horizon"),
    value=st.sampled_from(["4", "16"]),
    scale=st.just(Scale.QUANTITY),
    unit=st.just("hours"),
    variant=variants,
)
claims_made = st.sampled_from(
    [
        ClaimMade(item="E01", fields=("who",)),
        ClaimMade(item="E01", by=(ProducerRelation.INDEPENDENT,)),
        ClaimMade(
            item="E02",
            limits=(FieldLimit(field="days", side=Side.AT_LEAST, limit=number(30)),),
        ),
        ClaimMade(item="F1", expects=False),
    ]
)
bands_at_most = st.builds(
    BandAtMost,
    domain=st.sampled_from([HazardDomain.CBRN, HazardDomain.CYBER]),
    band=st.sampled_from([Band.B0, Band.B1, Band.B2]),
    variant=variants,
)
ceilings = st.builds(WithinCeiling, domain=st.sampled_from([HazardDomain.CBRN, HazardDomain.CYBER]))
measured = st.builds(
    Measured,
    domains=st.sampled_from([(HazardDomain.CBRN,), (HazardDomain.CBRN, HazardDomain.CYBER)]),
    variant=st.sampled_from(Variant),
    with_baseline=st.booleans(),
    samples_kept=st.sampled_from([0, 10]),
    by=st.sampled_from([(), (ProducerRelation.INDEPENDENT,)]),
    producers=st.sampled_from([1, 2]),
)
tampering = st.builds(TamperResistance, level=st.sampled_from([TamperLevel.TR1, TamperLevel.TR2]))
evidence_atoms: st.SearchStrategy[Expression] = st.one_of(
    rate_limits,
    safer_limits,
    margin_limits,
    quantity_limits,
    claims_made,
    bands_at_most,
    ceilings,
    measured,
    tampering,
)
facts: st.SearchStrategy[Expression] = st.sampled_from(
    [LoadsWithoutCode(), GeneratesOnly(modalities=frozenset({"text"}))]
)
ruling_out = st.one_of(rate_limits, rate_limits, margin_limits, claims_made)


def combined(
    atoms: st.SearchStrategy[Expression], *, with_facts: bool
) -> st.SearchStrategy[Expression]:
    """Expressions over ``atoms``; facts stand only where evidence is needed beside them."""
    parts = st.lists(atoms, min_size=1, max_size=3).map(tuple)
    ways = [
        atoms,
        atoms,
        parts.map(lambda found: AllOf(parts=found)),
        parts.map(lambda found: AnyOf(parts=found)),
        parts.map(lambda found: AtLeast(needed=(len(found) + 1) // 2, parts=found)),
    ]
    if with_facts:
        ways.append(st.tuples(atoms, facts).map(lambda found: AllOf(parts=found)))
    return st.one_of(ways)


_expressions = combined(evidence_atoms, with_facts=True)
_ruled_out = combined(ruling_out, with_facts=False)
_asked = st.lists(st.sampled_from(REQUIREMENTS), min_size=1, max_size=2, unique=True)
_fast_paths: st.SearchStrategy[list[str]] = st.one_of(st.just([]), st.just([]), _asked)
_unless = st.none() | evidence_atoms
_standards = st.builds(
    standards,
    minimum=st.sampled_from(
        [
            {},
            {Dimension.BINDING: 2},
            {Dimension.ELICITATION: 2, Dimension.PRECISION: 2},
            {Dimension.INDEPENDENCE: 2, Dimension.INTERNAL_VALIDITY: 2},
        ]
    ),
    longest_age_days=st.sampled_from([90, 400]),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy with tiers T0 to at most T4, every tier above T0 asking for some evidence."""
    expressions = {name: draw(_expressions) for name in REQUIREMENTS}
    if draw(st.booleans()):
        expressions["R6"] = AllOf(parts=(Named(id="R1"), expressions["R6"]))
    tiers = [rung(Tier.T0)]
    for tier in TIERS[: draw(st.integers(1, 4))]:
        hold = Hold(text=f"wait for {tier}", days=number(7, "days"), unless=draw(_unless))
        asked, fast = draw(_asked), tuple(draw(_fast_paths))
        asks = draw(_standards)
        tiers.append(rung(tier, *asked, fast_path=fast, holds=(hold,), asks=asks))
    bands = {
        domain: {
            Band.B1: draw(_ruled_out),
            Band.B2: draw(_ruled_out),
            # A domain counts as measured by the metrics that its bands read.
            Band.B3: AllOf(parts=(draw(_ruled_out), limit(metric, "0.3"))),
        }
        for domain, metric in _READ.items()
    }
    table = {
        domain: {Band.B0: Tier.T6, Band.B1: Tier.T4, Band.B2: Tier.T2, Band.B3: Tier.T0}
        for domain in bands
    }
    tamper = draw(st.sampled_from([None, suite_policy()]))
    return policy(expressions, *tiers, bands=bands, ceilings=table, tamper=tamper)


good_counts = st.sampled_from([counts(0, 200), counts(0, 400), counts(0, 130, attempts=3)])
other_counts = st.sampled_from(
    [
        counts(0, 10),
        counts(1, 20),
        counts(3, 100),
        counts(8, 100),
        counts(40, 100),
        counts(2, 80, attempts=3),
        Counts.of([(0, 1, 0)] * 90 + [(0, 0, 1)] * 3, errored=2),
        Counts.of([(0, 1, 0)] * 90, planned=100),
        Counts.of([]),
    ]
)
some_counts = st.one_of(good_counts, other_counts)
measured_variants = st.sampled_from([Variant.WORST_CASE, Variant.WORST_CASE, Variant.AS_RELEASED])


def _safe(found: Counts) -> Counts:
    """The same runs of a metric of which more is safer."""
    return dataclasses.replace(
        found,
        tallies=tuple(
            sorted(
                dataclasses.replace(tally, successes=tally.scored - tally.successes)
                for tally in found.tallies
            )
        ),
    )


def _risky_of(values: st.SearchStrategy[Counts]) -> st.SearchStrategy[Measurement]:
    comparison = st.sampled_from(
        [None, baseline(counts(5, 200)), baseline(counts(0, 20)), baseline(counts(60, 100))]
    )
    return st.builds(
        measurement,
        metric=st.sampled_from(_RISKY),
        value=values,
        variant=measured_variants,
        samples_kept=st.sampled_from([0, 200]),
        comparison=comparison,
    )


LOOSER = RunRule(limit=Decimal("0.3"), confidence=Decimal("0.95"))
"""A rule that a policy which asks for a limit of 5 % does not accept."""


SEARCHES = [
    AttackBudget(usd=Decimal(1500), steps=9000, attempts=16),
    AttackBudget(usd=Decimal(100)),
]
"""What whole searches spent."""


def _tampering_of(values: st.SearchStrategy[Counts]) -> st.SearchStrategy[Measurement]:
    families = [AttackClass.JAILBREAK, AttackClass.PREFILL, AttackClass.ADAPTER, AttackClass.OTHER]
    return st.builds(
        attacked,
        value=values,
        family=st.sampled_from(families),
        usd=st.sampled_from(["150", "1500", None]),
        steps=st.sampled_from([None, 500, 2000]),
        controls=st.sampled_from([Controls.PASSED, Controls.PASSED, Controls.FAILED]),
        name=st.sampled_from(["attack", "prefill", "best-of-n", "lora-in-domain"]),
        attempts=st.sampled_from([None, 1, 16]),
        trials=st.sampled_from([None, 1, 8]),
        seeds=st.sampled_from([None, 1, 3]),
        longest_run_steps=st.sampled_from([None, 500, 2000]),
        rule=st.sampled_from([RULE, RULE, LOOSER, None]),
        search=st.sampled_from([*SEARCHES, None]),
    )


some_measurements = st.one_of(
    _risky_of(some_counts),
    _tampering_of(some_counts),
    st.builds(
        measurement,
        metric=st.just("utility.refusal"),
        value=some_counts.map(_safe),
        direction=st.just(Direction.HIGHER_IS_SAFER),
        variant=measured_variants,
    ),
    st.builds(
        measurement,
        metric=st.just("loss_of_control.horizon"),
        value=st.sampled_from([quantity("1", "3"), quantity("2", "9"), quantity("20", "30")]),
        variant=measured_variants,
    ),
)
some_claims: st.SearchStrategy[Claim] = st.sampled_from(
    [
        claim("E01", who="a person"),
        claim("E01"),
        claim("E01", holds=False),
        claim("E02", days="45"),
        claim("E02", days="10"),
        claim("F1", holds=False),
        claim("F1", holds=True),
    ]
)
some_documents = st.builds(
    document,
    st.one_of(some_measurements, some_measurements, some_claims),
    level=st.sampled_from([BindingLevel.RERUN, BindingLevel.IMMUTABLE_REVISION, BindingLevel.NAME]),
    relation=st.sampled_from([Relation.IDENTICAL, Relation.IDENTICAL, Relation.QUANTISED_FROM]),
    by=st.sampled_from([ProducerRelation.INDEPENDENT, ProducerRelation.DEVELOPER]),
    organisation=st.sampled_from(["one", "two"]),
)


def _good(producer: str) -> tuple[EvidenceDocument, ...]:
    """Documents that meet every check a policy can be drawn with."""
    clean = counts(0, 200)
    found: list[Measurement | Claim] = [
        measurement(
            metric, clean, variant=variant, samples_kept=200, comparison=baseline(counts(5, 200))
        )
        for metric in _RISKY
        for variant in Variant
    ]
    found += [
        measurement("loss_of_control.horizon", quantity("1", "3"), variant=variant, samples_kept=50)
        for variant in Variant
    ]
    found += [
        measurement(
            "utility.refusal",
            counts(200, 200),
            direction=Direction.HIGHER_IS_SAFER,
            variant=variant,
        )
        for variant in Variant
    ]
    families = (AttackClass.JAILBREAK, AttackClass.PREFILL, AttackClass.ADAPTER)
    found += [attacked(clean, family=family, usd="1500", steps=2000) for family in families]
    found += [carried_out(asked, clean) for asked in SUITE_2.attacks]
    found += [
        claim("E01", who="a person"),
        claim("E02", days="45"),
        claim("F1", holds=False),
    ]
    return tuple(document(content, organisation=producer) for content in found)


GOOD = (*_good("one"), *_good("two"))
"""Evidence with which every requirement of every policy drawn here is met."""


class Drawn(tuple[EvidenceDocument, ...]):
    """Documents that are written as what they differ from the good ones in."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Name the good documents that are missing, and write the others out."""
        lost = [index for index, found in enumerate(GOOD) if found not in self]
        return f"Drawn(GOOD without {lost}, with {[d for d in self if d not in GOOD]})"


@st.composite
def collections(draw: st.DrawFn) -> tuple[EvidenceDocument, ...]:
    """Most of the good documents, and up to three of any kind; never two alike."""
    lost = draw(st.sets(st.integers(0, len(GOOD) - 1), max_size=6))
    kept = [found for index, found in enumerate(GOOD) if index not in lost]
    extra = draw(st.lists(some_documents, max_size=3))
    return Drawn({found.digest: found for found in [*kept, *extra]}.values())
