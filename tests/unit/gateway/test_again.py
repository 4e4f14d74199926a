# SPDX-License-Identifier: Apache-2.0
"""One answer for all who ask the same at the same time, and never one that is older than that."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tiergate.gateway import again
from tiergate.gateway.again import SHARED_SECONDS, Answers


class Question:
    """Counts how often it is asked, and takes its time."""

    def __init__(self, *answers: str | OSError, seconds: float = 0.0) -> None:
        self.count = 0
        self._answers = answers
        self._seconds = seconds

    def __call__(self) -> bool:
        """Answer."""
        found = self._answers[self.count]
        self.count += 1
        time.sleep(self._seconds)
        if isinstance(found, OSError):
            raise found
        return found == "yes"


def test_that_of_many_at_once_one_asks() -> None:
    answers, question = Answers(), Question("yes", seconds=0.1)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: answers.of("a", question), range(64)))

    assert found == [True] * 64
    assert question.count == 1


def test_that_another_question_has_its_own_answer() -> None:
    answers = Answers()

    assert answers.of("a", Question("yes"))
    assert not answers.of("b", Question("no"))


def test_that_it_is_asked_again_after_a_moment() -> None:
    answers, question = Answers(), Question("yes", "no")
    first = answers.of("a", question)
    time.sleep(SHARED_SECONDS)

    assert (first, answers.of("a", question)) == (True, False)


def test_that_an_answer_is_as_old_as_its_question() -> None:
    """Whoever asks while a slow answer is on its way gets none from before."""
    answers, question = Answers(), Question("yes", "no", seconds=2 * SHARED_SECONDS)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(answers.of, "a", question)
        time.sleep(1.5 * SHARED_SECONDS)
        second = threads.submit(answers.of, "a", question)

    assert (first.result(), second.result()) == (True, False)


def test_that_those_who_wait_for_no_answer_wait_once() -> None:
    answers, question = Answers(), Question(OSError(5, "down"), "yes", seconds=0.1)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(answers.of, "a", question) for _ in range(8)]
    problems = [each.exception() for each in waiting]
    time.sleep(SHARED_SECONDS)

    assert all(isinstance(problem, OSError) for problem in problems)
    assert question.count == 1
    assert answers.of("a", question)


def test_that_no_more_is_kept_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "_MOST_KEPT", 2)
    answers, question = Answers(), Question("yes", "no")
    answers.of("a", question)
    answers.of("b", Question("yes"))
    answers.of("c", Question("yes"))

    assert not answers.of("a", question)
