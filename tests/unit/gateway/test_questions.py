# SPDX-License-Identifier: Apache-2.0
"""What a model card asks, however it is written, and which answers it takes."""

from __future__ import annotations

import json

import pytest

from tiergate.gateway.questions import (
    LONGEST_ANSWER,
    MOST_OPTIONS,
    MOST_QUESTIONS,
    AnswerError,
    Kind,
    digest_of,
    read_form,
)

CARD = b"""---
license: other
extra_gated_heading: Acme 1B
extra_gated_prompt: You agree to the licence.
extra_gated_description: We answer within a week.
extra_gated_button_content: Agree and ask
extra_gated_fields:
  Company: text
  Country: country
  Start: date_picker
  Use:
    type: select
    options:
      - Research
      - label: Something else
        value: other
  I agree: checkbox
---
# A card
"""
ANSWERS: dict[str, object] = {
    "Company": "Example Institute",
    "Country": "DE",
    "Start": "2026-12-01",
    "Use": "other",
    "I agree": True,
}


def test_that_a_card_asks_what_the_hub_knows() -> None:
    form = read_form(CARD)

    assert [question.name for question in form.questions] == list(ANSWERS)
    assert [question.kind for question in form.questions] == [
        Kind.TEXT,
        Kind.COUNTRY,
        Kind.DATE,
        Kind.SELECT,
        Kind.CHECKBOX,
    ]
    options = [(option.label, option.value) for option in form.questions[3].options]
    assert options == [("Research", "Research"), ("Something else", "other")]
    assert (form.heading, form.prompt) == ("Acme 1B", "You agree to the licence.")
    assert (form.description, form.button) == ("We answer within a week.", "Agree and ask")


def test_that_answers_are_kept_under_their_questions() -> None:
    assert read_form(CARD).answers(ANSWERS) == {**ANSWERS, "I agree": "true"}
    inside = read_form(CARD).answers({"fields": ANSWERS})
    by_form = {f"field:{name}": str(value) for name, value in ANSWERS.items()}
    assert inside == read_form(CARD).answers(by_form) == {**ANSWERS, "I agree": "true"}


REFUSED: dict[str, tuple[str, object]] = {
    "nothing": ("Company", None),
    "an empty text": ("Company", "   "),
    "a list": ("Company", ["a", "b"]),
    "a mapping": ("Company", {"a": "b"}),
    "a text that is too long": ("Company", "x" * (LONGEST_ANSWER + 1)),
    "a box that is not ticked": ("I agree", False),
    "a box with some word": ("I agree", "perhaps"),
    "a box with nothing": ("I agree", None),
    "a country in words": ("Country", "Germany"),
    "a country in small letters": ("Country", "de"),
    "a date that is none": ("Start", "2026-02-30"),
    "a date in another order": ("Start", "01.12.2026"),
    "a date in short": ("Start", "20261201"),
    "an answer that is not among them": ("Use", "Resale"),
    "the label in place of its value": ("Use", "Something else"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_that_no_answer_is(case: str) -> None:
    name, value = REFUSED[case]
    with pytest.raises(AnswerError, match=name):
        read_form(CARD).answers({**ANSWERS, name: value})


def _fields(text: str) -> bytes:
    return f"---\nextra_gated_fields:\n{text}\n---\n".encode()


HOSTILE: dict[str, tuple[bytes, int]] = {
    "no front matter": (b"# Text", 0),
    "nothing": (b"", 0),
    "broken YAML": (b"---\nextra_gated_fields: [\n---\n", 0),
    "a list of fields": (_fields("  - a\n  - b"), 0),
    "a text for fields": (b"---\nextra_gated_fields: all\n---\n", 0),
    "an alias": (b"---\na: &x {b: text}\nextra_gated_fields: *x\n---\n", 0),
    "an object that is built": (_fields("  a: !!python/object/apply:os.system [id]"), 1),
    "too many fields": (_fields("\n".join(f"  q{i}: text" for i in range(500))), MOST_QUESTIONS),
    "a field with no name": (_fields('  "": text\n  "  ": text'), 0),
    "the same name twice": (_fields("  a: text\n  'a ': checkbox"), 1),
    "a choice of nothing": (_fields("  a:\n    type: select\n    options: []"), 1),
    "a choice of mappings": (_fields("  a:\n    type: select\n    options: [{x: y}, [z]]"), 1),
    "a kind that is none": (_fields("  a: password"), 1),
    "a kind that is a list": (_fields("  a: [text]"), 1),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_that_a_form_comes_of(case: str) -> None:
    card, count = HOSTILE[case]
    form = read_form(card)

    assert len(form.questions) == count
    assert {question.kind for question in form.questions} <= {Kind.TEXT}


def test_that_texts_of_a_card_are_bounded_and_hold_no_control_characters() -> None:
    form = read_form(
        b'---\nextra_gated_prompt: "' + b"p" * 50_000 + b'\\e[31m\\u202e"\n'
        b'extra_gated_heading: "a\\e[31m\\0\\u202eb"\n---\n'
    )
    assert len(form.prompt) == 10_000
    assert form.heading == "a[31mb"
    options = ", ".join(f"o{i}" for i in range(500))
    (question,) = read_form(
        _fields(f"  {'n' * 900}:\n    type: select\n    options: [{options}]")
    ).questions
    assert (len(question.name), len(question.options)) == (300, MOST_OPTIONS)


@pytest.mark.parametrize("name", ["jurisdiction", "Purpose", "token", "form_key", "wording"])
def test_that_a_card_cannot_answer_in_place_of_the_page(name: str) -> None:
    (question,) = read_form(_fields(f"  {name}: text")).questions

    assert question.name == f"{name} (model card)"


def test_that_what_is_agreed_to_has_a_digest_of_every_word() -> None:
    form = read_form(CARD)
    wording = form.wording("For red teams.")

    assert json.loads(wording)["criteria"] == "For red teams."
    digests = {
        digest_of(wording),
        digest_of(form.wording("For everybody.")),
        digest_of(read_form(CARD.replace(b"the licence", b"nothing")).wording("For red teams.")),
        digest_of(read_form(CARD.replace(b"Research", b"Resale")).wording("For red teams.")),
    }
    assert len(digests) == 4


def test_that_where_nothing_is_asked_nothing_is_agreed_to() -> None:
    assert digest_of(read_form(b"# A card").wording("")) == ""
