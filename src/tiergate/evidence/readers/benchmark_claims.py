# SPDX-License-Identifier: Apache-2.0
"""Claims about benchmarks: a number that somebody states and that nobody can recount."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.readers.values import shortened

_NOT_IN_ITEMS = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX_ITEM = 100
_MAX_FIELD = 500


def benchmark_item(name: str) -> str:
    """Return the item that a claim about a benchmark answers.

    >>> benchmark_item("org/sums: hard"), benchmark_item("  ")
    ('benchmark.org-sums-hard', 'benchmark.unnamed')
    """
    plain = _NOT_IN_ITEMS.sub("-", name).strip("-") or "unnamed"
    return f"benchmark.{plain}"[:_MAX_ITEM]


def benchmark_claim(
    name: str, metric: str, stated: Mapping[str, str | bool], made_at: datetime
) -> Claim:
    """Make the claim that a benchmark gave a value.

    Args:
        name: the benchmark, as the source names it.
        metric: what the value measures; empty when the source does not say.
        stated: from each field to what the source says there, ``value`` among them. An empty
            text says nothing and is left out.
        made_at: when it was stated, in UTC.
    """
    kept = {field: value for field, value in sorted(stated.items()) if value != ""}
    fields = tuple(
        ClaimField(name=field, value=shortened(v, _MAX_FIELD) if isinstance(v, str) else v)
        for field, v in kept.items()
    )
    words = f"{shortened(metric, 100) or 'the value'} is {shortened(str(kept['value']), 100)}"
    return Claim(
        item=benchmark_item(name),
        holds=True,
        statement=f"{shortened(name, 200) or 'unnamed benchmark'}: {words}.",
        fields=fields,
        made_at=made_at,
    )
