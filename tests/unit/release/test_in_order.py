# SPDX-License-Identifier: Apache-2.0
"""Work that is shared by threads comes back in its order, with what went wrong in its turn."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence

import pytest

from tiergate.release.in_order import RUN, in_order


def _sum(run: Sequence[int]) -> tuple[int, int]:
    return len(run), sum(run)


@pytest.mark.parametrize("count", [0, 1, RUN - 1, RUN, RUN + 1, 2 * RUN, 40 * RUN + 3])
def test_every_item_is_worked_on_once_and_in_order(count: int) -> None:
    found = list(in_order(tuple, iter(range(count))))

    assert list(itertools.chain.from_iterable(found)) == list(range(count))
    assert all(1 <= len(run) <= RUN for run in found)


def test_few_items_take_no_thread() -> None:
    names = list(in_order(lambda _: threading.current_thread().name, range(RUN)))
    others = set(in_order(lambda _: threading.current_thread().name, range(RUN + 1)))

    assert names == [threading.current_thread().name]
    assert threading.current_thread().name not in others


def test_what_goes_wrong_is_said_in_its_turn() -> None:
    def work(run: Sequence[int]) -> int:
        if 5 * RUN in run:
            raise ValueError("here")
        return run[0]

    results = in_order(work, range(30 * RUN))

    assert [next(results) for _ in range(5)] == [n * RUN for n in range(5)]
    with pytest.raises(ValueError, match="here"):
        next(results)


def test_whoever_stops_early_leaves_the_rest_untaken() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(1_000 * RUN):
            taken = number
            yield number

    results = in_order(_sum, items())
    assert next(results) == (RUN, sum(range(RUN)))
    results.close()  # type: ignore[attr-defined]

    assert taken < 100 * RUN
