# SPDX-License-Identifier: Apache-2.0
"""Model signatures in files: what ``tiergate model-signature`` reads and writes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.attestation.bundle import LARGEST_BYTES
from tiergate.attestation.envelope import sign
from tiergate.attestation.keys import Signer
from tiergate.attestation.new_file import already_there, write_new_file
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.cli import progress
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.small_file import read_small_file
from tiergate.model.digest import sha256_digest
from tiergate.model.files import role_by_name
from tiergate.model.manifest import Manifest, ManifestEntry
from tiergate.model.signature_bundle import (
    ModelSignature,
    read_model_signature,
    write_model_signature,
)
from tiergate.model.signature_files import sign_files

if TYPE_CHECKING:
    from cryptography import x509


def signature_at(path: Path) -> ModelSignature:
    """Read a model signature. Nothing about it is known to be true afterwards.

    Raises:
        InputError: there is no such file.
        VerificationError: it is no model signature.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise VerificationError(str(path), f"{size} bytes", f"at most {LARGEST_BYTES}")
        data = read_small_file(path, LARGEST_BYTES)
    except OSError as error:
        found = f"no file ({error.strerror})"
        raise InputError(str(path), found, "a model signature") from None
    return read_model_signature(data, str(path))


def certificates_at(paths: Iterable[Path]) -> tuple[x509.Certificate, ...]:
    """Read every certificate of these files.

    Raises:
        InputError: a file is not there, or holds none.
    """
    # Slow to load, and not needed for bare keys.
    from tiergate.attestation.certificates import LARGEST_PEM_BYTES, read_pem_certificates

    found: list[x509.Certificate] = []
    for path in paths:
        try:
            data = read_small_file(path, LARGEST_PEM_BYTES)
        except OSError as error:
            problem = f"no file ({error.strerror})"
            raise InputError(str(path), problem, "certificates in PEM") from None
        found += read_pem_certificates(data, str(path))
    return tuple(found)


def place_within(model: Path, file: Path) -> tuple[str, ...]:
    """Return where within a model a file is, as a path to leave out; nothing when it is not."""
    place, wanted = model.resolve(), file.resolve()
    if not model.is_dir() or not wanted.is_relative_to(place):
        return ()
    return (wanted.relative_to(place).as_posix(),)


def write_signature(  # noqa: PLR0913 - what is signed, with what, and where it goes
    model: Path,
    target: Path,
    signer: Signer,
    *,
    chain: tuple[x509.Certificate, ...],
    ignored: tuple[str, ...],
    allow_symlinks: bool,
) -> tuple[ModelSignature, str]:
    """Sign a model and write the signature; return it, and the root digest with it in place.

    Raises:
        InputError: something is at ``target``, or the certificate is of another key.
        CheckpointError: the model cannot be signed.
        OSError: the folder does not take the file.
    """
    if os.path.lexists(target):
        raise already_there(target)
    _check_chain(chain, signer)
    inside = place_within(model, target)
    with progress.hashing() as on_progress:
        made, manifest = sign_files(
            model,
            ignored=(*ignored, *inside),
            allow_symlinks=allow_symlinks,
            on_progress=on_progress,
        )
    envelope = sign(made.to_statement().to_bytes(), PAYLOAD_TYPE, signer)
    data = write_model_signature(envelope, signer.public, chain)
    # Read as any verifier will, before anybody gets it.
    written = read_model_signature(data, str(target))
    write_new_file(target, data)
    return written, _with(manifest, inside, data).root_digest


def _check_chain(chain: tuple[x509.Certificate, ...], signer: Signer) -> None:
    if not chain:
        return
    from tiergate.attestation.certificates import key_of

    if key_of(chain[0], "--certificate").key_id != signer.public.key_id:
        raise InputError("--certificate", "a certificate of another key", "one of the key of --key")


def _with(manifest: Manifest, names: Iterable[str], data: bytes) -> Manifest:
    added = tuple(
        ManifestEntry(
            path=name,
            size_bytes=len(data),
            sha256=sha256_digest(data),
            role=role_by_name(name)[0],
        )
        for name in names
    )
    return Manifest((*manifest.entries, *added))
