# SPDX-License-Identifier: Apache-2.0
"""A decision in a model card: what the card says already stays, and the hub reads the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import AT
from builders_export import WAIVER, a_gated_source, a_poor_source, a_source, an_open_source
from tiergate.decision.tier import Tier
from tiergate.errors import InputError
from tiergate.report.export_source import Standing
from tiergate.report.model_card import GATED_FIELDS, card_with

GATED = {
    "extra_gated_heading",
    "extra_gated_prompt",
    "extra_gated_fields",
    "extra_gated_button_content",
}
HUB_TYPES = {"text", "checkbox", "date_picker", "country", "select"}
CARD = b"""---
license: apache-2.0  # as the lab says
tags: [a,   b]

base_model:
- acme/base
---
# A model

--- not a fence ---
Text with trailing spaces.   \t
"""


def _read(data: bytes, folder: Path) -> dict[str, Any]:
    """Return the front matter as the hub's own client reads it."""
    path = folder / "README.md"
    path.write_bytes(data)
    found: dict[str, Any] = ModelCard.load(path).data.to_dict()
    return found


def _matter(data: bytes) -> dict[str, Any]:
    found = yaml.safe_load(data.decode().split("---")[1])
    assert isinstance(found, dict)
    return found


def test_the_hub_reads_tier_digest_and_expiry_back(tmp_path: Path) -> None:
    found = _read(card_with(a_gated_source(), None).data, tmp_path)

    own = found["tiergate"]
    assert (own["tier"], own["signatures"]) == ("T4", "signed and verified")
    assert own["decision"] == f"sha256:{'f' * 64}"
    assert own["valid_until"] == "2027-02-21T12:00:00Z"
    assert own["not_assessed"] == list(a_gated_source().decision.not_assessed)
    assert found.keys() == GATED | {"tiergate"}


def test_a_gated_tier_asks_for_what_the_hub_can_ask(tmp_path: Path) -> None:
    found = _read(card_with(a_gated_source(), CARD).data, tmp_path)

    assert found["extra_gated_fields"] == GATED_FIELDS
    assert set(found["extra_gated_fields"].values()) <= HUB_TYPES
    assert "lapses on 2027-02-21" in found["extra_gated_prompt"]
    assert found["tiergate"]["weights"] == "for those who are granted access"


@pytest.mark.parametrize(
    ("source", "weights"),
    [(an_open_source(), "for everybody"), (a_source(), "not for download at this tier")],
    ids=["open", "closed"],
)
def test_other_tiers_are_not_gated_and_say_who_may_have_the_weights(
    source: Any,  # noqa: ANN401 - a source
    weights: str,
) -> None:
    found = _matter(card_with(source, None).data)

    assert found.keys() == {"tiergate"}
    assert found["tiergate"]["weights"] == weights
    assert found["tiergate"]["keys"] == []


def test_an_unsigned_decision_is_called_so() -> None:
    import dataclasses

    unsigned = dataclasses.replace(a_gated_source(), standing=Standing.UNSIGNED)
    unverified = dataclasses.replace(a_gated_source(), standing=Standing.NOT_VERIFIED)
    found, other = (_matter(card_with(s, None).data) for s in (unsigned, unverified))

    assert found["tiergate"]["signatures"] == "unsigned"
    assert "Nobody signed the decision." in found["extra_gated_prompt"]
    assert other["tiergate"]["signatures"] == "signed, not verified"
    assert "its signatures were not verified here" in other["extra_gated_prompt"]


def test_waivers_and_what_is_unknown_are_said() -> None:
    waived = _matter(card_with(a_source(waivers=[WAIVER], tier=Tier.T1), None).data)
    poor = _matter(card_with(a_poor_source(), None).data)

    assert waived["tiergate"]["waived"] == ["E03"]
    assert poor["tiergate"]["weights_digest"] == "not computed"


def test_the_text_and_foreign_keys_stay_byte_for_byte() -> None:
    data = card_with(a_gated_source(), CARD).data
    before, after = CARD.partition(b"---\n# A model"), data.partition(b"---\n# A model")

    assert after[1] + after[2] == before[1] + before[2]
    assert after[0].startswith(before[0])


def test_a_second_export_replaces_the_first_and_nothing_else() -> None:
    first = card_with(a_gated_source(), CARD).data

    assert card_with(a_gated_source(), first).data == first
    opened = card_with(an_open_source(), first).data
    assert GATED.isdisjoint(_matter(opened))
    assert card_with(a_gated_source(), opened).data == first


def test_keys_that_the_card_has_of_its_own_are_kept_and_named() -> None:
    card = b"---\nextra_gated_prompt: Our own words.\nextra_gated_eu_disallowed: true\n---\nx\n"
    made = card_with(a_gated_source(), card)
    found = _matter(made.data)

    assert made.kept == ("extra_gated_prompt",)
    assert found["extra_gated_prompt"] == "Our own words."
    assert found["extra_gated_eu_disallowed"] is True
    assert found["tiergate"]["keys"] == sorted(GATED - {"extra_gated_prompt"})
    again = _matter(card_with(an_open_source(), made.data).data)
    assert again["extra_gated_prompt"] == "Our own words."


def test_nobody_can_make_us_remove_a_key_that_is_not_for_gating() -> None:
    card = b"---\nlicense: mit\ntiergate:\n  keys: [license, 7]\n---\n"

    assert _matter(card_with(an_open_source(), card).data)["license"] == "mit"


@pytest.mark.parametrize(
    "card",
    [
        b"",
        b"# No front matter\n",
        b"---\n---\ntext\n",
        b"---\n# only a comment\n---\ntext\n",
        b"\n---\nlicense: mit\n---\ntext\n",
        b"---\r\nlicense: mit\r\n---\r\ntext\r\n",
        b"no line end\r\nbut one",
        b"---\nlicense: mit\n---",
        b"---\ntiergate: a string of somebody else\n---\n",
        b"---\ntext: |+\n  kept\n\n---\nbody \xff\xfe is not UTF-8\n",
        b"---\na: &x 1\nb: *x\n# the end\n---\n",
    ],
)
def test_cards_of_every_shape_keep_what_they_have(card: bytes, tmp_path: Path) -> None:
    made = card_with(a_gated_source(), card).data
    body = card[card.rfind(b"---") + 3 :] if card.lstrip().startswith(b"---") else card

    assert made.endswith(body)
    if b"\xff" not in card:
        assert _read(made, tmp_path)["tiergate"]["tier"] == "T4"
    line_ends = {b"\r\n" in line for line in made.splitlines(keepends=True) if line.endswith(b"\n")}
    assert len(line_ends) == 1


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (b"---\nlicense: mit\n", "front matter without an end"),
        (b"---\nlicense: [\n---\n", "front matter that cannot be read"),
        (b"---\nlicense: mit\nlicense: gpl\n---\n", "a key that stands there twice"),
        (b"---\n{license: mit}\n---\n", "front matter of another form"),
        (b"---\n- license\n---\n", "front matter of another form"),
        (b"---\nlicense: mit\n...\n---\n", "front matter that cannot be added to"),
        (
            b"---\nextra_gated_prompt: &x 1\nb: *x\ntiergate: {keys: [extra_gated_prompt]}\n---\n",
            "front matter that cannot be added to",
        ),
        (b"---\nx: \xff\n---\n", "front matter that cannot be read"),
        (b"---\nx: !!python/object:os.system {}\n---\n", "front matter that cannot be read"),
        (b"\xef\xbb\xbf---\nlicense: mit\n---\n", "a byte order mark"),
    ],
)
def test_front_matter_that_cannot_be_kept_is_refused(card: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        card_with(a_gated_source(), card)


KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).filter(lambda key: key != "tiergate")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, derandomize=True)
@given(st.dictionaries(KEYS, VALUES, max_size=5), st.text(max_size=40), st.booleans())
def test_any_card_keeps_its_keys_and_its_text(
    keys: dict[str, object],
    body: str,
    wide: bool,  # noqa: FBT001 - drawn
) -> None:
    matter = yaml.safe_dump(keys, allow_unicode=wide) if keys else ""
    card = f"---\n{matter}---\n{body}".encode()
    made = card_with(a_gated_source(), card).data

    assert made.endswith(f"\n---\n{body}".encode())
    found = yaml.safe_load(made[4 : made.index(b"\n---\n")].decode())
    assert {key: found[key] for key in keys} == (yaml.safe_load(matter) or {})
    assert found["tiergate"]["decided_at"] == f"{AT:%Y-%m-%dT%H:%M:%SZ}"
