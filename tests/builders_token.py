# SPDX-License-Identifier: Apache-2.0
"""A token in software (SoftHSM), for tests of keys that cannot be read."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tiergate.attestation.keys import PrivateKey

PIN = "1234"
_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
MODULE = next((path for path in _MODULES if path.exists()), None)
"""The library of the token; None when SoftHSM is not installed."""
needs_token = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None,
    reason="SoftHSM is not installed (Debian: apt-get install softhsm2): no token to sign with",
)


def new_token(folder: Path) -> Path:
    """Make an empty token called "release" and return its configuration."""
    configuration = folder / "softhsm.conf"
    (folder / "tokens").mkdir()
    configuration.write_text(f"directories.tokendir = {folder}/tokens\n")
    words = ("--init-token", "--free", "--label", "release", "--pin", PIN, "--so-pin", "56789")
    _tool(configuration, *words)
    return configuration


def import_key(folder: Path, number: int, key: PrivateKey) -> None:
    """Put a key into the token of that folder, under an id of one byte."""
    path = folder / "key.pem"
    path.write_bytes(key.to_pem(None))
    where = ("--import", path, "--token", "release", "--pin", PIN)
    _tool(folder / "softhsm.conf", *where, "--label", f"k{number}", "--id", f"{number:02}")
    path.unlink()


def _tool(configuration: Path, *words: object) -> None:
    environment = {**os.environ, "SOFTHSM2_CONF": str(configuration)}
    subprocess.run(
        ["softhsm2-util", *map(str, words)], check=True, capture_output=True, env=environment
    )
