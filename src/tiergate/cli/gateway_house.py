# SPDX-License-Identifier: Apache-2.0
"""Opening the folder of a gateway from the command line."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.errors import ExtensionError, InputError

if TYPE_CHECKING:
    from tiergate.gateway.house import House

_PACKAGES = ("starlette", "uvicorn", "sqlalchemy", "argon2", "joserfc")


def open_house(
    folder: str, database: str = "", objects: str = "", *, may_be_new: bool = False
) -> House:
    """Open the folder of a gateway.

    Args:
        folder: the folder.
        database: address of its database; empty for what the environment says.
        objects: address of the bucket of its files; empty for what the environment says.
        may_be_new: whether it is made when it is not there, which is said.

    Raises:
        ExtensionError: the packages of the gateway are missing.
        InputError: there is no gateway.
        OSError: something cannot be written, or does not answer.
    """
    require_extra()
    from tiergate.gateway.house import House

    is_new = not (Path(folder) / "secret").is_file()
    if is_new and not may_be_new:
        remedy = f"A new one begins with: tiergate serve {folder}"
        raise InputError(folder, "no gateway", "the folder of one", remedy)
    if is_new:
        click.echo(f"A new gateway in {folder}", err=True)
    return House(
        Path(folder),
        database or os.environ.get("TIERGATE_DATABASE_URL", ""),
        objects or os.environ.get("TIERGATE_OBJECTS", ""),
    )


def require_extra() -> None:
    """Refuse to go on without the packages of the gateway.

    Raises:
        ExtensionError: they are missing.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise ExtensionError(
            "tiergate serve",
            f"no {' and no '.join(missing)}",
            "the extra tiergate[gateway]",
            "Install it: pip install 'tiergate[gateway]'",
        )
