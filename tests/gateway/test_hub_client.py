# SPDX-License-Identifier: Apache-2.0
"""The client of the Hub that is installed here, unmodified, in a process of its own.

``make foreign`` tells the same stories, and more, to other releases of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from gateway.client_log import golden, requests_of
from gateway.client_stories import CHANGING, READING
from gateway.clients import Client, Watched

CLIENT = Client(interpreter=Path(sys.executable))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    found = Watched(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


@pytest.mark.parametrize("story", READING)
def test_that_unmodified_clients_see_that(story: str, town: Watched) -> None:
    READING[story](CLIENT, town)


@pytest.mark.parametrize(
    "story", ["a_request_goes_its_way", "a_freeze_stops_the_second_of_two_calls"]
)
def test_that_unmodified_clients_find_that(story: str, tmp_path: Path) -> None:
    site = Watched(folder=tmp_path)
    CHANGING[story](CLIENT, site)
    site.house.close()


def test_that_the_client_asks_for_what_it_always_did(town: Watched) -> None:
    table = golden()
    assert huggingface_hub.__version__ in table, "record what this release asks for, and look at it"
    assert requests_of(CLIENT, town) == table[huggingface_hub.__version__]
