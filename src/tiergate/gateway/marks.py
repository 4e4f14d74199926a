# SPDX-License-Identifier: Apache-2.0
"""A mark in the header of a file of weights that says under which grant it was handed out.

It stands in ``__metadata__`` of a safetensors file, in front of the tensors, whose bytes stay as
they are. It is signed, so nobody can make one up for somebody else; whoever has a marked file can
take the mark out, or put it into another file of their own. It is evidence and keeps nobody out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tiergate.attestation.bundle import from_base64
from tiergate.attestation.envelope import Envelope, Signature, sign
from tiergate.attestation.keys import PublicKey, Signer
from tiergate.attestation.strict_json import read_object
from tiergate.errors import CheckpointError, InputError, VerificationError
from tiergate.gateway.objects import Content, Source
from tiergate.model.safetensors_header import PREFIX_BYTES, parse_safetensors_header
from tiergate.release.event_envelope import canonical_of_plain_names, write_entry

PAYLOAD_TYPE = "application/vnd.tiergate.mark+json"
FORMAT = "tiergate-mark/1"
ENTRY = "tiergate.mark"
"""Its name among the metadata of a file."""
LONGEST_HEADER = 16 << 20
"""A file with a longer header is not marked; the header of each copy is kept."""
_METADATA = "__metadata__"
_ALIGNMENT = 8
_LONGEST_PAYLOAD = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a mark says."""

    grant: str
    """The grant."""
    who: str
    """The person, under the digest that the log of downloads has."""
    repository: str
    """The repository."""
    root_digest: str
    """Root digest of the checkpoint without marks."""
    path: str
    """The file."""
    original: str
    """Digest of the file without the mark."""
    at: str
    """When the grant was given, in RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands in front of the tensors of a file."""

    text: bytes
    """Its JSON, with what it is filled up with."""
    size_bytes: int
    """Length of the file."""

    @property
    def skipped(self) -> int:
        """Where the tensors begin."""
        return PREFIX_BYTES + len(self.text)


def signed(mark: Mark, signer: Signer) -> str:
    """Return a mark as it stands in a file."""
    payload = canonical_of_plain_names({"format": FORMAT, **asdict(mark)})
    return write_entry(sign(payload, PAYLOAD_TYPE, signer)).decode("ascii")


def read_mark(text: str, key: PublicKey, where: str) -> Mark:
    """Return what a mark says, when it is signed with that key.

    Raises:
        VerificationError: it is none, or is signed by somebody else, or was changed.
    """
    try:
        envelope = _envelope(read_object(text.encode(), where), where)
        if not key.verifies(envelope.signatures[0].value, envelope.signed_bytes):
            raise VerificationError(where, "a mark with another signature", "the gateway's")
        document = read_object(envelope.payload, where)
        found = {field.name: str(document[field.name]) for field in fields(Mark)}
        if document.get("format") != FORMAT or len(document) != len(found) + 1:
            raise VerificationError(where, "a mark of another format", FORMAT)
        return Mark(**found)
    except (InputError, KeyError, TypeError, ValueError, UnicodeError) as error:
        raise VerificationError(where, f"a mark that is none ({error})", FORMAT) from None


def read_head(content: Content, size_bytes: int, where: str) -> Head | None:
    """Read what stands in front of the tensors of a file.

    Returns:
        That; None for a file that is no safetensors file by the letter, which gets no mark.
    """
    prefix = content.read(PREFIX_BYTES)
    length = int.from_bytes(prefix, "little")
    if len(prefix) < PREFIX_BYTES or length > min(LONGEST_HEADER, size_bytes - PREFIX_BYTES):
        return None
    text = _read_exactly(content, length)
    try:
        parse_safetensors_header(text, size_bytes=size_bytes, file=where)
    except CheckpointError:
        return None
    return Head(text=text, size_bytes=size_bytes)


def mark_in(head: Head) -> str | None:
    """Return the mark in the front of a file as it stands there; None for none."""
    metadata = json.loads(head.text).get(_METADATA, {})
    found = metadata.get(ENTRY)
    return found if isinstance(found, str) else None


def with_mark(head: Head, mark: str) -> bytes:
    """Return the front of the marked file, its length before it, up to where the tensors begin.

    The tensors keep their places relative to that, and begin at a multiple of eight bytes.
    """
    content = json.loads(head.text)
    metadata: Mapping[str, Any] = content.pop(_METADATA, {})
    marked = {_METADATA: {**metadata, ENTRY: mark}, **content}
    text = json.dumps(marked, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(PREFIX_BYTES + len(text)) % _ALIGNMENT)
    return len(text).to_bytes(PREFIX_BYTES, "little") + text


def with_front(front: bytes, original: Source, skipped: int) -> Source:
    """Return what opens a marked file: a front of its own, and the tensors of the original.

    Args:
        front: what stands in front of the tensors.
        original: opens the file without the mark.
        skipped: where its tensors begin.
    """

    def opened(first: int, end: int) -> Content:
        shift = skipped - len(front)
        rest = original(max(first, len(front)) + shift, end + shift) if end > len(front) else None
        return _Joined(front[first:end], rest)

    return opened


class _Joined:
    """Bytes, and then a content."""

    def __init__(self, front: bytes, rest: Content | None) -> None:
        self._front = front
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if self._front:
            found, self._front = self._front[:size], self._front[size:]
            return found
        return b"" if self._rest is None else self._rest.read(size)

    def close(self) -> None:
        if self._rest is not None:
            self._rest.close()


def _read_exactly(content: Content, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        piece = content.read(length - len(found))
        if not piece:
            break
        found += piece
    return bytes(found)


def _envelope(document: Mapping[str, Any], where: str) -> Envelope:
    if document.get("payloadType") != PAYLOAD_TYPE:
        raise VerificationError(where, "a payload of another type", PAYLOAD_TYPE)
    (row,) = document["signatures"]
    value = from_base64(row["sig"], where, 1024)
    return Envelope(
        payload=from_base64(document["payload"], where, _LONGEST_PAYLOAD),
        payload_type=PAYLOAD_TYPE,
        signatures=(Signature(key_id=str(row["keyid"]), value=value),),
    )
