# SPDX-License-Identifier: Apache-2.0
"""Keys as they are named on the command line: files with their passphrase, and devices."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

import click

from tiergate.attestation.device_keys import is_key_uri, open_device_key
from tiergate.attestation.keys import (
    LARGEST_PEM_BYTES,
    RECORD_ALGORITHMS,
    Algorithm,
    PrivateKey,
    PublicKey,
    Signer,
    generate,
    is_encrypted,
    is_private,
    read_private,
    read_public,
)
from tiergate.attestation.new_file import already_there, write_new_file
from tiergate.errors import InputError
from tiergate.evidence.small_file import read_small_file

PIN_VARIABLE = "TIERGATE_KEY_PIN"
PASSPHRASE_VARIABLE = "TIERGATE_KEY_PASSPHRASE"  # noqa: S105 - the name, not what it holds


def read_signing_key(key: str, accepted: tuple[Algorithm, ...] = RECORD_ALGORITHMS) -> Signer:
    """Get a key that signs, with its passphrase or PIN from the environment or typed.

    Args:
        key: path of a file in PEM, or URI of a key on a device.
        accepted: what it may sign with.

    Raises:
        InputError: no such key, or the passphrase is not its own.
        ExtensionError: an extra is missing, or the device cannot be reached.
    """
    if is_key_uri(key):
        return open_device_key(key, _pin, accepted)
    return _private(_pem(Path(key)), Path(key), accepted)


def read_verifying_key(key: str, accepted: tuple[Algorithm, ...] = RECORD_ALGORITHMS) -> PublicKey:
    """Read a public key, or the public half of a private one.

    Raises:
        InputError: no such key.
        ExtensionError: an extra is missing, or the device cannot be reached.
    """
    if is_key_uri(key):
        return open_device_key(key, _pin, accepted).public
    path, pem = Path(key), _pem(Path(key))
    if is_private(pem):
        return _private(pem, path, accepted).public
    return read_public(pem, key, accepted)


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


def _private(pem: bytes, path: Path, accepted: tuple[Algorithm, ...]) -> PrivateKey:
    passphrase = ""
    if is_encrypted(pem):
        passphrase = os.environ.get(PASSPHRASE_VARIABLE) or _typed(f"Passphrase of {path}")
    return read_private(pem, str(path), passphrase.encode(), accepted)


@functools.cache
def _pin(secret: str) -> str:
    """Return the PIN of a device, asked for once."""
    return os.environ.get(PIN_VARIABLE) or _typed(f"Secret of the device ({secret})")


def _typed(words: str, *, twice: bool = False) -> str:
    if not sys.stdin.isatty():
        return ""
    return str(click.prompt(words, hide_input=True, confirmation_prompt=twice, err=True))


def _pem(path: Path) -> bytes:
    try:
        return read_small_file(path, LARGEST_PEM_BYTES)
    except OSError as error:
        raise InputError(str(path), f"no key ({error.strerror})", "a key in PEM") from None
