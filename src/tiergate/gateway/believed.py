# SPDX-License-Identifier: Apache-2.0
"""Whose events count, from a trust file that may change while the gateway runs.

A key that is taken out of the file is believed no more within the second, like a freeze; what
cannot be read makes nobody believed.
"""

from __future__ import annotations

import os
from pathlib import Path

from tiergate.attestation.trust import Role, Trust
from tiergate.release.trust_file import load_trust

NOBODY = Trust(digest="", keys=(), needed=(Role.RELEASE_OWNER,))
"""What is believed where there is no trust file: nothing."""


class TrustFile:
    """A trust file, read anew when it has changed."""

    def __init__(self, path: Path, *, may_be_absent: bool = False) -> None:
        """Watch a file.

        Args:
            path: the file.
            may_be_absent: whether nobody is believed while it is not there; it is a mistake
                otherwise.
        """
        self._path = path
        self._may_be_absent = may_be_absent
        self._seen: tuple[int, ...] = ()
        self._trust = NOBODY

    def read(self) -> Trust:
        """Return whose events count now.

        Raises:
            MistakesError: it is not there, or has mistakes.
            OSError: it cannot be looked at.
        """
        try:
            seen = _stamp(self._path.stat())
        except FileNotFoundError:
            self._seen = ()
            if self._may_be_absent:
                return NOBODY
            return load_trust(self._path)
        if seen != self._seen:
            self._trust = load_trust(self._path)
            self._seen = seen
        return self._trust


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
