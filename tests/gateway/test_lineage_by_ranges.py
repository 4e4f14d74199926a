# SPDX-License-Identifier: Apache-2.0
"""A model that the gateway serves is looked at by ranges, like one of any other hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.clients import Watched
from gateway.town import HIDDEN, OPEN
from tiergate.errors import CheckpointError
from tiergate.model.lineage.opened import open_local
from tiergate.model.lineage.remote import open_remote
from tiergate.model.lineage.sketch import draw
from tiergate.model.source import locate


def test_the_sketch_of_an_open_model_is_that_of_its_files(tmp_path: Path) -> None:
    town = Watched(folder=tmp_path)
    town.settle()

    with town.served() as url:
        remote = draw(open_remote(OPEN, endpoint=url))
        with pytest.raises(CheckpointError, match="no such model"):
            open_remote(HIDDEN, endpoint=url)
    town.house.close()

    local = draw(open_local(locate(str(town.model))), with_digests=False)
    assert [(m.name, m.sample) for m in local.matrices] == [
        (m.name, m.sample) for m in remote.matrices
    ]
    assert [t.name for t in local.tensors] == [t.name for t in remote.tensors]
    assert OPEN == remote.name
