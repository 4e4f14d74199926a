# SPDX-License-Identifier: Apache-2.0
"""A copy of a gateway's folder, taken while it runs.

What refers to something is copied before what it refers to, so that nothing in a copy points at
what came later: heads before the log that they are about, databases before the files that they
name. Files are never changed once they are there, so that a later copy takes only new ones.

A copy begins with everything stopped: what was revoked, stopped or erased after it was taken is
not in it, and whoever goes on with it has to make up for that first.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from tiergate.errors import InputError
from tiergate.gateway.database import Database
from tiergate.gateway.stops import EVERYTHING, Stops

LEDGER = Path("releases") / "ledger.sqlite"
"""Of releases, where a gateway keeps it itself."""
TRUST = Path("releases") / "trust.yaml"
DATABASES = ("audit.sqlite", str(LEDGER), "gateway.sqlite")
HEADS = ("audit.sqlite.heads", "audit.heads", f"{LEDGER}.heads")
SECRETS = ("secret", "audit.key")
OBJECTS = Path("objects") / "sha256"


def back_up(folder: Path, copy: Path, at: datetime) -> int:
    """Copy a gateway into a folder, which is a gateway then, with everything stopped.

    Args:
        folder: of the gateway; it may be serving.
        copy: where to; an earlier copy is brought up to date.
        at: the time.

    Returns:
        How many files of models were copied, those that an earlier copy had left out.

    Raises:
        InputError: there is no gateway, or the copy would be within it, or something else is
            where it would be.
        OSError: something cannot be read or written; the copy is not to be used then.
    """
    if not (folder / "secret").exists():
        raise InputError(str(folder), "no gateway", "the folder of one")
    if copy.resolve().is_relative_to(folder.resolve()):
        raise InputError(str(copy), "a folder within the gateway", "one outside of it")
    _refuse_other(folder, copy)
    copy.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (*SECRETS, TRUST):
        _copy_private(folder / name, copy / name)
    for name in HEADS:
        _copy_new(folder / name, copy / name)
    for name in DATABASES:
        _copy_database(folder / name, copy / name, at)
    return _copy_new(folder / OBJECTS, copy / OBJECTS)


def _refuse_other(folder: Path, copy: Path) -> None:
    """Refuse to write over what is no copy of this gateway."""
    if not copy.exists() or not any(copy.iterdir()):
        return
    secret = copy / "secret"
    if not secret.is_file():
        raise InputError(str(copy), "a folder with other files", "an empty one, or none")
    if secret.read_bytes() != (folder / "secret").read_bytes():
        raise InputError(str(copy), "another gateway, or a copy of one", "a copy of this one")


def _copy_private(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(source.read_bytes())


def _copy_database(source: Path, target: Path, at: datetime) -> None:
    """Copy a database as it is at one moment; one on a server has a program of its own for it."""
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f"{target.name}.part")
    staged.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(staged)) as new,
    ):
        old.backup(new)
    if target.name == "gateway.sqlite":
        _stop_everything(staged, at)
    staged.chmod(0o600)
    staged.replace(target)


def _stop_everything(place: Path, at: datetime) -> None:
    """Let nothing leave a copy that is served, until somebody says so."""
    database = Database(f"sqlite:///{place}")
    try:
        reason = f"A copy of {at:%Y-%m-%d %H:%M} UTC: what was revoked since is not in it."
        Stops(database).stop(EVERYTHING, by="", reason=reason, at=at)
    finally:
        database.close()


def _copy_new(source: Path, target: Path) -> int:
    """Copy the files that are not there yet, each under another name until it is whole."""
    count = 0
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir() or place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        staged = place.with_name(f"{place.name}.part")
        shutil.copy2(path, staged)
        staged.replace(place)
        count += 1
    return count
