# SPDX-License-Identifier: Apache-2.0
"""Records of every format that was ever written verify and replay.

A folder holds what one version wrote, and nothing in it is ever changed: a checkpoint, the
policies, the evidence, a trust file, the public key, and records. The key that signed them is
gone.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from cli_runner import run

FOLDER = Path(__file__).parent
WHEN = "2026-12-03T00:00:00Z"
"""The day after they were signed."""
RECORDS = {
    "record-1/record.json": "policy.yaml",
    "record-1/record-waived.json": "policy.yaml",
    "record-1/record-refused.json": "policy-strict.yaml",
}
"""From a record to the policy by which it was decided."""


def test_no_record_is_left_out() -> None:
    assert sorted(RECORDS) == sorted(
        str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/record*.json")
    )


@pytest.mark.parametrize("record", RECORDS)
def test_an_old_record_verifies_with_its_files(record: str) -> None:
    path = FOLDER / record
    words = ("--trust", path.parent / "trust.yaml", "--at", WHEN)

    done = run("verify", path, path.parent / "model", *words)

    assert 0 == done.code, done.out + done.err


@pytest.mark.parametrize("record", RECORDS)
def test_an_old_record_is_computed_again_to_the_last_byte(record: str) -> None:
    path = FOLDER / record
    words = ("--policy", path.parent / RECORDS[record], "--evidence", path.parent / "evidence")

    document = run("replay", path, *words, "--json").json

    assert (0, []) == (document["exit_code"], document["differences"])
    assert document["is_identical"] or document["versions"][0] != document["versions"][1]


@pytest.mark.parametrize("record", RECORDS)
def test_a_byte_of_an_old_checkpoint_that_changes_is_noticed(record: str, tmp_path: Path) -> None:
    path = FOLDER / record
    model = tmp_path / "model"
    shutil.copytree(path.parent / "model", model)
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")

    done = run("verify", path, model, "--trust", path.parent / "trust.yaml", "--at", WHEN)

    assert 5 == done.code


def test_the_key_is_the_one_that_the_trust_file_names() -> None:
    pem = (FOLDER / "record-1" / "ada.pub").read_text()
    entry = (FOLDER / "record-1" / "trust.yaml").read_text()

    assert re.sub(r"\s", "", pem) in re.sub(r"\s", "", entry)
