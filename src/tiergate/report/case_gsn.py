# SPDX-License-Identifier: Apache-2.0
"""A safety case as YAML for gsn2x, which checks and draws Goal Structuring Notation.

Notation has no statuses, so that each text begins with the standing of its element. Defeaters are
its counter goals and, where they are there and not only possible, counter solutions.
"""

from __future__ import annotations

from itertools import chain, count

import yaml

from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case import Kind, Node, SafetyCase
from tiergate.report.case_tone import tone
from tiergate.report.escaping import shown

_DEVELOPED = frozenset({Kind.GOAL, Kind.STRATEGY})


def gsn_yaml(case: SafetyCase) -> str:
    """Return the case as one module of gsn2x."""
    names = {node.id: _name(node) for node in case.nodes.values()}
    document: dict[str, object] = {
        "module": {"name": "safety-case", "brief": f"Made by tiergate: {_text(case.top)}"}
    }
    for node in case.nodes.values():
        if node.kind is not Kind.DEFEATER:
            document[node.id] = _element(node, case, names)
    for name, (defeater, against) in _counters(case).items():
        document[name] = {**_element(defeater, case, names), "challenges": against}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _counters(case: SafetyCase) -> dict[str, tuple[Node, str]]:
    """Return a counter element for each element that a defeater is against; it takes but one."""
    found: dict[str, tuple[Node, str]] = {}
    for node in case.nodes.values():
        for other in node.challenged_by:
            first = _name(case.nodes[other])
            numbered = (f"{first}-{number}" for number in count(2))
            name = next(each for each in chain([first], numbered) if each not in found)
            found[name] = (case.nodes[other], node.id)
    return found


def _name(node: Node) -> str:
    if node.kind is not Kind.DEFEATER:
        return node.id
    return f"{'CSn' if node.is_raised else 'CG'}{node.id[1:]}"


def _element(node: Node, case: SafetyCase, names: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {"text": _text(node)}
    around = [names[name] for name in dict.fromkeys(node.in_context_of)]
    below = [names[name] for name in dict.fromkeys(node.supported_by)]
    if around:
        found["inContextOf"] = around
    if below:
        found["supportedBy"] = below
    is_possible = node.kind is Kind.DEFEATER and not node.is_raised
    if (node.kind in _DEVELOPED and not below) or is_possible:
        found["undeveloped"] = True
    raised = any(case.nodes[name].is_raised for name in node.challenged_by)
    if node.status is Outcome.NOT_MET and raised:
        found["defeated"] = True
    if node.standing:
        found["classes"] = [str(tone(node))]
    return found


def _text(node: Node) -> str:
    standing = f"[{node.standing}] " if node.standing else ""
    return str(shown(f"{standing}{node.text}"))
