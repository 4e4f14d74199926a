# SPDX-License-Identifier: Apache-2.0
"""Keys in files: reading them with their passphrase, and writing new ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from tiergate.attestation.keys import (
    LARGEST_PEM_BYTES,
    Algorithm,
    PrivateKey,
    PublicKey,
    generate,
    is_encrypted,
    is_private,
    read_private,
    read_public,
)
from tiergate.attestation.new_file import already_there, write_new_file
from tiergate.errors import InputError
from tiergate.evidence.small_file import read_small_file

PASSPHRASE_VARIABLE = "TIERGATE_KEY_PASSPHRASE"  # noqa: S105 - the name, not what it holds


def read_signing_key(path: Path) -> PrivateKey:
    """Read a private key, with its passphrase from the environment or typed.

    Raises:
        InputError: no such key, or the passphrase is not its own.
    """
    return _private(_pem(path), path)


def read_verifying_key(path: Path) -> PublicKey:
    """Read a public key, or the public half of a private one.

    Raises:
        InputError: no such key.
    """
    pem = _pem(path)
    return _private(pem, path).public if is_private(pem) else read_public(pem, str(path))


def write_new_key(path: Path, algorithm: Algorithm, passphrase: bytes | None) -> PublicKey:
    """Make a key and write both halves, the private one for its owner alone.

    Raises:
        InputError: one of the files is there already; nothing is written then.
    """
    public_path = public_path_of(path)
    for wanted in (path, public_path):
        if os.path.lexists(wanted):
            raise already_there(wanted)
    made = generate(algorithm)
    write_new_file(path, made.to_pem(passphrase), mode=0o600)
    write_new_file(public_path, made.public.pem.encode())
    return made.public


def public_path_of(path: Path) -> Path:
    """Return where the public half goes: ``.pub`` in place of ``.key``, else after the name."""
    return path.with_suffix(".pub") if path.suffix == ".key" else Path(f"{path}.pub")


def new_passphrase(*, without: bool) -> bytes | None:
    """Return the passphrase of a new key; None when it is to have none.

    Raises:
        InputError: there is nobody to ask and nothing in the environment.
    """
    if without:
        return None
    given = os.environ.get(PASSPHRASE_VARIABLE) or _typed("Passphrase for the new key", twice=True)
    if not given:
        raise InputError(
            "passphrase",
            "none",
            "one that protects the new key",
            f"Set {PASSPHRASE_VARIABLE}, run where it can be typed, or give"
            " --unsafe-no-passphrase.",
        )
    return given.encode()


def _private(pem: bytes, path: Path) -> PrivateKey:
    passphrase = ""
    if is_encrypted(pem):
        passphrase = os.environ.get(PASSPHRASE_VARIABLE) or _typed(f"Passphrase of {path}")
    return read_private(pem, str(path), passphrase.encode())


def _typed(words: str, *, twice: bool = False) -> str:
    if not sys.stdin.isatty():
        return ""
    return str(click.prompt(words, hide_input=True, confirmation_prompt=twice, err=True))


def _pem(path: Path) -> bytes:
    try:
        return read_small_file(path, LARGEST_PEM_BYTES)
    except OSError as error:
        raise InputError(str(path), f"no key ({error.strerror})", "a key in PEM") from None
