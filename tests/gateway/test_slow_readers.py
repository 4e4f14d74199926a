# SPDX-License-Identifier: Apache-2.0
"""Many who read the same slowly are asked about together."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.attack_table import request
from gateway.town import GATED, WEIGHTS, Town, a_model
from tiergate.decision.tier import Tier
from tiergate.gateway.delivery import ASK_AGAIN_SECONDS
from tiergate.gateway.guards import Guards, Visit

_LENGTH = 8 * 1024 * 1024
"""More than the system keeps on the way to a slow reader."""
_MANY = 40


def _reader(town: Town, number: int) -> socket.socket:
    """Begin to read slowly, with a token of nobody's that nobody else has."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    found.connect(("127.0.0.1", town.port))
    line = f"Authorization: Bearer hf_nobody{number}"
    found.sendall(request(f"/{GATED}/resolve/main/{WEIGHTS}", line).encode())
    return found


def test_that_for_many_slow_readers_it_is_looked_up_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(folder=tmp_path)
    town.model = a_model(tmp_path / "model", _LENGTH)
    town.release(
        town.publish(name=GATED, of="gated", model=town.model),
        *(Tier.T2, Tier.T4, Tier.T5),
        of="gated",
    )
    looked_up, found = [], Guards.found

    def counted(guards: Guards, visit: Visit) -> Visit:
        looked_up.append(visit)
        return found(guards, visit)

    monkeypatch.setattr(Guards, "found", counted)
    with town.served(), ExitStack() as readers:
        for number in range(_MANY):
            readers.enter_context(_reader(town, number))
        time.sleep(ASK_AGAIN_SECONDS / 2)
        before = len(looked_up)
        time.sleep(2 * ASK_AGAIN_SECONDS)
        count = len(looked_up) - before
    town.house.close()

    assert before == _MANY
    assert 2 <= count < _MANY
