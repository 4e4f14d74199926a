# SPDX-License-Identifier: Apache-2.0
"""How long an answer takes does not say whether a hidden model is there.

The two kinds are asked for in turn, so that a busy machine slows both alike, and compared by how
often the one is slower than the other: half of the times when nothing can be told.
"""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Iterator, Sequence

import pytest
from scipy.stats import mannwhitneyu

from gateway.town import ABSENT, HIDDEN, Town

PAIRS = 300
MOST_OFTEN = 0.6
"""Of all pairs in which one kind is slower than the other."""
_EACH = ("/{0}/resolve/main/model.safetensors", "/api/models/{0}", "/{0}")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


def share_slower(first: Sequence[float], second: Sequence[float]) -> float:
    """Return in what share of pairs the first is slower.

    >>> float(share_slower([2.0, 3.0], [1.0, 1.0])), float(share_slower([1.0], [1.0]))
    (1.0, 0.5)
    """
    return float(mannwhitneyu(first, second).statistic) / (len(first) * len(second))


def _seconds(connection: http.client.HTTPConnection, path: str, token: str) -> float:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    begun = time.perf_counter()
    connection.request("GET", path, headers=headers)
    connection.getresponse().read()
    return time.perf_counter() - begun


@pytest.mark.slow
@pytest.mark.parametrize("path", _EACH)
@pytest.mark.parametrize("who", ["", "nora"])
def test_that_absent_and_hidden_take_equally_long(town: Town, path: str, who: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", town.port, timeout=20)
    token = town.tokens.get(who, "")
    taken: dict[str, list[float]] = {HIDDEN: [], ABSENT: []}
    order = [HIDDEN, ABSENT]
    for _ in range(PAIRS):
        random.shuffle(order)
        for name in order:
            taken[name].append(_seconds(connection, path.format(name), token))
    connection.close()

    assert 1 - MOST_OFTEN < share_slower(taken[HIDDEN], taken[ABSENT]) < MOST_OFTEN


def test_that_a_difference_would_be_seen() -> None:
    chance = random.Random(1)  # noqa: S311 - noise
    quick = [0.001 + chance.gauss(0, 0.0002) for _ in range(PAIRS)]
    slow = [0.0012 + chance.gauss(0, 0.0002) for _ in range(PAIRS)]

    assert share_slower(slow, quick) > MOST_OFTEN
