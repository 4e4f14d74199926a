# SPDX-License-Identifier: Apache-2.0
"""Keys: what is read and refused, known by which id, and that openssl agrees."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from builders_attestation import key
from tiergate.attestation.keys import (
    MODEL_ALGORITHMS,
    Algorithm,
    generate,
    is_encrypted,
    is_private,
    read_private,
    read_public,
)
from tiergate.errors import InputError

DATA = b"what is signed"


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_key_verifies_what_it_signed_and_nothing_else(algorithm: Algorithm) -> None:
    made = generate(algorithm)

    signature = made.sign(DATA)

    assert algorithm is made.public.algorithm
    assert made.public.verifies(signature, DATA)
    assert not made.public.verifies(signature, DATA + b"!")
    assert not made.public.verifies(signature[:-1], DATA)
    assert not generate(algorithm).public.verifies(signature, DATA)


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("passphrase", [None, b"correct horse"], ids=["plain", "encrypted"])
def test_a_key_is_read_as_it_was_written(algorithm: Algorithm, passphrase: bytes | None) -> None:
    made = generate(algorithm)

    pem = made.to_pem(passphrase)

    assert (passphrase is not None) == is_encrypted(pem)
    assert is_private(pem)
    every = tuple(Algorithm)
    assert made.public == read_private(pem, "a.key", passphrase, every).public
    assert made.public == read_public(made.public.pem.encode(), "a.pub", every)


@pytest.mark.parametrize("algorithm", MODEL_ALGORITHMS[1:])
def test_a_key_that_signs_models_alone_signs_no_records(algorithm: Algorithm) -> None:
    pem = generate(algorithm).to_pem(None)

    assert read_private(pem, "a.key", accepted=MODEL_ALGORITHMS).public.algorithm is algorithm
    with pytest.raises(InputError, match=r"expected ECDSA on P-256 or Ed25519"):
        read_private(pem, "a.key")


def test_a_key_of_ed25519_signs_no_models() -> None:
    public = key("ed25519").public.pem.encode()

    with pytest.raises(InputError, match="a key of another kind"):
        read_public(public, "a.pub", MODEL_ALGORITHMS)


def test_a_curve_that_nothing_is_signed_with_here_is_refused() -> None:
    private = ec.generate_private_key(ec.SECP256K1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    with pytest.raises(InputError, match="a key on secp256k1"):
        read_private(pem, "a.key", accepted=tuple(Algorithm))


@pytest.mark.parametrize("name", ["p256", "ed25519"])
def test_the_id_of_a_key_is_what_openssl_computes_of_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.pub").write_text(key(name).public.pem)

    path = str(tmp_path / "a.pub")
    command = ["openssl", "pkey", "-pubin", "-in", path, "-outform", "DER"]
    der = subprocess.run(command, capture_output=True, check=True).stdout

    assert hashlib.sha256(der).hexdigest() == key(name).public.key_id


def test_a_key_made_by_openssl_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    options = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(
        ["openssl", "genpkey", *options, "-out", str(path)], check=True, capture_output=True
    )

    assert Algorithm.ECDSA_P256 is read_private(path.read_bytes(), "a.key").public.algorithm


def test_no_private_key_shows_in_what_is_printed_of_it() -> None:
    assert "handle" not in repr(key("p256"))


P384 = ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PLAIN = key("p256").to_pem(None)
PUBLIC = key("p256").public.pem.encode()
TRADITIONAL = RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
NO_PRIVATE_KEY = {
    "an empty file": (b"", "no blocks of PEM"),
    "a public key": (PUBLIC, "called 'PUBLIC KEY'"),
    "two keys in one file": (PLAIN + PLAIN, "2 blocks of PEM"),
    "a key in an older form": (TRADITIONAL, "openssl pkcs8 -topk8"),
    "a key with a line missing": (
        b"\n".join(line for n, line in enumerate(PLAIN.splitlines()) if n != 1),
        "no readable key",
    ),
    "an RSA key": (
        RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "a key of another kind (RSAPrivateKey)",
    ),
    "a key on another curve": (
        P384.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "a key on secp384r1",
    ),
}


@pytest.mark.parametrize("case", NO_PRIVATE_KEY)
def test_what_is_no_private_key_of_these_kinds_is_refused(case: str) -> None:
    pem, expected = NO_PRIVATE_KEY[case]

    with pytest.raises(InputError) as caught:
        read_private(pem, "a.key")

    assert expected in str(caught.value)


NO_PUBLIC_KEY = {
    "a private key": (PLAIN, "called 'PRIVATE KEY'"),
    "two keys in one file": (PUBLIC + PUBLIC, "2 blocks of PEM"),
    "a key that is cut": (PUBLIC.replace(b"MFkw", b""), "no readable key"),
    "an RSA key": (
        RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "a key of another kind (RSAPublicKey)",
    ),
    "a key on another curve": (
        P384.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "a key on secp384r1",
    ),
}


@pytest.mark.parametrize("case", NO_PUBLIC_KEY)
def test_what_is_no_public_key_of_these_kinds_is_refused(case: str) -> None:
    pem, expected = NO_PUBLIC_KEY[case]

    with pytest.raises(InputError) as caught:
        read_public(pem, "a.pub")

    assert expected in str(caught.value)


PASSPHRASES = {
    "none": (None, "an encrypted key and no passphrase"),
    "an empty one": (b"", "an encrypted key and no passphrase"),
    "another one": (b"wrong horse", "a passphrase that does not open it"),
}


@pytest.mark.parametrize("case", PASSPHRASES)
def test_an_encrypted_key_opens_with_its_own_passphrase_alone(case: str) -> None:
    passphrase, expected = PASSPHRASES[case]

    with pytest.raises(InputError) as caught:
        read_private(key("p256").to_pem(b"correct horse"), "a.key", passphrase)

    assert expected in str(caught.value)
