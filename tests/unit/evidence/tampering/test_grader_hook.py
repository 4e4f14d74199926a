# SPDX-License-Identifier: Apache-2.0
"""A user's own Python function as the grader."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiergate.errors import ExtensionError, InputError, MeasurementError
from tiergate.evidence.tampering.grader_hook import HookGrader
from tiergate.evidence.tampering.grading import AnswerClass

SOURCE = """
def by_class(prompt, answer):
    return "delayed refusal" if answer == prompt else "refused"

def by_truth(prompt, answer):
    return "yes" in answer

def fails(prompt, answer):
    raise KeyError("no such label")

def returns_a_number(prompt, answer):
    return 1

not_a_function = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my_graders_here.py").write_text(SOURCE)
    (tmp_path / "my_broken_grader.py").write_text("raise RuntimeError('cannot start')\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "my_graders_here"


def test_that_a_function_may_return_a_class(module: str) -> None:
    grader = HookGrader(f"{module}:by_class")
    assert grader.grade("Q?", "Q?") is AnswerClass.DELAYED_REFUSAL
    assert grader.grade("Q?", "A.") is AnswerClass.REFUSED
    assert grader.name == "my_graders_here:by_class"


def test_that_a_function_may_return_whether_the_attacker_succeeded(module: str) -> None:
    grader = HookGrader(f"{module}:by_truth")
    assert grader.grade("Q?", "yes") is AnswerClass.COMPLIED
    assert grader.grade("Q?", "no") is AnswerClass.REFUSED


def test_that_nothing_is_settled_before_the_function_has_seen_the_whole(module: str) -> None:
    assert not HookGrader(f"{module}:by_class").is_settled_refusal("I can't help with that.")


def test_that_a_failure_names_the_function(module: str) -> None:
    with pytest.raises(MeasurementError, match=r"my_graders_here:fails: .*KeyError"):
        HookGrader(f"{module}:fails").grade("Q?", "A.")


def test_that_another_value_is_no_class(module: str) -> None:
    with pytest.raises(MeasurementError, match="found 1 as a class, expected True, False or one"):
        HookGrader(f"{module}:returns_a_number").grade("Q?", "A.")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("my_graders_here:absent", "no function 'absent'"),
        ("my_graders_here:not_a_function", "no function 'not_a_function'"),
        ("my_broken_grader:any", "RuntimeError: cannot start"),
        ("no_such_module_anywhere:f", "cannot be imported"),
    ],
)
def test_that_a_function_that_is_not_there_is_refused(module: str, name: str, found: str) -> None:
    with pytest.raises(ExtensionError, match=found):
        HookGrader(name)


@pytest.mark.parametrize("name", [":f", "module:", "module:a.b", "module"])
def test_that_another_form_of_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="module:function"):
        HookGrader(name)
