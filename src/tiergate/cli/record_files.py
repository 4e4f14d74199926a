# SPDX-License-Identifier: Apache-2.0
"""Records and decisions in files: what ``sign``, ``verify`` and ``replay`` are given."""

from __future__ import annotations

import os
from collections.abc import Iterable
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
from tiergate.model.digest import sha256_digest
from tiergate.release.derived import DERIVED
from tiergate.release.record import Record, make_record, read_record
from tiergate.release.record_document import RecordedCheckpoint

CHECK_FORMAT = "tiergate-check/1"
_EXPECTED = "what tiergate check --json printed, or a record"


def record_at(path: Path) -> Record:
    """Read a record. Nothing about its signatures is known afterwards.

    Raises:
        InputError: there is no such file, or it is no bundle.
        VerificationError: it is one, and holds no record or something ambiguous.
    """
    return read_record(read_bundle(_bytes(path), str(path)), str(path))


def signed_envelope(path: Path, signer: Signer, *, at: datetime) -> Envelope:
    """Sign the decision in a file, or add a signature to the record in it.

    Raises:
        InputError: it is neither, or a decision that nobody should sign.
        VerificationError: it is a record that holds something ambiguous.
    """
    data = _bytes(path)
    document = read_object(data, str(path))
    if document.get("mediaType") == MEDIA_TYPE:
        known = read_bundle(data, str(path))
        read_record(known, str(path))
        return also_signed(known, signer)
    if document.get("format") != CHECK_FORMAT:
        found = f"format {str(document.get('format', 'none'))[:60]!r}"
        raise InputError(str(path), found, _EXPECTED)
    try:
        check = CheckDocument.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{path}: {place}", first["msg"], _EXPECTED) from None
    statement = make_record(_checkpoint(check, str(path)), check.decision, check.inputs, made_at=at)
    return sign(statement.to_bytes(), PAYLOAD_TYPE, signer)


def refuse_existing(target: Path, kinds: Iterable[str]) -> None:
    """Refuse to begin when one of the files to be written is there.

    Raises:
        InputError: it is; nothing is written over.
    """
    for wanted in (target, *(_beside(target, kind) for kind in kinds)):
        if os.path.lexists(wanted):
            raise already_there(wanted)


def write_record(
    record: Record, target: Path, signer: Signer, kinds: Iterable[str]
) -> tuple[Path, ...]:
    """Write a record, and signed summaries of these kinds beside it; return their paths.

    Raises:
        InputError: one of the files is there already.
        OSError: the folder does not take one.
    """
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


def _checkpoint(check: CheckDocument, where: str) -> RecordedCheckpoint:
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
