# SPDX-License-Identifier: Apache-2.0
"""Digests of files that were not touched since they were hashed.

Saves re-reading terabytes after an edit of the card. A file system can be lied to about
times, so a cached digest is a convenience: signing and publishing never pass a cache, and
``identify`` uses none unless it is given one.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.model.digest import FileDigests, HashJob

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
"""Version of the cache file; another one is ignored."""
FILE_NAME = "digests.json"
"""Name of the cache file within the folder of the caller."""


class DigestCache:
    """Remembers digests by absolute path, size, times, inode and device.

    A cache file that is missing, broken or of another version counts as empty.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME
        self._rows: dict[str, dict[str, object]] = _load(self._file)
        self._is_changed = False

    def get(self, job: HashJob) -> FileDigests | None:
        """Return the digests of an untouched file, or None when any of them is not known."""
        row = self._rows.get(str(job.path))
        if row is None or job.state is None or row.get("state") != asdict(job.state):
            return None
        whole, known = row.get("sha256"), row.get("sections")
        if not isinstance(whole, str) or not isinstance(known, dict):
            return None
        sections = [known.get(f"{start}-{end}") for start, end in job.sections]
        digests = tuple(digest for digest in sections if isinstance(digest, str))
        if len(digests) != len(sections):
            return None
        return FileDigests(sha256=whole, sections=digests)

    def put(self, job: HashJob, digests: FileDigests) -> None:
        """Remember the digests of a file; a job without a state cannot be remembered."""
        if job.state is None:
            return
        self._is_changed = True
        names = (f"{start}-{end}" for start, end in job.sections)
        self._rows[str(job.path)] = {
            "state": asdict(job.state),
            "sha256": digests.sha256,
            "sections": dict(zip(names, digests.sections, strict=True)),
        }

    def save(self) -> None:
        """Write what is new, in one step; a folder that cannot be written is no error."""
        if not self._is_changed:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=FILE_NAME)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump({"version": VERSION, "files": self._rows}, stream)
            Path(name).replace(self._file)
        except OSError:
            return


def _load(file: Path) -> dict[str, dict[str, object]]:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(document, dict) or document.get("version") != VERSION:
        return {}
    rows: Mapping[str, object] = document.get("files") or {}
    if not isinstance(rows, dict):
        return {}
    return {path: row for path, row in rows.items() if isinstance(row, dict)}
