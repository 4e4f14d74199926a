# SPDX-License-Identifier: Apache-2.0
"""Rows and findings as JSON texts, for a state that is kept between runs."""

from __future__ import annotations

import msgspec

from tiergate.landscape.watch.findings import Finding
from tiergate.landscape.watch.row import Row


def text_of_row(row: Row) -> str:
    """Write a row as one line; equal rows give equal texts."""
    return msgspec.json.encode(row).decode()


def row_of_text(text: str) -> Row:
    """Read a row.

    Raises:
        ValueError: it is none.
    """
    return msgspec.json.decode(text, type=Row)


def text_of_finding(finding: Finding) -> str:
    """Write a finding as one line."""
    return msgspec.json.encode(finding).decode()


def finding_of_text(text: str) -> Finding:
    """Read a finding.

    Raises:
        ValueError: it is none.
    """
    return msgspec.json.decode(text, type=Finding)
