# SPDX-License-Identifier: Apache-2.0
"""Signed heads: the text of C2SP, and what is not one."""

from __future__ import annotations

import base64
import hashlib

import pytest

from builders_attestation import key
from tiergate.attestation.tree_head import (
    LARGEST_BYTES,
    TreeHead,
    read_head,
    sign_head,
    signer_of,
    verifier_key,
)
from tiergate.errors import InputError, VerificationError

HEAD = TreeHead(origin="example.org/log", size=3, root=bytes(range(32)))
ADA, BEA = key("ada-ed25519"), key("bea-ed25519")
NOTE = sign_head(HEAD, ADA)


def test_a_head_is_written_as_others_read_it() -> None:
    lines = NOTE.decode().split("\n")

    assert lines[:4] == ["example.org/log", "3", base64.b64encode(HEAD.root).decode(), ""]
    assert lines[4].startswith("— example.org/log ")
    signed = base64.b64decode(lines[4].split(" ")[2])
    raw = base64.b64decode(verifier_key("example.org/log", ADA.public).split("+", 2)[2])
    expected = hashlib.sha256(b"example.org/log\n" + raw).digest()[:4]
    assert (signed[:4], len(signed)) == (expected, 68)
    assert ADA.public.verifies(signed[4:], HEAD.to_text().encode())


def test_a_head_is_read_and_its_signer_found_among_others() -> None:
    signed = read_head(NOTE, "note")

    assert signed.head == HEAD
    assert signer_of(signed, [key("p256").public, BEA.public, ADA.public]) is ADA.public
    assert signer_of(signed, [BEA.public]) is None


def test_a_head_with_another_size_is_signed_by_nobody() -> None:
    changed = read_head(NOTE.replace(b"\n3\n", b"\n4\n"), "note")

    assert signer_of(changed, [ADA.public]) is None


def test_a_signature_of_a_witness_is_read_beside_the_others() -> None:
    witness = "— witness.example " + base64.b64encode(bytes(76)).decode() + "\n"
    signed = read_head(NOTE + witness.encode(), "note")

    assert len(signed.signatures) == 2
    assert signer_of(signed, [ADA.public]) is ADA.public


def test_only_a_key_of_ed25519_signs_a_head() -> None:
    with pytest.raises(InputError, match="Ed25519"):
        sign_head(HEAD, key("p256"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        NOTE.rstrip(b"\n"),
        NOTE.replace(b"\n\n", b"\n"),
        NOTE.replace(b"\n3\n", b"\n03\n"),
        NOTE.replace(b"\n3\n", b"\nx\n"),
        NOTE.replace(b"example.org/log\n", b"\n", 1),
        NOTE.replace("—".encode(), b"-"),
        NOTE.replace(b"AAEC", b"AAE!"),
        NOTE.replace(b"AAEC", b""),
        NOTE + b"x\n",
        NOTE + b"x" * LARGEST_BYTES,
    ],
    ids=[
        "nothing",
        "no text",
        "no last line break",
        "no empty line",
        "a size with a zero before it",
        "a size that is no number",
        "no origin",
        "another dash",
        "a root that is no base64",
        "a root that is too short",
        "a line that is no signature",
        "a note that is too long",
    ],
)
def test_what_is_no_head_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError):
        read_head(data, "note")
