# SPDX-License-Identifier: Apache-2.0
"""Files on disk, hashed for comparison: whatever is in them, well formed or not."""

from __future__ import annotations

from pathlib import Path

from tiergate.model.digest import Counter, HashJob, Progress, hash_files
from tiergate.model.files import found_file, list_files
from tiergate.model.manifest import Manifest, ManifestEntry
from tiergate.model.source import locate


def manifest_at(path: Path, *, on_progress: Progress | None = None) -> Manifest:
    """Return the manifest of a folder or a file, reading every byte and believing no cache.

    Args:
        path: something that exists; nothing is fetched.
        on_progress: told the number of bytes hashed so far.

    Raises:
        CheckpointError: unsafe to read, or changed while it was read.
    """
    place = locate(str(path)).path
    # A damaged file may look like no weights at all; it is to be compared, not refused.
    files = list_files(place) if place.is_dir() else (found_file(place),)
    jobs = [HashJob(path=file.location, label=file.path, state=file.state) for file in files]
    digests = hash_files(jobs, counter=Counter(on_progress))
    return Manifest(
        tuple(
            ManifestEntry(
                path=file.path,
                size_bytes=file.state.size_bytes,
                sha256=digest.sha256,
                role=file.role,
            )
            for file, digest in zip(files, digests, strict=True)
        )
    )
