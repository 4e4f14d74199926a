# SPDX-License-Identifier: Apache-2.0
"""The bench on models that are really trained, one of each family changed in every way."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.lineage_bench import FAMILIES, Bench, small_families
from benchmarks.lineage_table import FOUND_TARGET

pytestmark = pytest.mark.slow


@pytest.mark.filterwarnings("default")
def test_what_descends_from_trained_models_is_found_and_nothing_else(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [])

    small_families(bench, tuple((family, 3) for family, _ in FAMILIES))

    honest = [item for item in bench.questions if item.kind == "honest"]
    unrelated = [item for item in bench.questions if item.kind == "unrelated"]
    assert len(honest) + len(unrelated) > 200
    assert sum(item.found for item in honest) >= FOUND_TARGET * len(honest)
    assert [] == [item for item in unrelated if item.found]
