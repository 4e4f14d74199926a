# SPDX-License-Identifier: Apache-2.0
"""The policies that ship: every number says what it rests on, and the schema takes every file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import jsonschema
import pytest
from pydantic import BaseModel

from builders_policy import MINIMAL
from tiergate.decision import strict_yaml
from tiergate.decision.policy import NumberStatus
from tiergate.decision.policy_document import (
    SHIPPED,
    json_schema,
    load_file,
    load_policy,
    shipped_policies,
)
from tiergate.decision.policy_schema import NumberPart
from tiergate.decision.tier import Tier
from tiergate.landscape.sources import ReadAs

PACKS = {
    "default",
    "precautionary",
    "permissive",
    "intake",
    "image",
    "eu-gpai-code-safety",
    "california-sb53",
    "new-york-raise",
    "openai-mft-2025",
    "thinking-machines-2026",
    "pai-2023",
}
FILES = sorted([*SHIPPED.glob("*.yaml"), *SHIPPED.glob("earlier/*.yaml")])


def numbers(part: object) -> Iterator[NumberPart]:
    """Yield every number of a policy file."""
    if isinstance(part, NumberPart):
        yield part
    if isinstance(part, BaseModel):
        for _, value in part:
            yield from numbers(value)
    elif isinstance(part, dict):
        for value in part.values():
            yield from numbers(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from numbers(value)


def test_every_pack_that_is_promised_ships() -> None:
    assert set(shipped_policies()) == PACKS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_published_schema_accepts_every_file_as_it_is_written(path: object) -> None:
    assert hasattr(path, "read_bytes")
    content, _, problems = strict_yaml.load(path.read_bytes())

    jsonschema.validate(content, json_schema())

    assert () == problems


SCHEMA_REFUSES: dict[str, tuple[str, str]] = {
    "an extension without a title": ("title: Mine\n", ""),
    "an extension with an unknown field": ("title: Mine\n", "title: Mine\nnought: 1\n"),
    "an extension with half a number": (
        "title: Mine\n",
        "title: Mine\nwaivers: {longest: {value: 1}}\n",
    ),
    "an extension with a tier without an id": (
        "title: Mine\n",
        "title: Mine\ntiers: [{name: none}]\n",
    ),
    "an extension with a check of no known kind": (
        "title: Mine\n",
        "title: Mine\nrequirements: {E01: {requires: {not: E01}}}\n",
    ),
}
EXTENSION = """\
format: tiergate-policy/1
id: mine
version: 0.1.0
extends: default
title: Mine
summary: none
as_of: 2026-11-23
"""


@pytest.mark.parametrize("sentence", SCHEMA_REFUSES)
def test_the_published_schema_refuses(sentence: str) -> None:
    old, new = SCHEMA_REFUSES[sentence]
    content, _, _ = strict_yaml.load(EXTENSION.replace(old, new).encode())

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, json_schema())


def test_the_published_schema_refuses_a_whole_policy_that_leaves_something_out() -> None:
    content, _, _ = strict_yaml.load(MINIMAL.replace("confidence: 0.95\n", "").encode())

    with pytest.raises(jsonschema.ValidationError, match="confidence"):
        jsonschema.validate(content, json_schema())


@pytest.mark.parametrize("name", sorted(PACKS))
def test_what_law_or_a_publication_sets_names_its_source(name: str) -> None:
    for number in numbers(load_file(name)):
        if number.status is not NumberStatus.DEFAULT:
            assert number.source is not None, number.basis


@pytest.mark.parametrize("name", sorted(PACKS))
def test_a_number_without_a_source_is_somebodys_judgement_or_says_what_it_is(name: str) -> None:
    allowed = re.compile(
        r"judgement|exploratory|any measured|fewest that could|unverified|notice|as default"
    )
    for number in numbers(load_file(name)):
        if number.source is None:
            assert allowed.search(number.basis), number.basis


def test_numbers_that_were_not_read_at_first_hand_are_among_them() -> None:
    found = [n.source for name in PACKS for n in numbers(load_file(name)) if n.source]

    assert {ReadAs.PRIMARY, ReadAs.SECONDARY} <= {source.read_as for source in found}


@pytest.mark.parametrize("name", sorted(PACKS))
def test_a_pack_says_what_it_never_asks_about_and_asks_in_sentences(name: str) -> None:
    policy = load_policy(name)

    assert policy.not_covered
    assert all(found.asks.endswith(".") for found in policy.requirements.values())


@pytest.mark.parametrize(
    "name", sorted(PACKS - {"default", "precautionary", "permissive", "image"})
)
def test_a_pack_that_states_what_others_ask_says_at_its_head_what_it_cannot_express(
    name: str,
) -> None:
    text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
    head = text.split("format: tiergate-policy/1", maxsplit=1)[0]

    assert "What this pack cannot express:" in head


def test_only_the_permissive_variant_loosens_anything() -> None:
    assert {"permissive"} == {name for name in PACKS if load_policy(name).loosenings}


def test_the_image_pack_passes_nobody_by_architecture() -> None:
    found = load_policy("image")

    assert "generates_only" not in repr(found.requirements["IMAGE"].expression)
    for tier in list(Tier)[1:]:
        rung = found.tier(tier)
        assert rung is not None
        assert "IMAGE" in rung.requirements
        assert not rung.fast_path or "IMAGE" in rung.fast_path


def test_the_precautionary_variant_has_no_fast_path() -> None:
    assert all(not rung.fast_path for rung in load_policy("precautionary").tiers)
