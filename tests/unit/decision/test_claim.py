# SPDX-License-Identifier: Apache-2.0
"""Tables of the check for a claim: what must be in it, who may make it, and what defeats it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders_decision import (
    AT,
    OTHER_ROOT,
    Evidence,
    claim,
    document,
    judged,
    number,
    outcome_of,
)
from tiergate.decision.explanation import Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.evidence.claim import Claim
from tiergate.evidence.provenance import BindingLevel, ProducerRelation, Relation

MET, NOT_MET, UNDETERMINED = Outcome.MET, Outcome.NOT_MET, Outcome.UNDETERMINED
DEVELOPER, INDEPENDENT = ProducerRelation.DEVELOPER, ProducerRelation.INDEPENDENT

PLAIN = ClaimMade(item="E01")
WITH_FIELDS = ClaimMade(item="E01", fields=("who", "tested"))
INDEPENDENTLY = ClaimMade(item="E01", by=(INDEPENDENT, ProducerRelation.COMMISSIONED))
NOT_FOUND = ClaimMade(item="E01", expects=False)


def _limit(side: Side, value: str) -> ClaimMade:
    return ClaimMade(item="E01", limits=(FieldLimit(field="days", side=side, limit=number(value)),))


AT_LEAST_30 = _limit(Side.AT_LEAST, "30")

CASES: dict[str, tuple[ClaimMade, tuple[Evidence, ...], Outcome]] = {
    "nobody has stated it": (PLAIN, (), UNDETERMINED),
    "it was stated about another item": (PLAIN, (claim("E02"),), UNDETERMINED),
    "it was stated": (PLAIN, (claim(),), MET),
    "somebody states the contrary": (PLAIN, (claim(holds=False),), NOT_MET),
    "one states it and another the contrary": (PLAIN, (claim(), claim(holds=False)), NOT_MET),
    "the contrary by a name": (
        PLAIN,
        (claim(), document(claim(holds=False), level=BindingLevel.NAME, root="")),
        NOT_MET,
    ),
    "the contrary long ago": (
        PLAIN,
        (claim(), claim(holds=False, made_at=AT - timedelta(days=9999))),
        NOT_MET,
    ),
    "the contrary about another checkpoint": (
        PLAIN,
        (claim(), document(claim(holds=False), root=OTHER_ROOT)),
        MET,
    ),
    "a claim needs no tie to a run": (
        PLAIN,
        (document(claim(), level=BindingLevel.NAME, relation=Relation.UNKNOWN),),
        MET,
    ),
    "a claim that names no digest": (PLAIN, (document(claim(), root=""),), UNDETERMINED),
    "exactly as old as is allowed": (PLAIN, (claim(made_at=AT - timedelta(days=180)),), MET),
    "a second too old": (
        PLAIN,
        (claim(made_at=AT - timedelta(days=180, seconds=1)),),
        UNDETERMINED,
    ),
    "dated after the decision": (PLAIN, (claim(made_at=AT + timedelta(seconds=1)),), UNDETERMINED),
    "every field says something": (WITH_FIELDS, (claim(who="a person", tested=True),), MET),
    "false says something": (WITH_FIELDS, (claim(who="a person", tested=False),), MET),
    "a field is not there": (WITH_FIELDS, (claim(who="a person"),), UNDETERMINED),
    "a field is empty": (WITH_FIELDS, (claim(who="", tested=True),), UNDETERMINED),
    "a field is blank": (WITH_FIELDS, (claim(who=" \t", tested=True),), UNDETERMINED),
    "fields of two claims are not put together": (
        WITH_FIELDS,
        (claim(who="a person"), claim(tested=True)),
        UNDETERMINED,
    ),
    "made by somebody who may": (INDEPENDENTLY, (document(claim(), by=INDEPENDENT),), MET),
    "made by somebody who may not": (
        INDEPENDENTLY,
        (document(claim(), by=DEVELOPER),),
        UNDETERMINED,
    ),
    "the contrary by somebody who may not support it": (
        INDEPENDENTLY,
        (document(claim(), by=INDEPENDENT), document(claim(holds=False), by=DEVELOPER)),
        NOT_MET,
    ),
    "it was looked for and not found": (NOT_FOUND, (claim(holds=False),), MET),
    "it was found": (NOT_FOUND, (claim(holds=True),), NOT_MET),
    "a number at its limit": (AT_LEAST_30, (claim(days="30"),), MET),
    "a number beyond its limit": (AT_LEAST_30, (claim(days="29.99"),), NOT_MET),
    "a good number and one beyond the limit": (
        AT_LEAST_30,
        (claim(days="45"), claim(days="3")),
        NOT_MET,
    ),
    "text where a number is asked for": (AT_LEAST_30, (claim(days="a month"),), UNDETERMINED),
    "true is no number": (AT_LEAST_30, (claim(days=True),), UNDETERMINED),
    "infinity is no number": (AT_LEAST_30, (claim(days="Infinity"),), UNDETERMINED),
    "not a number is no number": (AT_LEAST_30, (claim(days="NaN"),), UNDETERMINED),
    "the number is not there": (AT_LEAST_30, (claim(),), UNDETERMINED),
    "at most, kept": (_limit(Side.AT_MOST, "2"), (claim(days="2.0"),), MET),
    "at most, broken": (_limit(Side.AT_MOST, "2"), (claim(days="2.1"),), NOT_MET),
    "below, kept": (_limit(Side.BELOW, "2"), (claim(days="1.9"),), MET),
    "below, broken": (_limit(Side.BELOW, "2"), (claim(days="2"),), NOT_MET),
}


@pytest.mark.parametrize("case", CASES)
def test_a_claim_is_held_against_what_is_asked(case: str) -> None:
    check, found, expected = CASES[case]

    assert expected is outcome_of(check, *found)


def test_a_claim_that_was_registered_and_is_gone_closes_its_item() -> None:
    gone = document(claim(who="somebody else"))

    assert UNDETERMINED is outcome_of(PLAIN, claim(), gone=[gone])
    assert MET is outcome_of(PLAIN, claim(), gone=[document(claim("E02"))])


REASONS: dict[str, tuple[ClaimMade, tuple[Claim, ...], str]] = {
    "nobody": (PLAIN, (), "nobody has stated it"),
    "stated": (PLAIN, (claim(),), "stated, self-declared until signed"),
    "contrary": (
        PLAIN,
        (claim(holds=False),),
        "a claim states the contrary, or a number beyond its limit",
    ),
    "empty field": (WITH_FIELDS, (claim(who="a"),), "says nothing about tested"),
    "no number": (AT_LEAST_30, (claim(days="soon"),), "states no number for days"),
    "by whom": (
        ClaimMade(item="E01", by=(DEVELOPER,)),
        (claim(),),
        "made by independent, and developer is asked for",
    ),
}


@pytest.mark.parametrize("case", REASONS)
def test_a_claim_gives_its_reason(case: str) -> None:
    check, found, expected = REASONS[case]

    assert expected == judged(check, *found).reason


def test_a_claim_that_is_gone_is_named() -> None:
    gone = document(claim(holds=False))

    assert f"registered evidence is gone: {gone.digest}" == judged(PLAIN, gone=[gone]).reason


def test_a_claim_that_is_not_met_says_how_to_make_it() -> None:
    assert "tiergate evidence claim E01 --model MODEL" == judged(PLAIN).next_step
    assert "" == judged(PLAIN, claim()).next_step


def test_a_finding_is_named_as_one() -> None:
    assert "claim E01" == judged(PLAIN).title
    assert "claim E01 (that it was not found)" == judged(NOT_FOUND).title


FOUND: dict[str, tuple[ClaimMade, tuple[Evidence, ...], str]] = {
    "nothing speaks against it": (AT_LEAST_30, (claim(days="30"),), ""),
    "somebody states the contrary": (
        PLAIN,
        (claim(holds=False),),
        "a claim states that E01 does not hold",
    ),
    "somebody found what should not be there": (
        NOT_FOUND,
        (claim(),),
        "a claim states that E01 holds",
    ),
    "a number below its limit, twice": (
        AT_LEAST_30,
        (claim(days="5"), claim(days="5")),
        "a claim states days 5, must be at least 30",
    ),
    "a number beyond its limit, as long as numbers of compute are": (
        _limit(Side.AT_MOST, "1e25"),
        (claim(days="60000000000000000000000000"),),
        "a claim states days 6e25, must be at most 1e25",
    ),
}


@pytest.mark.parametrize("sentence", FOUND)
def test_what_defeats_a_claim_is_said_with_its_number(sentence: str) -> None:
    check, evidence, words = FOUND[sentence]

    assert words == judged(check, *evidence).found


def test_what_is_gone_is_said_beside_what_defeats_a_claim() -> None:
    gone = document(claim(who="somebody else"))
    found = judged(PLAIN, claim(holds=False), gone=[gone])

    words = f"a claim states that E01 does not hold; registered evidence is gone: {gone.digest}"
    assert words == found.found_words
