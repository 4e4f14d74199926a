# SPDX-License-Identifier: Apache-2.0
"""A safety case as a Mermaid flowchart, for pages that draw it: shape, word and colour agree."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tiergate.decision.safety_case import Kind, Node, SafetyCase
from tiergate.report.case_tone import Tone, tone
from tiergate.report.escaping import shortened

_WIDTH = 44
_SHAPES = {
    Kind.GOAL: ('["', '"]'),
    Kind.STRATEGY: ('[/"', '"/]'),
    Kind.CONTEXT: ('("', '")'),
    Kind.ASSUMPTION: ('(["', '"])'),
    Kind.EVIDENCE: ('[("', '")]'),
    Kind.DEFEATER: ('{{"', '"}}'),
}
_COLOURS = {
    Tone.MET: "fill:#e7f4ec,stroke:#1b6b45,color:#1c1f23",
    Tone.NOT_MET: "fill:#fbe9ea,stroke:#a3262f,color:#1c1f23,stroke-width:3px",
    Tone.UNDETERMINED: "fill:#fff,stroke:#7a5300,color:#1c1f23,stroke-dasharray:6 3",
    Tone.BY_WAIVER: "fill:#fff,stroke:#a3262f,color:#1c1f23,stroke-width:3px",
    Tone.UNSUPPORTED: "fill:#fff7e0,stroke:#7a5300,color:#1c1f23,stroke-dasharray:2 3",
    Tone.RAISED: "fill:#fbe9ea,stroke:#a3262f,color:#1c1f23,stroke-width:3px",
    Tone.POSSIBLE: "fill:#fff7e0,stroke:#7a5300,color:#1c1f23,stroke-dasharray:2 3",
    Tone.PLAIN: "fill:#f5f6f8,stroke:#5a6270,color:#1c1f23",
}


def mermaid(case: SafetyCase) -> str:
    """Return the flowchart, topmost claim on the left."""
    lines = ["flowchart LR", *(f"  classDef {_name(of)} {how}" for of, how in _COLOURS.items())]
    lines += [f"  {_drawn(node)}" for node in case.nodes.values()]
    lines += [f"  {line}" for node in case.nodes.values() for line in _edges(node)]
    return "\n".join(lines) + "\n"


def _drawn(node: Node) -> str:
    opening, closing = _SHAPES[node.kind]
    head = f"{node.id} {node.kind}{f': {node.standing}' if node.standing else ''}"
    more = f" (+{node.folded})" if node.folded else ""
    body = textwrap.wrap(shortened(node.text + more), _WIDTH, break_on_hyphens=False)
    text = "<br/>".join(_escaped(line) for line in (head, *body))
    return f"{node.id}{opening}{text}{closing}:::{_name(tone(node))}"


def _name(of: Tone) -> str:
    return of.replace("-", "")


def _edges(node: Node) -> Iterator[str]:
    for name in dict.fromkeys(node.supported_by):
        yield f"{node.id} --> {name}"
    for name in node.in_context_of:
        yield f"{node.id} --o {name}"
    for name in node.challenged_by:
        yield f"{name} -.-x {node.id}"


def _escaped(line: str) -> str:
    codes = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}
    return "".join(codes.get(character, character) for character in line)
