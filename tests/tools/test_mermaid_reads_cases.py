# SPDX-License-Identifier: Apache-2.0
"""Safety cases as Mermaid text, read by mermaid itself: every element, every edge, every word."""

from __future__ import annotations

import html
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tiergate.decision.safety_case import SafetyCase, outline
from tiergate.report.case_mermaid import mermaid
from tiergate.report.escaping import shortened
from unit.report.test_case_pictures import CASES

pytestmark = pytest.mark.foreign

FOLDER = Path(__file__).parents[2] / ".venv-tools" / "mermaid"
PROGRAM = Path(__file__).with_name("mermaid_parse.mjs")


def _read(folder: Path, cases: dict[str, SafetyCase]) -> dict[str, Any]:
    """Return what mermaid reads, by case."""
    assert (FOLDER / "node_modules").exists(), "mermaid is not installed: run make foreign"
    files = {name: folder / f"{number}.mmd" for number, name in enumerate(cases)}
    for name, path in files.items():
        path.write_text(mermaid(cases[name]), encoding="utf-8")
    words = ["node", PROGRAM, FOLDER, *files.values()]
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {name: found[str(path)] for name, path in files.items()}


def _words(label: str) -> str:
    """Return a label as people see it: mermaid keeps entities in signs of its own."""
    plain = label.replace("ﬂ°°", "&#").replace("ﬂ°", "&").replace("¶ß", ";")
    return html.unescape(" ".join(plain.replace("<br>", " ").replace("<br/>", " ").split()))


def _edges(case: SafetyCase) -> set[tuple[str, str]]:
    found = set()
    for node in case.nodes.values():
        found |= {(node.id, other) for other in (*node.supported_by, *node.in_context_of)}
        found |= {(other, node.id) for other in node.challenged_by}
    return found


def test_mermaid_reads_every_element_every_edge_and_every_word(tmp_path: Path) -> None:
    whole = {name: make() for name, make in CASES.items()}
    cases = whole | {f"{name}, in outline": outline(case) for name, case in whole.items()}

    found = _read(tmp_path, cases)

    for name, case in cases.items():
        read = found[name]
        assert read["diagramType"] == "flowchart-v2"
        assert {tuple(edge) for edge in read["edges"]} == _edges(case)
        labels = {key: _words(label) for key, label in read["nodes"]}
        assert labels.keys() == case.nodes.keys()
        for key, node in case.nodes.items():
            head = f"{key} {node.kind}{f': {node.standing}' if node.standing else ''}"
            more = f" (+{node.folded})" if node.folded else ""
            said = " ".join(shortened(node.text + more).split())
            assert labels[key] == f"{head} {said}"


def test_what_is_no_flowchart_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.mmd").write_text('flowchart LR\n  A["one"]:::met]\n', encoding="utf-8")
    words = ["node", PROGRAM, FOLDER, tmp_path / "x.mmd"]

    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "error on line" in done.stderr
