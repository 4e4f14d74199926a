# SPDX-License-Identifier: Apache-2.0
"""What the card of a model asks of whoever wants access, and whether they have answered it.

The questions are those of the Hub, ``extra_gated_fields`` and the texts beside them. Whoever
writes a card is not believed: there are only so many questions, and all of it is only text.
"""

from __future__ import annotations

import enum
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import rfc8785

from tiergate.model.card import read_front_matter

MOST_QUESTIONS = 40
MOST_OPTIONS = 100
LONGEST_NAME = 300
LONGEST_TEXT = 10_000
LONGEST_ANSWER = 2000
OWN = frozenset({"purpose", "organisation", "jurisdiction"})
"""What everybody is asked, whatever the card says."""
_RESERVED = OWN | {"fields", "token", "act", "form_key", "wording", "share_name"}
_COUNTRY = re.compile(r"[A-Z]{2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TICKED = frozenset({"true", "on", "yes", "1"})
_PREFIX = "field:"
"""Of the names of fields of a form; so a question cannot be taken for a field of the page."""


class Kind(enum.StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHECKBOX = "checkbox"
    DATE = "date_picker"
    COUNTRY = "country"
    SELECT = "select"


class AnswerError(ValueError):
    """A question has no answer, or one that it does not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several answers."""

    label: str
    """What is shown."""
    value: str
    """What it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that has to be answered."""

    name: str
    """The question; it is what the answer stands under."""
    kind: Kind
    """How."""
    options: tuple[Option, ...] = ()
    """The answers there are; of a choice alone."""

    @property
    def field(self) -> str:
        """Name of its field in a form."""
        return f"{_PREFIX}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the card of a model asks."""

    heading: str = ""
    prompt: str = ""
    """What a person agrees to."""
    description: str = ""
    button: str = ""
    questions: tuple[Question, ...] = ()

    def wording(self, criteria: str) -> str:
        """Return all that somebody agrees to as one text; empty where there is nothing.

        Args:
            criteria: those of the operator.
        """
        if not (criteria or self.prompt or self.description or self.questions):
            return ""
        document = {
            "format": "tiergate-wording/1",
            "criteria": criteria,
            "heading": self.heading,
            "prompt": self.prompt,
            "description": self.description,
            "button": self.button,
            "questions": [
                {
                    "name": question.name,
                    "kind": question.kind.value,
                    "options": [[option.label, option.value] for option in question.options],
                }
                for question in self.questions
            ],
        }
        data: bytes = rfc8785.dumps(cast("dict[str, Any]", document))
        return data.decode()

    def answers(self, content: Mapping[str, object]) -> dict[str, str]:
        """Return the answers that somebody gave, each under its question.

        Args:
            content: what they sent: the questions themselves, in ``fields``, or as fields of a
                form.

        Raises:
            AnswerError: one is missing, or is none.
        """
        inner = content.get("fields")
        named = {**content, **(inner if isinstance(inner, Mapping) else {})}
        return {
            question.name: _answer(question, named.get(question.field, named.get(question.name)))
            for question in self.questions
        }


def digest_of(wording: str) -> str:
    """Return the digest of what somebody agrees to; empty where that is nothing."""
    return f"sha256:{hashlib.sha256(wording.encode()).hexdigest()}" if wording else ""


def read_form(card: bytes) -> Form:
    r"""Return what a README.md asks; whatever it holds, this gives a form.

    >>> card = b"---\nextra_gated_fields:\n  Company: text\n  I agree: checkbox\n---\n"
    >>> [(question.name, question.kind.value) for question in read_form(card).questions]
    [('Company', 'text'), ('I agree', 'checkbox')]
    """
    front, _ = read_front_matter(card)
    asked = front.get("extra_gated_fields")
    rows = list(asked.items())[:MOST_QUESTIONS] if isinstance(asked, dict) else []
    found: dict[str, Question] = {}
    for name, kind in rows:
        question = _question(_text(name, LONGEST_NAME), kind)
        if question.name:
            found.setdefault(question.name, question)
    return Form(
        heading=_text(front.get("extra_gated_heading"), LONGEST_NAME),
        prompt=_text(front.get("extra_gated_prompt"), LONGEST_TEXT),
        description=_text(front.get("extra_gated_description"), LONGEST_TEXT),
        button=_text(front.get("extra_gated_button_content"), LONGEST_NAME),
        questions=tuple(found.values()),
    )


def _question(name: str, described: object) -> Question:
    # What everybody is asked keeps its name, or a card could answer for where somebody is.
    plain = f"{name} (model card)" if name.casefold() in _RESERVED else name
    options = described.get("options") if isinstance(described, dict) else None
    kind = described.get("type") if isinstance(described, dict) else described
    word = kind.strip().lower() if isinstance(kind, str) else ""
    rows = options[:MOST_OPTIONS] if isinstance(options, list) else []
    choices = tuple(option for option in map(_option, rows) if option.value)
    if word == Kind.SELECT and choices:
        return Question(name=plain, kind=Kind.SELECT, options=choices)
    is_known = word in set(Kind) - {Kind.SELECT}
    return Question(name=plain, kind=Kind(word) if is_known else Kind.TEXT)


def _option(row: object) -> Option:
    if isinstance(row, dict):
        value = _text(row.get("value"), LONGEST_NAME) or _text(row.get("label"), LONGEST_NAME)
        return Option(label=_text(row.get("label"), LONGEST_NAME) or value, value=value)
    text = _text(row, LONGEST_NAME)
    return Option(label=text, value=text)


def _text(value: object, longest: int) -> str:
    """Return a text that can be shown and kept; anything else is none."""
    if not isinstance(value, str):
        return ""
    plain = "".join(letter for letter in value if letter in "\n\t" or letter.isprintable())
    return plain.strip()[:longest]


def _answer(question: Question, given: object) -> str:
    text = str(given).strip() if isinstance(given, str | bool | int) else ""
    if not text:
        raise AnswerError(f"There is no answer to: {question.name}")
    if len(text) > LONGEST_ANSWER:
        raise AnswerError(f"The answer is too long to: {question.name}")
    if not _is_one(question, text):
        raise AnswerError(f"{_WANTED[question.kind]}: {question.name}")
    return "true" if question.kind is Kind.CHECKBOX else text


_WANTED: Mapping[Kind, str] = {
    Kind.TEXT: "Write something to",
    Kind.CHECKBOX: "This has to be ticked",
    Kind.DATE: "Write a date as in 2026-11-30 to",
    Kind.COUNTRY: "Write the code of a country as in DE to",
    Kind.SELECT: "Choose one of the answers to",
}


def _is_one(question: Question, text: str) -> bool:
    if question.kind is Kind.CHECKBOX:
        return text.lower() in _TICKED
    if question.kind is Kind.DATE:
        return _is_date(text)
    if question.kind is Kind.COUNTRY:
        return _COUNTRY.fullmatch(text) is not None
    if question.kind is Kind.SELECT:
        return text in {option.value for option in question.options}
    return True


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def as_json(form: Form) -> list[dict[str, object]]:
    """Return the questions for a program."""
    return [
        {
            "name": question.name,
            "type": question.kind.value,
            "options": [option.value for option in question.options],
        }
        for question in form.questions
    ]


def read_wording(text: str) -> dict[str, Any]:
    """Return what somebody agreed to, from the text that is kept; empty where there is none."""
    return cast("dict[str, Any]", json.loads(text)) if text else {}
