# SPDX-License-Identifier: Apache-2.0
"""The model card, read as claims; nothing in it is an error."""

from __future__ import annotations

import pytest

from tiergate.model.card import (
    MAX_CARD_BYTES,
    MAX_FRONT_MATTER_BYTES,
    MAX_ITEMS,
    ModelCard,
    read_card,
)

CARD = """---
license: other
license_name: custom-licence
base_model:
  - org/base
  - org/second
base_model_relation: merge
tags: [safety, 1.0]
pipeline_tag: text-generation
language: no
extra_gated_prompt: |
  You agree.
extra_gated_fields:
  Name: text
  I agree: checkbox
---
# Title
license: mit
"""


def test_the_front_matter_becomes_claims() -> None:
    assert ModelCard(
        licence="other",
        licence_name="custom-licence",
        base_models=("org/base", "org/second"),
        base_model_relation="merge",
        tags=("safety", "1.0"),
        pipeline_tag="text-generation",
        languages=("no",),
        gated_prompt="You agree.",
        gated_fields=("Name", "I agree"),
    ) == read_card(CARD.encode())


CARDS = {
    "line ends of another system": (b"---\r\nlicense: mit\r\n---\r\n", "mit"),
    "a byte order mark": (b"\xef\xbb\xbf---\nlicense: mit\n---\n", "mit"),
    "a list where one value belongs": (b"---\nlicense: [mit, apache-2.0]\n---\n", "mit"),
    "bytes that are not UTF-8 elsewhere": (b"---\nlicense: mit\n---\n\xff\xfe", "mit"),
    "an empty value": (b"---\nlicense:\n---\n", None),
    "an empty list": (b"---\nlicense: []\n---\n", None),
    "a key that is a list": (b"---\nlicense: mit\n? [a, b]\n: c\n---\n", "mit"),
    "a mapping where text belongs": (b"---\nlicense: {a: b}\n---\n", None),
}


@pytest.mark.parametrize(("data", "expected"), CARDS.values(), ids=CARDS.keys())
def test_sloppy_cards_are_tolerated(data: bytes, expected: str | None) -> None:
    card = read_card(data)

    assert expected == card.licence
    assert card.notes == ()


NOTED = {
    "no front matter": (b"# Title", "no front matter"),
    "nothing": (b"", "no front matter"),
    "front matter without an end": (b"---\nlicense: mit\n", "no front matter"),
    "broken YAML": (b"---\nlicense: [mit\n---\n", "broken YAML"),
    "a tab as indentation": (b"---\na:\n\tb: c\n---\n", "broken YAML"),
    "a control character": (b"---\na: \x00\n---\n", "broken YAML"),
    "nesting without end": (b"---\n" + b"[" * 50_000 + b"\n---\n", "broken YAML"),
    "only comments": (b"---\n# a\n---\n", "not a mapping"),
    "a list": (b"---\n- a\n---\n", "not a mapping"),
    "front matter that is too long": (
        b"---\n" + b"a" * (MAX_FRONT_MATTER_BYTES + 1) + b"\n---\n",
        "too long",
    ),
    "a card that is too long": (b"a" * (MAX_CARD_BYTES + 1), "longer than"),
}


@pytest.mark.parametrize(("data", "note"), NOTED.values(), ids=NOTED.keys())
def test_a_card_that_cannot_be_read_is_a_note(data: bytes, note: str) -> None:
    card = read_card(data)

    assert card.licence is None
    assert len(card.notes) == 1
    assert note in card.notes[0]


def test_a_tag_that_would_build_an_object_stays_text() -> None:
    card = read_card(b"---\nlicense: !!python/object/apply:os.system [ls]\n---\n")

    assert card.licence == "ls"


def test_aliases_that_multiply_are_not_expanded() -> None:
    lines = ["a0: &a0 [x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)
    ]

    card = read_card("\n".join(["---", *lines, "tags: *a39", "---"]).encode())

    assert card.tags == ()


def test_a_long_list_is_cut() -> None:
    items = "\n".join(f"- t{number}" for number in range(MAX_ITEMS + 5))

    assert len(read_card(f"---\ntags:\n{items}\n---\n".encode()).tags) == MAX_ITEMS
