# SPDX-License-Identifier: Apache-2.0
"""The worked examples give what their pages say."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

from cli_runner import run
from tiergate.evidence.bounds import bounds
from tiergate.evidence.measurement import Counts

GLM = Path(__file__).parents[2] / "examples" / "glm-5.3"


def test_glm_was_undetermined_at_open_weights_before_its_release() -> None:
    done = run(
        "check", "GLM-5.3", "--without-weights", "--tier", "T5", "--at", "2026-08-27",
        "--evidence", GLM / "before",
    )  # fmt: skip

    assert done.code == 3
    assert "no weights were read" in done.out
    assert "T5 Open weights is undetermined." in done.flat


def test_glm_is_not_met_after_the_later_measurements_and_says_who_measured() -> None:
    done = run(
        "check", "GLM-5.3", "--without-weights", "--tier", "T5", "--at", "2026-09-30",
        "--evidence", GLM / "before", "--evidence", GLM / "after",
    )  # fmt: skip

    assert done.code == 1
    assert "by Anthropic (independent), tied by name, read second-hand" in done.flat
    assert "50 of 410 [9.6 %, 15.2 %], must be below 10 %" in done.flat


def test_the_page_gives_the_bounds_that_the_counts_have() -> None:
    rows = re.findall(
        r"\| (\d+) of (\d+) \| ([\d.]+) % to ([\d.]+) %", (GLM / "README.md").read_text()
    )

    assert len(rows) == 4
    for successes, trials, low, high in rows:
        interval = bounds(Counts.simple(int(successes), int(trials)), Decimal("0.95"))
        assert float(low) <= 100 * interval.lower < float(low) + 0.1001
        assert float(high) - 0.1001 < 100 * interval.upper <= float(high)


def test_a_name_alone_supports_nothing_even_with_clean_evidence(tmp_path: Path) -> None:
    document = json.loads((GLM / "after" / "anthropic-2026-09-29-as-released.json").read_text())
    for measurement in document["measurements"]:
        value = measurement["value"]
        none = {"successes": 0, "scored": 1, "unscored": 0, "behaviours": value["planned"]}
        value["tallies"] = [none]
    (tmp_path / "clean.json").write_text(json.dumps(document))

    done = run(
        "check", "GLM-5.3", "--without-weights", "--json", "--tier", "T1", "--evidence", tmp_path
    )

    assert done.code == 3
    assert done.json["checkpoint"] is None
    assert done.json["decision"]["supported"] == "T0"
