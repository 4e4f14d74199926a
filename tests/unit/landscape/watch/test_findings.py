# SPDX-License-Identifier: Apache-2.0
"""What a repository is found to be, and what that rests on."""

from __future__ import annotations

import pytest

from builders_watch import (
    DAY,
    LANTERN,
    ONE,
    QUESTION,
    RELEASED_AT,
    SHAPE,
    TWO,
    WHOLE,
    files,
    row,
)
from tiergate.landscape.watch.findings import Finding
from tiergate.landscape.watch.kinds import FindingKind, Strength
from tiergate.landscape.watch.plain_pass import plain_pass
from tiergate.landscape.watch.released import ReleasedFile, ReleasedModel, ReleasedModelsFile
from tiergate.landscape.watch.row import Row
from tiergate.landscape.watch.timing import Sighting, times_of

K, S = FindingKind, Strength
BASE = "acme/Lantern-7B"

CASES: dict[str, tuple[list[Row], dict[str, set[tuple[FindingKind, Strength]]]]] = {
    "every file under the same name elsewhere is a re-upload": (
        [row("b/lantern-7b", files=files(ONE, TWO))],
        {"b/lantern-7b": {(K.RE_UPLOAD, S.BYTES)}},
    ),
    "every file under another name is a renamed copy": (
        [row("b/torch", files=files(TWO, "3" * 64, ONE))],
        {"b/torch": {(K.RENAMED_COPY, S.BYTES)}},
    ),
    "one file of two is a copy of a part": (
        [row("b/torch", files=files(TWO))],
        {"b/torch": {(K.PART_COPY, S.BYTES)}},
    ),
    "the same tensors in other files are a renamed copy": (
        [row("b/torch", weights_digest=WHOLE, structure=SHAPE)],
        {"b/torch": {(K.RENAMED_COPY, S.BYTES)}},
    ),
    "a relation in a tag says how it was made": (
        [row("b/x", tags=("base_model:quantized:ACME/lantern-7b",))],
        {"b/x": {(K.QUANTISATION, S.DECLARED)}},
    ),
    "a relation of the card says how it was made": (
        [row("b/x", BASE, relation="adapter")],
        {"b/x": {(K.ADAPTER, S.DECLARED)}},
    ),
    "several bases are a merge": (
        [row("b/x", BASE, "c/other")],
        {"b/x": {(K.MERGE, S.DECLARED)}},
    ),
    "a library that belongs to one kind says how": (
        [row("b/x", BASE, library="peft")],
        {"b/x": {(K.ADAPTER, S.DECLARED)}},
    ),
    "a base alone does not say how": (
        [row("b/x", BASE)],
        {"b/x": {(K.DERIVATIVE, S.DECLARED)}},
    ),
    "what descends from a derivative descends from the model": (
        [row("c/y", "b/x"), row("b/x", BASE), row("d/z", "c/y", relation="finetune")],
        {
            "b/x": {(K.DERIVATIVE, S.DECLARED)},
            "c/y": {(K.DERIVATIVE, S.DECLARED)},
            "d/z": {(K.FINE_TUNE, S.DECLARED)},
        },
    ),
    "a parent without a row of its own breaks the chain": ([row("c/y", "b/x")], {}),
    "a word in the name of a derivative is an uncensored variant by its name": (
        [row("b/Torch-UNC3NSORED", BASE)],
        {"b/Torch-UNC3NSORED": {(K.DERIVATIVE, S.DECLARED), (K.UNCENSORED, S.NAME)}},
    ),
    "a word among the tags counts like one in the name": (
        [row("b/x", files=files(ONE, TWO), tags=("abliterated",))],
        {"b/x": {(K.RENAMED_COPY, S.BYTES), (K.UNCENSORED, S.NAME)}},
    ),
    "a word in the name of the base says nothing": (
        [row("b/x", BASE, tags=("base_model:z/heretic",))],
        {"b/x": {(K.MERGE, S.DECLARED)}},
    ),
    "a size of 4B before another word is no word for removed safeguards": (
        [row("b/Torch-4B-literate", BASE)],
        {"b/Torch-4B-literate": {(K.DERIVATIVE, S.DECLARED)}},
    ),
    "a name alike is a lead and no match": (
        [row("b/Lantern_7b-v2")],
        {"b/Lantern_7b-v2": {(K.NAME_LEAD, S.NAME)}},
    ),
    "a name alike with a word is still a lead": (
        [row("b/Lantern-7B-heretic")],
        {"b/Lantern-7B-heretic": {(K.UNCENSORED_LEAD, S.NAME)}},
    ),
    "a shape alike is a lead and no match": (
        [row("b/torch", structure=SHAPE)],
        {"b/torch": {(K.SHAPE_LEAD, S.SHAPE)}},
    ),
    "a short name is a lead only where all of it is equal": (
        [row("b/wik"), row("b/wiki-7b")],
        {"b/wik": {(K.NAME_LEAD, S.NAME)}},
    ),
    "a word without anything else is nothing": ([row("b/torch-abliterated")], {}),
    "the model itself and its aliases are nothing": (
        [row("ACME/lantern-7b", files=files(ONE, TWO)), row("acme/Lantern-7B-mirror")],
        {},
    ),
    "a model that names itself, or its own derivative, is nothing": (
        [row(BASE, BASE, "b/x"), row("b/x", BASE)],
        {"b/x": {(K.DERIVATIVE, S.DECLARED)}},
    ),
}


def _found(rows: list[Row]) -> tuple[Finding, ...]:
    return plain_pass(rows, QUESTION).findings


@pytest.mark.parametrize("sentence", CASES)
def test_that(sentence: str) -> None:
    rows, expected = CASES[sentence]
    found: dict[str, set[tuple[FindingKind, Strength]]] = {}
    for finding in _found(rows):
        found.setdefault(finding.repository, set()).add((finding.kind, finding.strength))

    assert expected == found


def test_the_evidence_names_the_chain_the_words_and_what_was_not_measured() -> None:
    rows = [row("b/x", BASE), row("c/y-abliterated", "b/x", relation="finetune")]
    (found,) = [f for f in _found(rows) if f.kind is K.UNCENSORED]

    assert found.evidence == (
        "'abliterat' stands in 'c/y-abliterated'",
        "its base is declared as 'finetune': c/y-abliterated -> b/x -> acme/lantern-7b (2 steps)",
        "by its name only: what the weights do was not measured",
    )


def test_a_date_ahead_of_the_clock_counts_as_no_date_and_is_said() -> None:
    passed = plain_pass([row("b/x", BASE, days=400)], QUESTION)
    (found,) = passed.findings

    assert found.created_at is None
    assert found.evidence[-1] == "it is dated ahead, 2027-10-02, which counts as no date"
    assert passed.tally.dated_ahead == 1
    assert passed.tally.last_created is None


def test_a_file_without_bytes_is_no_copy_of_one() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    model = LANTERN.model_copy(
        update={
            "files": (ReleasedFile(name="x", size_bytes=1, sha256=f"sha256:{empty}"),),
        }
    )

    assert {} == model.digests


def test_a_name_can_stand_in_a_file_of_released_models_once() -> None:
    other = ReleasedModel(name="b/x", aliases=("ACME/lantern-7b",), released_at=RELEASED_AT)

    with pytest.raises(ValueError, match="acme/lantern-7b stands here twice"):
        ReleasedModelsFile(models=(LANTERN, other))


def test_times_are_counted_from_the_release_by_the_date_of_the_hub() -> None:
    rows = [
        row("b/x", BASE, days=3.5),
        row("c/y-heretic", "b/x", days=9),
        row("b/Lantern-7B-old", days=-4),
    ]
    seen = [Sighting(finding=f, first_seen_at=RELEASED_AT + 30 * DAY) for f in _found(rows)]
    times = times_of(LANTERN, seen)

    assert times.copy is not None
    assert (times.copy.days, times.copy.is_by_hub) == (3, True)
    assert times.uncensored is not None
    assert times.uncensored.days == 9
    assert dict(times.counts) == {K.DERIVATIVE: 2, K.UNCENSORED: 1, K.NAME_LEAD: 1}


def test_without_a_date_the_time_of_seeing_counts_and_is_marked() -> None:
    seen = [
        Sighting(finding=f, first_seen_at=RELEASED_AT + 30 * DAY)
        for f in _found([row("b/x", BASE, days=None)])
    ]
    times = times_of(LANTERN, seen)

    assert times.copy is not None
    assert (times.copy.days, times.copy.is_by_hub) == (30, False)
    assert times.uncensored is None
