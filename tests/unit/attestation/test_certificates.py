# SPDX-License-Identifier: Apache-2.0
"""Certificates that vouch for a key: which chains are believed, and which are not."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from builders_signature import DAY, NOW, certificate
from tiergate.attestation.certificates import (
    LARGEST_PEM_BYTES,
    called,
    key_of,
    problem_of_chain,
    read_der_certificate,
    read_pem_certificates,
)
from tiergate.errors import InputError, VerificationError

ROOT = certificate("root", is_authority=True)
MIDDLE = certificate("middle", "root", is_authority=True)
LEAF = certificate("leaf", "middle")
GONE = (NOW - 30 * DAY, NOW - DAY)
LATER = (NOW + DAY, NOW + 30 * DAY)


@pytest.mark.parametrize(
    ("chain", "roots"),
    [
        ((LEAF, MIDDLE), (ROOT,)),
        ((LEAF, MIDDLE, ROOT), (ROOT,)),
        ((LEAF,), (MIDDLE,)),
        ((certificate("alone"),), (certificate("other"), MIDDLE, certificate("alone"))),
    ],
    ids=["over another", "with its root", "an intermediate is believed", "believed itself"],
)
def test_a_chain_that_leads_to_what_is_believed_is_believed(
    chain: tuple[x509.Certificate, ...], roots: tuple[x509.Certificate, ...]
) -> None:
    if chain[0].subject == chain[0].issuer:
        roots = (*roots, chain[0])

    assert problem_of_chain(chain, roots, at=NOW) == ""


NOT_BELIEVED = {
    "the root is another": ((LEAF, MIDDLE), (certificate("stranger", is_authority=True),), NOW),
    "a link is missing": ((LEAF,), (ROOT,), NOW),
    "the chain brings its own root": ((LEAF, MIDDLE, ROOT), (certificate("x"),), NOW),
    "the leaf has expired": ((certificate("leaf", "root", valid=GONE),), (ROOT,), NOW),
    "the leaf is not valid yet": ((certificate("leaf", "root", valid=LATER),), (ROOT,), NOW),
    "the intermediate has expired": (
        (LEAF, certificate("middle", "root", is_authority=True, valid=GONE)),
        (ROOT,),
        NOW,
    ),
    "the root has expired": (
        (LEAF, MIDDLE),
        (certificate("root", is_authority=True, valid=GONE),),
        NOW,
    ),
    "now is after all of them": ((LEAF, MIDDLE), (ROOT,), NOW + 31 * DAY),
    "the issuer is no authority": (
        (certificate("leaf", "plain"), certificate("plain", "root")),
        (ROOT,),
        NOW,
    ),
    "its key may not sign": (
        (certificate("leaf", "root", digital_signature=False),),
        (ROOT,),
        NOW,
    ),
    "it is for servers": (
        (certificate("leaf", "root", usage=[ExtendedKeyUsageOID.SERVER_AUTH]),),
        (ROOT,),
        NOW,
    ),
    "it says nothing of what it is for": (
        (certificate("leaf", "root", usage=None, digital_signature=None),),
        (ROOT,),
        NOW,
    ),
}


@pytest.mark.parametrize(("chain", "roots", "at"), NOT_BELIEVED.values(), ids=NOT_BELIEVED)
def test_a_chain_is_not_believed_when(
    chain: tuple[x509.Certificate, ...], roots: tuple[x509.Certificate, ...], at: dt.datetime
) -> None:
    assert problem_of_chain(chain, roots, at=at)


@pytest.mark.parametrize("usage", [None, [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]])
def test_a_key_that_may_sign_anything_is_enough(
    usage: list[x509.ObjectIdentifier] | None,
) -> None:
    leaf = certificate("leaf", "root", usage=usage)

    assert problem_of_chain([leaf], [ROOT], at=NOW) == ""


def test_certificates_are_read_from_pem_and_from_der() -> None:
    pem = LEAF.public_bytes(Encoding.PEM) + MIDDLE.public_bytes(Encoding.PEM)

    assert read_pem_certificates(pem, "chain.pem") == (LEAF, MIDDLE)
    assert read_der_certificate(LEAF.public_bytes(Encoding.DER), "sig") == LEAF
    assert called(LEAF) == "CN=leaf"


@pytest.mark.parametrize("data", [b"", b"no", b"-----BEGIN CERTIFICATE-----\nAA==\n"])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no readable certificate"):
        read_pem_certificates(data, "chain.pem")
    with pytest.raises(VerificationError, match="no readable certificate"):
        read_der_certificate(data, "sig")


def test_a_file_that_is_too_long_is_not_parsed() -> None:
    with pytest.raises(InputError, match="at most"):
        read_pem_certificates(b" " * (LARGEST_PEM_BYTES + 1), "chain.pem")


def test_a_certificate_of_a_key_that_signs_no_models_has_no_key_for_us() -> None:
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    made = certificate("leaf", "root", public_key=public)

    with pytest.raises(InputError, match="expected ECDSA on P-256, ECDSA on P-384"):
        key_of(made, "leaf")
