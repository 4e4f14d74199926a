# SPDX-License-Identifier: Apache-2.0
"""Reading a small file that somebody named: a regular file, and not more than it may hold."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from tiergate.errors import InputError


def read_small_file(path: Path, most_bytes: int) -> bytes:
    """Return the bytes of ``path``.

    Raises:
        InputError: it is no regular file, or holds more than ``most_bytes``.
        OSError: it cannot be opened or read.
    """
    # Without waiting: a FIFO would otherwise hold the program until somebody writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        # Said here, because fdopen would name the descriptor in place of the path.
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError(str(path), "no regular file", "a file")
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise InputError(str(path), f"more than {most_bytes} bytes", "a smaller file")
    return data
