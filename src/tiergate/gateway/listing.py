# SPDX-License-Identifier: Apache-2.0
"""Which of the models that a caller may know of a list is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Row = dict[str, object]
_NEVER = ("filter", "pipeline_tag", "inference", "inference_provider", "apps", "num_parameters")
"""What is asked for by these, no model here says of itself."""


def chosen(rows: Iterable[Row], query: Mapping[str, str]) -> list[Row]:
    """Return the rows that a query asks for, in their order.

    >>> rows = [{"id": "a/one", "gated": False}, {"id": "b/two", "gated": "manual"}]
    >>> [row["id"] for row in chosen(rows, {"search": "TWO"})]
    ['b/two']
    >>> chosen(rows, {"author": "a", "gated": "true"}), len(chosen(rows, {"limit": "1"}))
    ([], 1)
    """
    if any(query.get(name) for name in _NEVER):
        return []
    found = [row for row in rows if _is_meant(row, query)]
    limit = query.get("limit", "")
    return found[: int(limit)] if limit.isascii() and limit.isdigit() else found


def _is_meant(row: Row, query: Mapping[str, str]) -> bool:
    name = str(row["id"])
    author, gated = query.get("author", ""), query.get("gated", "").lower()
    return (
        query.get("search", "").casefold() in name.casefold()
        and author in ("", name.partition("/")[0])
        and gated in ("", str(bool(row["gated"])).lower())
    )
