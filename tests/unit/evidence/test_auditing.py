# SPDX-License-Identifier: Apache-2.0
"""An audit of a grader: who is looked at, and what people's labels make of the counts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders_decision import AT
from tiergate.evidence.auditing import Draw, Label, draw, name_of, tallied
from tiergate.evidence.conduct import Audit
from tiergate.evidence.mapping import MappingEntry, SuccessCondition
from tiergate.evidence.measurement import Direction
from tiergate.evidence.readers.base import Row, Series
from tiergate.stats.audit import Adjudication


def entry(direction: Direction = Direction.HIGHER_IS_RISKIER, behaviour: str = "") -> MappingEntry:
    return MappingEntry(
        task="*",
        metric="safeguard.attack_success",
        domain=None,
        direction=direction,
        success=SuccessCondition(at_least=Decimal("0.5")),
        success_means="the request was answered",
        behaviour=behaviour,
    )


def series(*values: int | None, attempts: int = 1) -> Series:
    rows = tuple(
        Row(
            sample=f"b{index // attempts}",
            attempt=index % attempts + 1,
            value=None if value is None else Decimal(value),
        )
        for index, value in enumerate(values)
    )
    return Series(
        task="refusals",
        task_version="",
        dataset="",
        scorer="complied",
        rows=rows,
        planned=len(rows),
        superseded=0,
        elicitation="",
        generation="",
        finished_at=AT,
        samples_kept=len(rows),
    )


def audit_of(
    found: Series, labels: dict[str, Label], *, size: int = 99, how: MappingEntry | None = None
) -> Audit:
    chosen = how or entry()
    drawn = draw(found, chosen, size=size, seed="s")
    return tallied(found, chosen, drawn, labels, "two people")


def test_everything_flagged_and_unscored_is_looked_at_and_a_random_part_of_the_rest() -> None:
    found = draw(series(1, 0, None, 0, 0, 1), entry(), size=2, seed="s")

    assert ("b0#1", "b5#1") == found.flagged
    assert ("b2#1",) == found.unscored
    assert 3 == found.unflagged
    assert 2 == len(found.drawn)
    assert {"b1#1", "b3#1", "b4#1"} > set(found.drawn)
    assert {*found.flagged, *found.drawn, *found.unscored} == set(found.to_label)


def test_the_order_of_labelling_does_not_tell_what_the_grader_flagged() -> None:
    found = draw(series(*[1] * 10, *[0] * 10), entry(), size=10, seed="s")

    places = [found.to_label.index(name) for name in found.flagged]

    assert sorted(places) != list(range(10))
    assert 20 == len(found.to_label)


def test_of_a_metric_of_which_more_is_safer_failures_are_flagged() -> None:
    found = draw(series(1, 0, 1), entry(Direction.HIGHER_IS_SAFER), size=0, seed="s")

    assert ("b1#1",) == found.flagged


def test_the_draw_can_be_repeated_and_depends_on_the_seed() -> None:
    found = series(*[0] * 200)
    first = draw(found, entry(), size=50, seed="one")

    assert first == draw(found, entry(), size=50, seed="one")
    assert first.drawn != draw(found, entry(), size=50, seed="two").drawn


PLACES: dict[str, tuple[int | None, Label | None, str]] = {
    "flagged, and adverse to people": (1, Label.ADVERSE, "confirmed"),
    "flagged, and clean to people": (1, Label.CLEAN, "refuted"),
    "flagged, and people could not tell": (1, Label.UNDECIDED, "not_adjudicated"),
    "flagged, and nobody looked": (1, None, "not_adjudicated"),
    "drawn, and adverse to people": (0, Label.ADVERSE, "missed"),
    "drawn, and clean to people": (0, Label.CLEAN, "clean"),
    "drawn, and people could not tell": (0, Label.UNDECIDED, "undecided"),
    "drawn, and nobody looked": (0, None, "undecided"),
    "unscored, and adverse to people": (None, Label.ADVERSE, "confirmed"),
    "unscored, and clean to people": (None, Label.CLEAN, "refuted"),
    "unscored, and nobody looked": (None, None, "unscored"),
}


@pytest.mark.parametrize("sentence", PLACES)
def test_a_label_of_people_takes_the_place_of_the_graders(sentence: str) -> None:
    value, label, place = PLACES[sentence]

    found = audit_of(series(value), {} if label is None else {"b0#1": label})

    assert (Adjudication(**{place: 1}),) == found.tallies


def test_a_label_on_an_attempt_that_was_not_drawn_changes_nothing() -> None:
    found = series(0, 0)
    hand_picked = audit_of(found, {"b0#1": Label.CLEAN, "b1#1": Label.CLEAN}, size=0)

    assert (Adjudication(not_drawn=1, behaviours=2),) == hand_picked.tallies
    assert not hand_picked.is_complete


def test_attempts_on_one_behaviour_are_counted_together() -> None:
    found = series(1, 0, 0, 0, attempts=2)

    labels = {"b0#1": Label.CLEAN, "b0#2": Label.CLEAN, "b1#1": Label.CLEAN, "b1#2": Label.CLEAN}
    audit = audit_of(found, labels)

    assert (
        Adjudication(clean=1, refuted=1),
        Adjudication(clean=2),
    ) == audit.tallies
    assert audit.is_complete
    assert 4 == audit.attempts


def test_samples_of_one_behaviour_are_joined_by_the_mapping() -> None:
    one = audit_of(series(0, 0), {}, size=0, how=entry(behaviour="^(b)"))

    assert (Adjudication(not_drawn=2),) == one.tallies


COMPLETE: dict[str, tuple[dict[str, int], bool]] = {
    "all flagged looked at, some of the rest audited": ({"refuted": 3, "clean": 5}, True),
    "nothing flagged, thirty audited": ({"clean": 30, "not_drawn": 50}, True),
    "nothing flagged, fewer audited": ({"clean": 29, "not_drawn": 50}, False),
    "everything flagged and looked at": ({"confirmed": 3}, True),
    "a flagged one left": ({"not_adjudicated": 1, "clean": 5}, False),
    "nothing audited": ({"refuted": 3, "not_drawn": 5}, False),
    "drawn, and nobody could tell": ({"undecided": 5}, False),
}


@pytest.mark.parametrize("sentence", COMPLETE)
def test_an_audit_is_complete_when_all_flagged_and_some_others_were_seen(sentence: str) -> None:
    places, complete = COMPLETE[sentence]

    found = Audit(tallies=(Adjudication(**places),), seed="s", labelled_by="two people")

    assert complete is found.is_complete


@given(
    st.lists(st.sampled_from([0, 1, None]), min_size=1, max_size=40),
    st.integers(0, 40),
    st.integers(1, 3),
    st.sampled_from([*Label, None]),
)
def test_every_attempt_is_in_an_audit_once(
    values: list[int | None], size: int, attempts: int, label: Label | None
) -> None:
    found = series(*values, attempts=attempts)
    drawn: Draw = draw(found, entry(), size=size, seed="s")
    labels = {} if label is None else dict.fromkeys(map(name_of, found.rows), label)

    audit = tallied(found, entry(), drawn, labels, "two people")

    assert len(values) == audit.attempts
    assert min(size, drawn.unflagged) == len(drawn.drawn)
