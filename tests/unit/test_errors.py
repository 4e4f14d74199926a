# SPDX-License-Identifier: Apache-2.0
"""Errors: one root, data instead of prose, every problem of a policy file kept."""

from __future__ import annotations

import pytest

from tiergate.errors import (
    CheckpointError,
    DigestMismatchError,
    EvidenceError,
    ExtensionError,
    InputError,
    MeasurementError,
    MistakesError,
    PolicyError,
    Problem,
    TiergateError,
    VerificationError,
)

FAMILIES: dict[type[TiergateError], type[TiergateError]] = {
    CheckpointError: InputError,
    EvidenceError: InputError,
    MistakesError: InputError,
    PolicyError: MistakesError,
    DigestMismatchError: VerificationError,
    InputError: TiergateError,
    VerificationError: TiergateError,
    MeasurementError: TiergateError,
    ExtensionError: TiergateError,
}


@pytest.mark.parametrize("kind", FAMILIES)
def test_an_error_belongs_to_whose_turn_it_is(kind: type[TiergateError]) -> None:
    assert (FAMILIES[kind],) == kind.__bases__


TEXTS = {
    "only what was found": (TiergateError("a.json", "nothing"), "a.json: found nothing."),
    "what was expected": (
        TiergateError("a.json:3", "a list", "an object"),
        "a.json:3: found a list, expected an object.",
    ),
    "what to do": (
        TiergateError("a.json", "a list", "an object", "Write an object."),
        "a.json: found a list, expected an object. Write an object.",
    ),
    "what to do, with nothing expected": (
        TiergateError("a.json", "a list", remedy="Write an object."),
        "a.json: found a list. Write an object.",
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_an_error_says_where_what_and_what_to_do(case: str) -> None:
    error, expected = TEXTS[case]

    assert expected == str(error)


def test_a_policy_error_keeps_every_problem_with_its_line() -> None:
    problems = (
        Problem(line=7, field="tiers.T1", message="expected a list"),
        Problem(line=None, field="policy", message="expected a title"),
    )

    error = PolicyError.of("policy.yaml", problems)

    assert problems == error.problems
    assert [
        "policy.yaml: found 2 mistakes, expected a policy that follows the schema.",
        "policy.yaml:7: tiers.T1: expected a list",
        "policy.yaml: policy: expected a title",
    ] == str(error).splitlines()


def test_one_mistake_is_not_called_mistakes() -> None:
    problem = Problem(line=1, field="id", message="expected text")

    assert "found 1 mistake," in str(PolicyError.of("policy.yaml", (problem,)))


def test_a_policy_error_without_problems_has_none() -> None:
    assert () == PolicyError("policy.yaml", "no file").problems


def test_an_error_is_raised_caught_by_its_root_and_is_equal_only_to_itself() -> None:
    error = EvidenceError("a.json", "nothing")

    with pytest.raises(TiergateError) as caught:
        raise error

    assert error is caught.value
    assert 2 == len({error, EvidenceError("a.json", "nothing")})
