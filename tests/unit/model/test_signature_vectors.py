# SPDX-License-Identifier: Apache-2.0
"""The published vectors of OpenSSF Model Signing 1.0, each as the specification expects.

Where they come from stands in ``tests/vectors/oms/README.md``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders_signature import (
    MULTI,
    NOW,
    SIMPLE,
    changed,
    key,
    read_vector,
    vector,
    vector_key,
    write_model,
)
from tiergate.errors import VerificationError
from tiergate.model.signature_bundle import key_hint, read_model_signature
from tiergate.model.signature_checks import examine_with_certificates, examine_with_key
from tiergate.model.signature_files import compare_files

OLD = {**SIMPLE, "signme-1": b"signme-1"}


@pytest.mark.parametrize(
    "name",
    ["key", "key-multi-file", "key-single-file", "key-simple-go", "v1.0.0-elliptic-key"],
)
def test_a_published_signature_of_a_bare_key_holds_with_its_key_and_with_no_other(
    name: str,
) -> None:
    signature = read_vector(name)

    assert not examine_with_key(signature, vector_key()).problem
    assert "not one of this key" in examine_with_key(signature, key("another").public).problem


@pytest.mark.parametrize("name", ["certificate", "v1.0.1-certificate"])
def test_a_published_signature_of_a_certificate_holds_with_its_root_and_with_no_other(
    name: str,
) -> None:
    signature = read_vector(name)
    other = read_vector("certificate-expired").chain[:1]

    assert not examine_with_certificates(signature, signature.chain[1:], at=NOW).problem
    assert "no path leads" in examine_with_certificates(signature, other, at=NOW).problem


def test_the_published_signature_of_a_certificate_that_has_expired_does_not_hold() -> None:
    signature = read_vector("certificate-expired")

    report = examine_with_certificates(signature, signature.chain[1:], at=NOW)

    assert "valid from 2020-01-01 to 2020-01-02" in report.problem


def test_a_signature_of_one_kind_is_not_taken_for_one_of_another() -> None:
    bare, chain, keyless = map(read_vector, ("key", "certificate", "sigstore"))
    roots = chain.chain[1:]

    assert "a bare key" in examine_with_certificates(bare, roots, at=NOW).problem
    assert "a certificate" in examine_with_key(chain, vector_key()).problem
    assert "Sigstore" in examine_with_key(keyless, vector_key()).problem
    assert "Sigstore" in examine_with_certificates(keyless, roots, at=NOW).problem


@pytest.mark.parametrize(
    ("name", "files", "ignored"),
    [
        ("key", SIMPLE, ()),
        ("certificate", SIMPLE, ()),
        ("certificate-expired", SIMPLE, ("ignore-me",)),
        ("key-simple-go", SIMPLE, ("ignore-me",)),
        ("key-multi-file", MULTI, ()),
        ("key-single-file", {"model.bin": b"\xef" * 256}, ()),
        ("sigstore", OLD, ()),
        ("v1.0.1-certificate", OLD, ("ignore-me",)),
    ],
)
def test_the_files_of_a_published_signature_are_what_was_signed(
    name: str, files: dict[str, bytes], ignored: tuple[str, ...], tmp_path: Path
) -> None:
    model = write_model(tmp_path / "model", files)

    report = compare_files(read_vector(name).model, model, ignored=ignored)

    assert report.problems == ()


def test_a_model_of_one_file_may_be_called_by_a_dot(tmp_path: Path) -> None:
    path = write_model(tmp_path, SIMPLE) / "signme-1"

    assert compare_files(read_vector("v1.0.0-elliptic-key").model, path).problems == ()


def test_the_hint_is_computed_as_the_vectors_do() -> None:
    assert read_vector("key").hint == key_hint(vector_key())


def _payload(change: Callable[[Any], object]) -> Callable[[Any], object]:
    """Change the statement without signing it anew."""

    def within(document: Any) -> None:  # noqa: ANN401 - JSON
        envelope = document["dsseEnvelope"]
        statement = json.loads(base64.b64decode(envelope["payload"]))
        change(statement)
        envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()

    return within


INVALID = {
    "missing envelope": lambda d: d.pop("dsseEnvelope"),
    "missing verification material": lambda d: d.pop("verificationMaterial"),
    "wrong media type": lambda d: d.update(mediaType="application/json"),
    "wrong payload type": lambda d: d["dsseEnvelope"].update(
        payloadType="application/octet-stream"
    ),
    "no signature": lambda d: d["dsseEnvelope"].update(signatures=[]),
    "wrong statement type": _payload(lambda s: s.update(_type="https://in-toto.io/Statement/v0.1")),
    "wrong predicate": _payload(
        lambda s: s.update(predicateType="https://example.com/wrong-predicate/v1.0")
    ),
    "empty resources": _payload(lambda s: s["predicate"].update(resources=[])),
    "missing serialization": _payload(lambda s: s["predicate"].pop("serialization")),
}
"""The invalid vectors of the specification, as changes to the valid one."""


@pytest.mark.parametrize("change", INVALID.values(), ids=INVALID)
def test_an_invalid_vector_is_refused(change: Callable[[Any], object]) -> None:
    with pytest.raises(VerificationError):
        read_model_signature(changed(vector("key"), change), "model.sig")


@pytest.mark.parametrize("data", [b"", b'{"garbage": true}', vector("key")[:100]])
def test_what_is_no_whole_signature_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError):
        read_model_signature(data, "model.sig")


def test_a_changed_statement_that_is_well_formed_has_no_signature_that_holds() -> None:
    data = changed(vector("key"), _payload(lambda s: s["subject"][0].update(name="other")))

    problem = examine_with_key(read_model_signature(data, "model.sig"), vector_key()).problem

    assert "not one of this key" in problem
