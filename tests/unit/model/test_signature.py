# SPDX-License-Identifier: Apache-2.0
"""What model signatures say: what is written, what is read, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from builders_signature import (
    NOW,
    certificate,
    changed,
    key,
    read_vector,
    signed,
    vector,
    vector_key,
    with_payload,
)
from tiergate.attestation.bundle import LARGEST_BYTES
from tiergate.attestation.envelope import sign
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.errors import VerificationError
from tiergate.model.signature import (
    PREDICATE_TYPE,
    Serialization,
    SignedModel,
    is_ignored,
    whole_files,
)
from tiergate.model.signature_bundle import (
    MOST_CERTIFICATES,
    read_model_signature,
    write_model_signature,
)
from tiergate.model.signature_checks import examine_with_certificates, examine_with_key

ONE, TWO = "sha256:" + "11" * 32, "sha256:" + "22" * 32
MADE = SignedModel(
    name="model",
    resources=whole_files([("b/c", TWO), ("b.txt", ONE), ("é", ONE)]),
    serialization=Serialization(
        hash_type="sha256", shard_size=None, allow_symlinks=False, ignore_paths=(".git", "x")
    ),
)


def _written(*chain: str) -> bytes:
    envelope = sign(MADE.to_statement().to_bytes(), PAYLOAD_TYPE, key("ada"))
    certificates = [certificate(name, "root") for name in chain]
    return write_model_signature(envelope, key("ada").public, certificates)


def test_a_signature_is_read_as_it_was_written() -> None:
    read = read_model_signature(_written(), "model.sig")

    assert read.model == MADE
    assert (read.chain, read.is_keyless) == ((), False)
    assert not examine_with_key(read, key("ada").public).problem


def test_names_are_in_the_order_of_their_characters_as_the_format_asks() -> None:
    assert ["b.txt", "b/c", "é"] == [one.name for one in MADE.resources]


def test_a_chain_is_read_as_it_was_written() -> None:
    read = read_model_signature(_written("ada", "middle"), "model.sig")

    assert ["CN=ada", "CN=middle"] == [one.subject.rfc4514_string() for one in read.chain]
    assert read.hint is None


PREDICATE = {
    "type": "object",
    "required": ["resources", "serialization"],
    "additionalProperties": False,
    "properties": {
        "resources": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "digest", "algorithm"],
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "digest": {"type": "string", "pattern": "^[0-9a-f]+$"},
                    "algorithm": {"enum": ["sha256", "blake2b", "blake3"]},
                },
            },
        },
        "serialization": {
            "type": "object",
            "required": ["method", "hash_type", "allow_symlinks"],
            "additionalProperties": False,
            "properties": {
                "method": {"enum": ["files", "shards"]},
                "hash_type": {"enum": ["sha256", "blake2b", "blake3"]},
                "allow_symlinks": {"type": "boolean"},
                "ignore_paths": {"type": "array", "items": {"type": "string", "minLength": 1}},
            },
        },
    },
}
"""What section 5.2 of the specification asks of a predicate with whole files."""


def test_what_is_written_is_what_the_specification_asks_for() -> None:
    statement = json.loads(MADE.to_statement().to_bytes())

    jsonschema.validate(statement["predicate"], PREDICATE)
    assert statement["predicateType"] == PREDICATE_TYPE
    assert [{"name": "model", "digest": {"sha256": MADE.root_digest[7:]}}] == statement["subject"]
    assert "shard_size" not in statement["predicate"]["serialization"]


def test_the_digest_of_the_format_stays_when_files_are_renamed() -> None:
    renamed = SignedModel(
        name="model",
        resources=whole_files([("config.json", ONE), ("evil.py", TWO), ("z", ONE)]),
        serialization=MADE.serialization,
    )

    assert renamed.root_digest == MADE.root_digest


def _resource(**fields: object) -> Callable[[Any], object]:
    def change(statement: Any) -> None:  # noqa: ANN401 - JSON
        statement["predicate"]["resources"][0].update(fields)

    return change


def _serialization(**fields: object) -> Callable[[Any], object]:
    def change(statement: Any) -> None:  # noqa: ANN401 - JSON
        statement["predicate"]["serialization"].update(fields)

    return change


REFUSED: dict[str, tuple[Callable[[Any], object], str]] = {
    "another predicate": (lambda s: s.update(predicateType="https://x/y"), "of type 'https://x/y'"),
    "the predicate of version 0.2": (
        lambda s: s.update(predicateType="https://model_signing/Digests/v0.1"),
        "Digests",
    ),
    "two subjects": (
        lambda s: s["subject"].append({"name": "b", "digest": {"sha256": "00"}}),
        "2 of them",
    ),
    "another root digest": (
        lambda s: s["subject"][0].update(digest={"sha256": "00" * 32}),
        "that of the resources",
    ),
    "no root digest": (lambda s: s["subject"][0].update(digest={"md5": "00"}), "'none'"),
    "resources that are no list": (lambda s: s["predicate"].update(resources={}), "resources"),
    "a resource that is text": (
        lambda s: s["predicate"].update(resources=["signme-1"]),
        "a str, expected name",
    ),
    "a file twice": (
        lambda s: s["predicate"].update(resources=[s["predicate"]["resources"][0]] * 2),
        "twice",
    ),
    "a name that is a number": (_resource(name=1), "name"),
    "an absolute path": (_resource(name="/etc/passwd"), "'/etc/passwd'"),
    "a path that leads out": (_resource(name="../secret"), "'../secret'"),
    "a path that leads out further down": (_resource(name="a/../../b"), "a/../../b"),
    "a path with a step that is empty": (_resource(name="a//b"), "a//b"),
    "a path with a null": (_resource(name="a\0b"), "path"),
    "a path that is too long": (_resource(name="a" * 5000), "5000 characters"),
    "a digest of capitals": (_resource(digest="AA" * 32), "64 hexadecimal digits"),
    "a digest that is cut": (_resource(digest="aa" * 31), "64 hexadecimal digits"),
    "a hash that the format does not know": (_resource(algorithm="md5"), "'md5'"),
    "a hash that is not that of the others": (_resource(algorithm="blake2b"), "'blake2b'"),
    "a method that the format does not know": (_serialization(method="tensors"), "'tensors'"),
    "shards without a size": (_serialization(method="shards"), "shard_size"),
    "whole files with a size": (_serialization(shard_size=5), "shard_size"),
    "a size of nothing": (_serialization(method="shards", shard_size=0), "a number of bytes"),
    "a size that is text": (_serialization(method="shards", shard_size="1"), "a number of bytes"),
    "a size that is half": (_serialization(method="shards", shard_size=1.5), "1.5"),
    "an absurd size": (_serialization(method="shards", shard_size=10**30), "not every reader"),
    "an absurd size with a point": (_serialization(method="shards", shard_size=1e30), "1e\\+30"),
    "shards without a range": (
        _serialization(method="shards", shard_size=5),
        "'signme-1', expected path:start:end",
    ),
    "links that are neither": (_serialization(allow_symlinks="yes"), "true or false"),
    "left out paths that are no list": (_serialization(ignore_paths="a"), "no list"),
    "a serialization that is text": (
        lambda s: s["predicate"].update(serialization="files"),
        "how the files were hashed",
    ),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED)
def test_a_statement_that_was_truly_signed_is_refused_for(
    change: Callable[[Any], object], words: str
) -> None:
    data = with_payload(vector("key"), change, key("ada"))

    with pytest.raises(VerificationError, match=words):
        read_model_signature(data, "model.sig")


def test_fields_that_the_format_does_not_know_are_passed_over() -> None:
    def add(statement: Any) -> None:  # noqa: ANN401 - JSON
        statement["predicate"]["annotations"] = {"by": "somebody"}
        statement["predicate"]["resources"][0]["media_type"] = "text/plain"

    data = with_payload(vector("key"), add, key("ada"))

    assert read_model_signature(data, "model.sig").model == read_vector("key").model


def test_parts_are_read_as_another_program_calls_their_hash() -> None:
    """``model_signing`` puts the length of a part into the name of the hash, and as a fraction."""

    def change(statement: Any) -> None:  # noqa: ANN401 - JSON
        made = statement["predicate"]["serialization"]
        made.update(method="shards", shard_size=256.0, hash_type="sha256-sharded-256")
        statement["predicate"]["resources"][0].update(
            name="model:1.bin:0:256", algorithm="sha256-sharded-256"
        )

    data = with_payload(vector("key-single-file"), change, key("ada"))

    model = read_model_signature(data, "model.sig").model
    assert (model.serialization.hash_type, model.serialization.shard_size) == ("sha256", 256)
    assert [("model:1.bin", (0, 256))] == [(one.path, one.part) for one in model.resources]


MATERIAL: dict[str, tuple[object, str]] = {
    "nothing": ({}, "nothing, expected one of"),
    "two kinds": ({"publicKey": {}, "certificate": {"rawBytes": ""}}, "certificate and publicKey"),
    "an unknown kind": ({"pgp": {}}, "an unknown field 'pgp'"),
    "a hint that is a number": ({"publicKey": {"hint": 1}}, "hint"),
    "a chain of nothing": ({"x509CertificateChain": {"certificates": []}}, "none or too many"),
    "an endless chain": (
        {"x509CertificateChain": {"certificates": [{}] * (MOST_CERTIFICATES + 1)}},
        "none or too many",
    ),
    "a certificate that is none": (
        {"x509CertificateChain": {"certificates": [{"rawBytes": "AAAA"}]}},
        "no readable certificate",
    ),
    "a certificate that is no base64": ({"certificate": {"rawBytes": "%%"}}, "no base64"),
}


@pytest.mark.parametrize(("material", "words"), MATERIAL.values(), ids=MATERIAL)
def test_what_vouches_for_the_key_is_refused_when_it_is(material: object, words: str) -> None:
    data = changed(vector("key"), lambda d: d.update(verificationMaterial=material))

    with pytest.raises(VerificationError, match=words):
        read_model_signature(data, "model.sig")


BROKEN: dict[str, tuple[bytes, str]] = {
    "two signatures": (
        changed(
            vector("key"),
            lambda d: d["dsseEnvelope"]["signatures"].append(d["dsseEnvelope"]["signatures"][0]),
        ),
        "2 signatures, expected one",
    ),
    "a signature that is text": (
        changed(vector("key"), lambda d: d["dsseEnvelope"].update(signatures=["x"])),
        "a str, expected an object",
    ),
    "an envelope that is text": (
        changed(vector("key"), lambda d: d.update(dsseEnvelope="x")),
        "a str, expected an object",
    ),
    "another field": (changed(vector("key"), lambda d: d.update(also=1)), "'also'"),
    "a key twice": (b'{"mediaType": 1, "mediaType": 2}', "'mediaType' twice"),
    "a list": (b"[]", "a model signature"),
    "too long": (b" " * (LARGEST_BYTES + 1), "at most"),
    "another kind of payload": (signed(b"{}", key("ada"), "text/plain"), "'text/plain'"),
}


@pytest.mark.parametrize(("data", "words"), BROKEN.values(), ids=BROKEN)
def test_a_file_is_refused_that_is(data: bytes, words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        read_model_signature(data, "model.sig")


def test_a_hint_at_another_key_changes_nothing_since_nobody_signs_it() -> None:
    data = changed(
        vector("key"), lambda d: d["verificationMaterial"].update(publicKey={"hint": "00"})
    )
    assert not examine_with_key(read_model_signature(data, "s"), vector_key()).problem


def test_a_certificate_of_a_key_that_signs_no_models_is_a_problem_in_words() -> None:
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    envelope = sign(MADE.to_statement().to_bytes(), PAYLOAD_TYPE, key("ada"))
    chain = [certificate("ada", "root", public_key=public)]
    data = write_model_signature(envelope, key("ada").public, chain)
    roots = [certificate("root", is_authority=True)]

    report = examine_with_certificates(read_model_signature(data, "s"), roots, at=NOW)

    assert report.problem == "the certificate of CN=ada has a key of another kind (RSAPublicKey)"


def test_a_path_is_left_out_with_all_below_it_and_nothing_else() -> None:
    names = ["a", "a/b", "ab", "x/a", "b"]

    assert ["a", "a/b"] == [name for name in names if is_ignored(name, ["a"])]
