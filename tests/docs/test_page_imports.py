# SPDX-License-Identifier: Apache-2.0
"""Python that a how-to page has people run needs what the page says, and no more."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PAGES = [
    p for p in sorted((ROOT / "docs" / "how-to").glob("*.md")) if _BLOCK.search(p.read_text())
]


def _imported(text: str) -> Iterator[str]:
    for block in _BLOCK.findall(text):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Import):
                yield from (name.name.partition(".")[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def _names(requirements: list[str]) -> set[str]:
    names = (re.split(r"[^\w-]", each, maxsplit=1)[0] for each in requirements)
    return {name.replace("-", "_").lower() for name in names}


def _installed(text: str) -> set[str]:
    """Return what is there for whoever installed what the tutorial and a page name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"pip install ([^\n`]*)", TUTORIAL.read_text(encoding="utf-8") + text)
    found = _names(project["dependencies"]) | {"tiergate", "yaml"}
    for words in named:
        found |= _names([word.strip("'\"") for word in words.split()])
        folders = (ROOT / word for word in words.split() if word.startswith("./"))
        found |= {path.stem for folder in folders for path in folder.rglob("*.py")}
        for extra in ",".join(re.findall(r"tiergate\[([\w,-]+)\]", words)).split(","):
            found |= _names(project["optional-dependencies"].get(extra, []))
    return found


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_what_python_of_a_page_imports_is_installed_or_named_by_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    own = {path.stem for path in (ROOT / "docs" / "tutorial-files").glob("*.py")}
    own |= set(re.findall(r"^# (\w+)\.py$", text, re.MULTILINE))

    known = _installed(text) | set(sys.stdlib_module_names) | own
    assert set(_imported(text)) <= known
