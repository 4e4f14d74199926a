# SPDX-License-Identifier: Apache-2.0
"""Files that people write, by what their first line says, so that a mix-up has a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from pydantic import BaseModel

_FORMATS = {
    "tiergate-policy/1": ("a policy", "tiergate policy validate FILE"),
    "tiergate-obligations/1": (
        "a file of obligations",
        "tiergate policy trace --obligations FILE",
    ),
    "tiergate-policy-cases/1": ("a table of cases", "tiergate policy test FILE"),
    "tiergate-mapping/1": ("a mapping", "tiergate evidence add LOG --mapping FILE"),
    "tiergate-trust/1": ("a trust file", "tiergate verify RECORD --trust FILE"),
    "tiergate-plan/1": ("a rollout plan", "tiergate release plan FILE"),
}
"""What a file is called, and what reads it, by its format."""


def another_format(content: object, model: type[BaseModel]) -> str:
    """Say what a file is, when it is of another known format than ``model``; empty otherwise."""
    stated = content.get("format") if isinstance(content, Mapping) else None
    own = get_args(model.model_fields["format"].annotation)
    if not isinstance(stated, str) or stated in own or stated not in _FORMATS:
        return ""
    called, reader = _FORMATS[stated]
    expected = _FORMATS[own[0]][0] if own[0] in _FORMATS else own[0]
    return f"this is {called}, expected {expected}; it is read by: {reader}"
