# SPDX-License-Identifier: Apache-2.0
"""Laws of the watch: every pass finds the same, and order, circles and repeats change nothing."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from builders_watch import QUESTION, row, rows
from tiergate.landscape.watch.findings import Finding, settled
from tiergate.landscape.watch.frames import frame_of, rows_of
from tiergate.landscape.watch.kinds import FindingKind, MatchKind, Strength
from tiergate.landscape.watch.plain_pass import plain_pass
from tiergate.landscape.watch.polars_pass import polars_pass
from tiergate.landscape.watch.row import Row

many = st.lists(rows, max_size=12)


@settings(max_examples=60)
@given(many, st.lists(rows, max_size=3))
def test_columns_find_what_plain_python_finds(new: list[Row], known: list[Row]) -> None:
    known = list(rows_of(frame_of(known)))
    plain = plain_pass(rows_of(frame_of(new)), QUESTION, known)
    columns = polars_pass(frame_of(new).lazy(), QUESTION, known)

    assert plain.findings == columns.findings
    assert plain.tally == columns.tally
    assert Counter(plain.linked) == Counter(columns.linked)


@given(many)
def test_rows_survive_being_laid_out_as_columns(new: list[Row]) -> None:
    back = tuple(rows_of(frame_of(new)))
    largest = 2**63 - 1
    kept = [
        each if (each.downloads or 0) <= largest else dataclasses.replace(each, downloads=None)
        for each in new
    ]

    assert tuple(kept) == back


@given(many, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_no_matter(new: list[Row], chance: random.Random) -> None:
    shuffled = list(new)
    chance.shuffle(shuffled)

    assert plain_pass(new, QUESTION).findings == plain_pass(shuffled, QUESTION).findings


@given(many)
def test_rows_that_stand_twice_are_found_once(new: list[Row]) -> None:
    assert plain_pass(new, QUESTION).findings == plain_pass([*new, *new], QUESTION).findings


@given(many, many)
def test_what_was_found_is_found_again_with_more_rows(new: list[Row], more: list[Row]) -> None:
    found = {f.id for f in plain_pass(new, QUESTION).findings if not f.kind.is_lead}
    kept = {f.id for f in plain_pass([*new, *more], QUESTION).findings}
    lost = {each for each in found if each not in kept}
    # A declared kind can become another one, once a shorter way to the model is known.
    declared = {f.id for f in plain_pass(new, QUESTION).findings if f.kind.is_declared}

    assert lost <= declared


@given(many)
def test_a_released_model_is_never_found_to_be_its_own_copy(new: list[Row]) -> None:
    names = {name for model in QUESTION.models for name in model.keys}
    own = {model.name: model.keys for model in QUESTION.models}

    for finding in plain_pass(new, QUESTION).findings:
        assert finding.repository.lower() not in own[finding.released]
        assert finding.released.lower() in names


@given(many)
def test_a_likeness_of_name_or_shape_alone_is_a_lead(new: list[Row]) -> None:
    for finding in plain_pass(new, QUESTION).findings:
        if finding.strength is Strength.SHAPE:
            assert finding.kind.is_lead
        if finding.strength is Strength.NAME and finding.kind is not FindingKind.UNCENSORED:
            assert finding.kind.is_lead
        assert finding.evidence


@given(st.integers(1, 40))
def test_a_circle_of_declarations_ends(length: int) -> None:
    ring = [row(f"r/{n}", f"r/{(n + 1) % length}") for n in range(length)]
    joined = [*ring, row("r/0", "acme/Lantern-7B")]

    assert () == plain_pass(ring, QUESTION).findings
    assert length == len({f.repository for f in plain_pass(joined, QUESTION).findings})


@given(st.lists(st.sampled_from(plain_pass([row("b/q", "acme/Wik")], QUESTION).findings)))
def test_settling_twice_changes_nothing(found: list[Finding]) -> None:
    assert settled(found) == settled(settled(found))


def test_a_policy_and_a_ledger_can_name_every_kind_but_leads() -> None:
    assert [kind.value for kind in FindingKind if not kind.is_lead] == [m.value for m in MatchKind]
