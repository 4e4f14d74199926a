# SPDX-License-Identifier: Apache-2.0
"""The shape of a set of weights as one digest: names, types and shapes of all tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable


def structure_digest(tensors: Iterable[tuple[str, str, tuple[int, ...]]]) -> str:
    """Digest names, types and shapes, in whatever order they come.

    Args:
        tensors: name, type and shape of each tensor.
    """
    rows = sorted([name, dtype, list(shape)] for name, dtype, shape in tensors)
    whole = json.dumps(rows, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"
