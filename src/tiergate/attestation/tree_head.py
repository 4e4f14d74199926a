# SPDX-License-Identifier: Apache-2.0
"""Signed heads of a Merkle tree: what C2SP calls a checkpoint, as a signed note of Ed25519.

The text is what others publish and co-sign (c2sp.org/tlog-checkpoint, c2sp.org/signed-note)::

    tiergate.dev/ledger/5d41402a
    3
    qINSU/5TSKDKGoGBkRyjZc6dRMjTLQdBF8ZDS4rSvDE=

    — tiergate.dev/ledger/5d41402a <base64 of key hash and signature>

A head says how many entries a log has and what their root is. Kept where the log's keeper
cannot reach it, it shows every later change to what came before. Here it is called a head:
a checkpoint is a set of weights in this program.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization

from tiergate.attestation.keys import Algorithm, PublicKey, Signer
from tiergate.errors import InputError, VerificationError

LARGEST_BYTES = 16 * 1024
"""A longer note is refused."""
_ED25519 = b"\x01"
_EXPECTED = "a signed head: origin, size, root, an empty line and signatures"
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """How long a log is, and what is in it."""

    origin: str
    """The log's name, which is no other log's."""
    size: int
    """Number of entries."""
    root: bytes
    """Root of their tree, 32 bytes."""

    def to_text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line of a note; nothing vouches for what it names."""

    name: str
    """Whose key it says it is."""
    key_hash: bytes
    """First four bytes of the digest of name and key."""
    value: bytes
    """The signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """A head with signatures that nobody has verified yet."""

    head: TreeHead
    """What is stated."""
    signatures: tuple[NoteSignature, ...]
    """Over the text of the head; never empty."""


def sign_head(head: TreeHead, signer: Signer) -> bytes:
    """Return the note.

    Raises:
        InputError: the key is not of Ed25519, the only kind that notes are signed with here.
    """
    require_ed25519(signer.public)
    value = signer.sign(head.to_text().encode())
    line = _base64(_key_hash(head.origin, signer.public) + value)
    return f"{head.to_text()}\n— {head.origin} {line}\n".encode()


def require_ed25519(key: PublicKey) -> None:
    """Refuse a key that cannot sign a head.

    Raises:
        InputError: it is of another kind.
    """
    if key.algorithm is not Algorithm.ED25519:
        remedy = "Give one with --head-key; tiergate keys generate --algorithm ed25519 makes it."
        raise InputError("head key", f"a key of {key.algorithm}", "a key of Ed25519", remedy)


def read_head(data: bytes, where: str) -> SignedHead:
    """Read a note. Nothing about its signatures is known afterwards.

    Raises:
        VerificationError: it is no note of a head.
    """
    try:
        text = data[: LARGEST_BYTES + 1].decode("utf-8")
    except UnicodeDecodeError:
        raise VerificationError(where, "bytes that are not UTF-8", _EXPECTED) from None
    body, empty, rest = text.partition("\n\n")
    lines = body.split("\n")
    if len(data) > LARGEST_BYTES or not empty or len(lines) != 3 or not rest.endswith("\n"):
        raise VerificationError(where, "other text", _EXPECTED)
    origin, size, root = lines
    if not origin or not _SIZE.fullmatch(size):
        raise VerificationError(where, "no origin or no size", _EXPECTED)
    return SignedHead(
        head=TreeHead(origin=origin, size=int(size), root=_bytes(root, where, 32, 32)),
        signatures=tuple(_signature(line, where) for line in rest.removesuffix("\n").split("\n")),
    )


def signer_of(signed: SignedHead, keys: Iterable[PublicKey]) -> PublicKey | None:
    """Return the first of these keys that signed the head; None when none of them did."""
    data = signed.head.to_text().encode()
    for key in keys:
        if key.algorithm is not Algorithm.ED25519:
            continue
        expected = _key_hash(signed.head.origin, key)
        for made in signed.signatures:
            # The name and its hash are hints; what counts is that the signature holds.
            if made.key_hash == expected and key.verifies(made.value, data):
                return key
    return None


def verifier_key(origin: str, key: PublicKey) -> str:
    """Return the key as other tools for signed notes take it (``name+hash+base64``)."""
    require_ed25519(key)
    return f"{origin}+{_key_hash(origin, key).hex()}+{_base64(_ED25519 + _raw(key))}"


def _signature(line: str, where: str) -> NoteSignature:
    mark, name, value = (*line.split(" "), "", "")[:3]
    if mark != "—" or line.count(" ") != 2 or not name:
        raise VerificationError(where, "a line that is no signature", _EXPECTED)
    # Signatures of other kinds, of witnesses for instance, have other lengths.
    data = _bytes(value, where, 5, 4096)
    return NoteSignature(name=name, key_hash=data[:4], value=data[4:])


def _bytes(text: str, where: str, shortest: int, longest: int) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeError, binascii.Error):
        data = b""
    if not shortest <= len(data) <= longest or _base64(data) != text:
        raise VerificationError(where, "no base64 of the right length", _EXPECTED)
    return data


def _key_hash(name: str, key: PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + _raw(key)).digest()[:4]


def _raw(key: PublicKey) -> bytes:
    form = serialization.PublicFormat.Raw
    return key.handle.public_bytes(serialization.Encoding.Raw, form)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
