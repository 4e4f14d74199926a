# SPDX-License-Identifier: Apache-2.0
"""The harmless data that ships with the program, one JSON object a line."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def shipped_rows(name: str) -> tuple[dict[str, Any], ...]:
    """Return the rows of ``data/<name>.jsonl``."""
    file = resources.files(__package__).joinpath("data", f"{name}.jsonl")
    return tuple(map(json.loads, file.read_text("utf-8").splitlines()))
