# SPDX-License-Identifier: Apache-2.0
"""Whatever is tried against a running gateway, not one byte of the weights leaves it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.attack_table import CALLERS, FILE, OURS, PATHS, REVISIONS, request
from gateway.attack_table_http import HEADERS, METHODS, POSTS, RANGES, SHAPES
from gateway.raw_http import exchange, replies
from gateway.town import Town, has_weights

GROUPS = {
    "path": PATHS,
    "revision": REVISIONS,
    "caller": CALLERS,
    "method": METHODS,
    "range": RANGES,
    "header": HEADERS,
    "shape": SHAPES,
    "post": POSTS,
}
ATTACKS = {f"{group}: {name}": row for group, rows in GROUPS.items() for name, row in rows.items()}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


def test_that_the_table_is_long_enough() -> None:
    assert len(ATTACKS) >= 80


@pytest.mark.parametrize("name", ATTACKS)
def test_that_no_byte_of_the_weights_leaves_for(name: str, town: Town) -> None:
    sent, expected = ATTACKS[name]
    content = exchange(town.port, town.fill(sent), patience=1.5)
    found = replies(content)

    assert not has_weights(content)
    assert not [reply for reply in found if reply.status in {200, 206} and "etag" in reply.headers]
    statuses, _, code = expected.partition(" ")
    assert str(found[0].status) in statuses.split("|"), content[:300]
    assert not code or found[0].code == code


def test_that_the_same_gateway_gives_the_file_to_the_one_who_may_have_it(town: Town) -> None:
    for line, status in (("X: y", 200), ("Range: bytes=0-", 206)):
        content = exchange(town.port, town.fill(request(FILE, OURS, line)))
        (found,) = replies(content)

        assert has_weights(content)
        assert (found.status, found.body) == (status, town.weights)
