# SPDX-License-Identifier: Apache-2.0
"""Records and decisions in files: what ``sign``, ``verify`` and ``replay`` are given."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from tiergate.attestation.bundle import LARGEST_BYTES, MEDIA_TYPE, read_bundle, write_bundle
from tiergate.attestation.envelope import Envelope, also_signed, sign
from tiergate.attestation.keys import Signer
from tiergate.attestation.new_file import already_there, write_new_file
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.attestation.strict_json import read_object
from tiergate.cli.json_documents import CheckDocument, CheckpointPart
from tiergate.errors import InputError
from tiergate.evidence.small_file import read_small_file
from tiergate.evidence.store import FOLDER_NAME
from tiergate.model.digest import sha256_digest
from tiergate.release.derived import DERIVED
from tiergate.release.record import Record, make_record, read_record
from tiergate.release.record_document import RecordedCheckpoint

CHECK_FORMAT = "tiergate-check/1"
_LONGEST_TOKEN = 64 * 1024
_EXPECTED = "what tiergate check --json printed, or a record"


def record_at(path: Path) -> Record:
    """Read a record. Nothing about its signatures is known afterwards.

    Raises:
        InputError: there is no such file, or it is no bundle.
        VerificationError: it is one, and holds no record or something ambiguous.
    """
    data = _bytes(path)
    if read_object(data, str(path)).get("format") == CHECK_FORMAT:
        remedy = f"Sign it first: tiergate sign {shlex.quote(str(path))} --key KEY --output RECORD"
        raise InputError(str(path), "a decision that nobody signed", "a record", remedy)
    return record_of(data, str(path))


def record_of(data: bytes, where: str) -> Record:
    """Read the bytes of a record; see ``record_at``."""
    return read_record(read_bundle(data, where, identities=True), where)


def token_at(path: Path) -> str:
    """Read the token of an identity.

    Raises:
        InputError: there is none.
    """
    expected = "the token that an identity provider gave"
    try:
        token = read_small_file(path, _LONGEST_TOKEN).decode("ascii").strip()
    except OSError as error:
        raise InputError(str(path), f"no file ({error.strerror})", expected) from None
    except UnicodeDecodeError:
        token = ""
    if not token:
        raise InputError(str(path), "no token", expected)
    return token


def statement_at(path: Path, *, at: datetime) -> bytes:
    """Return the statement of a record of the decision in a file, for somebody to sign.

    Raises:
        InputError: it is no decision, or one that nobody should sign.
    """
    check = check_document(read_object(_bytes(path), str(path)), str(path))
    part = recorded_checkpoint(check, str(path))
    return make_record(part, check.decision, check.inputs, made_at=at).to_bytes()


def signed_envelope(path: Path, signer: Signer, *, at: datetime) -> Envelope:
    """Sign the decision in a file, or add a signature to the record in it.

    Raises:
        InputError: it is neither, or a decision that nobody should sign.
        VerificationError: it is a record that holds something ambiguous.
    """
    data = _bytes(path)
    document = read_object(data, str(path))
    if document.get("mediaType") == MEDIA_TYPE:
        known = read_bundle(data, str(path), identities=True)
        read_record(known, str(path))
        return also_signed(known, signer)
    check = check_document(document, str(path))
    part = recorded_checkpoint(check, str(path))
    statement = make_record(part, check.decision, check.inputs, made_at=at)
    return sign(statement.to_bytes(), PAYLOAD_TYPE, signer)


def decision_or_record_at(path: Path) -> CheckDocument | Record:
    """Read a decision, or a record of one. Nothing about its signatures is known afterwards.

    Raises:
        InputError: there is no such file, or it is neither.
        VerificationError: it is a record that holds something ambiguous.
    """
    data = _bytes(path)
    document = read_object(data, str(path))
    if document.get("mediaType") == MEDIA_TYPE:
        return read_record(read_bundle(data, str(path)), str(path))
    return check_document(document, str(path))


def check_document(document: Mapping[str, object], where: str) -> CheckDocument:
    """Read what ``tiergate check --json`` printed.

    Raises:
        InputError: it is something else.
    """
    if document.get("format") != CHECK_FORMAT:
        found = f"format {str(document.get('format', 'none'))[:60]!r}"
        raise InputError(where, found, _EXPECTED)
    try:
        return CheckDocument.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{where}: {place}", first["msg"], _EXPECTED) from None


def refuse_existing(target: Path, kinds: Iterable[str]) -> None:
    """Refuse to begin when one of the files to be written is there.

    Raises:
        InputError: it is; nothing is written over.
    """
    for wanted in (target, *(_beside(target, kind) for kind in kinds)):
        if os.path.lexists(wanted):
            raise already_there(wanted)


def _refuse_within(checkpoint: RecordedCheckpoint, target: Path) -> None:
    """Refuse a place among the files of a checkpoint: the record would not hold any more there.

    A checkpoint of one file may have anything beside it.

    Raises:
        InputError: every file of the checkpoint is in a folder above ``target``.
    """
    sizes = {entry.path: entry.size_bytes for entry in checkpoint.files}
    wanted = target.resolve()
    for folder in wanted.parents if len(sizes) > 1 else ():
        is_store = wanted.is_relative_to(folder / FOLDER_NAME)
        if not is_store and all(_has(folder / name, size) for name, size in sizes.items()):
            raise InputError(
                str(target),
                "a place within the checkpoint",
                "a place outside, since every file there is part of what is released",
                "Choose another path.",
            )


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def write_record(
    record: Record, target: Path, signer: Signer, kinds: Iterable[str]
) -> tuple[Path, ...]:
    """Write a record, and signed summaries of these kinds beside it; return their paths.

    Raises:
        InputError: one of the files is there already, or it is among those of the checkpoint.
        OSError: the folder does not take one.
    """
    _refuse_within(record.predicate.checkpoint, target)
    data = write_bundle(record.envelope)
    write_new_file(target, data)
    paths = []
    for kind in kinds:
        statement = DERIVED[kind](record, sha256_digest(data))
        paths.append(_beside(target, kind))
        envelope = sign(statement.to_bytes(), PAYLOAD_TYPE, signer)
        write_new_file(paths[-1], write_bundle(envelope))
    return tuple(paths)


def _beside(target: Path, kind: str) -> Path:
    return target.with_name(f"{target.name.removesuffix('.json')}.{kind}.json")


def recorded_checkpoint(check: CheckDocument, where: str) -> RecordedCheckpoint:
    """Return what a record holds of the checkpoint of a decision.

    Raises:
        InputError: the decision is about a name, or about digests of an earlier run.
    """
    if check.checkpoint is None:
        remedy = "Run tiergate check on the files."
        raise InputError(where, "a decision about a name", "one about weights", remedy)
    if check.digests_from_cache:
        found = "digests of an earlier run"
        remedy = "Run tiergate check again without --cache."
        raise InputError(where, found, "digests of every byte", remedy)
    return _recorded(check.checkpoint)


def _recorded(part: CheckpointPart) -> RecordedCheckpoint:
    return RecordedCheckpoint(
        **{name: getattr(part, name) for name in RecordedCheckpoint.model_fields}
    )


def _bytes(path: Path) -> bytes:
    try:
        return read_small_file(path, LARGEST_BYTES)
    except OSError as error:
        raise InputError(str(path), f"no file ({error.strerror})", _EXPECTED) from None
