# SPDX-License-Identifier: Apache-2.0
"""Threads for what can take long, apart from those in which everybody is checked.

Whether somebody may have a file is found out in the threads of the loop itself. A disk or a
bucket that hangs must not take these: nobody could be asked then, and every download would end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

_Found = TypeVar("_Found")


class Threads:
    """Threads of one kind, which are begun when they are needed."""

    def __init__(self, name: str, most: int) -> None:
        self._threads = ThreadPoolExecutor(most, name)

    async def run(self, work: Callable[..., _Found], *what: object) -> _Found:
        """Return what comes of something that is done in one of them."""
        work = partial(work, *what)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


READING = Threads("reading", 64)
"""Where files are read for those who download: each waits for its disk or bucket."""
PUBLISHING = Threads("publishing", 16)
"""Where contents are made durable and revisions are made, which takes minutes."""
