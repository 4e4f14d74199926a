# SPDX-License-Identifier: Apache-2.0
"""A gateway's folder is made by whoever starts first, and is one folder for all."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tiergate.gateway.house import House


def test_that_those_who_start_at_once_have_one_key(tmp_path: Path) -> None:
    House(tmp_path / "gateway").close()  # the database, which has a lock of its own
    houses = [House(tmp_path / "gateway") for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        keys = {key.public.key_id for key in threads.map(House.ready, houses)}
    for house in houses:
        house.close()

    assert len(keys) == 1


def test_that_nobody_else_may_read_the_secret_and_the_key(tmp_path: Path) -> None:
    house = House(tmp_path / "gateway")
    house.ready()
    house.close()

    for name in ("secret", "audit.key"):
        assert stat.S_IMODE((tmp_path / "gateway" / name).stat().st_mode) == 0o600
    assert not list((tmp_path / "gateway").glob("tmp*"))


def test_that_nobody_else_on_the_machine_may_look_into_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    house = House(folder)
    house.ready()
    house.close()

    assert stat.S_IMODE(folder.stat().st_mode) & 0o007 == 0
    for name in ("gateway.sqlite", "audit.sqlite"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
