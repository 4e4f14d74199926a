# SPDX-License-Identifier: Apache-2.0
"""Writing a file over an earlier one: all of it, or the earlier one stays."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_MODE = 0o666
"""What a new file may be used for, before the user's mask takes its part."""


def replace_file(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in UTF-8, in place of what is there.

    Half a page can look like a whole one, so a full disk leaves what was there, or nothing. What
    is no file, such as ``/dev/stdout``, is written to as it is.

    Raises:
        OSError: the folder does not take it; the error names ``path``.
    """
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    target = path.resolve()
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).chmod(_mode(target))
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _mode(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return _MODE & ~mask
