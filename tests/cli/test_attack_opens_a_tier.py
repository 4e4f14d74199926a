# SPDX-License-Identifier: Apache-2.0
"""What an attack measured flows into the decision, and nothing else opens the tier it is about."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_runner import run
from steady_model import SUITE, materials

EXAMPLE = Path(__file__).parents[2] / "examples" / "attack" / "policy.yaml"
SUPPORTED, NOT_MET, UNDETERMINED = 0, 1, 3


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder in which a model was attacked and the safeguard held."""
    folder = materials(tmp_path_factory.mktemp("place"))
    policy = EXAMPLE.read_text(encoding="utf-8")
    policy = policy.replace("value: 0.05", "value: 0.3")
    policy = policy.replace("attack_classes: [quantisation]", "attack_classes: [prefill, pruning]")
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    (folder / "shorter.yaml").write_text(
        "".join(line for line in SUITE.splitlines(keepends=True) if "pruning" not in line)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path])
        for store in ("nothing", "whole", "shorter"):
            (folder / store).mkdir()
        assert attack(folder, "model", suite="suite.yaml", store="whole") == 0
        assert attack(folder, "model", suite="shorter.yaml", store="shorter") == 0
        yield folder


def attack(folder: Path, model: str, *, suite: str, store: str) -> int:
    return run(
        *("attack", folder / model, "--suite", folder / suite, "--store", folder / store),
        *("--prompts", folder / "prompts.jsonl", "--unguarded", folder / "twin"),
        *("--grader", "steady_tools:grade", "--limit", "0.3", "--relation", "independent"),
        *("--output", folder / f"run-{store}", "--producer", "a tester"),
    ).code


def check(folder: Path, model: str, store: str) -> int:
    return run(
        *("check", folder / model, "--policy", folder / "policy.yaml", "--tier", "T2"),
        *("--store", folder / store),
    ).code


def test_nothing_is_supported_before_anything_was_attacked(place: Path) -> None:
    assert check(place, "model", "nothing") == UNDETERMINED


def test_the_tier_opens_when_every_attack_it_asks_for_was_run_and_held(place: Path) -> None:
    assert check(place, "model", "whole") == SUPPORTED


def test_the_tier_closes_when_one_attack_was_not_run(place: Path) -> None:
    assert check(place, "model", "shorter") == UNDETERMINED


def test_the_tier_closes_when_one_byte_of_the_weights_changes(place: Path) -> None:
    shutil.copytree(place / "model", place / "changed", dirs_exist_ok=True)
    weights = place / "changed" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))

    assert check(place, "changed", "whole") == UNDETERMINED


def test_the_tier_closes_when_a_document_of_the_run_is_taken_away(place: Path) -> None:
    shutil.copytree(place / "whole", place / "thinned", dirs_exist_ok=True)
    documents = sorted((place / "thinned" / "documents").iterdir())
    codes = set()
    for document in documents:
        kept = document.read_bytes()
        document.unlink()
        codes.add(check(place, "model", "thinned"))
        document.write_bytes(kept)

    assert SUPPORTED not in codes


def test_the_tier_is_not_met_once_an_attack_has_broken_the_safeguard(place: Path) -> None:
    shutil.copytree(place / "whole", place / "broken", dirs_exist_ok=True)
    code = run(
        *(
            "attack",
            place / "model",
            "--suite",
            place / "suite.yaml",
            "--hook",
            "steady_tools:attack",
        ),
        *("--store", place / "broken", "--prompts", place / "prompts.jsonl"),
        *("--unguarded", place / "twin", "--grader", "steady_tools:grade", "--limit", "0.3"),
        *("--output", place / "run-broken"),
    ).code

    assert code == NOT_MET
    assert check(place, "model", "broken") == NOT_MET


def test_the_tier_stays_closed_to_a_run_that_was_held_to_a_looser_limit_than_it_asks_for(
    place: Path,
) -> None:
    policy = (place / "policy.yaml").read_text(encoding="utf-8")
    (place / "stricter.yaml").write_text(policy.replace("value: 0.3", "value: 0.29"))

    found = run(
        *("check", place / "model", "--policy", place / "stricter.yaml", "--tier", "T2"),
        *("--store", place / "whole", "--all"),
    )

    assert found.code == UNDETERMINED
    assert "its settings were held to a limit of 0.3, 0.29 asked for" in found.flat
