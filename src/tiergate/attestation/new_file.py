# SPDX-License-Identifier: Apache-2.0
"""Writing a file that was not there before: whole or not at all, and never over another."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tiergate.errors import InputError

_OPEN_FILES = Path("/proc/self/fd")
"""Where Linux has the open files of a process, those without a name too."""


def write_new_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path`` and make sure that it is on the disk.

    The bytes get their name when they are complete. Where the system has files without a name,
    a program that is killed in between leaves nothing behind; elsewhere it leaves at most a
    file of another name (``.part-...``) that only the user can read.

    Raises:
        InputError: something is there already; it is left as it is.
        OSError: the folder does not take it.
    """
    with _file_to_name(path.parent) as (descriptor, source):
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        _name(source, path)
    _sync(path.parent)


def already_there(path: Path) -> InputError:
    """Make the error for a path at which nothing may be written over."""
    remedy = "Choose another path: nothing is written over."
    return InputError(str(path), "something that is there already", "a new file", remedy)


@contextlib.contextmanager
def _file_to_name(folder: Path) -> Iterator[tuple[int, Path]]:
    """Open a file that is to get a name; yield it, and the path that a link can be made from."""
    descriptor, temporary = _without_a_name(folder), None
    if descriptor is None:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".part-")
        temporary = Path(name)
    try:
        yield descriptor, temporary or _OPEN_FILES / str(descriptor)
    finally:
        os.close(descriptor)
        if temporary is not None:
            temporary.unlink()


def _without_a_name(folder: Path) -> int | None:
    """Open a file without a name; None where the system or the file system has none."""
    flag: int | None = getattr(os, "O_TMPFILE", None)
    if flag is None or not _OPEN_FILES.exists():
        return None
    try:
        return os.open(folder, flag | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError:
        # Should the folder be the reason, the other way fails too and says why.
        return None


def _name(source: Path, path: Path) -> None:
    """Give a file its name; a link fails where a rename would replace what is there."""
    folder = _opened(path.parent)
    try:
        # With a folder given, the system follows the link that /proc shows for an open file.
        os.link(source, path.name, dst_dir_fd=folder, follow_symlinks=True)
    except FileExistsError:
        raise already_there(path) from None
    finally:
        os.close(folder)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _sync(folder: Path) -> None:
    descriptor = _opened(folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
