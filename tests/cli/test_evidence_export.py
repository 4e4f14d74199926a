# SPDX-License-Identifier: Apache-2.0
"""``evidence export``: evidence in the form that other programs read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_fixtures import a_folder, claim, evidence, policy
from cli_runner import run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = a_folder(tmp_path / "acme-1b")
    evidence(folder, "cyber.exploits", successes=3, trials=400)
    return folder


def test_every_measurement_becomes_a_record_with_its_counts(model: Path, tmp_path: Path) -> None:
    done = run("evidence", "export", tmp_path / "out", "--model", model, "--at", "2026-11-01")

    assert 0 == done.code, done.err
    [path] = (tmp_path / "out").rglob("*.json")
    record = json.loads(path.read_bytes())
    assert "0.3.0" == record["schema_version"]
    assert "1 record" in done.out
    assert str(path.relative_to(tmp_path / "out")) in done.out


def test_what_the_format_cannot_hold_is_named(model: Path, tmp_path: Path) -> None:
    claim(model, policy(tmp_path / "standard.yaml"), "E01", "training_flop=1")

    done = run("evidence", "export", tmp_path / "out", "--model", model)

    assert "left out:" in done.flat
    assert "E01" in done.flat


def test_a_record_is_never_written_over_another_file(model: Path, tmp_path: Path) -> None:
    run("evidence", "export", tmp_path / "out", "--model", model)

    done = run("evidence", "export", tmp_path / "out", "--model", model)

    assert 4 == done.code
    assert "Give an empty folder" in done.err
