# SPDX-License-Identifier: Apache-2.0
"""What readers do alike where a log leaves out its date, or states a size beyond any run."""

from __future__ import annotations

from datetime import UTC, datetime

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.values import MAX_COUNT

NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a time that a log does not state: older than anything, so never fresh.

The time of the file is no substitute; whoever copies a file changes it.
"""


def no_date(what: str) -> Remark:
    """Make the remark on a log without a date.

    >>> no_date("The file").message
    'The file does not say when the run was; it counts as older than anything.'
    """
    return Remark(
        code="no-date",
        message=f"{what} does not say when the run was; it counts as older than anything.",
    )


def planned_attempts(attempts: int, where: str) -> int:
    """Return the number of attempts that a run set out to make.

    Raises:
        EvidenceError: it is beyond any run.
    """
    if attempts > MAX_COUNT:
        raise EvidenceError(where, f"{attempts} planned attempts", "a number that a run can have")
    return attempts
