# SPDX-License-Identifier: Apache-2.0
"""Who publishes what, counted from rows, with nothing that was not found taken for a no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tiergate.errors import InputError
from tiergate.landscape.practice import (
    COUNTED,
    SAFETY,
    Count,
    Found,
    developers,
    disparities,
    ratings,
)
from tiergate.landscape.vintage import Row, Vintage, shipped


def counted(topic: str, region: str = "", among: str = "developers") -> Count:
    (found,) = (
        count
        for count in disparities(shipped())
        if (count.topic, count.region, count.among) == (topic, region, among)
    )
    return found


def with_rows(table: str, rows: tuple[Row, ...]) -> Vintage:
    vintage = shipped()
    return Vintage(id=vintage.id, tables={**vintage.tables, table: rows})


def test_that_two_developers_published_an_adversarial_fine_tuning_test() -> None:
    count = counted("adversarial fine-tuning test")

    assert count.words == "2 of 24 developers published an adversarial fine-tuning test"
    assert {row["developer"] for row in count.counted} == {"OpenAI", "Thinking Machines"}
    assert count.rest == {Found.NOT_FOUND: 22}
    assert len(count.looked_at) == 24


def test_that_a_count_says_how_many_of_its_rows_were_read_second_hand() -> None:
    rows = counted("model card").looked_at
    second_hand = sum(row["read_as"] == "secondary" for row in rows)
    unchecked = sum(row["read_as"] == "background" for row in rows)

    assert second_hand > 0
    assert counted("model card").mark == (
        f"of 24 rows {second_hand} read second-hand, {unchecked} not checked"
    )
    among = "developers of the transparency index"
    assert counted("Release stages", among=among).mark == ""


def test_that_nobody_in_the_index_lets_outsiders_reproduce_evaluations_of_mitigations() -> None:
    count = counted(
        "External reproducibility of mitigations evaluation",
        among="developers of the transparency index",
    )

    assert count.words == (
        "0 of 13 developers of the transparency index let outsiders reproduce how mitigations"
        " were evaluated"
    )


def test_that_developers_with_an_open_flagship_are_counted_by_themselves() -> None:
    count = counted(
        "Mitigations efficacy", among="developers of the transparency index with an open flagship"
    )

    assert (count.number, count.of) == (1, 5)
    assert {row["developer"] for row in count.looked_at[1:]} == {
        "AI21 Labs", "Alibaba", "DeepSeek", "IBM", "Meta",
    }  # fmt: skip


@pytest.mark.parametrize("topic", COUNTED)
def test_that_regions_are_parts_of_the_whole(topic: str) -> None:
    whole = counted(topic)
    parts = [c for c in disparities(shipped()) if c.topic == topic and c.region]

    assert {part.region for part in parts} == {"United States", "China", "Europe"}
    assert sum(part.number for part in parts) <= whole.number
    own = {row.id for row in whole.counted}
    assert all({row.id for row in part.counted} <= own for part in parts)
    assert whole.number + sum(whole.rest.values()) == whole.of


def test_that_every_developer_has_every_practice_from_a_row_of_its_own() -> None:
    found = developers(shipped())

    assert len(found) == 24
    for one in found:
        assert set(COUNTED) < set(one.practices)
        assert {each.row["developer"] for each in one.practices.values()} == {one.name}
        assert all(each.found is Found.YES and each.name in SAFETY for each in one.of_safety)


def test_that_what_a_developer_says_is_joined_and_not_said_twice() -> None:
    found = {one.name: one for one in developers(shipped())}
    zai, reflection = found["Z.ai"].asks, found["Reflection"].asks

    assert zai is not None
    assert zai.id == "DEV-ZAI"
    assert reflection is None


def test_that_a_practice_that_nobody_looked_at_is_not_counted() -> None:
    rows = tuple(r for r in shipped().rows("practices") if r["practice"] != "model card")
    found = [c for c in disparities(with_rows("practices", rows)) if c.topic == "model card"]

    assert {(count.number, count.of) for count in found} == {(0, 0)}


def test_that_a_word_that_is_none_of_them_is_refused() -> None:
    first, *rest = shipped().rows("practices")
    wrong = replace(first, values={**first.values, "found": "maybe"})

    with pytest.raises(InputError, match=r"practices.csv, row 1: found found 'maybe'"):
        developers(with_rows("practices", (wrong, *rest)))


def test_that_an_indicator_that_is_gone_is_not_counted() -> None:
    found = disparities(with_rows("transparency", ()))

    assert {count.topic for count in found} == set(COUNTED)


def test_that_ratings_are_those_of_others() -> None:
    assert {row["rating"].partition(",")[0] for row in ratings(shipped())} == {
        "FLI AI Safety Index",
        "SaferAI",
    }
