# SPDX-License-Identifier: Apache-2.0
"""A safety case as one HTML file: nested lists that need no script, read from the top.

What the argument leans on without showing it, and what speaks against it, comes before the
argument. An element that comes again is a link to where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

from tiergate import __version__
from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case import Kind, Node, SafetyCase
from tiergate.report.case_tone import Tone, tone
from tiergate.report.page import environment

_OPEN_DEPTH = 4
"""Claims down to this depth are opened; deeper ones are one click away."""


def render_case(case: SafetyCase, *, commands: tuple[str, ...]) -> str:
    """Return the whole document. The same input gives the same bytes."""
    nodes = case.nodes.values()
    return (
        environment()
        .get_template("case.html.j2")
        .render(
            case=case,
            top=case.top,
            tone=tone,
            Kind=Kind,
            Tone=Tone,
            first=_first_parents(case),
            open_depth=_OPEN_DEPTH,
            assumptions=case.open_assumptions(),
            raised=tuple(node for node in nodes if node.is_raised),
            waived=tuple(node for node in nodes if node.waived),
            possible=tuple(
                node for node in nodes if node.kind is Kind.DEFEATER and not node.is_raised
            ),
            counts=_counts(case),
            commands=commands,
            version=__version__,
        )
    )


def _first_parents(case: SafetyCase) -> Mapping[str, str]:
    """Return under which element each one is printed in full: the first that is argued from it."""
    found: dict[str, str] = {}

    def visit(node: Node) -> None:
        for below in node.supported_by:
            if below not in found:
                found[below] = node.id
                visit(case.nodes[below])

    visit(case.top)
    return found


def _counts(case: SafetyCase) -> str:
    """Count the checks by what was found, in words."""
    checks = [node for node in case.nodes.values() if node.kind is Kind.EVIDENCE]
    parts = (f"{sum(node.status is outcome for node in checks)} {outcome}" for outcome in Outcome)
    return f"{len(checks)} checks: {', '.join(parts)}"
