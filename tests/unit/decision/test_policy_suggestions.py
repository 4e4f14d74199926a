# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a file, in words that help, and what was meant."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError

from builders_policy import MINIMAL, edited, problems
from tiergate.decision.policy_suggestions import did_you_mean, messages

NEAR: dict[str, tuple[str, str, str]] = {
    "a field of the file in a check": (
        "requires: {claim: {item: E01, fields: [training_flop]}}",
        "requires: {claim: {item: E01, confidence: 0.99}}",
        "is no field here; it belongs to the file itself",
    ),
    "a field of two parts": (
        "title: Tiny",
        "title: Tiny\nholds: []",
        "is no field here; it belongs to a tier",
    ),
    "a field of many parts": (
        "  highest_tier: T4",
        "  title: more\n  highest_tier: T4",
        "is no field here; it belongs to the file itself or a requirement or a trigger",
    ),
    "a field of more parts than can be named": (
        "  highest_tier: T4",
        "  variant: worst case\n  highest_tier: T4",
        " or others",
    ),
    "a field that resembles none": ("title: Tiny", "title: Tiny\nqqqq: 1", "is no field here"),
    "an id in small letters": (
        "requirements: [E01]",
        "requirements: [e 01]",
        "expected an id in capitals, digits and hyphens, as in E01; did you mean E-01?",
    ),
    "a metric with a hyphen": (
        "metric: safeguard.attack_success",
        "metric: Safeguard.attack-success",
        "; did you mean safeguard.attack_success?",
    ),
    "a metric without a domain": (
        "metric: safeguard.attack_success",
        "metric: attack_success",
        "a metric, as domain.name in small letters, as in cyber.exploits",
    ),
    "a name of a policy": ("id: tiny", "id: Tiny One", "; did you mean tiny-one?"),
    "a version of two numbers": ("version: 0.1.0", "version: '0.1'", "; did you mean 0.1.0?"),
    "a version of one number": ("version: 0.1.0", "version: '1'", "; did you mean 1.0.0?"),
    "an empty title": ("title: Tiny", "title: ''", "is empty"),
    "a number for text": ("title: Tiny", "title: 1", "expected text"),
    "a word for a truth value": (
        "    clauses: [EU-AIA-51-2]",
        "    clauses: [EU-AIA-51-2]\n    waivable: []",
        "expected true or false",
    ),
    "a policy that cannot be extended": (
        "title: Tiny",
        "title: Tiny\nextends: []",
        "expected text",
    ),
    "the only word that is right, with a blank": (
        "format: tiergate-policy/1",
        "format: 'tiergate-policy/1 '",
        "expected tiergate-policy/1",
    ),
    "a file of obligations": (
        "format: tiergate-policy/1",
        "format: tiergate-obligations/1",
        (
            "this is a file of obligations, expected a policy; "
            "it is read by: tiergate policy trace --obligations FILE"
        ),
    ),
}


@pytest.mark.parametrize("sentence", NEAR)
def test_a_mistake_says_what_was_meant(sentence: str) -> None:
    right, wrong, words = NEAR[sentence]

    found = problems(edited(right, wrong))

    assert any(words in problem.message for problem in found), found
    assert not any("did you mean tiergate-policy/1" in problem.message for problem in found)


def test_a_file_of_another_format_is_one_mistake_however_much_is_wrong_with_it() -> None:
    text = "format: tiergate-trust/1\nkeys: []\n"

    (problem,) = problems(text)

    assert (1, "format") == (problem.line, problem.field)


def test_a_format_that_nobody_knows_is_a_mistake_like_others() -> None:
    found = problems(MINIMAL.replace("format: tiergate-policy/1", "format: tiergate-polcy/1"))

    assert ["expected tiergate-policy/1"] == [problem.message for problem in found]


def test_no_word_is_suggested_for_itself() -> None:
    assert "" == did_you_mean("confidence", ["confidence"])
    assert "; did you mean confidences?" == did_you_mean(
        "confidence", ["confidence", "confidences"]
    )


class Unknown(BaseModel):
    """A file whose text has a form that has no words of its own."""

    code: Annotated[str, Field(pattern=r"^x+$")]
    """Code."""


def test_a_form_without_words_is_named_by_its_pattern() -> None:
    with pytest.raises(ValidationError) as caught:
        Unknown.model_validate({"code": "y"})

    ((place, words),) = messages(caught.value.errors(), Unknown)

    assert (("code",), "expected text that matches ^x+$") == (place, words)
