# SPDX-License-Identifier: Apache-2.0
"""Facts about the checkpoint: code that loading would run, and what the model can give out."""

from __future__ import annotations

import dataclasses

import pytest

from builders_decision import collection, scene, subject
from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Atom
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.evidence.collection import Subject

TEXT = GeneratesOnly(modalities=frozenset({"text"}))


def _judge(atom: Atom, about: Subject) -> Explanation:
    return atom.judge(scene(collection(about=about)))


def test_a_checkpoint_without_code_loads_without_code() -> None:
    found = _judge(LoadsWithoutCode(), subject())

    assert Outcome.MET is found.outcome
    assert ("no pickle, no code file", "") == (found.reason, found.next_step)
    assert not found.is_adverse


def test_where_no_files_were_read_nothing_is_known_about_code() -> None:
    about = dataclasses.replace(subject(), code_files=None)

    found = _judge(LoadsWithoutCode(), about)

    assert Outcome.UNDETERMINED is found.outcome
    assert "no files were read" == found.reason


def test_one_file_that_runs_code_is_enough_to_refuse() -> None:
    found = _judge(LoadsWithoutCode(), subject(code_files=("model.bin",)))

    assert Outcome.NOT_MET is found.outcome
    assert "code can run from 'model.bin'" == found.reason
    assert "convert pickles to safetensors" in found.next_step
    assert found.is_adverse


def test_of_many_files_that_run_code_the_first_are_named() -> None:
    names = tuple(f"{number}.bin" for number in range(7))

    found = _judge(LoadsWithoutCode(), subject(code_files=names))

    assert "'4.bin' and 2 more" in found.reason
    assert "5.bin" not in found.reason


MODALITIES: dict[str, tuple[frozenset[str], Outcome, str]] = {
    "only what is allowed": (frozenset({"text"}), Outcome.MET, "generates text"),
    "more than is allowed": (
        frozenset({"text", "image"}),
        Outcome.NOT_MET,
        "generates image, text",
    ),
    "an architecture that is not known": (
        frozenset(),
        Outcome.UNDETERMINED,
        "the architecture is not a known one",
    ),
}


@pytest.mark.parametrize("case", MODALITIES)
def test_a_model_generates_nothing_beyond_what_is_allowed(case: str) -> None:
    modalities, expected, reason = MODALITIES[case]

    found = _judge(TEXT, subject(modalities=modalities))

    assert expected is found.outcome
    assert reason == found.reason
    assert found.is_adverse is (expected is Outcome.NOT_MET)
    assert "generates only text" == found.title
