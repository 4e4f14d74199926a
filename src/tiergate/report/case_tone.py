# SPDX-License-Identifier: Apache-2.0
"""How an element of a safety case is drawn: one word that every picture has its colours for."""

from __future__ import annotations

import enum

from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case import Kind, Node


class Tone(enum.StrEnum):
    """How an element is drawn; only what evidence shows is drawn as met."""

    MET = "met"
    NOT_MET = "not-met"
    UNDETERMINED = "undetermined"
    BY_WAIVER = "by-waiver"
    UNSUPPORTED = "unsupported"
    RAISED = "raised"
    POSSIBLE = "possible"
    PLAIN = "plain"


_OF_OUTCOME = {
    Outcome.MET: Tone.MET,
    Outcome.NOT_MET: Tone.NOT_MET,
    Outcome.UNDETERMINED: Tone.UNDETERMINED,
    None: Tone.UNDETERMINED,
}


_UNSHOWN = {Kind.ASSUMPTION: Tone.UNSUPPORTED, Kind.CONTEXT: Tone.PLAIN}


def tone(node: Node) -> Tone:
    """Return how ``node`` is drawn."""
    if node.kind is Kind.DEFEATER:
        return Tone.RAISED if node.is_raised else Tone.POSSIBLE
    if node.kind in _UNSHOWN:
        return _UNSHOWN[node.kind]
    return Tone.BY_WAIVER if node.rests_on_waiver else _OF_OUTCOME[node.status]
