# SPDX-License-Identifier: Apache-2.0
"""OSCAL assessment results against compliance-trestle, which refuses what OSCAL 1.1.3 has not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders_export import SOURCES
from tiergate.decision.outcome import Outcome
from tiergate.report.bom import to_bytes
from tiergate.report.export_source import judged
from tiergate.report.oscal import OSCAL_VERSION, assessment_results
from tools.foreign import run_tool

pytestmark = pytest.mark.foreign

PROGRAM = Path(__file__).with_name("run_trestle.py")


def test_every_finding_is_read_as_it_was_written(tmp_path: Path) -> None:
    for name, make in SOURCES.items():
        (tmp_path / f"{name}.oscal.json").write_bytes(to_bytes(assessment_results(make())))
    run_tool("trestle", PROGRAM, tmp_path)

    for name, make in SOURCES.items():
        read = json.loads((tmp_path / f"{name}.read.json").read_text())
        rows = {each.key: each.row.outcome is Outcome.MET for each in judged(make().decision)}
        assert read["version"] == OSCAL_VERSION
        assert read["findings"] == {
            key: "satisfied" if met else "not-satisfied" for key, met in rows.items()
        }


def test_what_oscal_has_not_is_refused(tmp_path: Path) -> None:
    found = assessment_results(SOURCES["poor"]())
    results = found["assessment-results"]
    assert isinstance(results, dict)
    (tmp_path / "x.oscal.json").write_bytes(
        to_bytes({"assessment-results": {**results, "unknown": 1}})
    )

    with pytest.raises(AssertionError, match="unknown"):
        run_tool("trestle", PROGRAM, tmp_path)
