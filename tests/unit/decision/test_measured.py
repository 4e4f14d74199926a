# SPDX-License-Identifier: Apache-2.0
"""Table of the check that something was measured at all, and by whom."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from builders_decision import (
    AT,
    Evidence,
    attacked,
    baseline,
    claim,
    collection,
    counts,
    document,
    limit,
    measurement,
    policy,
    quantity,
    scene,
    source_of,
)
from tiergate.decision.explanation import Explanation, Scale
from tiergate.decision.judging import judge
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf, AtLeast
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.tier import Band
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Controls, Counts, Direction, Variant
from tiergate.evidence.provenance import BindingLevel, ProducerRelation

MET, UNDETERMINED = Outcome.MET, Outcome.UNDETERMINED
CBRN, CYBER = HazardDomain.CBRN, HazardDomain.CYBER
WORST, RELEASED = Variant.WORST_CASE, Variant.AS_RELEASED

PLAIN = Measured(domains=(CBRN,), variant=WORST)
BOTH = Measured(domains=(CBRN, CYBER), variant=WORST)
BY_TWO = Measured(domains=(CBRN,), variant=WORST, producers=2)
KEPT = Measured(domains=(CBRN,), variant=WORST, samples_kept=100)
COMPARED = Measured(domains=(CBRN,), variant=WORST, with_baseline=True)
INDEPENDENTLY = Measured(domains=(CBRN,), variant=WORST, by=(ProducerRelation.INDEPENDENT,))

# The metrics below are read by bands; ``cbrn.proxy`` is read by none.
STANDARD = policy(
    bands={
        CBRN: {
            Band.B1: AllOf(parts=(limit("cbrn.uplift"), limit("cbrn.other"))),
            Band.B2: AnyOf(parts=(limit("safeguard.refusals"), ClaimMade(item="F1"))),
            Band.B3: AtLeast(
                needed=1, parts=(limit("cbrn.hours", scale=Scale.QUANTITY, unit="hours"),)
            ),
        },
        CYBER: {Band.B1: limit("cyber.exploit")},
    }
)


def judged(
    check: Measured, *found: Evidence, gone: tuple[EvidenceDocument, ...] = ()
) -> Explanation:
    return check.judge(scene(collection(*found, gone=gone), STANDARD))


CASES: dict[str, tuple[Measured, tuple[Evidence, ...], Outcome]] = {
    "nothing": (PLAIN, (), UNDETERMINED),
    "a claim is no measurement": (PLAIN, (claim("cbrn"),), UNDETERMINED),
    "measured, and harmful": (PLAIN, (measurement(value=counts(90, 100)),), MET),
    "another domain": (PLAIN, (measurement("cyber.exploit"),), UNDETERMINED),
    "one of two domains": (BOTH, (measurement(),), UNDETERMINED),
    "both domains": (BOTH, (measurement(), measurement("cyber.exploit")), MET),
    "no domain is asked for": (Measured(domains=(), variant=WORST), (measurement(),), UNDETERMINED),
    "in any direction": (PLAIN, (measurement(direction=Direction.HIGHER_IS_SAFER),), MET),
    "a quantity": (PLAIN, (measurement("cbrn.hours", quantity("1", "2")),), MET),
    "the domain counts, whatever the metric is called": (
        PLAIN,
        (measurement("safeguard.refusals", domain=CBRN),),
        MET,
    ),
    "a proxy that no band reads": (PLAIN, (measurement("cbrn.proxy"),), UNDETERMINED),
    "a domain without bands": (
        Measured(domains=(HazardDomain.MANIPULATION,), variant=WORST),
        (measurement("manipulation.persuasion"),),
        UNDETERMINED,
    ),
    "as released where the worst case is asked for": (
        PLAIN,
        (measurement(variant=RELEASED),),
        UNDETERMINED,
    ),
    "the worst case where as released is asked for": (
        Measured(domains=(CBRN,), variant=RELEASED),
        (measurement(),),
        MET,
    ),
    "nothing was scored": (
        PLAIN,
        (measurement(value=Counts.of([(0, 0, 1)] * 9)),),
        UNDETERMINED,
    ),
    "nothing was attempted": (PLAIN, (measurement(value=Counts.of([])),), UNDETERMINED),
    "tied by a name": (PLAIN, (document(measurement(), level=BindingLevel.NAME),), UNDETERMINED),
    "too old": (PLAIN, (measurement(finished_at=AT - timedelta(days=181)),), UNDETERMINED),
    "void for want of controls": (
        PLAIN,
        (measurement(attack=attacked(controls=Controls.FAILED).attack),),
        UNDETERMINED,
    ),
    "enough raw samples kept": (KEPT, (measurement(samples_kept=100),), MET),
    "too few raw samples kept": (KEPT, (measurement(samples_kept=99),), UNDETERMINED),
    "with a baseline": (COMPARED, (measurement(comparison=baseline(counts(0, 9))),), MET),
    "without a baseline": (COMPARED, (measurement(),), UNDETERMINED),
    "with a baseline that nobody can download": (
        COMPARED,
        (measurement(comparison=baseline(counts(0, 9), downloadable=False)),),
        UNDETERMINED,
    ),
    "by somebody who may": (INDEPENDENTLY, (measurement(),), MET),
    "by somebody who may not": (
        INDEPENDENTLY,
        (document(measurement(), by=ProducerRelation.DEVELOPER),),
        UNDETERMINED,
    ),
    "twice by one producer": (
        BY_TWO,
        (measurement(), measurement("cbrn.other")),
        UNDETERMINED,
    ),
    "by two people of one organisation": (
        BY_TWO,
        (document(measurement(), producer="a"), document(measurement(), producer="b")),
        UNDETERMINED,
    ),
    "by two organisations": (
        BY_TWO,
        (document(measurement(), organisation="a"), document(measurement(), organisation="b")),
        MET,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_something_was_measured_well_enough_to_be_looked_at(case: str) -> None:
    check, found, expected = CASES[case]

    assert expected is judged(check, *found).outcome


def test_a_registered_measurement_of_the_domain_that_is_gone_closes_it() -> None:
    gone = document(measurement("cbrn.other"))

    found = judged(PLAIN, measurement(), gone=(gone,))

    assert UNDETERMINED is found.outcome
    assert "registered evidence is gone" == found.children[0].reason
    other = document(measurement("cyber.exploit"))
    assert MET is judged(PLAIN, measurement(), gone=(other,)).outcome


REASONS: dict[str, tuple[Measured, tuple[Evidence, ...], str]] = {
    "nothing": (PLAIN, (), "not measured"),
    "met": (PLAIN, (measurement(),), "measured by 1"),
    "too few": (BY_TWO, (measurement(),), "measured by 1, 2 independent of each other needed"),
    "samples": (KEPT, (measurement(),), "0 raw samples kept, 100 asked for"),
    "a proxy": (PLAIN, (measurement("cbrn.proxy"),), "no band of the policy reads cbrn.proxy"),
    "baseline": (COMPARED, (measurement(),), "no downloadable baseline in the same harness"),
    "by whom": (
        INDEPENDENTLY,
        (document(measurement(), by=ProducerRelation.DEVELOPER),),
        (
            "independence graded 0, 1 asked for (developer, as stated by itself); "
            "measured by developer"
        ),
    ),
    "several, sorted": (
        KEPT,
        (measurement(value=Counts.of([])),),
        (
            "0 raw samples kept, 100 asked for; nothing was scored; "
            "precision graded 0, 1 asked for (no attempt has a score)"
        ),
    ),
}


@pytest.mark.parametrize("case", REASONS)
def test_it_gives_its_reason(case: str) -> None:
    check, found, expected = REASONS[case]

    (row,) = judged(check, *found).children

    assert expected == row.reason


def test_it_says_what_to_measure_next() -> None:
    (row,) = judged(PLAIN).children
    (met,) = judged(PLAIN, measurement()).children

    assert row.next_step.startswith("measure CBRN, worst case, then: tiergate evidence add")
    assert "" == met.next_step


HOUSES: dict[str, tuple[tuple[tuple[str, str], ...], bool]] = {
    "two houses, a log each": ((("one", "a"), ("two", "b")), True),
    "two houses, one log": ((("one", "a"), ("two", "a")), False),
    "one house, two logs": ((("one", "a"), ("one", "b")), False),
    "one house, written with a character that nobody sees": (
        (("one", "a"), ("one\u200b", "b")),
        False,
    ),
    "a second house that only has the log of the first beside its own": (
        (("one", "a"), ("two", "a"), ("one", "b")),
        True,
    ),
    "two names without a house": ((("", "a"), ("", "b")), False),
}


@pytest.mark.parametrize("sentence", HOUSES)
def test_two_evaluators_are_two_houses_with_a_log_each(sentence: str) -> None:
    filed, met = HOUSES[sentence]
    documents = [
        with_digest(
            dataclasses.replace(
                document(measurement(), organisation=house, producer=f"p{number}"),
                source=source_of(log),
            )
        )
        for number, (house, log) in enumerate(filed)
    ]

    check = Measured(domains=(HazardDomain.CBRN,), variant=Variant.WORST_CASE, producers=2)

    assert met is (Outcome.MET is measured_outcome(check, documents))


def measured_outcome(check: Measured, documents: list[EvidenceDocument]) -> Outcome:
    standard = policy(bands={HazardDomain.CBRN: {Band.B1: limit("cbrn.uplift")}})
    return judge(check, scene(collection(*documents), standard)).outcome
