# SPDX-License-Identifier: Apache-2.0
"""What the page for standard-setters says is done, from its own files alone."""

from __future__ import annotations

from pathlib import Path

from docs.console import go_through, steps, write_files

PAGE = Path(__file__).parents[2] / "docs" / "standard.md"


def test_a_jurisdiction_is_added_from_the_page_alone(tmp_path: Path) -> None:
    write_files(PAGE.read_text(encoding="utf-8"), tmp_path)

    go_through(PAGE, tmp_path)

    assert len(steps(PAGE.read_text(encoding="utf-8"))) > 6
