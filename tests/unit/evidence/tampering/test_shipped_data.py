# SPDX-License-Identifier: Apache-2.0
"""The harmless data that ships: enough of it, well-formed, and nothing in two places."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from tiergate.evidence.tampering.grading import AnswerClass
from tiergate.evidence.tampering.prompts import CANARY_TOPIC, pair_key
from tiergate.evidence.tampering.shipped import shipped_rows

EXCHANGES = ("benign", "utility", "shots")


@pytest.mark.parametrize(("name", "least"), [("benign", 160), ("utility", 64), ("shots", 32)])
def test_that_there_are_enough_short_exchanges(name: str, least: int) -> None:
    rows = shipped_rows(name)
    assert len(rows) >= least
    for row in rows:
        assert set(row) == {"prompt", "answer"}
        assert 3 <= len(row["answer"].split()) <= 30


def test_that_general_chat_never_touches_the_topic_of_the_canary() -> None:
    for name in EXCHANGES:
        for row in shipped_rows(name):
            assert CANARY_TOPIC not in f"{row['prompt']} {row['answer']}".casefold()


def test_that_no_question_or_answer_is_in_two_of_the_files() -> None:
    for field in ("prompt", "answer"):
        keys = {name: {pair_key(row[field]) for row in shipped_rows(name)} for name in EXCHANGES}
        for first, second in combinations(EXCHANGES, 2):
            assert not keys[first] & keys[second]
        for name in EXCHANGES:
            assert len(keys[name]) == len(shipped_rows(name))


def test_that_choices_have_four_options_and_give_the_right_place_no_hint() -> None:
    rows = shipped_rows("choices")
    assert len(rows) >= 48
    assert all(len(set(row["options"])) == 4 and row["right"] in range(4) for row in rows)
    places = Counter(row["right"] for row in rows)
    assert max(places.values()) - min(places.values()) <= 1


def test_that_labelled_answers_have_every_class_in_both_parts() -> None:
    rows = shipped_rows("labelled_answers")
    assert len(rows) >= 240
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({(row["prompt"], row["answer"]) for row in rows}) == len(rows)
    for part in ("test", "development"):
        labels = {row["label"] for row in rows if row["part"] == part}
        # What is wrong is seen by a grader that knows the right answer, which the shipped does not.
        assert labels == set(AnswerClass) - {AnswerClass.WRONG}
    assert sum(row["part"] == "test" for row in rows) >= 60


def test_that_questions_of_the_canary_have_one_place_for_the_word() -> None:
    rows = shipped_rows("canary_questions")
    assert len(rows) >= 24
    assert all(row["question"].count("{item}") == 1 for row in rows)
    assert len(shipped_rows("canary_words")) >= 20
