# SPDX-License-Identifier: Apache-2.0
"""Progress on a terminal; silence elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tiergate.model.cache import DigestCache
from tiergate.model.digest import Progress

_QUIET_BYTES = 256 * 1024 * 1024


@contextmanager
def hashing() -> Iterator[Progress | None]:
    """Show bytes hashed and their speed on a terminal; give None elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress as rich_progress
    from rich.console import Console

    columns = (
        rich_progress.TextColumn("hashing"),
        rich_progress.DownloadColumn(),
        rich_progress.TransferSpeedColumn(),
    )
    bar = rich_progress.Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("hashing", total=None)
    started = False

    def on_progress(done: int, /) -> None:
        nonlocal started
        if done > _QUIET_BYTES and not started:
            started = True
            bar.start()
        bar.update(task, completed=done)

    try:
        yield on_progress
    finally:
        bar.stop()


@contextmanager
def sending(total_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show bytes sent, their speed and what is left on a terminal; nothing elsewhere.

    Args:
        total_bytes: how many there are.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress as rich_progress
    from rich.console import Console

    columns = (
        rich_progress.TextColumn("sending"),
        rich_progress.BarColumn(),
        rich_progress.DownloadColumn(),
        rich_progress.TransferSpeedColumn(),
        rich_progress.TimeRemainingColumn(),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("sending", total=total_bytes)
        yield lambda count: bar.update(task, advance=count)


def user_cache() -> DigestCache:
    """Return the digest cache in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return DigestCache(Path(base) / "tiergate")
