# SPDX-License-Identifier: Apache-2.0
"""Work that other cores can share, with its results in the order of what was given."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

RUN = 128
"""Number of items that a thread is given at a time; fewer than two runs take no thread."""
_MOST_THREADS = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(work: Callable[[Sequence[Item]], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield what ``work`` makes of every run of items.

    It helps where ``work`` waits or computes outside of the interpreter, as for signatures.
    Items are taken in this thread, and not many more than are worked on.

    Args:
        work: called with one to ``RUN`` items; what it raises is passed on in its turn.
        items: taken one after the other.
    """
    runs = _runs(iter(items))
    start = list(itertools.islice(runs, 2))
    if len(start) < 2:
        yield from map(work, start)
        return
    # Not every system can tell how many of its cores this process may use.
    allowed = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    threads = min(len(allowed), _MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        waiting = deque[Future[Result]]()
        try:
            for run in itertools.chain(start, runs):
                waiting.append(pool.submit(work, run))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _runs(items: Iterator[Item]) -> Iterator[Sequence[Item]]:
    while run := tuple(itertools.islice(items, RUN)):
        yield run
