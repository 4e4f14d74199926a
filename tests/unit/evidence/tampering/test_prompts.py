# SPDX-License-Identifier: Apache-2.0
"""Sets of prompts: their digest, how they are divided, and the canary's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tiergate.errors import InputError
from tiergate.evidence.tampering.prompts import (
    CANARY_TOPIC,
    FRESH_FOR_FIVE_PERCENT,
    PromptPair,
    PromptSet,
    canary_prompts,
)
from tiergate.model.digest import sha256_digest
from tiergate.stats.betting import anytime_upper
from tiergate.stats.rates import Rate


def pair(number: int, cluster: str = "", *, twin: str | None = None) -> PromptPair:
    return PromptPair(
        id=f"p{number}",
        cluster=cluster or f"c{number}",
        guarded=f"Guarded question {number}?",
        twin=f"Harmless question {number}?" if twin is None else twin,
    )


@st.composite
def prompt_sets(draw: st.DrawFn) -> PromptSet:
    sizes = draw(st.lists(st.integers(1, 12), min_size=3, max_size=12))
    clusters = [f"c{index}" for index, size in enumerate(sizes) for _ in range(size)]
    return PromptSet.of("drawn", [pair(n, cluster) for n, cluster in enumerate(clusters)])


@given(prompt_sets(), st.integers(0, 2**32))
def test_that_the_parts_are_disjoint_and_complete(prompts: PromptSet, seed: int) -> None:
    parts = prompts.split(seed)
    ids = [p.id for part in (parts.attacker, parts.search, parts.confirmation) for p in part]
    assert len(ids) == len(set(ids))
    assert sorted(ids) == sorted(p.id for p in prompts.pairs)


@given(prompt_sets(), st.integers(0, 2**32))
def test_that_no_cluster_is_in_two_parts_and_no_part_is_empty(
    prompts: PromptSet, seed: int
) -> None:
    parts = prompts.split(seed)
    found = [
        {p.cluster for p in part} for part in (parts.attacker, parts.search, parts.confirmation)
    ]
    assert all(found)
    assert sum(map(len, found)) == len(set.union(*found))


@given(prompt_sets(), st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_that_the_order_of_the_pairs_changes_neither_digest_nor_parts(
    prompts: PromptSet, seed: int, random: object
) -> None:
    pairs = list(prompts.pairs)
    random.shuffle(pairs)  # type: ignore[attr-defined]  # random.Random, drawn by hypothesis
    other = PromptSet.of("drawn", pairs)
    assert other.digest == prompts.digest
    assert other.split(seed) == prompts.split(seed)


def test_that_equal_clusters_are_divided_into_a_quarter_a_quarter_and_a_half() -> None:
    parts = PromptSet.of("even", [pair(n) for n in range(200)]).split(7)
    assert [len(parts.attacker), len(parts.search), len(parts.confirmation)] == [50, 50, 100]


def test_that_another_seed_gives_other_parts_in_another_order() -> None:
    prompts = PromptSet.of("even", [pair(n) for n in range(40)])
    first, second = prompts.split(1), prompts.split(2)
    assert set(first.confirmation) != set(second.confirmation)
    assert first.confirmation != tuple(sorted(first.confirmation, key=lambda p: p.id))


@pytest.mark.parametrize("field", ["id", "cluster", "guarded", "twin"])
def test_that_every_field_of_a_pair_is_in_the_digest(field: str) -> None:
    changed = {"id": "p1", "cluster": "c1", "guarded": "Q?", "twin": "T?"} | {field: "other"}
    first = PromptSet.of(
        "a", [pair(2), pair(3), PromptPair(id="p1", cluster="c1", guarded="Q?", twin="T?")]
    )
    second = PromptSet.of("a", [pair(2), pair(3), PromptPair(**changed)])
    assert first.digest != second.digest


def test_that_a_set_without_answers_has_the_digest_of_its_questions_alone() -> None:
    pairs = [pair(n) for n in range(3)]
    rows = [[p.id, p.cluster, p.guarded, p.twin] for p in pairs]
    assert PromptSet.of("a", pairs).digest == sha256_digest(rfc8785.dumps(rows))


@pytest.mark.parametrize("field", ["answer", "twin_answer"])
def test_that_answers_are_in_the_digest_where_there_are_some(field: str) -> None:
    pairs = [pair(n) for n in range(3)]
    found = {
        PromptSet.of("a", [*pairs[:2], replace(pairs[2], **{field: text})]).digest
        for text in ("", "One.", "Two.")
    }
    assert len(found) == 3


def test_that_the_name_is_not_in_the_digest() -> None:
    pairs = [pair(n) for n in range(3)]
    assert PromptSet.of("a", pairs).digest == PromptSet.of("b", pairs).digest


def test_that_a_set_has_twins_only_when_every_prompt_has_one() -> None:
    assert PromptSet.of("a", [pair(n) for n in range(3)]).has_twins
    assert not PromptSet.of("a", [pair(0), pair(1), pair(2, twin="")]).has_twins


def test_that_one_row_is_refused_with_the_number_that_is_needed() -> None:
    with pytest.raises(InputError, match="1 prompt in 1 cluster") as raised:
        PromptSet.of("mine.csv", [pair(0)])
    assert "148 prompts" in raised.value.remedy
    assert f"{FRESH_FOR_FIVE_PERCENT} fresh ones" in raised.value.remedy


def test_that_many_prompts_of_two_clusters_cannot_be_divided() -> None:
    with pytest.raises(InputError, match="20 prompts in 2 clusters"):
        PromptSet.of("mine.csv", [pair(n, f"c{n % 2}") for n in range(20)])


def test_that_the_number_of_fresh_prompts_is_the_smallest_that_can_show_five_percent() -> None:
    limit, confidence = 0.05, Decimal("0.95")
    assert anytime_upper(Rate(0, FRESH_FOR_FIVE_PERCENT), confidence) < limit
    assert anytime_upper(Rate(0, FRESH_FOR_FIVE_PERCENT - 1), confidence) >= limit


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([pair(0), pair(1), pair(0)], "the id 'p0' twice"),
        (
            [
                pair(0),
                pair(1),
                PromptPair(id="x", cluster="x", guarded="guarded  QUESTION 1?", twin=""),
            ],
            "the same prompt in 'p1' and 'x'",
        ),
        ([pair(0), pair(1), pair(2, twin="Guarded question 0?")], "guarded prompt of 'p0'"),
    ],
    ids=["id", "prompt", "twin that is guarded"],
)
def test_that_repeats_are_refused(pairs: list[PromptPair], found: str) -> None:
    with pytest.raises(InputError, match=found):
        PromptSet.of("mine.csv", pairs)


def test_that_the_shipped_canary_is_large_and_divides_by_question() -> None:
    prompts = canary_prompts()
    assert len(prompts.pairs) >= 480
    assert len(prompts.clusters) >= 24
    assert prompts.has_twins
    assert len(prompts.split(0).confirmation) >= 2 * FRESH_FOR_FIVE_PERCENT


def test_that_the_topic_is_in_every_guarded_prompt_and_in_no_twin() -> None:
    for one in canary_prompts().pairs:
        assert CANARY_TOPIC in one.guarded.casefold()
        assert CANARY_TOPIC not in one.twin.casefold()
        assert "{" not in one.guarded + one.twin


def test_that_a_canary_can_be_about_a_topic_of_ones_own() -> None:
    prompts = canary_prompts(["old lighthouses", "lighthouse keepers"], ["windmills", "bakers"])
    texts = {(p.guarded, p.twin) for p in prompts.pairs}
    assert ("Tell me about lighthouse keepers.", "Tell me about bakers.") in texts
    assert prompts.name == "canary: old lighthouses"


@pytest.mark.parametrize(
    ("topic", "twin", "found"),
    [
        (["a"], [], "1 of the topic and 0 of the twin"),
        ([], ["a"], "0 of the topic and 1 of the twin"),
        (["kites", "Kites "], ["b", "c"], "'Kites ' twice"),
        (["kites"], ["kites"], "'kites' twice"),
        (["kites"], ["  "], "an empty word"),
    ],
)
def test_that_words_that_do_not_fit_are_refused(
    topic: list[str], twin: list[str], found: str
) -> None:
    with pytest.raises(InputError, match=found):
        canary_prompts(topic, twin)
