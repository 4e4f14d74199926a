# SPDX-License-Identifier: Apache-2.0
"""A safety case as an SVG that needs no program to draw it.

Elements stand in columns by how deep they are argued, a claim above what it is argued from, its
contexts, assumptions and defeaters below it. What is argued from twice is drawn once and named
where it comes again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from tiergate.decision.safety_case import Kind, Node, SafetyCase
from tiergate.report.case_tone import Tone, tone
from tiergate.report.escaping import shortened, shown

_WIDTH, _GAP_X, _GAP_Y, _MARGIN = 264, 44, 10, 16
_LINE, _PAD, _SIZE, _INDENT = 15, 8, 12, 18
_LETTERS = 37
"""As many letters of this size fit into the width of a box, wide ones included."""
_KEY = (
    ("goal", "claim"),
    ("strategy", "how it is argued"),
    ("evidence", "check and evidence"),
    ("context", "context"),
    ("assumption", "assumption, shown by nothing"),
    ("defeater", "speaks against it, or would"),
)
_KEY_TONES = {"assumption": Tone.UNSUPPORTED, "defeater": Tone.POSSIBLE}
_STYLE = """
text{font:12px system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#1c1f23}
.head{font-weight:650}
.shape{fill:#fff;stroke:#5a6270;stroke-width:1.2}
.met .shape{fill:#e7f4ec;stroke:#1b6b45}
.not-met .shape,.raised .shape{fill:#fbe9ea;stroke:#a3262f;stroke-width:2.4}
.undetermined .shape{stroke:#7a5300;stroke-dasharray:6 3}
.by-waiver .shape{stroke:#a3262f;stroke-width:2.4;stroke-dasharray:1.5 3}
.unsupported .shape,.possible .shape{fill:#fff7e0;stroke:#7a5300;stroke-dasharray:2 3}
.again .shape{fill:#f5f6f8;stroke-dasharray:none}
.edge{fill:none;stroke:#8a93a1;stroke-width:1.1}
.around{stroke-dasharray:3 3}
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    node: Node
    x: int
    y: int
    width: int
    lines: tuple[str, ...]
    is_again: bool

    @property
    def height(self) -> int:
        return len(self.lines) * _LINE + 2 * _PAD - 3


class _Drawing:
    """Boxes and edges, placed from the top left."""

    def __init__(self, case: SafetyCase) -> None:
        self._case = case
        self._seen: set[str] = set()
        self.boxes: list[_Box] = []
        self.edges: list[tuple[_Box, _Box]] = []

    def place(self, node: Node, x: int, y: int) -> tuple[_Box, int]:
        """Place an element with everything below it; return its box and where it all ends."""
        box = self._box(node, x, y)
        if box.is_again:
            return box, y + box.height
        own = y + box.height
        for other in self._case.around(node):
            aside = self._box(other, x + _INDENT, own + _GAP_Y, _WIDTH - _INDENT)
            self.edges.append((box, aside))
            own = aside.y + aside.height
        end = y
        for number, other in enumerate(self._case.below(node)):
            top = end + _GAP_Y if number else y
            child, end = self.place(other, x + _WIDTH + _GAP_X, top)
            self.edges.append((box, child))
        return box, max(own, end)

    def _box(self, node: Node, x: int, y: int, width: int = _WIDTH) -> _Box:
        is_again = node.id in self._seen
        self._seen.add(node.id)
        box = _Box(
            node=node,
            x=x,
            y=y,
            width=width,
            lines=_again(node) if is_again else _lines(node),
            is_again=is_again,
        )
        self.boxes.append(box)
        return box


def draw(case: SafetyCase) -> str:
    """Return the whole document. The same case gives the same bytes."""
    drawing = _Drawing(case)
    _, end = drawing.place(case.top, _MARGIN, _MARGIN + 2 * _LINE)
    width = max(box.x + box.width for box in drawing.boxes) + _MARGIN
    width, height = max(width, 1000), end + _MARGIN
    title = _safe(f"Safety case: {case.top.text}: {case.top.standing}")
    words = f"{len(case.nodes)} elements, {len(case.open_assumptions())} of them assumptions"
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title words">',
        f'<title id="title">{title}</title>',
        f'<desc id="words">{words}. The same case as text: the html format.</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *_key(),
        *(_edge(upper, lower) for upper, lower in drawing.edges),
        *(line for box in drawing.boxes for line in _drawn(box)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _again(node: Node) -> tuple[str, ...]:
    return (f"again: {node.id}{f', {node.standing}' if node.standing else ''}",)


def _lines(node: Node) -> tuple[str, ...]:
    standing = f": {node.standing}" if node.standing else ""
    text = f"{node.text} (+{node.folded} below)" if node.folded else node.text
    letters = _LETTERS if node.kind in {Kind.GOAL, Kind.STRATEGY, Kind.EVIDENCE} else _LETTERS - 4
    body = textwrap.wrap(shortened(text), letters, break_on_hyphens=False)
    return (f"{node.id} {node.kind}{standing}", *body)


def _drawn(box: _Box) -> Iterator[str]:
    again = " again" if box.is_again else ""
    yield f'<g class="{tone(box.node)}{again}"><title>{_safe(box.node.text)}</title>'
    yield _shape(box.node.kind, box.x, box.y, box.width, box.height)
    left = box.x + _PAD + 4
    for number, line in enumerate(box.lines):
        y = box.y + _PAD + _SIZE - 2 + number * _LINE
        head = "" if number else ' class="head"'
        yield f'<text x="{left}" y="{y}"{head}>{_safe(line)}</text>'
    yield "</g>"


def _shape(kind: Kind, x: int, y: int, width: int, height: int) -> str:
    right, bottom, middle, cut = x + width, y + height, y + height // 2, 7
    if kind is Kind.STRATEGY:
        return _polygon((x + cut, y), (right, y), (right - cut, bottom), (x, bottom))
    if kind is Kind.DEFEATER:
        upper, lower = (x + cut, y), (right - cut, bottom)
        return _polygon(
            upper, (lower[0], y), (right, middle), lower, (upper[0], bottom), (x, middle)
        )
    radius = {Kind.GOAL: 0, Kind.EVIDENCE: 14}.get(kind, 7)
    size = f'width="{width}" height="{height}" rx="{radius}"'
    return f'<rect class="shape" x="{x}" y="{y}" {size}/>'


def _polygon(*points: tuple[int, int]) -> str:
    places = " ".join(f"{x},{y}" for x, y in points)
    return f'<polygon class="shape" points="{places}"/>'


def _edge(upper: _Box, lower: _Box) -> str:
    if lower.x < upper.x + upper.width:
        x, y = upper.x + _INDENT // 2, lower.y + lower.height // 2
        path = f"M{x},{upper.y + upper.height} V{y} H{lower.x}"
        return f'<path class="edge around" d="{path}"/>'
    y, end = upper.y + _LINE, lower.y + min(_LINE, lower.height // 2)
    middle = upper.x + upper.width + _GAP_X // 2
    return f'<path class="edge" d="M{upper.x + upper.width},{y} H{middle} V{end} H{lower.x}"/>'


def _key() -> Iterator[str]:
    x = _MARGIN
    for kind, words in _KEY:
        yield f'<g class="{_KEY_TONES.get(kind, Tone.PLAIN)}">'
        yield _shape(Kind(kind), x, _MARGIN - 8, 20, 14)
        yield f'<text x="{x + 26}" y="{_MARGIN + 3}">{words}</text></g>'
        x += 40 + 7 * len(words)


def _safe(text: str) -> str:
    return escape(str(shown(text)))
