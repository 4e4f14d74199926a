# SPDX-License-Identifier: Apache-2.0
"""Writing a file that was not there before: whole or not at all, and never over another."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tiergate.errors import InputError


def write_new_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path`` and make sure that it is on the disk.

    The bytes go to a file of their own that only the user can read, and get their name when
    they are complete: a program killed in between leaves nothing under ``path``.

    Raises:
        InputError: something is there already; it is left as it is.
        OSError: the folder does not take it.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where a rename would replace what is there.
        os.link(temporary, path)
    except FileExistsError:
        raise already_there(path) from None
    finally:
        Path(temporary).unlink()
    _sync(path.parent)


def already_there(path: Path) -> InputError:
    """Make the error for a path at which nothing may be written over."""
    remedy = "Choose another path: nothing is written over."
    return InputError(str(path), "something that is there already", "a new file", remedy)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
