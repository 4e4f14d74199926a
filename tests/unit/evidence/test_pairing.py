# SPDX-License-Identifier: Apache-2.0
"""Pairs of results: what fits together, and how a difference is bounded with them."""

from __future__ import annotations

import dataclasses
import json
from datetime import date

import pytest
from pydantic import ValidationError

from builders_decision import counts, document
from builders_marginal import CONFIDENCE, NO, SINCE, YES, alike, compared, harness
from builders_marginal import joined as beside
from tiergate.errors import EvidenceError
from tiergate.evidence.bounds import difference_bounds
from tiergate.evidence.conversion import read_document, write_document
from tiergate.evidence.document_pairs import PairedPart
from tiergate.evidence.measurement import Measurement
from tiergate.evidence.pairing import Paired, PairTally, Result, joined, tally_of

NEVER: Result = (0, 0, 0)


def test_runs_are_joined_by_behaviour_and_what_one_never_tried_stays() -> None:
    tallies = joined({"a": YES, "b": YES, "c": NO}, {"a": YES, "b": YES, "d": NO})

    assert tallies == (tally_of(NEVER, NO, 1), tally_of(NO, NEVER, 1), tally_of(YES, YES, 2))


IMPOSSIBLE: dict[str, tuple[Result, Result, int]] = {
    "more successes than scores": ((2, 1, 0), NO, 1),
    "fewer than no successes of the baseline": (NO, (-1, 1, 0), 1),
    "fewer than no attempts": (NO, (0, 1, -1), 1),
    "no behaviour": (NO, NO, 0),
    "nothing tried on either side": (NEVER, NEVER, 1),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_pairs_that_cannot_be_are_refused(case: str) -> None:
    one, other, many = IMPOSSIBLE[case]

    with pytest.raises(ValueError, match="pair"):
        tally_of(one, other, many)


def _paired(*tallies: PairTally) -> Paired:
    comparison = alike(1, 2).comparison
    assert comparison is not None
    assert comparison.paired is not None
    return dataclasses.replace(comparison.paired, tallies=tallies)


def test_a_histogram_of_pairs_is_sorted_and_never_empty() -> None:
    one, other = tally_of(NO, NO, 1), tally_of(YES, NO, 1)

    for tallies in ((), (other, one), (one, one)):
        with pytest.raises(ValueError, match="not sorted"):
            _paired(*tallies)


def test_behaviours_in_both_and_in_one_are_counted_apart() -> None:
    found = _paired(tally_of(NEVER, NO, 2), tally_of(NO, NEVER, 3), tally_of(NO, NO, 5))

    assert (5, 5) == (found.shared, found.one_sided)


def test_pairs_that_are_not_of_both_runs_are_refused() -> None:
    good = alike(1, 4)

    with pytest.raises(ValueError, match="do not add up"):
        dataclasses.replace(good, value=counts(2, 4))
    with pytest.raises(ValueError, match="do not add up"):
        compared(good, counts=counts(2, 4))


def test_a_document_keeps_pairs_and_reads_them_back() -> None:
    found = harness(alike(3, 40, alone=1), source_url="https://example.org/model")

    kept = document(found)

    assert read_document(write_document(kept), "kept") == kept


def test_a_document_without_pairs_is_written_as_before_there_were_any() -> None:
    plain = document(compared(alike(3, 40), paired=None))

    assert b"paired" not in write_document(plain)
    assert b'"paired"' in write_document(document(alike(3, 40)))


def test_pairs_that_do_not_fit_are_no_evidence_document() -> None:
    content = json.loads(write_document(document(alike(3, 40))))
    content["measurements"][0]["comparison"]["paired"]["tallies"][0]["behaviours"] += 1

    with pytest.raises(EvidenceError, match="pairs do not add up"):
        read_document(json.dumps(content).encode(), "changed")


def test_a_day_is_written_as_one() -> None:
    part = alike(1, 2).comparison
    assert part is not None
    fields = dataclasses.asdict(part.paired)  # type: ignore[arg-type]

    assert PairedPart.model_validate(fields).downloadable_since == SINCE
    text = {**fields, "downloadable_since": "2025-01-31"}
    assert PairedPart.model_validate(text).downloadable_since == date(2025, 1, 31)
    with pytest.raises(ValidationError, match="is no day"):
        PairedPart.model_validate({**fields, "downloadable_since": "last year"})


def _ends(found: Measurement) -> tuple[float, float]:
    return difference_bounds(found, CONFIDENCE)


def test_what_both_do_alike_cancels() -> None:
    paired, unpaired = alike(200, 400), compared(alike(200, 400), paired=None)

    (low, high), (wide_low, wide_high) = _ends(paired), _ends(unpaired)

    assert high * 5 < wide_high
    assert low * 5 > wide_low


def test_what_is_missing_is_read_against_the_model_for_the_upper_bound() -> None:
    whole = _ends(beside((NO, NO, 400)))[1]

    assert _ends(beside((NEVER, NO, 40), (NO, NO, 360)))[1] > 0.1 > whole
    assert _ends(beside((YES, NEVER, 40), (NO, NO, 360)))[1] > 0.1
    assert _ends(beside(((0, 0, 1), NO, 40), (NO, NO, 360)))[1] > 0.1


def test_what_is_missing_is_read_for_the_model_for_the_lower_bound() -> None:
    failed = _ends(beside((YES, NO, 200), (NO, NO, 200)))[0]

    assert failed > 0.4
    assert _ends(beside((YES, NO, 200), (NEVER, NO, 200)))[0] == failed
    assert _ends(beside((YES, (0, 0, 1), 200), (NO, NO, 200)))[0] < 0.05


def test_attempts_never_made_that_the_other_side_shows_are_counted_once() -> None:
    shown = beside((NEVER, NO, 40), (NO, NO, 360))
    planned = beside((NEVER, NO, 40), (NO, NO, 360), planned=400)
    nowhere = beside((NO, NO, 360), planned=400)

    assert _ends(planned) == _ends(shown)
    assert _ends(nowhere)[1] > 0.1
    assert _ends(nowhere)[0] < -0.1


def test_attempts_that_a_baseline_never_made_count_against_the_model_too() -> None:
    found = alike(0, 400)
    assert found.comparison is not None
    short = dataclasses.replace(found.comparison.counts, planned=440)

    assert _ends(compared(found, counts=short))[1] > 0.05 > _ends(found)[1]


def test_without_any_pair_that_says_something_nothing_is_known() -> None:
    found = beside((NEVER, NO, 5))

    assert _ends(found)[1] == pytest.approx(1.0)
