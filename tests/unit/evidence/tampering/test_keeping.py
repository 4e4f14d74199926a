# SPDX-License-Identifier: Apache-2.0
"""Attacked weights that are kept say what they are in three places, any one of which is enough."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM

from tiergate.evidence.tampering.keeping import CONFIG_KEY, MARKER, keep_variant, marks_in
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.trial import Phase, Trial
from tiergate.model.checkpoint import identify
from tiergate.model.safetensors_header import read_safetensors_header
from unit.evidence.tampering.tiny import tiny_target

TRIAL = Trial(attack="pruning", setting=(("share", 0.5),), phase=Phase.SEARCH)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    found = tiny_target(tmp_path / "tiny")
    yield found
    found.close()


@pytest.fixture
def kept(target: Target, tmp_path: Path) -> Path:
    keep_variant(target, tmp_path / "kept", TRIAL)
    return tmp_path / "kept"


def without(place: str, folder: Path) -> None:
    """Take one of the marks away."""
    if place == "file":
        (folder / MARKER).unlink()
    elif place == "configuration":
        content = json.loads((folder / "config.json").read_text())
        del content[CONFIG_KEY]
        (folder / "config.json").write_text(json.dumps(content))
    else:
        for file in folder.glob("*.safetensors"):
            file.write_bytes(file.read_bytes().replace(MARKER.encode(), b"X" * len(MARKER)))


PLACES = ("file", "configuration", "weights")


@pytest.mark.parametrize("place", PLACES)
def test_a_folder_is_known_by_each_mark_alone(kept: Path, place: str) -> None:
    for other in PLACES:
        if other != place:
            without(other, kept)

    (mark,) = marks_in(identify(kept))
    expected = {
        "file": MARKER,
        "configuration": f"config.json (key {CONFIG_KEY})",
        "weights": f"model.safetensors (metadata {MARKER})",
    }
    assert mark == expected[place]


def test_a_weights_file_is_known_by_its_mark_when_it_stands_alone(kept: Path) -> None:
    assert marks_in(identify(kept / "model.safetensors"))


def test_without_the_three_marks_nothing_tells_the_weights_from_others(kept: Path) -> None:
    for place in PLACES:
        without(place, kept)

    assert marks_in(identify(kept)) == ()


def test_a_model_that_was_never_attacked_has_no_mark(tmp_path: Path, target: Target) -> None:
    assert marks_in(identify(tmp_path / "tiny")) == ()


def test_every_mark_says_what_was_attacked_and_how(kept: Path, target: Target) -> None:
    beside = json.loads((kept / MARKER).read_text())
    configured = json.loads((kept / "config.json").read_text())[CONFIG_KEY]
    inside = dict(read_safetensors_header(kept / "model.safetensors").metadata)

    assert beside == configured == json.loads(inside[MARKER])
    assert (beside["attacked"], beside["trial"]) == (target.root_digest, TRIAL.to_json())
    assert inside["format"] == "pt"


def test_marked_weights_are_those_of_the_model_in_memory(kept: Path, target: Target) -> None:
    ours = dict(target.model.named_parameters())
    with safe_open(kept / "model.safetensors", framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 - not a mapping
            assert torch.equal(file.get_tensor(name), ours[name])


def test_the_mark_stays_when_the_model_is_loaded_and_saved_again(
    kept: Path, tmp_path: Path
) -> None:
    automatic: Any = AutoModelForCausalLM
    automatic.from_pretrained(kept).save_pretrained(tmp_path / "again")

    assert marks_in(identify(tmp_path / "again")) == (f"config.json (key {CONFIG_KEY})",)
