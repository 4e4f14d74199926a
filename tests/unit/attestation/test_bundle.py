# SPDX-License-Identifier: Apache-2.0
"""Bundles: what is read back, what other people's code makes of it, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.signer._key import Key, SSlibKey

from builders_attestation import PAYLOAD, envelope, key
from builders_signature import changed, vector
from tiergate.attestation.bundle import LARGEST_BYTES, read_bundle, write_bundle
from tiergate.attestation.envelope import also_signed, pre_authentication_encoding
from tiergate.errors import InputError, VerificationError

WRITTEN = write_bundle(envelope("p256"))


@pytest.mark.parametrize("names", [("p256",), ("p256", "ed25519")], ids=len)
def test_an_envelope_is_read_as_it_was_written(names: tuple[str, ...]) -> None:
    made = envelope(*names)

    assert made == read_bundle(write_bundle(made), "a.json")


@pytest.mark.parametrize("name", ["p256", "ed25519"])
def test_another_implementation_of_the_envelope_verifies_it(name: str) -> None:
    document = json.loads(write_bundle(envelope(name)))
    theirs = TheirEnvelope.from_dict(document["dsseEnvelope"])

    known: list[Key] = [SSlibKey.from_crypto(key(name).public.handle, key(name).public.key_id)]

    assert {key(name).public.key_id} == set(theirs.verify(known, 1))
    assert theirs.pae() == envelope(name).signed_bytes


def test_two_keys_meet_a_threshold_of_two_in_another_implementation() -> None:
    document = json.loads(write_bundle(envelope("p256", "ed25519")))
    theirs = TheirEnvelope.from_dict(document["dsseEnvelope"])
    publics = [key(name).public for name in ("p256", "ed25519")]

    known: list[Key] = [SSlibKey.from_crypto(k.handle, k.key_id) for k in publics]

    assert {k.key_id for k in publics} == set(theirs.verify(known, 2))


def test_the_layout_is_that_of_a_bundle_with_a_bare_key() -> None:
    document = json.loads(WRITTEN)

    assert {"mediaType", "verificationMaterial", "dsseEnvelope"} == set(document)
    assert key("p256").public.key_id == document["verificationMaterial"]["publicKey"]["hint"]
    assert PAYLOAD == base64.b64decode(document["dsseEnvelope"]["payload"])


def test_type_and_payload_cannot_be_cut_elsewhere() -> None:
    one = pre_authentication_encoding("ab", b"c")
    two = pre_authentication_encoding("a", b"bc")

    assert b"DSSEv1 2 ab 1 c" == one
    assert one != two


def test_a_key_does_not_sign_the_same_payload_twice() -> None:
    with pytest.raises(InputError, match="a signature of this key already"):
        also_signed(envelope("p256"), key("p256"))


def test_a_second_signature_leaves_payload_and_first_signature_as_they_are() -> None:
    one = envelope("p256")
    two = also_signed(one, key("ed25519"))

    assert (one.payload, one.payload_type) == (two.payload, two.payload_type)
    assert one.signatures == two.signatures[:1]


def _with(change: Callable[[Any], object]) -> bytes:
    document = json.loads(WRITTEN)
    change(document)
    return json.dumps(document).encode()


def _sets(*path: str | int, to: object) -> bytes:
    def change(document: Any) -> None:  # noqa: ANN401 - JSON
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = to

    return _with(change)


def _lacks(*path: str | int) -> bytes:
    def change(document: Any) -> None:  # noqa: ANN401 - JSON
        for step in path[:-1]:
            document = document[step]
        del document[path[-1]]

    return _with(change)


ENVELOPE = "dsseEnvelope"
TEXT = json.loads(WRITTEN)[ENVELOPE]["payload"]
SIGNATURES = json.loads(WRITTEN)[ENVELOPE]["signatures"]

AMBIGUOUS = {
    "an envelope with two payloads": (
        WRITTEN.replace(b'"payload":', b'"payload": "e30=", "payload":'),
        "the field 'payload' twice",
    ),
    "two envelopes": (
        WRITTEN.replace(b'"dsseEnvelope":', b'"dsseEnvelope": {}, "dsseEnvelope":'),
        "the field 'dsseEnvelope' twice",
    ),
    "a message signature beside the envelope": (
        _sets("messageSignature", to={}),
        "an unknown field 'messageSignature'",
    ),
    "a field that nobody knows in the envelope": (
        _sets(ENVELOPE, "payloads", to=[]),
        "an unknown field 'payloads'",
    ),
    "an envelope that is no object": (_sets(ENVELOPE, to=[]), "found a list, expected an object"),
    "no payload": (_lacks(ENVELOPE, "payload"), "no field 'payload'"),
    "a payload that is no text": (_sets(ENVELOPE, "payload", to=1), "found a int, expected text"),
    "a payload that is no base64": (_sets(ENVELOPE, "payload", to="{}"), "no base64"),
    "a payload in other letters": (_sets(ENVELOPE, "payload", to="é"), "no base64"),
    "base64 without its padding": (_sets(ENVELOPE, "payload", to="e30"), "no base64"),
    "base64 with unused bits set": (_sets(ENVELOPE, "payload", to="e31="), "canonical form"),
    "base64 with a line break": (_sets(ENVELOPE, "payload", to=f"{TEXT}\n"), "no base64"),
    "no signature": (_sets(ENVELOPE, "signatures", to=[]), "none or too many"),
    "signatures that are no list": (_sets(ENVELOPE, "signatures", to={}), "none or too many"),
    "too many signatures": (
        _sets(ENVELOPE, "signatures", to=SIGNATURES * 65),
        "none or too many",
    ),
    "a signature that is too long": (
        _sets(ENVELOPE, "signatures", 0, "sig", to="A" * 2000),
        "2000 characters",
    ),
    "a signature with a field that nobody knows": (
        _sets(ENVELOPE, "signatures", 0, "cert", to=""),
        "an unknown field 'cert'",
    ),
    "a proof of publication, which nobody looks at": (
        _sets("verificationMaterial", "tlogEntries", to=[{}]),
        "entries of a transparency log",
    ),
    "an identity in place of a key": (
        _sets("verificationMaterial", to={"certificate": {"rawBytes": ""}}),
        "no field 'publicKey'",
    ),
    "a hint that is no text": (
        _sets("verificationMaterial", "publicKey", "hint", to=None),
        "expected text",
    ),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_a_bundle_from_which_more_than_one_thing_could_be_read_fails(case: str) -> None:
    data, expected = AMBIGUOUS[case]

    with pytest.raises(VerificationError) as caught:
        read_bundle(data, "a.json")

    assert expected in str(caught.value)


NO_BUNDLE = {
    "nothing": (b"", "broken JSON"),
    "half of one": (WRITTEN[:200], "broken JSON"),
    "bytes that are no text": (b"\xff\xfe", "not UTF-8"),
    "half a character": (b'{"a": "\\ud800"}', "not UTF-8"),
    "a list": (b"[]", "JSON of type list"),
    "a fraction": (b'{"a": 0.5}', "the number 0.5"),
    "a number that is none": (b'{"a": NaN}', "the number NaN"),
    "a number that few can hold": (b'{"a": 9007199254740992}', "not every reader can hold"),
    "a number without end": (b'{"a": ' + b"9" * 5000 + b"}", "not every reader can hold"),
    "lists in lists without end": (b"[" * 100_000, "nested too deeply"),
    "another version": (_sets("mediaType", to="application/x"), "media type 'application/x'"),
    "no version": (_lacks("mediaType"), "media type 'none'"),
    "a bundle of gigabytes": (b" " * (LARGEST_BYTES + 1), f"at most {LARGEST_BYTES}"),
}


@pytest.mark.parametrize("case", NO_BUNDLE)
def test_a_file_that_is_no_bundle_is_unusable(case: str) -> None:
    data, expected = NO_BUNDLE[case]

    with pytest.raises(InputError) as caught:
        read_bundle(data, "a.json")

    assert expected in str(caught.value)


def test_a_signature_that_names_no_key_is_read() -> None:
    data = _lacks(ENVELOPE, "signatures", 0, "keyid")

    assert [""] == [made.key_id for made in read_bundle(data, "a.json").signatures]


def test_a_bundle_of_an_identity_is_read_only_where_that_is_asked_for() -> None:
    data = vector("sigstore")

    read = read_bundle(data, "a.json", identities=True)

    assert read.identity_bundle == data
    with pytest.raises(VerificationError, match="verificationMaterial"):
        read_bundle(data, "a.json")


def test_an_identity_makes_one_signature() -> None:
    data = changed(
        vector("sigstore"),
        lambda d: d["dsseEnvelope"]["signatures"].append(d["dsseEnvelope"]["signatures"][0]),
    )

    with pytest.raises(VerificationError, match="2 signatures, expected one"):
        read_bundle(data, "a.json", identities=True)


def test_a_bundle_of_keys_is_read_the_same_where_identities_are_too() -> None:
    assert read_bundle(WRITTEN, "a.json", identities=True) == read_bundle(WRITTEN, "a.json")
    assert read_bundle(WRITTEN, "a.json", identities=True).identity_bundle is None


def test_no_key_signs_beside_an_identity() -> None:
    read = read_bundle(vector("sigstore"), "a.json", identities=True)

    with pytest.raises(InputError, match="which no other can stand beside"):
        also_signed(read, key("p256"))
